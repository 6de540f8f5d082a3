"""Find the submissions at fault where a test or a model of dbt fails, in the work file."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from sightline.warehouse.connection import connect
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.home import Home
from sightline.warehouse.settings import load_settings

OF = "submission_id"
RELATION = re.compile(r'"\w+"\."\w+"\."\w+"')
# What a test found, in words; of a test that is not here its name is said.
WORDS = {
    "expect_values": "{column_name} not among {values}",
    "expect_present": "{column_name} is missing",
    "expect_unique_rows": "told twice with the same {columns}",
    "expect_part_within_whole": "a part is more than its whole",
    "expect_figures_that_can_be": (
        "a part is more than its whole, or a count below nothing or beyond every other"
    ),
}

# What makes a row fail a test of one column, where the column is kept under its name.
CONDITIONS = {
    "expect_values": "cast({column} as varchar) not in (select unnest(?::varchar[]))",
    "expect_present": "{column} is null",
}
HOLDING = """
select table_name from information_schema.columns
where table_schema = 'raw' and column_name = ? order by table_name
"""


@dataclass(frozen=True)
class Failed:
    """A test or a model that failed, and by submission what is wrong with its rows."""

    unique_id: str
    reasons: dict[int, str]


def failed(home: Home, results: Iterable[Any]) -> list[Failed]:
    """What failed in a build, in the order in which it ran.

    Where no submission is named, what was found is a fault of our own.
    """
    broken = [one for one in results if str(one.status) in ("fail", "error")]
    if not broken:
        return []
    with connect(home.work_db, home=home, settings=load_settings(home), read_only=True) as work:
        return [
            Failed(
                one.node.unique_id,
                _failing(work, one.node) if str(one.status) == "fail" else _blamed(work, one.node),
            )
            for one in broken
        ]


def reasons(found: Iterable[Failed]) -> dict[int, str]:
    """By submission why it is held back."""
    told: dict[int, list[str]] = {}
    for one in found:
        for submission_id, reason in one.reasons.items():
            told.setdefault(submission_id, []).append(reason)
    return {one: f"check failed: {'; '.join(dict.fromkeys(parts))}" for one, parts in told.items()}


def _failing(work: duckdb.DuckDBPyConnection, node: Any) -> dict[int, str]:
    """A test is the query of its failing rows; those that carry a submission are counted by it."""
    failing = work.sql(node.compiled_code)
    if OF not in failing.columns:
        return {}
    rows = failing.filter(f"{OF} is not null").aggregate(f"{OF}, count(*)").fetchall()
    words = _words(node)
    return {
        int(number): (
            f"{words} ({count:,} {'row' if count == 1 else 'rows'}{_place(work, node, number)})"
        )
        for number, count in rows
    }


def _place(work: duckdb.DuckDBPyConnection, node: Any, submission_id: int) -> str:
    """Where a sender finds the first of the rows, where the test is of a column as it was sent."""
    told = node.test_metadata
    column = told.kwargs.get("column_name") if told else None
    condition = CONDITIONS.get(told.name) if column else None
    if condition is None:
        return ""
    values = told.kwargs.get("values", [])
    found = [
        (line, table)
        for (table,) in work.execute(HOLDING, [column]).fetchall()
        for (line,) in work.execute(
            f"select min(line) from raw.{table}"
            f" where {OF} = ? and {condition.format(column=column)}",
            [submission_id, *([values] if values else [])],
        ).fetchall()
        if line is not None
    ]
    return (
        f", first in line {found[0][0]} of {_sent(work, submission_id, found[0][1])}"
        if found
        else ""
    )


def _sent(work: duckdb.DuckDBPyConnection, submission_id: int, raw: str) -> str:
    """The table that a raw table is filled from, as the contract of a submission calls it."""
    [(extract,)] = work.execute(
        f"select extract from control.submissions where {OF} = ?", [submission_id]
    ).fetchall()
    tables = contracts.load()[extract].tables.items()
    return " or ".join(name for name, table in tables if table.raw == raw) or "the file"


def _blamed(work: duckdb.DuckDBPyConnection, node: Any) -> dict[int, str]:
    """What cannot be computed is tried with one sender's rows alone, then with one submission's."""
    sql = str(getattr(node, "compiled_code", None) or "")
    relations = {one for one in RELATION.findall(sql) if OF in work.sql(f"from {one}").columns}
    if not relations or _breaks(work, sql, relations, []):
        return {}
    senders: dict[str, list[int]] = defaultdict(list)
    for sender, submission_id in work.sql(
        "select sender, submission_id from control.submissions order by all"
    ).fetchall():
        senders[sender].append(submission_id)
    found = [
        one
        for ids in senders.values()
        if _breaks(work, sql, relations, ids)
        for one in ids
        if _breaks(work, sql, relations, [one])
    ]
    return {one: f"{_subject(node)} cannot be computed with its rows" for one in found}


def _breaks(
    work: duckdb.DuckDBPyConnection, sql: str, relations: Iterable[str], ids: Sequence[int]
) -> bool:
    chosen = f"{OF} in ({', '.join(map(str, ids)) or 'null'})"
    for relation in relations:
        sql = sql.replace(relation, f"(select * from {relation} where {chosen})")
    try:
        work.execute(f"create or replace temp table tried as {sql}").fetchall()
    except duckdb.Error:
        return True
    return False


def _subject(node: Any) -> str:
    """The model, or that which a test is about, without its layer."""
    model = str(getattr(node, "attached_node", None) or node.name).rsplit(".", 1)[-1]
    return model.partition("_")[2].replace("_", " ")


def _words(node: Any) -> str:
    told = node.test_metadata
    words = WORDS.get(told.name) if told else None
    if words is None or told is None:
        return str(node.name)
    arguments = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else value
        for name, value in told.kwargs.items()
    }
    return f"{_subject(node)}: {words.format(**arguments)}"
