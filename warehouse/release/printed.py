"""What a reader knows of each count: from the cells as they are controlled, or as published."""

from collections.abc import Collection, Sequence
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from sightline.warehouse.indicators import Indicator, Relation
from sightline.warehouse.release.disclosure import FREE, control_sums, ends
from sightline.warehouse.release.rounding import BASE
from sightline.warehouse.release.ties import AS_NOW, PERIOD, SERIES, Bools, Publication

NO_REPAIRS: dict[str, list[dict[str, Any]]] = {
    "low_blocks": [], "withheld_regions": [], "withheld_counts": [],
}  # fmt: skip
A_YEAR_BEFORE = 11
PLACE = ["area_code", "period_type", "period_start", "months_before"]
OTHER = "another count"  # the version of one that is not what it was, whatever was sent
YEAR = [
    "indicator", "measure", "area_code", "area_level", "period_start", "period_end", "lower",
    "upper",
]  # fmt: skip
COLUMNS = [
    *SERIES, "area_code", "area_level", "region_code", "sub_region_code", "lower", "upper",
    "is_withheld", "count",
]  # fmt: skip


def of_cells(
    controlled: pd.DataFrame, relations: Sequence[Relation], smallest_shown: int
) -> pd.DataFrame:
    """Of cells as `disclosure.control_cells` gives them: `COLUMNS`, as `ties.system` takes them.

    That a count of `smallest_shown` or more is withheld is a repair of the audit. Repairs stand in
    the manifest, so a reader knows that it is not small.
    """
    is_repair = controlled["marker"].notna() & (controlled["count"] >= smallest_shown)
    marker = controlled["marker"].mask(is_repair, "large")
    return _known(controlled.assign(marker=marker), relations, smallest_shown)[COLUMNS]


def sums_of_cells(
    years: pd.DataFrame | None,
    sums: pd.DataFrame | None,
    controlled: pd.DataFrame,
    smallest_shown: int,
    withheld_counts: pd.DataFrame | None = None,
) -> pd.DataFrame | None:
    """Of true years beside official ones, and of `disclosure.sums_of`, the sums of months that are
    printed: `YEAR`; None of none."""
    found = []
    if years is not None:
        found.append(years_of_cells(years, controlled, smallest_shown))
    if sums is not None:
        told = control_sums(sums, controlled, smallest_shown, withheld_counts)
        told = told[told["marker"].isna()].assign(counted=lambda held: held["shown"])
        found.append(_years_known(told, smallest_shown))
    return pd.concat(found, ignore_index=True) if found else None


def years_of_cells(
    years: pd.DataFrame, controlled: pd.DataFrame, smallest_shown: int
) -> pd.DataFrame:
    """Of true years, as `disclosure.years_of` gives them, those that are printed: `YEAR`.

    A year is printed where each month behind it is and it is no small count, as
    `published_reconciliation` does.
    """
    hidden = controlled.loc[
        controlled["marker"].notna() & (controlled["period_type"] == "month"),
        ["indicator", "measure", "area_code", "period_start"],
    ].rename(columns={"period_start": "month"})
    behind = years.reset_index().merge(hidden, on=["indicator", "measure", "area_code"])
    is_in_year = behind["month"].between(behind["period_start"], behind["period_end"])
    is_small = (years["count"] > 0) & (years["count"] < smallest_shown)
    shown = years[~is_small & ~years.index.isin(behind.loc[is_in_year, "index"])]
    base = shown["area_level"].map(BASE).to_numpy(dtype=np.int64)
    counts = shown["count"].round().to_numpy(dtype=np.int64)
    return _years_known(shown.assign(counted=(counts + base // 2) // base * base), smallest_shown)


def years_of_release(
    connection: duckdb.DuckDBPyConnection, smallest_shown: int, catalogue: Sequence[Indicator]
) -> pd.DataFrame:
    """Of a release: `YEAR`, as its tables of reconciliation and breakdowns print them."""
    years = connection.execute(YEARS).df()
    if connection.execute(HAS_BREAKDOWNS).fetchone():
        years = pd.concat([years, connection.execute(QUARTERS).df()], ignore_index=True)
    of_twelve_months = [one.indicator for one in catalogue if one.months_before == A_YEAR_BEFORE]
    return _years_known(years[~years["indicator"].isin(of_twelve_months)], smallest_shown)


def _years_known(years: pd.DataFrame, smallest_shown: int) -> pd.DataFrame:
    """The whole numbers that each may be that is printed as `counted`."""
    counted = years["counted"].to_numpy(dtype=np.int64)
    lower, upper = ends(counted, years["area_level"], smallest_shown)
    return years.assign(lower=lower, upper=upper)[YEAR].drop_duplicates(ignore_index=True)


def of_release(
    connection: duckdb.DuckDBPyConnection,
    relations: Sequence[Relation],
    smallest_shown: int,
    repairs: dict[str, list[dict[str, Any]]],
) -> pd.DataFrame:
    """Of a release, from its tables and what its manifest says of repairs: `COLUMNS` and
    is_derived, whether the value beside a count is what the shown counts give."""
    counts = connection.execute(COUNTS).df()
    if connection.execute(HAS_BREAKDOWNS).fetchone():
        counts = pd.concat([counts, connection.execute(PARTS).df()], ignore_index=True)
    known = _as_known(counts, relations, smallest_shown, repairs)
    return known[[*COLUMNS, "is_derived"]]


def _as_known(
    cells: pd.DataFrame,
    relations: Sequence[Relation],
    smallest_shown: int,
    repairs: dict[str, list[dict[str, Any]]],
) -> pd.DataFrame:
    """What the rows that `COUNTS` selects tell, beside what is known of repairs."""
    cells = cells.assign(count=np.nan)
    month = cells["period_start"].dt.strftime("%Y-%m-%d")
    cells = cells.assign(region=cells["region_code"].fillna(cells["area_code"]))
    is_own, is_whole, is_total = (
        _are_among(repairs[name], area, cells[measure], cells[column], month, cells["breakdown"])
        for name, area, measure, column in (
            ("withheld_counts", "area_code", "measure", "area_code"),
            ("withheld_counts", "area_code", "other_measure", "area_code"),
            ("withheld_regions", "region_code", "measure", "region"),
        )
    )
    is_hidden = cells["marker"].notna()
    is_above = cells["area_level"] != "local_authority"
    # A repair takes a whole year of an authority's counts, small ones too.
    is_repaired = is_own | is_whole | (is_total & is_above)
    marker = cells["marker"].mask(is_hidden & is_repaired, "any")
    return _known(cells.assign(marker=marker), relations, smallest_shown)


def kept(
    connection: duckdb.DuckDBPyConnection,
    relations: Sequence[Relation],
    smallest_shown: int,
    repairs: dict[str, list[dict[str, Any]]],
    submissions: pd.DataFrame,
    now: pd.DataFrame,
    catalogue: Sequence[Indicator],
) -> Publication:
    """What a former release printed, with the `version` of each count.

    A count is the same one as `now`, and in two former releases, where no other submissions that
    cover its period, or the months before it that it is made of, are in force, by `submissions`
    (submission_id, sender, period_start, period_end, those in force now): everybody can see that.
    """
    former = of_release(connection, relations, smallest_shown, repairs)[COLUMNS]
    then = in_force(connection)
    either = pd.concat([then, submissions])
    changed = either[~either.duplicated("submission_id", keep=False)]
    counts = _versioned(
        connection, former.assign(published_on=pd.Timestamp("1900-01-01")),
        changed.assign(received_on=changed["period_end"]), now, relations, catalogue,
    )  # fmt: skip
    return Publication(counts, years_of_release(connection, smallest_shown, catalogue))


def before(
    connection: duckdb.DuckDBPyConnection,
    relations: Sequence[Relation],
    smallest_shown: int,
    now: pd.DataFrame,
    kept: Collection[str],
    catalogue: Sequence[Indicator],
) -> dict[str, Publication]:
    """What a release tells of publications before it by its own history, `trends_vintages`: by
    their names and numbers what `kept` gives, but for those of the releases in `kept`.

    Whether a count is the same one follows from the days on which submissions came. What was
    withheld by a repair is not told there, so `c` is taken for a small count; a total that is none
    is contradicted by the others, or by the true counts. Sums are not told there.
    """
    counts = connection.execute(COUNTS_BEFORE, {"kept": [*kept]}).df()
    known = _as_known(counts, relations, smallest_shown, NO_REPAIRS)
    columns = [*COLUMNS, "publication", "release_id", "published_on"]
    received = connection.execute(SUBMISSIONS).df()
    former = _versioned(connection, known[columns], received, now, relations, catalogue)
    former = former[~(former["is_withheld"] & (former["version"] == OTHER))]
    return {
        f"{release_id} ({number})": Publication(one.reset_index(drop=True))
        for (number, release_id), one in former.groupby(["publication", "release_id"])
    }


def in_force(connection: duckdb.DuckDBPyConnection, table: str = "submissions") -> pd.DataFrame:
    """The submissions that are in use, from a release or from `control.submissions`."""
    return connection.execute(
        f"""
        select submission_id, sender, cast(period_start as timestamp) as period_start,
            cast(period_end as timestamp) as period_end
        from {table}
        where is_in_force
        """
    ).df()


def _are_among(
    repairs: list[dict[str, Any]],
    area: str,
    measures: "pd.Series[str]",
    areas: "pd.Series[str]",
    months: "pd.Series[str]",
    breakdowns: "pd.Series[str]",
) -> Bools:
    names = ("measure", area, "period_start", "breakdown")
    chosen = {tuple(one[name] for name in names) for one in repairs}
    found = np.zeros(len(months), dtype=bool)
    near = np.flatnonzero(measures.isin({measure for measure, *_ in chosen}))
    rows = zip(*(one.iloc[near] for one in (measures, areas, months, breakdowns)), strict=True)
    found[near] = np.fromiter((row in chosen for row in rows), dtype=bool, count=len(near))
    return found


def _versioned(
    connection: duckdb.DuckDBPyConnection,
    counts: pd.DataFrame,
    submissions: pd.DataFrame,
    now: pd.DataFrame,
    relations: Sequence[Relation],
    catalogue: Sequence[Indicator],
) -> pd.DataFrame:
    """The counts with `version`: the submissions received since `published_on` that may have
    changed them; `AS_NOW` where there are none, `OTHER` where what is known `now` contradicts it.
    """
    behind: dict[str | None, int] = {
        one.numerator: one.months_before for one in catalogue if one.months_before
    }
    behind |= {one.measure: A_YEAR_BEFORE for one in relations if one.kind.startswith("children")}
    months_before = counts["measure"].map(behind).fillna(0).astype(np.int64)
    placed = counts[[*PLACE[:-1], "published_on"]].assign(months_before=months_before)
    connection.register("counts", placed.drop_duplicates())
    connection.register("received", submissions)
    found = connection.execute(VERSIONS).df()
    connection.unregister("counts")
    connection.unregister("received")
    version = placed.merge(found, on=[*PLACE, "published_on"], how="left")["version"]
    version = version.fillna(AS_NOW).set_axis(counts.index)
    both = counts[[*PERIOD, "indicator", "area_code", "lower", "upper"]].merge(
        now[[*PERIOD, "indicator", "area_code", "lower", "upper", "count"]],
        on=[*PERIOD, "indicator", "area_code"], how="left", suffixes=("", "_now"),
    )  # fmt: skip
    is_other = np.asarray(
        (both["lower"] > both["upper_now"]) | (both["upper"] < both["lower_now"])
        | (both["count"] < both["lower"]) | (both["count"] > both["upper"])
    )  # fmt: skip
    return counts.assign(version=version.mask((version == AS_NOW) & is_other, OTHER))


def _known(cells: pd.DataFrame, relations: Sequence[Relation], smallest_shown: int) -> pd.DataFrame:
    """The whole numbers from `lower` to `upper` that each count may be; of a mean of n months the
    sums of these months.

    A shown count is one that rounds to it, a middle upwards, as `disclosure.rounded` does. `c` is
    one from 1, `low` one from 0, up to `smallest_shown` - 1; `large` is one from there on, and
    `any` may be any.
    """
    parts_of = {one.measure: len(one.months_before) for one in relations if one.kind == "mean"}
    parts = cells["measure"].map(parts_of).fillna(1).to_numpy(dtype=np.int64)
    shown = cells["shown"].fillna(0).to_numpy(dtype=np.int64)
    least = smallest_shown * parts
    lower, upper = ends(shown, cells["area_level"], smallest_shown, parts)
    for name, smallest, largest in (
        ("c", 1, least - 1),
        ("low", 0, least - 1),
        ("large", least, FREE),
        ("any", 0, FREE),
    ):
        is_marked = (cells["marker"] == name).to_numpy(dtype=bool)
        lower[is_marked] = np.broadcast_to(smallest, lower.shape)[is_marked]
        upper[is_marked] = np.broadcast_to(largest, upper.shape)[is_marked]
    return cells.assign(lower=lower, upper=upper, is_withheld=cells["marker"].notna().to_numpy())


# A row that is marked shows neither of its counts: which of them it is about is not said. Where the
# denominator is public it is the numerator; otherwise a share may be low or high by itself.
# A public denominator is an estimate, shown as the nearest whole number and divided by as it is.
TELLS = """
with figures as (
    select
        trends.*,
        areas.region_code,
        areas.sub_region_code,
        indicators.numerator as numerator_measure,
        indicators.denominator as denominator_measure,
        indicators.denominator_is_population,
        indicators.kind = 'proportion' as is_proportion,
        trends.marker in ('c', 'low', 'high') as is_marked,
        round(
            trends.numerator / nullif(trends.denominator, 0) * indicators.scale
            * case when indicators.annualise then 12 else 1 end,
            6
        ) as derived
    from {trends}
    inner join indicators
        on trends.indicator = indicators.indicator
    left join areas
        on trends.area_code = areas.area_code
    where trends.source = 'extracts' and indicators.family <> 'joint'
),

counts as (
    select
        {also} indicator, numerator_measure as measure, denominator_measure as other_measure,
        area_code, area_level, region_code, sub_region_code, period_type, period_start, breakdown,
        numerator as shown,
        case
            when numerator is not null then null
            when marker = 'c' and (denominator_is_population or is_proportion)
                then case when denominator_is_population then 'c' else 'low' end
            when marker = 'low' and denominator_is_population then 'low'
            when is_marked then 'any'
        end as marker,
        is_marked,
        coalesce(
            abs(value - derived) <= 0.000001 + case
                when denominator_is_population then derived / (2 * denominator - 1) else 0
            end,
            value is null
        ) as is_derived
    from figures
    union all
    select
        {also} indicator, denominator_measure as measure, null as other_measure, area_code,
        area_level, region_code, sub_region_code, period_type, period_start, breakdown,
        denominator as shown,
        case when denominator is null and is_marked then 'any' end as marker, is_marked,
        true as is_derived
    from figures
    where not denominator_is_population
)

select
    {also} indicator, measure, other_measure, area_code, area_level, region_code, sub_region_code,
    period_type, cast(period_start as timestamp) as period_start, breakdown, shown, marker,
    is_derived
from counts
where shown is not null or is_marked
order by {also} indicator, measure, area_code, period_type, period_start, breakdown
"""

# Parts that are counted each month too are sums of these.
HAS_BREAKDOWNS = "select 1 from duckdb_tables() where table_name = 'breakdowns'"
PARTS = """
select
    parts.measure as indicator, parts.measure, null as other_measure, parts.area_code,
    areas.area_level, areas.region_code, areas.sub_region_code, 'quarter' as period_type,
    cast(parts.period_start as timestamp) as period_start,
    parts.dimension || ':' || parts.part as breakdown, parts.counted as shown, parts.marker,
    true as is_derived
from breakdowns as parts
inner join areas
    on parts.area_code = areas.area_code
where parts.monthly_measure is null
order by parts.measure, parts.area_code, parts.period_start, parts.dimension, parts.part
"""

QUARTERS = """
select
    indicators.indicator, parts.monthly_measure as measure, parts.area_code, parts.area_level,
    cast(parts.period_start as timestamp) as period_start,
    cast(parts.period_end as timestamp) as period_end, parts.counted
from breakdowns as parts
inner join indicators
    on parts.monthly_measure = indicators.numerator
where parts.counted is not null
order by all
"""

YEARS = """
select distinct
    years.indicator, indicators.numerator as measure, years.area_code, years.area_level,
    cast(years.period_start as timestamp) as period_start,
    cast(years.period_end as timestamp) as period_end, years.counted
from reconciliation as years
inner join indicators
    on years.indicator = indicators.indicator
where years.counted is not null
order by all
"""

# Whole groups of areas as they stood after each publication that changed a figure of theirs.
# Releases that readers can open are read as they are, the newest is what is printed.
VINTAGES = """
(
    with publications as (
        select publication, any_value(release_id) as release_id,
            any_value(published_on) as published_on
        from trends_vintages
        where source = 'extracts'
        group by publication
        having not list_contains($kept, any_value(release_id))
    ),

    changed as (
        select distinct publications.*, indicator, period_type, period_start, breakdown
        from trends_vintages
        inner join publications using (publication)
        where source = 'extracts'
    )

    select
        figures.* replace (
            changed.publication as publication, changed.release_id as release_id,
            changed.published_on as published_on
        ),
        areas.area_level
    from trends_vintages as figures
    inner join changed
        using (indicator, period_type, period_start, breakdown)
    inner join areas
        on figures.area_code = areas.area_code
    where figures.source = 'extracts' and figures.publication <= changed.publication
    qualify row_number() over (
        partition by changed.publication, figures.indicator, figures.area_code,
            figures.period_type, figures.period_start, figures.breakdown
        order by figures.publication desc
    ) = 1
) as trends
"""
OF_PUBLICATION = "publication, release_id, published_on"
COUNTS = TELLS.format(trends="trends", also="")
COUNTS_BEFORE = TELLS.format(trends=VINTAGES, also=f"{OF_PUBLICATION},")

SUBMISSIONS = """
select submission_id, sender, cast(period_start as timestamp) as period_start,
    cast(period_end as timestamp) as period_end, cast(received_on as timestamp) as received_on
from submissions
"""

VERSIONS = """
with spans as (
    select
        counts.*,
        areas.la_code,
        counts.period_start - to_months(cast(counts.months_before as integer)) as begins,
        counts.period_start + case counts.period_type
            when 'month' then interval 1 month
            when 'quarter' then interval 3 month
            when 'academic_year' then interval 12 month
            else interval 5 month
        end as ends_before
    from counts
    inner join areas on counts.area_code = areas.area_code
    where areas.la_code is not null
)

select
    spans.area_code,
    spans.period_type,
    spans.period_start,
    spans.months_before,
    spans.published_on,
    string_agg(distinct cast(received.submission_id as varchar), ' '
        order by cast(received.submission_id as varchar)) as version
from spans
inner join received
    on spans.la_code = received.sender
    and received.period_start < spans.ends_before
    and received.period_end >= spans.begins
    and received.received_on > spans.published_on
group by all
"""
