"""By which of their columns rows name the row of another table that they belong to."""

from collections.abc import Sequence

import duckdb

from warehouse.contract_rules import Parent
from warehouse.intake.checking import Checked
from warehouse.intake.conditions import own_key, sound_rows
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
