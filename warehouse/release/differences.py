"""What differs between two releases, and why: read from the two published files alone."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from sightline.warehouse.connection import records
from sightline.warehouse.release.store import FIGURE, KEY, Release, both
from sightline.warehouse.release.tables import NOT_CONTENT, published_tables

WORDS = {
    "new_submission": "a return, or a release of an official series, that was not there before",
    "correction": "a return that replaces another, was withdrawn, or a series that was revised",
    "annotation": "what people recorded of the series",
    "method": "the code, a definition or the method that judges",
    "rounding": "disclosure control alone: withheld or shown, or other rules of rounding",
    "other_figures": "figures of other areas or months on which it rests",
}
# A month stands behind the twelve that follow, and is looked back at by the three before it.
MONTHS_AFTER, MONTHS_BEFORE = 12, 3


@dataclass(frozen=True)
class TableDifference:
    """Rows of a published table by its key: only in the later release, only in the earlier, other
    in content."""

    name: str
    added: int
    removed: int
    changed: int


@dataclass(frozen=True)
class Differences:
    """`trends` are rows of trends whose figures or status moved, each with old, new and reason;
    `changes` what the later release says is new since the one before it."""

    earlier: str
    later: str
    tables: list[TableDifference]
    trends: list[dict[str, Any]]
    changes: list[dict[str, Any]]

    @property
    def reasons(self) -> dict[str, int]:
        """How many rows of trends moved for each reason."""
        return dict(Counter(row["reason"] for row in self.trends).most_common())


def between(earlier: Release, later: Release) -> Differences:
    """Compare two kept releases, table by table and figure by figure."""
    with both(earlier.database, later.database) as connection:
        return Differences(
            earlier.release_id,
            later.release_id,
            list(_tables(connection)),
            _trends(connection, is_other_rules=earlier.rules != later.rules),
            _changes(connection),
        )


def _tables(connection: duckdb.DuckDBPyConnection) -> Iterator[TableDifference]:
    """Columns that only one of the two has are left out; a table that only one has counts whole."""
    columns = _columns(connection)
    for table in published_tables():
        if table.name == "release":
            continue
        old, new = (columns.get((file, table.name), []) for file in ("old", "new"))
        if not old or not new:
            rows = _one(connection, f"select count(*) from {'new' if new else 'old'}.{table.name}")
            yield TableDifference(table.name, rows[0] * bool(new), rows[0] * bool(old), 0)
            continue
        shared = [one for one in new if one in old and one not in NOT_CONTENT]
        key = ", ".join(one for one in table.order if one in shared)
        hashed = (
            f"select hash(row({key})) as key, bit_xor(hash(row({', '.join(shared)}))) as content"
            " from {file}." + table.name + " group by all"
        )
        found = _one(
            connection,
            f"""
            select
                count(*) filter (old_rows.key is null),
                count(*) filter (new_rows.key is null),
                count(*) filter (old_rows.content <> new_rows.content)
            from ({hashed.format(file="old")}) as old_rows
            full join ({hashed.format(file="new")}) as new_rows on old_rows.key = new_rows.key
            """,
        )
        yield TableDifference(table.name, *found)


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[str]]:
    """The columns of each table that both or one of the files have."""
    rows = connection.execute(
        "select database_name, table_name, list(column_name order by column_index)"
        " from duckdb_columns() where database_name in ('old', 'new') group by all"
    ).fetchall()
    return {(file, table): names for file, table, names in rows}


def _changes(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """None in a release from before there was a table of them."""
    if ("new", "changes") not in _columns(connection):
        return []
    return records(connection.execute("from new.changes order by change, area_name, subject"))


def _trends(connection: duckdb.DuckDBPyConnection, *, is_other_rules: bool) -> list[dict[str, Any]]:
    connection.execute(MOVED)
    query = TRENDS.format(
        key=" and ".join(f"old_rows.{one} = new_rows.{one}" for one in KEY),
        keys=", ".join(f"coalesce(new_rows.{one}, old_rows.{one}) as {one}" for one in KEY),
        figures=", ".join(
            f"old_rows.{one} as old_{one}, new_rows.{one} as new_{one}"
            for one in (*FIGURE, "status")
        ),
        is_moved=" or ".join(f"old_rows.{one} is distinct from new_rows.{one}" for one in FIGURE),
        is_other_rules=is_other_rules,
        after=MONTHS_AFTER,
        before=MONTHS_BEFORE,
    )
    return records(connection.execute(query))


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None  # noqa: S101  an aggregate always gives one row
    return row


# What was sent or taken back between the two, at each area that it counts for.
MOVED = """
create temp table moved as
with
sent as (
    select
        sender, extract, period_start, period_end,
        exists (
            from old.submissions as before
            where before.is_in_force
                and before.sender = came.sender
                and before.extract = came.extract
                and before.period_start <= came.period_end
                and before.period_end >= came.period_start
        ) as is_correction
    from new.submissions as came
    where came.is_in_force and not exists (
        from old.submissions as before
        where before.is_in_force and before.submission_id = came.submission_id
    )
    union
    select sender, extract, period_start, period_end, true
    from old.submissions as gone
    where gone.is_in_force and not exists (
        from new.submissions as after
        where after.is_in_force and after.submission_id = gone.submission_id
    )
),

places as (
    select distinct
        la_code, unnest([area_code, region_code, sub_region_code, 'E92000001']) as area_code
    from new.areas
    where area_level = 'local_authority'
)

select places.area_code, sent.extract, period_start, period_end, bool_or(is_correction)
        as is_correction
from sent
inner join places on sent.sender = places.la_code
group by all
union all
select null, extract, period_start, period_end, bool_or(is_correction)
from sent
where sender not in (select la_code from places)
group by all;

create temp table annotated as
select distinct indicator, area_code
from (
    ({noted} old.annotations except {noted} new.annotations)
    union all
    ({noted} new.annotations except {noted} old.annotations)
);

create temp table redefined as
select coalesce(before.indicator, after.indicator) as indicator
from old.indicators as before
full join new.indicators as after on before.indicator = after.indicator
where row(before.definition, before.numerator, before.denominator, before.scale, before.annualise)
    is distinct from row(after.definition, after.numerator, after.denominator, after.scale,
        after.annualise)
""".replace("{noted}", "select indicator, area_code, kind, starts_on, ends_on, recorded_on from")

TRENDS = """
with
both_rows as (
    select
        {keys}, {figures},
        coalesce({is_moved}, false) as is_figure,
        coalesce(new_rows.area_level, old_rows.area_level) as area_level,
        coalesce(new_rows.period_end, old_rows.period_end) as period_end,
        old_rows.indicator is null as is_added,
        old_rows.method <> new_rows.method or old_rows.version <> new_rows.version
            as is_other_method
    from old.trends as old_rows
    full join new.trends as new_rows on {key}
    where {is_moved} or old_rows.status is distinct from new_rows.status
),

changes as (
    select * from both_rows
    -- a period in which nothing is known yet, or no longer told, is no figure that moved
    where not (old_value is null and new_value is null
        and coalesce(old_marker, 'x') = 'x' and coalesce(new_marker, 'x') = 'x')
),

-- of what was sent for the area: what covers the period itself first, then what it rests on
by_return as (
    select
        changes.indicator, changes.area_code, changes.period_type, changes.source,
        changes.breakdown, changes.period_start,
        arg_min(
            moved.is_correction,
            case
                when moved.period_start <= changes.period_end
                    and moved.period_end >= changes.period_start then 0
                else 2
            end + case when moved.is_correction then 0 else 1 end
        ) as is_correction
    from changes
    inner join moved
        on changes.source = 'extracts'
        and changes.area_code = moved.area_code
        and moved.period_start <= changes.period_end + interval {before} month
        and moved.period_end >= changes.period_start - interval {after} month
    group by all
),

series as (
    select distinct extract from moved where area_code is null
),

codes as (
    select (select code_version from old.release) <> (select code_version from new.release)
        as is_other_code
)

select
    changes.indicator, changes.area_code, names.area_name, changes.period_type, changes.source,
    changes.breakdown, changes.period_start,
    {old_and_new}
    case
        when not is_figure and annotated.indicator is not null then 'annotation'
        when by_return.is_correction then 'correction'
        when not by_return.is_correction then 'new_submission'
        when changes.source <> 'extracts' and changes.source in (from series)
            then case when is_added then 'new_submission' else 'correction' end
        when redefined.indicator is not null or is_other_method then 'method'
        when is_figure and changes.source = 'extracts' and (
            {is_other_rules}
            or coalesce(old_marker, '') <> coalesce(new_marker, '')
            and (old_marker in ('c', 'low', 'high') or new_marker in ('c', 'low', 'high'))
        ) then 'rounding'
        when is_other_code then 'method'
        else 'other_figures'
    end as reason
from changes
cross join codes
left join by_return using (indicator, area_code, period_type, source, breakdown, period_start)
left join annotated
    on changes.indicator = annotated.indicator and changes.area_code = annotated.area_code
left join redefined on changes.indicator = redefined.indicator
left join (select area_code, max(area_name) as area_name from new.areas group by area_code) as names
    on changes.area_code = names.area_code
order by changes.indicator, changes.area_code, changes.source, changes.period_type,
    changes.breakdown, changes.period_start
""".replace(
    "{old_and_new}",
    "".join(f"old_{one}, new_{one}, " for one in (*FIGURE, "status")).rstrip(),
)
