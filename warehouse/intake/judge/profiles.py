"""How full the columns of a submission are, and how alike their values: counts, never a value."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from sightline.warehouse.calendar import Span
from sightline.warehouse.contracts.rules import Beside, Event
from sightline.warehouse.contracts.schema import Contract, SentTable
from sightline.warehouse.intake.judge.column_rules import told_after, told_in_period, told_late
from sightline.warehouse.intake.judge.judged import Checked, Names, own_key, sound_rows
from sightline.warehouse.submission import Case, Cases, Tally

DAYS = ("inside", "outside", "going_on")
# Of five children or cases at least one begins, changes or ends within a year, eleven times in
# twelve; in a shorter period even of many none may.
LONG, FEWEST_GOING_ON = 300, 5
# One event alone may have been told late.
FEWEST_OUTSIDE = 2
# Of fewer rows, none may have what they usually have by chance.
FEWEST_ASKED = 20

Profile = dict[str, dict[str, Any]]


def add_profiles(
    connection: duckdb.DuckDBPyConnection, checks: Sequence[Checked], cases: Cases
) -> None:
    """Give each outcome the accepted rows of its tables, and of each column the values that are
    there and how often the commonest code is."""
    for case in cases.values():
        case.outcome.profile = _blank(case.contract, case.tallies) if case.contract else {}
    for checked in checks:
        table = checked.contract.tables.get(checked.table)
        if table and table.raw:
            _add_filled(connection, checked, table, cases)
            _add_commonest(connection, checked, table, cases)
            if table.event:
                _add_days(connection, checked, table.event, cases)
            for name, beside in table.beside.items():
                _add_beside(connection, checks, checked, name, beside, cases)


def outside_share(profile: Profile, period: Span) -> float | None:
    """Of the rows that tell of a day, how many lie outside the period; blank without any.

    One alone may be told late. What began before and goes on belongs to every period. But where of
    a whole year nothing began and nothing ended, it is the return of another one.
    """
    days = [one["days"] for one in profile.values() if "days" in one]
    inside, outside, going_on = (sum(one[name] for one in days) for name in DAYS)
    if inside or outside:
        return float(outside / (inside + outside)) if outside >= FEWEST_OUTSIDE else 0.0
    is_year = (period.end - period.start).days > LONG
    return 1.0 if is_year and going_on >= FEWEST_GOING_ON else None


def beside_share(profile: Profile, name: str) -> float | None:
    """The share of rows that have what they usually have; blank of fewer than 20."""
    counts = [one["beside"][name] for one in profile.values() if name in one.get("beside", {})]
    return next((found / of for found, of in counts if of >= FEWEST_ASKED), None)


def leave_out(case: Case, contract: Contract, table: str) -> None:
    """Of a table that is set aside nothing is told, nor of one that it qualifies, and the return
    is held to nothing of it; told is how many rows that are."""
    profile, sent = case.outcome.profile, contract.tables[table]
    if table not in profile:
        return
    rows = case.tallies[table].bad
    profile[table] = _blank(contract, case.tallies)[table] | {
        "is_held": False,
        "rows_set_aside": rows,
    }
    if sent.qualifies in profile:
        profile[sent.qualifies]["is_held"] = False
    for name, other in contract.tables.items():
        for sign, beside in other.beside.items():
            if beside.table == table and name in profile:
                profile[name].get("beside", {}).pop(sign, None)


def _blank(contract: Contract, held: Mapping[str, Tally]) -> Profile:
    """A table that is there and has no rows says nought; one that is not there says nothing."""
    kept = [name for name, table in contract.tables.items() if table.raw]
    spare = {table for table, column in _in_two_places(contract) if column is None}
    return {
        name: {
            "is_held": name in held,
            "form": held[name].form if name in held else None,
            "is_spare": name in spare,
            "rows": 0,
            "filled": {},
            "commonest": {},
        }
        for name in kept
    }


def _in_two_places(contract: Contract) -> set[tuple[str, str | None]]:
    """Columns, and whole tables without a column, that tell what may as well stand elsewhere.

    Each case system fills one of the places, so that a new one empties the other: judged is the
    share of rows that have it in any of them.
    """
    found: set[tuple[str, str | None]] = set()
    for name, table in contract.tables.items():
        for beside in table.beside.values():
            if beside.has:
                others = {None, *contract.tables[beside.table].columns}
                found |= {(name, column) for column in beside.columns(table.columns)}
                found |= {(beside.table, column) for column in others}
    return found


def _add_filled(
    connection: duckdb.DuckDBPyConnection, checked: Checked, table: SentTable, cases: Cases
) -> None:
    elsewhere = _in_two_places(checked.contract)
    names = [
        name
        for name, c in table.columns.items()
        if c.raw and not c.required | c.filled_later and (checked.table, name) not in elsewhere
    ]
    counts = "".join(f", count(v_{name})" for name in names)
    rows = connection.execute(
        f"select submission_id, count(*){counts} from {checked.relation} where fault is null"
        " group by submission_id"
    ).fetchall()
    for submission_id, count, *filled in rows:
        profile = cases[submission_id].outcome.profile[checked.table]
        profile["rows"] = count
        profile["filled"] = dict(zip(names, filled, strict=True))


def _add_days(
    connection: duckdb.DuckDBPyConnection, checked: Checked, event: Event, cases: Cases
) -> None:
    """How many rows tell of days in the period, of others, and of what goes on all through it."""
    rows = connection.execute(
        f"""
        select
            submission_id, count(*) filter (where {told_in_period(event)}),
            count(*) filter (where {told_late(event)} or {told_after(event)}),
            count(*) filter (where rows.v_{event.day} < facts.window_start)
        from {checked.relation} as rows inner join submissions as facts using (submission_id)
        where fault is null and rows.v_{event.day} is not null
        group by submission_id
        """
    ).fetchall()
    for submission_id, inside, outside, before in rows:
        counts = (inside, outside, max(before - inside - outside, 0))
        cases[submission_id].outcome.profile[checked.table]["days"] = dict(
            zip(DAYS, counts, strict=True)
        )


def _add_beside(
    connection: duckdb.DuckDBPyConnection,
    checks: Sequence[Checked],
    checked: Checked,
    name: str,
    beside: Beside,
    cases: Cases,
) -> None:
    """How many rows have what they usually have, and of how many it is asked."""
    tables = checked.contract.tables
    names, others = Names(checked.contract, checked.table), Names(checked.contract, beside.table)
    key = own_key(tables, checked.table, beside.table, beside.by)
    has = names.resolved(beside.has) if beside.has else "false"
    asked = names.resolved(beside.when) if beside.when else "true"
    related = sound_rows(checks, checked, beside.table)
    untied: set[int] = set()
    if related and not tables[beside.table].columns[beside.by].required:
        # Some case systems never say which row theirs belong to: then nothing is known of it.
        untied = {
            submission_id
            for (submission_id,) in connection.execute(
                f"select submission_id from ({related}) as rows"
                f" group by submission_id having count(v_{beside.by}) = 0"
            ).fetchall()
        }
    source, belongs = f"{checked.relation} as rows", "false"
    if related:
        matching = others.resolved(beside.matching) if beside.matching else "true"
        source += (
            f" left join (select distinct submission_id, v_{beside.by} as key from ({related})"
            f" as rows where {matching}) as beside"
            f" on rows.submission_id = beside.submission_id and rows.v_{key} = beside.key"
        )
        belongs = "beside.key is not null"
    rows = connection.execute(
        f"select rows.submission_id, count(*) filter (({has}) or {belongs}), count(*)"
        f" from {source} where fault is null and ({asked}) group by rows.submission_id"
    ).fetchall()
    for submission_id, found, of in rows:
        case = cases[submission_id]
        # Of a table that was checked by itself, the others are elsewhere.
        is_told = beside.table in case.tallies and submission_id not in untied
        if beside.has or is_told:
            case.outcome.profile[checked.table].setdefault("beside", {})[name] = [found, of]


def _add_commonest(
    connection: duckdb.DuckDBPyConnection, checked: Checked, table: SentTable, cases: Cases
) -> None:
    codes = ("code", "boolean")
    names = [
        name
        for name, c in table.columns.items()
        if c.raw and c.type in codes and not c.filled_later
    ]
    if not names:
        return
    sets = ", ".join(f"(submission_id, v_{name})" for name in names)
    which = "".join(
        f" when grouping(v_{name}) = 0 then {place}" for place, name in enumerate(names)
    )
    rows = connection.execute(
        f"""
        with counted as (
            select
                submission_id, case{which} end as place, count(*) as found,
                coalesce({", ".join(f"cast(v_{name} as varchar)" for name in names)}) as code
            from {checked.relation} where fault is null
            group by grouping sets ({sets})
        )
        select submission_id, place, max(found) from counted where code is not null group by all
        """
    ).fetchall()
    for submission_id, place, most in rows:
        cases[submission_id].outcome.profile[checked.table]["commonest"][names[place]] = most
