"""Which engine builds what: the tables may be Spark's, all else is DuckDB's."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sightline.orchestration import dbt_runner, doctor, spark
from sightline.orchestration.steps.built import Built
from sightline.warehouse import handing_over
from sightline.warehouse import home as homes
from sightline.warehouse.errors import ConfigurationError, GateFailed
from sightline.warehouse.home import Home
from sightline.warehouse.settings import Settings, load_settings


def monitor(folder: Path, engine: str) -> Home:
    made = homes.create(folder / "monitor")
    settings = made.config.read_text()
    assert 'engine = "duckdb"' in settings
    made.config.write_text(settings.replace('engine = "duckdb"', f'engine = "{engine}"'))
    return made


def result(name: str, status: str = "success") -> SimpleNamespace:
    kind = name.split(".")[0]
    node = SimpleNamespace(unique_id=name, name=name, resource_type=kind)
    return SimpleNamespace(node=node, status=status)


class Dbt:
    """In place of dbt: what it was asked for, and what it says came of it on each engine."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: list[str] = []
        self.taken_over = "success"
        self.on_spark = "success"
        self.on_duckdb = "success"
        monkeypatch.setattr(dbt_runner, "_invoke", self.invoke)
        monkeypatch.setattr(dbt_runner, "_let_go", lambda: None)
        monkeypatch.setattr(spark, "session", self.session)
        monkeypatch.setattr(handing_over, "give", lambda *_: self.said.append("given"))
        monkeypatch.setattr(handing_over, "take_back", lambda *_: self.said.append("taken back"))

    @contextmanager
    def session(self, home: Home, _: Settings) -> Iterator[Path]:
        self.said.append("session")
        try:
            yield home.root
        finally:
            self.said.append("session ends")

    def invoke(
        self, _: Home, arguments: list[str], manifest: Any = None, target: str = "duckdb"
    ) -> Any:
        if arguments[0] == "parse":
            return SimpleNamespace(result=target)
        assert manifest == target
        what = "tests" if dbt_runner.TESTS in arguments else arguments[0]
        what = "views" if dbt_runner.STAGING in arguments else what
        self.said.append(f"{target}: {what}")
        views = [result("seed.areas"), result("model.stg")]
        made = {
            "duckdb: views": views,
            "duckdb: tests": [result("test.fct", "pass")],
            "duckdb: build": [*views, result("model.fct", self.on_duckdb)],
            "spark: run-operation": [SimpleNamespace(status=self.taken_over)],
            "spark: run": [views[1], result("model.fct", self.on_spark)],
        }[f"{target}: {what}"]
        good = all(one.status in ("success", "pass") for one in made)
        return SimpleNamespace(success=good, exception=None, result=SimpleNamespace(results=made))


def names(results: Any) -> list[str]:
    return [one.node.unique_id for one in results]


def test_without_a_word_all_is_built_by_duckdb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = homes.create(tmp_path / "monitor")
    home.config.write_text("")
    dbt = Dbt(monkeypatch)
    assert names(dbt_runner.build(home, "duckdb")) == ["seed.areas", "model.stg", "model.fct"]
    assert dbt.said == ["duckdb: build"]


def test_spark_makes_the_tables_between_the_views_and_the_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, dbt = monitor(tmp_path, "spark"), Dbt(monkeypatch)
    results = dbt_runner.build(home, "duckdb")
    assert names(results) == ["seed.areas", "model.stg", "model.fct", "test.fct"]
    assert Built(results).gate is None
    assert dbt.said == [
        "duckdb: views",
        "session",
        "given",
        "spark: run-operation",
        "spark: run",
        "taken back",
        "session ends",
        "duckdb: tests",
    ]


def test_what_is_built_without_tests_asks_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, dbt = monitor(tmp_path, "spark"), Dbt(monkeypatch)
    assert names(dbt_runner.build(home, "duckdb", tests=False))[-1] == "model.fct"
    assert "duckdb: tests" not in dbt.said


def test_published_models_are_duckdbs_on_either_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, dbt = monitor(tmp_path, "spark"), Dbt(monkeypatch)
    dbt_runner.build(home, "duckdb", published=True)
    assert dbt.said == ["duckdb: build"]


def test_whose_rows_spark_cannot_reckon_with_is_told_by_duckdb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, dbt = monitor(tmp_path, "spark"), Dbt(monkeypatch)
    dbt.on_spark = dbt.on_duckdb = "error"
    results = dbt_runner.build(home, "duckdb")
    assert names(results) == ["seed.areas", "model.stg", "model.fct"]
    assert dbt.said[-2:] == ["session ends", "duckdb: build"]
    assert "taken back" not in dbt.said


def test_a_fault_of_spark_alone_stops_the_run_though_duckdb_finds_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, dbt = monitor(tmp_path, "spark"), Dbt(monkeypatch)
    dbt.on_spark = "error"
    assert Built(dbt_runner.build(home, "duckdb")).gate == "dbt: model.fct"


def test_nothing_is_built_where_spark_does_not_find_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, dbt = monitor(tmp_path, "spark"), Dbt(monkeypatch)
    dbt.taken_over = "error"
    with pytest.raises(GateFailed, match="where the rows are"):
        dbt_runner.build(home, "duckdb")
    assert dbt.said[-2:] == ["spark: run-operation", "session ends"]


def test_rows_on_their_way_lie_in_a_folder_that_is_emptied_and_is_no_other(
    tmp_path: Path,
) -> None:
    home = homes.create(tmp_path / "monitor")
    assert spark.folder_of(home, Settings()).parent == home.restricted / "spill"
    shared = Settings.model_validate({"spark": {"folder": "/shared/monitor"}})
    assert spark.folder_of(home, shared) == Path("/shared/monitor/sightline-rows")


@pytest.mark.parametrize(
    "written",
    [
        'engine = "snowflake"',
        'engine = "spark"\n[spark]\nmaster = "thrift://host"',
        'engine = "spark"\n[spark]\nfolder = "here"',
        'engine = "spark"\n[spark]\nmasters = "local[2]"',
    ],
)
def test_what_no_engine_is_or_has_is_refused(tmp_path: Path, written: str) -> None:
    home = homes.create(tmp_path / "monitor")
    home.config.write_text(written)
    with pytest.raises(ConfigurationError):
        load_settings(home)


@pytest.mark.parametrize(
    ("installed", "java", "fault"),
    [
        (False, "/usr/bin/java", r"pip install \"sightline\[spark\]\""),
        (True, None, "needs Java 17"),
    ],
)
def test_what_spark_lacks_here_is_said_before_anything_is_handed_over(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    installed: bool,
    java: str | None,
    fault: str,
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(spark, "_is_installed", lambda _: installed)
    monkeypatch.setattr(spark.shutil, "which", lambda _: java)
    monkeypatch.setattr(doctor, "_models", lambda _: None)
    home = monitor(tmp_path, "spark")
    settings = load_settings(home)
    with pytest.raises(ConfigurationError, match=fault), spark.session(home, settings):
        pass
    assert not spark.folder_of(home, settings).exists()
    found = dict(doctor.examine(home, is_quick=True))
    assert re.search(fault, found["engine"] or "")


def test_on_duckdb_nobody_asks_for_spark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "_is_installed", lambda _: False)
    monkeypatch.setattr(doctor, "_models", lambda _: None)
    assert dict(doctor.examine(monitor(tmp_path, "duckdb"), is_quick=True))["engine"] is None
