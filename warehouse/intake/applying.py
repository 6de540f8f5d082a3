"""Put the rules of contracts to judged rows: errors are marked on their rows, queries are kept."""

from collections.abc import Callable, Sequence

import duckdb

from warehouse.intake.checking import CONFLICT, Checked
from warehouse.intake.conditions import Test, statements, tests_of


def mark_conflicts(connection: duckdb.DuckDBPyConnection, checks: Sequence[Checked]) -> None:
    """Rows of one submission that give the same thing differently are all faulty."""
    for checked in checks:
        table = checked.contract.tables.get(checked.table)
        if table and table.unique:
            _mark_conflicts(connection, checked, table.unique)


def _mark_conflicts(
    connection: duckdb.DuckDBPyConnection, checked: Checked, unique: Sequence[str]
) -> None:
    keys = ", ".join(f"v_{name}" for name in unique)
    twice = (
        f"select submission_id, {keys} from {checked.relation} where fault is null"
        f" group by submission_id, {keys} having count(*) > 1"
    )
    found = connection.execute(f"select count(*) from ({twice})").fetchone()
    if found and found[0]:
        number = [fault.rule for fault in checked.faults].index(CONFLICT)
        connection.execute(
            f"update {checked.relation} set fault = {number}"
            f" where fault is null and (submission_id, {keys}) in ({twice})"
        ).fetchall()


def apply_rules(connection: duckdb.DuckDBPyConnection, checks: Sequence[Checked]) -> None:
    """Rules of single rows first: rows that are wrong in themselves accuse no other. Parents stand
    before their children in a contract, so a row is only held against sound ones."""
    ordered = sorted(checks, key=_place)
    tests = {checked.relation: tests_of(checked) for checked in ordered}
    for checked in ordered:
        connection.execute(
            f"create temp table {checked.found} (place bigint, number integer)"
        ).fetchall()
        if checked.asked:
            connection.execute(
                f"insert into {checked.found} select place, number from (select rowid as place,"
                f" unnest([{', '.join(checked.asked)}]) as number from {checked.relation}"
                f" where coalesce({', '.join(checked.asked)}) is not null) where number is not null"
            ).fetchall()
    rounds: tuple[Callable[[Test], bool], ...] = (
        lambda test: test.is_of_one_row,
        lambda test: not test.is_of_one_row,
    )
    for is_due in rounds:
        for checked in ordered:
            due = [test for test in tests[checked.relation] if is_due(test)]
            found = [
                connection.execute(f"insert into {checked.found} {statement}").fetchone()
                for statement in statements(ordered, checked, due)
            ]
            if any(count and count[0] for count in found):
                _mark_errors(connection, checked, due)


def _place(checked: Checked) -> tuple[str, int]:
    return checked.contract.name, [*checked.contract.tables, checked.table].index(checked.table)


def _mark_errors(
    connection: duckdb.DuckDBPyConnection, checked: Checked, tests: Sequence[Test]
) -> None:
    numbers = [test.number for test in tests if test.fault.severity == "error"]
    wrong = f"from {checked.found} where list_contains($1, number)"
    found = connection.execute(f"select count(*) {wrong}", [numbers]).fetchone()
    if found and found[0]:
        connection.execute(
            f"update {checked.relation} set fault = errors.number from"
            f" (select place, min(number) as number {wrong} group by place) as errors"
            f" where {checked.relation}.rowid = errors.place and fault is null",
            [numbers],
        ).fetchall()
