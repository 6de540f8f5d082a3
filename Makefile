# Needs Python 3.11 to 3.13 and make; everything else comes from the locked, hashed requirements.
PYTHON ?= python3
VENV := .venv
SPARK := .venv-spark
BIN := $(VENV)/bin
PYTEST := --numprocesses=2 --dist=loadfile --no-loadscope-reorder --durations=15

# What is built tells its own time by the commit, so that the same commit gives the same bytes.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2> /dev/null || echo 1000000000)
# What is shipped beside Sightline, and nothing else.
RUNTIME := build/runtime

.PHONY: help demo quick fast test test-package test-postgres test-spark unit coverage mutants soak docs check lint types sql wheel bundle sbom licences lock clean
help:
	@echo "make demo    simulate a national set of extracts, run everything, say where to look"
	@echo "make quick   format, lint, types and the fast tests of tests/unit, side by side: about a minute on two cores"
	@echo "make unit    all of tests/unit: a quarter of an hour on two cores"
	@echo "make test    all checks and tests"
	@echo "make test-postgres  the state on a PostgreSQL server, which is started for it; skipped where none is installed"
	@echo "make coverage  the same tests, with how much of the code they run"
	@echo "make mutants plant faults one at a time and say which no test sees; some minutes"
	@echo "make soak    sixty simulated days with faults, and thirty kills at random moments"
	@echo "make check   format, lint, types and SQL style only"
	@echo "make docs    these pages as a site that opens from a folder: build/docs/index.html"
	@echo "make wheel   the wheel and the source distribution, in dist/"
	@echo "make bundle  all that installs it without a network, in dist/; make sbom and make licences say what it is made of"
	@echo "make test-package  wheel, source distribution and bundle in clean environments; PYTHONS=\"python3.12 ...\" names them"
	@echo "make test-spark  the models on a Spark cluster, which is installed and started for it; needs Java 17"
	@echo "make lock    resolve the requirements anew (needs uv)"

$(VENV)/.run: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "Sightline needs Python 3.11, 3.12 or 3.13; this is " + sys.version.split()[0] + ". Say which with make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.test: $(VENV)/.run requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	touch $@

$(VENV)/.docs: $(VENV)/.run requirements-docs.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-docs.lock
	touch $@

demo: $(VENV)/.run
	$(BIN)/sightline demo

# Side by side; what each says is printed when it ends.
quick: $(VENV)/.test
	$(MAKE) --no-print-directory --jobs=3 --output-sync=target lint types fast

fast: $(VENV)/.test
	$(BIN)/pytest -m "not slow" tests/unit

test: check
	$(BIN)/pytest $(PYTEST)

# A server of its own, of Debian's `postgresql`; the driver is in requirements-postgres.lock.
test-postgres: $(VENV)/.test
	$(BIN)/pytest -m postgres -rs --durations=5 tests/postgres

# Spark is half a gigabyte, so it has an environment of its own.
$(SPARK)/.test: requirements-spark.lock pyproject.toml
	test -x $(SPARK)/bin/python || $(PYTHON) -m venv $(SPARK)
	$(SPARK)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-spark.lock
	$(SPARK)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

test-spark: $(SPARK)/.test
	$(SPARK)/bin/pytest -m spark tests/spark

unit: $(VENV)/.test
	$(BIN)/pytest $(PYTEST) tests/unit

# Branches of the packages that the tests take; in their own processes, not in those they start.
coverage: $(VENV)/.test
	$(BIN)/pytest $(PYTEST) --cov --cov-report=term

mutants: $(VENV)/.test
	$(BIN)/python tests/mutants $(ARGS)

soak: $(VENV)/.test
	$(BIN)/python tests/soak $(ARGS)
	$(BIN)/python tests/soak/kills.py --times 30

docs: $(VENV)/.docs
	$(BIN)/python docs/site/build.py build/docs
	$(BIN)/sightline lineage build/docs/lineage.html

check: lint types sql

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: $(VENV)/.test
	$(BIN)/mypy

sql: $(VENV)/.test
	$(BIN)/sqlfluff lint --disable-progress-bar --processes 2 dbt_project/models dbt_project/tests warehouse/release

# A folder build/lib that is left from before would go into the wheel.
wheel: $(VENV)/.run
	rm -rf build/lib build/bdist.* dist/sightline-*
	$(BIN)/python -c "from setuptools import build_meta as it; it.build_sdist('dist'); it.build_wheel('dist')" > /dev/null
	@ls dist/sightline-*

$(RUNTIME)/.done: $(VENV)/.test requirements.lock
	rm -rf $(RUNTIME)
	$(BIN)/python -m venv --without-pip $(RUNTIME)
	$(BIN)/python -m pip --python $(RUNTIME)/bin/python install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes -r requirements.lock
	touch $@

licences: $(RUNTIME)/.done
	mkdir -p dist
	$(RUNTIME)/bin/python deploy/bundle/licences.py > dist/licences.md

# The version is not in pyproject.toml, and what describes the whole has to have one.
sbom: $(RUNTIME)/.done wheel
	version=$$(basename dist/sightline-*.whl | cut -d- -f2) && sed "s/^dynamic = .*/version = \"$$version\"/" pyproject.toml > build/described.toml
	$(BIN)/cyclonedx-py environment --pyproject build/described.toml --mc-type application --output-reproducible --output-format JSON --output-file dist/sbom.cdx.json $(RUNTIME)/bin/python

bundle: wheel sbom licences
	$(BIN)/python deploy/bundle/build.py --wheel dist/sightline-*.whl --with dist/sbom.cdx.json --with dist/licences.md

# No part of `make test`: it takes a quarter of an hour on two cores, and fetches what is locked for each Python.
test-package: $(VENV)/.test
	PYTHONS="$(PYTHONS)" $(BIN)/pytest -m package tests/package

lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --extra build -o requirements.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --extra build --extra docs --extra dev -o requirements-dev.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --extra build --extra docs -o requirements-docs.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --extra build --extra editor -o requirements-editor.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --extra build --extra postgres -o requirements-postgres.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --extra build --extra dev --extra spark -o requirements-spark.lock

clean:
	rm -rf $(VENV) $(SPARK) build dist sightline-demo *.egg-info .pytest_cache .mypy_cache .ruff_cache
