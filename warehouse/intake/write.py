"""Write the rows of a batch: accepted ones as Parquet, refused ones to quarantine.

Every file is synced before it gets its name.
"""

from collections.abc import Collection, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from sightline.warehouse.connection import open_quietly, safe_config
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.filesystems import sync
from sightline.warehouse.intake.judge.judged import Checked
from sightline.warehouse.quoting import quoted
from sightline.warehouse.submission import Case

OPTIONS = "format parquet, compression zstd, compression_level 1"
UNFINISHED = ".tmp"
# The keys that name a child; others name what happened to one.
PEOPLE = ("person_key", "upn_key", "former_upn_key")
QUARANTINE = (
    "submission_id integer, table_name varchar, line integer, column_name varchar,"
    " rule varchar, row_text varchar"
)


@dataclass(frozen=True)
class Files:
    """Where accepted and refused rows are kept."""

    raw: Path
    quarantine: Path

    def of_table(self, table: str, batch: str) -> Path:
        return self.raw / table / f"{batch}.parquet"

    def refused(self, batch: str) -> Path:
        return self.quarantine / f"{batch}.parquet"


def write(
    connection: duckdb.DuckDBPyConnection,
    batch: str,
    cases: list[Case],
    checks: list[Checked],
    files: Files,
) -> None:
    """Every file is whole on disk before any gets its name."""
    bad = [case.pending.submission_id for case in cases if case.outcome.is_refused]
    connection.execute(
        "create temp table bad as select unnest($1::integer[]) as submission_id", [bad]
    ).fetchall()
    written = []
    for table, columns in contracts.raw_tables().items():
        selects = [_accepted(c, columns) for c in checks if c.raw == table]
        if selects:
            written.append(
                _copy(connection, " union all ".join(selects), files.of_table(table, batch))
            )
    _gather_refused(connection, cases, checks)
    written.append(_copy(connection, "select * from refused", files.refused(batch)))
    for path in filter(None, written):
        path.rename(path.with_suffix(""))
    for folder in {path.parent for path in written if path}:
        sync(folder)


def _accepted(checked: Checked, columns: dict[str, str]) -> str:
    values = {"submission_id": "submission_id", "line": "line"} | checked.raw_columns
    chosen = ", ".join(
        f"cast({values[name]} as {kind}) as {name}" for name, kind in columns.items()
    )
    figures = ", unnest(v_figures) as figures(figure)" if "v_figures" in checked.columns else ""
    has_figure = " and (figure.value is not null or figure.marker is not null)" if figures else ""
    return (
        f"select {chosen} from {checked.relation}{figures} where fault is null"
        f" and submission_id not in (select submission_id from bad){has_figure}"
    )


def _gather_refused(
    connection: duckdb.DuckDBPyConnection, cases: list[Case], checks: list[Checked]
) -> None:
    """Judged rows come with their text; of others the place is kept, and landing has the bytes."""
    connection.execute(f"create temp table refused ({QUARANTINE})").fetchall()
    for checked in checks:
        rules = ", ".join(
            f"({i}, {quoted(fault.rule)}, {quoted(fault.column or '')})"
            for i, fault in enumerate(checked.faults)
            if fault.severity == "error"
        )
        if rules:
            connection.execute(
                f"""
                insert into refused
                select submission_id, {quoted(checked.table)}, line, rules.column_name,
                    rules.rule, row_text
                from {checked.relation}
                inner join (values {rules}) as rules (fault, rule, column_name) using (fault)
                """
            ).fetchall()
    rows = [
        (case.pending.submission_id, table, one.line, one.column, one.rule)
        for case in cases
        for table, tally in case.tallies.items()
        for one in tally.set_aside
    ]
    if rows:
        connection.execute(
            "insert into refused select unnest($1::integer[]), unnest($2::varchar[]),"
            " unnest($3::integer[]), unnest($4::varchar[]), unnest($5::varchar[]), null",
            [list(column) for column in zip(*rows, strict=True)],
        ).fetchall()


def _copy(connection: duckdb.DuckDBPyConnection, select: str, path: Path) -> Path | None:
    """The unfinished file, synced; None where there was no row."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + UNFINISHED)
    copied = connection.execute(f"copy ({select}) to {quoted(unfinished)} ({OPTIONS})").fetchone()
    if not copied or not copied[0]:
        unfinished.unlink(missing_ok=True)
        return None
    unfinished.chmod(0o600)
    sync(unfinished)
    return unfinished


def drop_rows(raw: Path, batches: Collection[str], keys: Collection[int]) -> None:
    """Take the rows that hold any of these keys out of finished batches, and what hangs on them.

    A row hangs on another by a key of its own, such as that of an assessment.
    """
    with closing(open_quietly(None, safe_config())) as connection:
        connection.execute("create table doomed as select unnest($1::bigint[]) as key", [[*keys]])
        for batch in sorted(batches):
            paths = sorted(raw.glob(f"*/{batch}.parquet"))
            connection.execute("create or replace table hanging as from doomed")
            for path in paths:
                own = [name for name in _keys(path) if name not in PEOPLE]
                for name in own if len(own) < len(_keys(path)) else ():
                    connection.execute(
                        f"insert into hanging select {name} from {parquet(path)}"
                        f" where {_any(path, PEOPLE, 'doomed')} and {name} is not null"
                    )
            for path in paths:
                _rewrite(connection, path, _any(path, _keys(path), "hanging"))


def parquet(*paths: Path) -> str:
    """SQL for the rows of files; folders above them whose names hold = add no columns."""
    held = ", ".join(quoted(path) for path in paths)
    return f"read_parquet([{held}], union_by_name = true, hive_partitioning = false)"


def _keys(path: Path) -> list[str]:
    """Those that the file holds, of a table or a column that is no longer kept too."""
    return [name for name in pq.read_schema(path).names if name.endswith("_key")]


def _any(path: Path, names: Iterable[str], among: str) -> str:
    held = [name for name in names if name in _keys(path)]
    asked = [f"coalesce({name} in (select key from {among}), false)" for name in held]
    return f"({' or '.join(asked) or 'false'})"


def _rewrite(connection: duckdb.DuckDBPyConnection, path: Path, condition: str) -> None:
    rows = f"select * from {parquet(path)}"
    if connection.execute(f"{rows} where {condition} limit 1").fetchone():
        fresh = _copy(connection, f"{rows} where not {condition}", path)
        if fresh is None:
            path.unlink()
        else:
            fresh.rename(path)
