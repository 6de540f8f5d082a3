"""By which of their columns rows name the row of another table that they belong to."""

from collections.abc import Mapping, Sequence

import duckdb

from sightline.warehouse.contracts.rules import Parent
from sightline.warehouse.intake.judge.judged import Checked, own_key, sound_rows
from sightline.warehouse.problems import Problem
from sightline.warehouse.submission import Cases

# Of fewer rows that fit in any way, each may do so by chance.
MOST_FIT = 0.5


def settle_parents(
    connection: duckdb.DuckDBPyConnection, checks: Sequence[Checked], cases: Cases
) -> None:
    """Of the ways in which rows may name their parent, take the one that fits most of them.

    A row that fits in several ways is read in that of the whole submission, so that numbers of two
    kinds never mix; its sender is told where that is not the first, and which rows fit in another
    alone.
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
    for submission_id, count, line in _settle_others(connection, checked, own, chosen):
        message = (
            f"names no row by the column that fits most, and one of {parent.table} by another, by"
            " which it is read"
        )
        file = cases[submission_id].tallies[checked.table].file
        note = Problem("OTHER_KEY", message, "note", checked.table, file, line, own, count)
        cases[submission_id].outcome.problems.append(note)


def _settle_others(
    connection: duckdb.DuckDBPyConnection,
    checked: Checked,
    own: str,
    chosen: Mapping[str, Sequence[int]],
) -> list[tuple[int, int, int]]:
    """Rows that name no parent in the way of their submission, and in others the same one, take it:
    as where two versions of a script wrote a file. By submission how many and where first.

    A parent that others name in that way has its rows already, so one that fits beside them does
    so by chance; and so it may be where most rows fit in no way.
    """
    connection.execute(
        f"""
        create or replace temp table other_parents as
        with named as (
            select
                place, submission_id,
                case
                    when list_contains($1, submission_id) then by_own
                    when list_contains($2, submission_id) then by_other
                    else by_part
                end as by_chosen,
                list_distinct([by_own, by_other, by_part]) as keys
            from named_parents
        ),
        others as (
            select place, submission_id, keys[1] as key
            from named
            where by_chosen is null and len(keys) = 1
                and (submission_id, keys[1]) not in (
                    select (submission_id, by_chosen) from named where by_chosen is not null
                )
        )
        select others.* from others
        where submission_id in (
            select submission_id from named left join others using (place, submission_id)
            group by submission_id
            having count(by_chosen) + count(key) >= {MOST_FIT} * count(*)
        )
        """,
        [chosen.get("by_own", []), chosen.get("by_other", [])],
    ).fetchall()
    connection.execute(
        f"update {checked.relation} set v_{own} = key from other_parents"
        f" where {checked.relation}.rowid = place"
    ).fetchall()
    return connection.execute(
        f"select other_parents.submission_id, count(*), min(line) from other_parents"
        f" inner join {checked.relation} as rows on place = rows.rowid group by all order by all"
    ).fetchall()
