"""What another engine is given, and how its tables come back."""

from pathlib import Path

import duckdb
import pytest

from sightline.warehouse import handing_over
from sightline.warehouse import home as homes
from sightline.warehouse.connection import connect
from sightline.warehouse.home import Home
from sightline.warehouse.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """With a work file that holds a view of rows, a table without any, a seed, and a mart."""
    made = homes.create(tmp_path / "it's a monitor")
    with connect(made.work_db) as connection:
        connection.execute(
            """
            create schema raw; create schema control; create schema reference;
            create schema staging; create schema marts;
            create view raw.referrals as select 1 as submission_id, date '2025-01-31' as day;
            create table control.slices (submission_id integer, place bigint);
            create table reference.areas as select 'E06000001' as area_code;
            create view staging.stg as select 1 as one;
            create table marts.fct as select 'of the last build' as which;
            """
        ).fetchall()
    return made


def test_rows_seeds_and_what_the_run_knows_are_given(home: Home, tmp_path: Path) -> None:
    given = tmp_path / "it's" / "given"
    handing_over.give(home, Settings(), given.parent)
    assert sorted(str(one.relative_to(given)) for one in given.glob("*/*")) == [
        "control/slices",
        "raw/referrals",
        "reference/areas",
    ]
    with duckdb.connect() as connection:
        connection.execute("set variable given = ?", [str(given)])
        rows = connection.sql(
            "from read_parquet(getvariable('given') || '/raw/referrals/*.parquet')"
        )
        assert [str(kind) for kind in rows.types] == ["INTEGER", "DATE"]
        assert rows.fetchall() == duckdb.sql("select 1, date '2025-01-31'").fetchall()
        empty = connection.sql(
            "from read_parquet(getvariable('given') || '/control/slices/*.parquet')"
        )
        assert [str(kind) for kind in empty.types] == ["INTEGER", "BIGINT"]
        assert empty.fetchall() == []


def test_what_was_made_comes_back_in_place_of_what_was_there(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "it's"
    for name, rows in {
        "marts/fct": "select 'of this one' as which, 0.5::double as share",
        "intermediate/int_events": "select 1 as n where false",
    }.items():
        place = folder / "made" / name
        place.mkdir(parents=True)
        written = str(place / "part-0.parquet").replace("'", "''")
        duckdb.sql(f"copy ({rows}) to '{written}' (format parquet)")
        (place / "_SUCCESS").touch()
    handing_over.take_back(home, Settings(), folder)
    with connect(home.work_db, read_only=True) as connection:
        assert connection.sql("from marts.fct").fetchall() == [("of this one", 0.5)]
        assert connection.sql("select count(*) from intermediate.int_events").fetchall() == [(0,)]


def test_a_table_that_the_engine_did_not_write_is_missed(home: Home, tmp_path: Path) -> None:
    (tmp_path / "made" / "marts" / "fct").mkdir(parents=True)
    with pytest.raises(duckdb.IOException, match="No files found"):
        handing_over.take_back(home, Settings(), tmp_path)
