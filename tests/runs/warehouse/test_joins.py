"""Joins by code, number, name and date neither lose nor repeat a row of a release."""

import duckdb
import joins
import pytest


@pytest.fixture(scope="module")
def copy(demo_home, tmp_path_factory):
    """A copy of the published file that may be changed."""
    path = tmp_path_factory.mktemp("joined") / "copy.duckdb"
    path.write_bytes((demo_home.home.current / "sightline.duckdb").read_bytes())
    with duckdb.connect(str(path)) as connection:
        yield connection


def test_no_join_loses_or_repeats_a_row(copy) -> None:
    assert joins.failing(copy) == {}


def test_an_area_that_stood_twice_or_not_at_all_would_be_found(copy) -> None:
    copy.execute("begin")
    copy.execute("create table aside as from areas; drop table areas")
    copy.execute("create table areas as from aside union all from aside")
    assert "trends by area_code" in joins.failing(copy)
    copy.execute("delete from areas where area_level = 'country'")
    assert "trends by area_code" in joins.failing(copy)
    copy.execute("rollback")
