"""The same country on both engines, table by table: how many rows only one of them has.

python tests/spark/parity.py FOLDER [MASTER]
"""

import math
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1])]

from oracle.monitor import TODAY, lay, together

from sightline.simulation.national import simulate
from sightline.warehouse import home as homes
from sightline.warehouse.home import Home

AREAS, MONTHS = 5, 30
SCHEMAS = ("reference", "intermediate", "marts")
# Doubles may differ by this part of their size, and by this near nought.
NEAR = 1e-9
DUCKDB = 'engine = "duckdb"\n'
# Compiling to the last costs more here than the few rows could win back.
SPARK = """
[spark]
master = "{master}"
[spark.conf]
"spark.driver.extraJavaOptions" = "-XX:TieredStopAtLevel=1"
"spark.executor.extraJavaOptions" = "-XX:TieredStopAtLevel=1"
"spark.sql.shuffle.partitions" = "2"
"""
COMMAND = "from sightline.orchestration.cli import main; main()"
Row = tuple[object, ...]


@dataclass(frozen=True)
class Compared:
    """A table: its rows on DuckDB, those that only DuckDB has, those that only Spark has, and the
    columns that are of another kind, or only there."""

    name: str
    rows: int
    only_duckdb: int
    only_spark: int
    kinds: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        return not (self.only_duckdb or self.only_spark or self.kinds)


def both(folder: Path, master: str) -> tuple[Home, Home]:
    """Two monitors that were sent the same and have run, one on DuckDB, one on Spark."""
    here = homes.create(folder / "duckdb", today=TODAY)
    _lay(here)
    there = Home(folder / "spark")
    shutil.copytree(here.root, there.root, symlinks=True)
    settings = there.config.read_text(encoding="utf-8")
    assert DUCKDB in settings
    chosen = settings.replace(DUCKDB, 'engine = "spark"\n') + SPARK.format(master=master)
    there.config.write_text(chosen, encoding="utf-8")
    for home in (here, there):
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, "run", "--home", str(home.root)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if not home.warehouse_db.is_file():
            raise RuntimeError(f"{home.root}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
    return here, there


def _lay(home: Home) -> None:
    """A small simulated country, and hand-made cases at the ends of rules for other authorities."""
    simulate(home.inbox, months=MONTHS, areas=AREAS)
    simulated = {sender.name for sender in home.inbox.iterdir()}
    for one in together():
        if not simulated & set(one.senders):
            lay(home.inbox, one.first)
            lay(home.inbox, one.second)


def compared(here: Path, there: Path, schemas: Sequence[str] = SCHEMAS) -> Iterator[Compared]:
    """Each table of the work file that DuckDB filled, beside the one that Spark filled."""
    with duckdb.connect() as connection:
        for name, path in (("here", here), ("there", there)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        for schema, table in connection.execute(
            "select distinct table_schema, table_name from information_schema.tables"
            " where list_contains(?, table_schema) order by all",
            [list(schemas)],
        ).fetchall():
            yield _compared(connection, schema, table)


def _compared(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> Compared:
    kinds = [
        dict(
            connection.execute(
                "select column_name, data_type from duckdb_columns()"
                " where database_name = ? and schema_name = ? and table_name = ?",
                [database, schema, table],
            ).fetchall()
        )
        for database in ("here", "there")
    ]
    name = f"{schema}.{table}"
    differ = {column for column, _ in kinds[0].items() ^ kinds[1].items()}
    if not all(kinds) or kinds[0].keys() != kinds[1].keys():
        return Compared(name, 0, 0, 0, tuple(sorted(differ)))
    columns = sorted(kinds[0], key=lambda column: (kinds[0][column] == "DOUBLE", column))
    exact = sum(kinds[0][column] != "DOUBLE" for column in columns)
    listed = ", ".join(columns)
    [(rows,)] = connection.execute(f"select count(*) from here.{name}").fetchall()
    only = [
        connection.execute(
            f"select {listed} from {one}.{name} except all select {listed} from {other}.{name}"
        ).fetchall()
        for one, other in (("here", "there"), ("there", "here"))
    ]
    return Compared(name, rows, *_unpaired(*only, exact), tuple(sorted(differ)))


def _unpaired(here: list[Row], there: list[Row], exact: int) -> tuple[int, int]:
    """How many rows are left where those go in pairs that differ by no more than reckoning in
    another order makes; the first `exact` columns are equal in a pair."""
    waiting: dict[Row, list[Row]] = {}
    for row in there:
        waiting.setdefault(row[:exact], []).append(row[exact:])
    left = 0
    for row in here:
        others = waiting.get(row[:exact], [])
        pair = next((one for one in others if _is_near(row[exact:], one)), None)
        if pair is None:
            left += 1
        else:
            others.remove(pair)
    return left, sum(map(len, waiting.values()))


def _is_near(one: Row, other: Row) -> bool:
    return all(
        a == b
        or (
            isinstance(a, float)
            and isinstance(b, float)
            and math.isclose(a, b, rel_tol=NEAR, abs_tol=NEAR)
        )
        for a, b in zip(one, other, strict=True)
    )


def in_words(tables: Sequence[Compared]) -> str:
    """As a table, and in one line what it comes to."""
    width = max(len(one.name) for one in tables)
    lines = [f"{'table':<{width}} {'rows':>9} {'only DuckDB':>12} {'only Spark':>12}"]
    lines += [
        f"{one.name:<{width}} {one.rows:>9,} {one.only_duckdb:>12,} {one.only_spark:>12,}"
        f"  {', '.join(one.kinds)}".rstrip()
        for one in tables
    ]
    counts = Counter(one.is_same for one in tables)
    empty = sum(not one.rows for one in tables)
    lines.append(f"{counts[True]} tables are the same, {counts[False]} differ; {empty} are empty")
    return "\n".join(lines)


if __name__ == "__main__":
    first, second = both(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "local[2]")
    found = [*compared(first.warehouse_db, second.warehouse_db)]
    print(in_words(found))  # noqa: T201
    sys.exit(not all(one.is_same for one in found))
