"""Name the rows at fault one by one, for their sender to mend; intake itself only counts them."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb

from sightline.warehouse.contracts.schema import Contract, figure_name
from sightline.warehouse.contracts.words import expected
from sightline.warehouse.intake.judge.judged import SET_ASIDE, TABLE_SET_ASIDE, Checked, Fault
from sightline.warehouse.problems import BadRow, Problem
from sightline.warehouse.submission import Case

LETTERS = 26


def name_rows(
    connection: duckdb.DuckDBPyConnection,
    cases: Sequence[Case],
    checks: Sequence[Checked],
    most: int,
    *,
    with_values: bool,
) -> None:
    """Give each outcome what is wrong with it as a whole, and `most` bad rows, errors first."""
    for case in cases:
        rows = [*_judged(connection, case, checks, most, with_values), *_set_aside(case, checks)]
        rows.sort(key=_place)
        case.outcome.rows = [*_of_the_whole(case, checks), *rows[:most]]


def rules_beside(contract: Contract) -> set[str]:
    """The rules that hold a row against rows of another table."""
    found = {rule.rule for t in contract.tables.values() for rule in t.rules if rule.lacks}
    return found | {"PARENT_MISSING"}


def _place(row: BadRow) -> tuple[str, str, int, str]:
    one = row.problem
    return one.severity, one.file or "", one.line or 0, one.rule


def _of_the_whole(case: Case, checks: Sequence[Checked]) -> Iterator[BadRow]:
    """Problems of a file or of its header rather than of a row."""
    of_rows = {(fault.rule, checked.table) for checked in checks for fault in checked.faults}
    of_rows |= {(one.rule, table) for table, t in case.tallies.items() for one in t.set_aside}
    for problem in case.outcome.problems:
        if problem.severity != "note" and (problem.rule, problem.table) not in of_rows:
            yield BadRow(problem)


def letter(place: int) -> str:
    """The column at a place, counted from 0, as spreadsheets name it: A to Z, AA, AB and on."""
    letters = ""
    while place >= 0:
        place, rest = divmod(place, LETTERS)
        letters = chr(ord("A") + rest) + letters
        place -= 1
    return letters


def _judged(
    connection: duckdb.DuckDBPyConnection,
    case: Case,
    checks: Sequence[Checked],
    most: int,
    with_values: bool,
) -> Iterator[BadRow]:
    number = case.pending.submission_id
    for checked in checks:
        if number not in checked.submissions:
            continue
        shown = [
            i
            for i, one in enumerate(checked.faults)
            if one.severity != "note" and one is not TABLE_SET_ASIDE
        ]
        faulty = (
            f"select line, fault, row_text from {checked.relation}"
            f" where list_contains({shown}, fault)"
        )
        # The rows that a bare table belongs to are elsewhere.
        beside = set() if case.pending.is_whole else rules_beside(checked.contract)
        told = [i for i, one in enumerate(checked.faults) if one.rule not in beside]
        asked = (
            f"select distinct line, number, row_text from {checked.found}"
            f" inner join {checked.relation} as rows on place = rows.rowid"
            f" where fault is null and list_contains({told}, number)"
        )
        for select in (faulty, asked):
            yield from (
                _row(case, checked, checked.faults[fault], line, text if with_values else None)
                for line, fault, text in _first(connection, select, number, most)
            )


def _first(
    connection: duckdb.DuckDBPyConnection, select: str, submission_id: int, most: int
) -> list[tuple[Any, ...]]:
    return connection.execute(
        f"{select} and submission_id = $1 order by line limit $2", [submission_id, most]
    ).fetchall()


def _row(case: Case, checked: Checked, fault: Fault, line: int, text: str | None) -> BadRow:
    problem = Problem(
        fault.rule,
        fault.message,
        fault.severity,
        checked.table,
        case.tallies[checked.table].file,
        line or None,
        fault.column,
        official=fault.official,
    )
    value = json.loads(text).get(fault.column) if text else None
    return _placed(problem, checked, value)


def _set_aside(case: Case, checks: Sequence[Checked]) -> Iterator[BadRow]:
    """Records that were never read; a value of theirs cannot be told apart, so none is shown."""
    of_table = {one.table: one for one in checks if case.pending.submission_id in one.submissions}
    for table, tally in case.tallies.items():
        for one in tally.set_aside:
            message = SET_ASIDE[one.rule]
            problem = Problem(one.rule, message, "error", table, tally.file, one.line, one.column)
            checked = of_table.get(table)
            yield _placed(problem, checked) if checked else BadRow(problem)


def _placed(problem: Problem, checked: Checked, value: str | None = None) -> BadRow:
    name = problem.column or ""
    place = checked.positions.get(name, checked.positions.get(figure_name(name)))
    is_table = checked.contract.reader != "xml"
    return BadRow(
        problem,
        checked.header[place] if place is not None else problem.column,
        letter(place) if place is not None and is_table else None,
        _expected(checked.contract, checked.table, name),
        value,
    )


def _expected(contract: Contract, table: str, name: str) -> str:
    sent = contract.tables.get(table)
    column = sent.columns.get(name) if sent else None
    return expected(column) if column else ""
