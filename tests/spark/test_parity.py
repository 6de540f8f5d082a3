"""A whole run on a cluster of Spark gives what DuckDB gives, to the row."""

import importlib.util
from collections.abc import Iterator
from datetime import date

import cluster
import duckdb
import parity
import pytest
from parity import Compared

from sightline.orchestration import spark
from sightline.orchestration.dbt_runner import PROJECT
from sightline.warehouse.home import Home
from sightline.warehouse.release import tables as published
from sightline.warehouse.settings import load_settings

pytestmark = [
    pytest.mark.spark,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        importlib.util.find_spec("pyspark") is None, reason="make test-spark installs Spark"
    ),
]
# The day of each age, by model; where a child's own month of birth counts for it.
DAYS = {
    "int_referrals": "referral_date",
    "int_assessments": "completed_date",
    "int_missing_episodes": "start_date",
}
Both = tuple[Home, Home]


@pytest.fixture(scope="module")
def monitors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("engines")
    with cluster.running(folder) as master:
        yield parity.both(folder, master)
        registered = (folder / "master.log").read_text()
        assert "Registered app sightline" in registered
        assert registered.count("Launching executor") >= cluster.WORKERS


@pytest.fixture(scope="module")
def tables(monitors: Both) -> list[Compared]:
    here, there = monitors
    return [*parity.compared(here.warehouse_db, there.warehouse_db)]


def test_no_table_differs_by_a_row(
    tables: list[Compared], capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print("\n" + parity.in_words(tables))  # noqa: T201
    assert [one for one in tables if not one.is_same] == []


def test_every_model_is_among_them_and_none_is_empty(tables: list[Compared]) -> None:
    paths = [*PROJECT.glob("models/intermediate/*.sql"), *PROJECT.glob("models/marts/*.sql")]
    rows = {one.name: one.rows for one in tables}
    models = {f"{path.parent.name}.{path.stem}" for path in paths}
    assert models <= rows.keys()
    assert {"marts.fct_signals", "reference.areas"} <= rows.keys()
    assert [name for name in sorted(models) if not rows[name]] == []


@pytest.mark.parametrize("model", DAYS)
def test_ages_are_those_of_the_calendar(monitors: Both, model: str) -> None:
    """Reckoned here, day by day: of the day itself only the month of birth is kept, as its 15th."""
    with duckdb.connect(str(monitors[1].warehouse_db), read_only=True) as connection:
        rows = connection.execute(
            f"""
            select distinct children.birth_month, events.{DAYS[model]}, events.age
            from intermediate.{model} as events
            inner join intermediate.int_children as children
                on events.child_key = children.child_key
            where children.birth_month is not null
            """
        ).fetchall()
    assert [row for row in rows if row[2] != age(row[0], row[1])] == []
    in_month_of_birth = [day for born, day, _ in rows if born.month == day.month]
    assert {day.day < 15 for day in in_month_of_birth} == {True, False}


def age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, 15))


def test_readers_are_given_the_same(monitors: Both) -> None:
    """Detection, disclosure control and the published tables follow from the same marts."""
    hashes = []
    for home in monitors:
        database = home.current / "sightline.duckdb"
        with duckdb.connect(str(database), read_only=True) as connection:
            hashes.append(published.table_hashes(connection))
    assert hashes[0] == hashes[1]
    assert hashes[0]["trends"] != "empty"


def test_nothing_of_the_rows_is_left_where_they_were_handed_over(monitors: Both) -> None:
    there = monitors[1]
    assert load_settings(there).engine == "spark"
    assert not spark.folder_of(there, load_settings(there)).exists()
