"""The worked examples run on a release: with DuckDB of today and before, pandas, polars and R.

Former versions and polars are installed into folders of their own, from whatever index pip is set
up with; where they cannot be had, the test is skipped and says so.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "docs" / "examples"
SQL = [*sorted(EXAMPLES.glob("*.sql")), *sorted((ROOT / "warehouse" / "queries").glob("*.sql"))]
OPEN_AND_RUN = """
import json, sys
import duckdb
database, *scripts = sys.argv[1:]
with duckdb.connect(database, read_only=True) as connection:
    def one(query):
        return connection.execute(query).fetchone()[0]
    texts = {script: open(script).read() for script in scripts}
    answered = {name: len(connection.execute(text).fetchall()) for name, text in texts.items()}
    keys = "select count(*) from duckdb_constraints() where constraint_type = 'PRIMARY KEY'"
    print(json.dumps({
        "version": duckdb.__version__,
        "answered": answered,
        "rows": one("select count(*) from trends"),
        "keys": one(keys),
        "tables": one("select count(*) from duckdb_tables()"),
        "bare": one("select count(*) from duckdb_columns() where not internal and comment is null"),
        "columns": one("select count(*) from duckdb_columns() where not internal"),
    }))
"""


def installed(wanted: str, place: Path) -> dict[str, str]:
    """The environment of a process that finds this package before any other; it skips the test
    where it cannot be had."""
    place.mkdir(parents=True, exist_ok=True)
    # The tests' own guard lets nothing out, and an installer has to.
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with (place / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / ".installed").exists():
            words = [
                "install",
                "--quiet",
                "--only-binary",
                ":all:",
                "--disable-pip-version-check",
                "--no-compile",
            ]
            command = [sys.executable, "-m", "pip", *words, "--target", str(place), wanted]
            try:
                done = subprocess.run(
                    command, env=clean, capture_output=True, text=True, check=False, timeout=120
                )
            except subprocess.TimeoutExpired:
                pytest.skip(f"{wanted} could not be installed: pip took too long")
            if done.returncode:
                told = (done.stderr or done.stdout or "pip failed").strip().splitlines()[-1]
                pytest.skip(f"{wanted} could not be installed: {told}")
            (place / ".installed").touch()
    return clean | {"PYTHONPATH": str(place)}


def told(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("version", ["1.1.3", "1.3.2", "1.5.6", ""])
def test_every_duckdb_from_1_1_on_opens_the_file_and_runs_the_examples(
    draft, tmp_path, version
) -> None:
    """Fault 124."""
    environment = (
        installed(f"duckdb=={version}", tmp_path / "duckdb") if version else dict(os.environ)
    )
    scripts = [str(path) for path in SQL]
    command = [sys.executable, "-c", OPEN_AND_RUN, str(draft.database), *scripts]
    found = json.loads(told(command, environment))
    assert found["version"].startswith(version)
    assert found["answered"].keys() == set(scripts)
    assert found["answered"][str(EXAMPLES / "worsening_by_region.sql")] > 0
    assert found["rows"] == draft.rows["trends"]
    assert found["keys"] == found["tables"] == len(draft.rows)
    assert found["bare"] == 0
    assert found["columns"] > found["tables"]
    shown = told([sys.executable, str(EXAMPLES / "with_duckdb.py"), str(draft.folder)], environment)
    assert shown.count("\t") == 5 * 3
    assert "area_codes: " in shown


def test_the_example_for_pandas_runs(draft) -> None:
    shown = told(
        [sys.executable, str(EXAMPLES / "with_pandas.py"), str(draft.folder)], dict(os.environ)
    )
    assert len(shown.splitlines()) == 7
    assert "value: The indicator in its unit" in shown


def test_the_example_for_polars_runs(draft, tmp_path) -> None:
    environment = installed("polars", tmp_path / "polars")
    shown = told([sys.executable, str(EXAMPLES / "with_polars.py"), str(draft.folder)], environment)
    assert shown.count("\t") == 5 * 4


def test_the_example_for_r_runs(draft) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    needed = "cat(all(c('arrow', 'dplyr') %in% rownames(installed.packages())))"
    if told(["Rscript", "-e", needed], dict(os.environ)) != "TRUE":
        pytest.skip("R is installed without its packages arrow and dplyr")
    shown = told(["Rscript", str(EXAMPLES / "with_r.R"), str(draft.folder)], dict(os.environ))
    assert len(shown.splitlines()) == 6


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: path.name)
def test_every_example_stands_on_the_analysts_page(path: Path) -> None:
    assert f"examples/{path.name}" in (ROOT / "docs" / "analysts.md").read_text(encoding="utf-8")
