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
    """Of the ways in which rows may name their parent, take the one that fits most of them.

    The whole submission is read in one way, so that numbers of two kinds never mix; its sender is
    told where it is not the first.
    """
    for checked in checks:
        table = checked.contract.tables.get(checked.table)
        parent = table.parent if table else None
        if parent and parent.also_by:
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
    part = "v_part" if parent.without else "null"
    connection.execute(
        f"""
        create or replace temp table named_parents as
        with parents as (
            select distinct submission_id, v_{parent.column} as key, {part} as part from ({parents})
        ),
        parts as (
            select submission_id, part, any_value(key) as key
            from parents where part is not null
            group by submission_id, part having count(*) = 1
        )
        select
            rows.rowid as place, rows.submission_id, first.key as by_own, other.key as by_other,
            parts.key as by_part
        from {checked.relation} as rows
        left join parents as first
            on rows.submission_id = first.submission_id and rows.v_{own} = first.key
        left join parents as other
            on rows.submission_id = other.submission_id and rows.v_{parent.also_by} = other.key
        left join parts
            on rows.submission_id = parts.submission_id and rows.v_{own} = parts.part
        where rows.fault is null
        """
    ).fetchall()
    ways = {
        "by_own": "",
        "by_other": f"read by {parent.also_by}, which names",
        "by_part": f"read as {parent.column} without {parent.without} at its front, which names",
    }
    counts = connection.execute(
        f"select submission_id, {', '.join(f'count({way})' for way in ways)} from named_parents"
        " group by submission_id order by submission_id"
    ).fetchall()
    chosen: dict[str, list[int]] = {}
    for submission_id, *fitting in counts:
        # Of those that fit alike the first.
        way = max(zip(ways, fitting, strict=True), key=lambda one: one[1])[0]
        chosen.setdefault(way, []).append(submission_id)
    for way in ("by_other", "by_part"):
        submissions = chosen.get(way, [])
        if not submissions:
            continue
        value = f"coalesce(v_{parent.also_by}, v_{own})" if way == "by_other" else way
        connection.execute(
            f"update {checked.relation} set v_{own} = {value} from named_parents"
            f" where {checked.relation}.rowid = place"
            " and list_contains($1, named_parents.submission_id)",
            [submissions],
        ).fetchall()
        message = f"{ways[way]} more rows of {parent.table} than {own} does"
        for submission_id in submissions:
            file = cases[submission_id].tallies[checked.table].file
            column = parent.also_by if way == "by_other" else own
            note = Problem("OTHER_KEY", message, "note", checked.table, file, column=column)
            cases[submission_id].outcome.problems.append(note)
