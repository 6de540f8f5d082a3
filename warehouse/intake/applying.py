"""Put the rules of contracts to judged rows: errors are marked on their rows, queries are kept."""

from collections.abc import Callable, Sequence

import duckdb

from warehouse.contract_rules import Parent
from warehouse.intake.checking import CONFLICT, Checked
from warehouse.intake.conditions import Test, own_key, sound_rows, statements, tests_of
from warehouse.intake.counting import Cases
from warehouse.intake.problems import Problem


def settle_parents(
    connection: duckdb.DuckDBPyConnection, checks: Sequence[Checked], cases: Cases
) -> None:
    """Of the columns by which rows may name their parent, take the one that fits more of them.

    The whole submission is read by one column, so that numbers of two kinds never mix; its sender
    is told where it is not the first.
    """
    for checked in checks:
        table = checked.contract.tables.get(checked.table)
        parent = table.parent if table else None
        if parent and parent.also_by in checked.positions:
            _settle_parents(connection, checks, checked, parent, cases)


def _settle_parents(
    connection: duckdb.DuckDBPyConnection,
    checks: Sequence[Checked],
    checked: Checked,
    parent: Parent,
    cases: Cases,
) -> None:
    parents = sound_rows(checks, checked, parent.table)
    if not parents:
        return
    own = own_key(checked.contract.tables, checked.table, parent.table)
    fitting_better = connection.execute(
        f"""
        with parents as (
            select distinct submission_id, v_{parent.column} as key from ({parents})
        )
        select rows.submission_id
        from {checked.relation} as rows
        left join parents as first
            on rows.submission_id = first.submission_id and rows.v_{own} = first.key
        left join parents as other
            on rows.submission_id = other.submission_id and rows.v_{parent.also_by} = other.key
        where rows.fault is null
        group by rows.submission_id
        having count(other.key) > count(first.key)
        """
    ).fetchall()
    chosen = [submission_id for (submission_id,) in fitting_better]
    if not chosen:
        return
    connection.execute(
        f"update {checked.relation} set v_{own} = v_{parent.also_by}"
        f" where v_{parent.also_by} is not null and list_contains($1, submission_id)",
        [chosen],
    ).fetchall()
    message = f"read by {parent.also_by}, which names more rows of {parent.table} than {own} does"
    for submission_id in chosen:
        file = cases[submission_id].tallies[checked.table].file
        note = Problem("OTHER_KEY", message, "note", checked.table, file, column=parent.also_by)
        cases[submission_id].outcome.problems.append(note)


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
