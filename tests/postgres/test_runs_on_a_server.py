"""A whole run with its state and Dagster's log of runs on a server publishes what any run does."""

import shutil
from pathlib import Path

import duckdb
import pytest
from postgres_server import Postgres, put
from support import Ran, fresh_home, sightline

from sightline.simulation.truth import Truth
from sightline.warehouse.home import Home
from sightline.warehouse.quoting import quoted
from sightline.warehouse.release import store

pytestmark = pytest.mark.timeout(1800)


def tables_that_differ(one: Home, other: Home) -> dict[str, int]:
    """Rows of each published table that only one of two releases has."""
    with duckdb.connect() as connection:
        for name, home in (("a", one), ("b", other)):
            path = home.current / "sightline.duckdb"
            connection.execute(f"attach {quoted(path)} as {name} (read_only)")
        query = (
            "select schema_name, table_name from duckdb_tables()"
            " where database_name = '{}' order by all"
        )
        tables = connection.execute(query.format("a")).fetchall()
        assert tables
        assert tables == connection.execute(query.format("b")).fetchall()
        found = {}
        for schema, table in tables:
            a, b = f"a.{schema}.{table}", f"b.{schema}.{table}"
            both = f"((from {a} except all from {b}) union all (from {b} except all from {a}))"
            [(count,)] = connection.execute(f"select count(*) from {both}").fetchall()
            found[f"{schema}.{table}"] = count
    return {table: count for table, count in found.items() if count}


def test_a_release_is_the_same_wherever_its_state_is_kept(
    server: Postgres, tmp_path: Path, small: tuple[Path, Truth], small_home: Ran, url: str
) -> None:
    home = fresh_home(tmp_path / "monitor", small[0])
    shutil.copy(small_home.home.key, home.key)
    put(home, url)
    done = sightline("run", "--home", str(home.root))
    assert done.returncode == small_home.exit_code, done.stderr
    assert not home.state_db.exists()
    assert not (home.dagster / "history").exists()
    # Each release says of itself when it was built.
    assert tables_that_differ(small_home.home, home).keys() <= {"main.release"}
    made = [store.current(one) for one in (small_home.home, home)]
    assert made[0].content_hash == made[1].content_hash
    name = url.rpartition("/")[2]
    assert server.asked("select status from dagster.runs", database=name) == "SUCCESS\n"
