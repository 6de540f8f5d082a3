"""Disclosure control: which counts of our own are withheld, and to what the others are rounded.

Only counts of our own are controlled; official series are published as they stand. The published
models read what is decided here and never a true count.
"""

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sightline.warehouse import indicators
from sightline.warehouse.indicators import Indicator
from sightline.warehouse.release.rounding import BASE

# A mean of the same month of one, two or three years is a number of sixths.
PARTS_OF_ONE = 6

WHOLE = "total"
YEAR, WHOLE_YEAR = "year", "whole_year:all"
MONTHS_OF_A_QUARTER, MONTHS_OF_A_YEAR = 3, 12
WHOLE_YEARS_FROM = 0.25
"""Where more than this share of the months of an authority is small, its years are told whole."""
NARROWEST = 5  # values that each withheld small count must be left with
FREE = 10**9  # where a bound would be
BLOCK = ["measure", "region_code", "period_type", "period_start", "breakdown"]
COUNT = ["measure", "area_code", "period_type", "period_start", "breakdown"]
CELL = [
    "indicator", "measure", "area_code", "area_level", "period_type", "period_start", "breakdown",
]  # fmt: skip


def rounded(counts: NDArray[np.float64], levels: pd.Series) -> NDArray[np.int64]:
    """Each count to the nearest multiple of the base of its level of area; a count in the middle of
    two is rounded up. Raises KeyError for an unknown level."""
    base = levels.map(BASE.__getitem__).to_numpy(dtype=np.int64)
    in_parts = base * PARTS_OF_ONE
    return np.asarray((_parts(counts) + in_parts // 2) // in_parts * base)


def ends(
    shown: NDArray[np.int64],
    levels: pd.Series,
    smallest_shown: int,
    months: NDArray[np.integer[Any]] | int = 1,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The least and the greatest whole number that each shown count may be: of a mean of so many
    months their sum. It is one that is `rounded` to it."""
    base = levels.map(BASE).to_numpy(dtype=np.int64)
    lower = np.maximum(-((base - 2 * shown) * months // 2), smallest_shown * months)
    upper = -(-(2 * shown + base) * months // 2) - 1
    is_none = shown == 0
    return np.where(is_none, 0, lower), np.where(is_none, 0, upper)


def control_cells(
    cells: pd.DataFrame,
    smallest_shown: int,
    low_blocks: pd.DataFrame | None = None,
    withheld_regions: pd.DataFrame | None = None,
    withheld_counts: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The cells with `shown`, a count that is rounded, and `marker`, why there is none.

    `cells` has a true `count` for each measure, area, period and breakdown, in the columns that
    `CELLS` selects; `low_blocks` and `withheld_regions` name blocks by the columns `BLOCK`,
    `withheld_counts` counts by `COUNT`.
    Counts from 1 to `smallest_shown` - 1 are withheld (`c`); in a low block zeros are too, and
    nobody is told which is which (`low`). So it is in all parts of a breakdown: parts that are
    known to be one at least would tell that their whole is no less than they are many. The totals
    of a region in `withheld_regions`, and of its parts, are withheld whatever they are, and so are
    `withheld_counts`; England stands there by its own code. Each of the others is `rounded` from
    its own count, not added up from parts.
    """
    counts = cells["count"].to_numpy(dtype=float)
    is_below = _parts(counts) < smallest_shown * PARTS_OF_ONE
    is_low = is_below & (are_parts(cells) | is_in(cells, low_blocks, BLOCK))
    is_chosen = is_in(cells, withheld_counts, COUNT) | _is_total_in(cells, withheld_regions)
    is_withheld = (is_below | is_chosen) & (counts > 0)
    marker = np.full(len(cells), None, dtype=object)
    marker[is_withheld] = "c"
    marker[is_low] = "low"
    shown = pd.arrays.IntegerArray(rounded(counts, cells["area_level"]), is_withheld | is_low)
    return cells.assign(shown=shown, marker=marker)


def are_parts(cells: pd.DataFrame) -> NDArray[np.bool_]:
    """Which cells are parts of a breakdown and not whole counts."""
    return np.asarray(cells["breakdown"] != WHOLE, dtype=bool)


def _parts(counts: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole numbers, so that no sum of fractions decides on which side of a limit a mean lies."""
    return np.rint(counts * PARTS_OF_ONE).astype(np.int64)


def _is_total_in(cells: pd.DataFrame, regions: pd.DataFrame | None) -> NDArray[np.bool_]:
    is_total = (cells["area_level"] != "local_authority").to_numpy(dtype=bool)
    region = cells["region_code"].fillna(cells["area_code"])
    return is_total & is_in(cells.assign(region_code=region), regions, BLOCK)


def is_in(
    cells: pd.DataFrame, chosen: pd.DataFrame | None, columns: list[str]
) -> NDArray[np.bool_]:
    """Which cells are among the chosen ones by these columns."""
    if chosen is None or chosen.empty:
        return np.zeros(len(cells), dtype=bool)
    keys, others = (pd.MultiIndex.from_frame(frame[columns]) for frame in (cells, chosen))
    return np.asarray(keys.isin(others))


def cells_of(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Every count of our own that a published figure rests on, true, from the work file."""
    return connection.execute(CELLS).df()


def years_of(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Every year's count of ours that may stand beside an official one, true, from the work file:
    the months of `measure` from `period_start` to `period_end` added up."""
    return connection.execute(YEARS).df()


def quarters_of(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Every quarter's count that is a part of a breakdown and is counted each month as well, true,
    from the work file: as `years_of`, with the measure (`part_of`) and breakdown that it is."""
    return connection.execute(QUARTERS).df()


def whole_years_of(
    cells: pd.DataFrame, definitions: Sequence[Indicator], smallest_shown: int
) -> pd.DataFrame:
    """Every twelve months of an authority that are told whole, since over a quarter of its months
    of that indicator are small counts: true, of `cells`, as `quarters_of`.

    They are the years of official series, which never overlap: to 31 August of what happens on
    school days, to 31 March of the rest. A year of which a month is not counted is not told.
    """
    ends = {
        one.numerator: "Y-AUG" if one.school_days_only else "Y-MAR"
        for one in definitions if one.adds_up
    }  # fmt: skip
    kept = {(one.indicator, one.numerator) for one in definitions if one.adds_up}
    keys = ["indicator", "measure", "area_code"]
    is_month = (cells["period_type"] == "month") & (cells["breakdown"] == WHOLE)
    months = cells[is_month & (cells["area_level"] == "local_authority")]
    months = months[pd.MultiIndex.from_frame(months[keys[:2]]).isin(kept)]
    is_small = months["count"].between(1, smallest_shown, inclusive="left")
    share = is_small.groupby([months[key] for key in keys]).transform("mean")
    months = months[share > WHOLE_YEARS_FROM]
    found = []
    for span in sorted(set(ends.values())):
        own = months[months["measure"].map(ends) == span]
        year = own["period_start"].dt.to_period(span)
        found.append(own.assign(period_start=year.dt.start_time, period_end=year.dt.end_time))
    years = pd.concat(found).groupby([*keys, "area_level", "period_start", "period_end"])["count"]
    sums = years.agg(["sum", "size"]).reset_index()
    sums = sums[sums["size"] == MONTHS_OF_A_YEAR].rename(columns={"sum": "count"})
    return sums.drop(columns="size").assign(
        part_of=sums["measure"], breakdown=WHOLE_YEAR, period_type=YEAR,
        period_end=sums["period_end"].dt.normalize(),
    )  # fmt: skip


def sums_of(
    connection: duckdb.DuckDBPyConnection, cells: pd.DataFrame, smallest_shown: int
) -> pd.DataFrame:
    """Every sum of months that may be printed, quarters and whole years, of `cells` as `cells_of`
    gives them."""
    years = whole_years_of(cells, indicators.load(), smallest_shown)
    return pd.concat([quarters_of(connection), years], ignore_index=True)


def control_sums(
    sums: pd.DataFrame,
    controlled: pd.DataFrame,
    smallest_shown: int,
    withheld_counts: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Of quarters and years as `quarters_of` and `whole_years_of` give them: `shown` and `marker`,
    as of single cells; `withheld_counts` names by `COUNT` those that are not to be shown.

    A quarter that would by itself leave a withheld month of its own fewer than `NARROWEST` values,
    beside the other months as they are `controlled`, is not shown; neither is a year that would
    leave one fewer than all.
    """
    counts = sums["count"].to_numpy(dtype=np.int64)
    shown = rounded(counts.astype(float), sums["area_level"])
    least, most = ends(shown, sums["area_level"], smallest_shown)
    months = _months_of(sums, controlled)
    lower, upper = _ends(months, smallest_shown)
    place = months["place"].to_numpy()
    others_least = np.bincount(place, lower, len(sums))[place] - lower
    others_most = np.bincount(place, upper, len(sums))[place] - upper
    left = np.minimum(upper, most[place] - others_least) - np.maximum(
        lower, least[place] - others_most
    )
    is_year = (sums["period_type"] == YEAR).to_numpy(dtype=bool)
    all_of_it = np.minimum(upper - lower + 1, smallest_shown)
    needed = np.where(is_year[place], np.maximum(all_of_it, NARROWEST), NARROWEST)
    is_narrow = months["marker"].notna().to_numpy() & (left + 1 < needed)
    is_telling = np.bincount(place, is_narrow, len(sums)) > 0
    is_telling |= is_in(sums, withheld_counts, COUNT)
    is_low = counts < smallest_shown
    marker = np.full(len(sums), None, dtype=object)
    marker[is_telling] = "c"
    marker[is_low] = "low"
    return sums.assign(shown=pd.arrays.IntegerArray(shown, is_telling | is_low), marker=marker)


def _months_of(sums: pd.DataFrame, controlled: pd.DataFrame) -> pd.DataFrame:
    """The controlled months that each sum is of, by its `place`."""
    key = ["indicator", "measure", "area_code", "period_start"]
    months = np.where(sums["period_type"] == YEAR, MONTHS_OF_A_YEAR, MONTHS_OF_A_QUARTER)
    place = np.repeat(np.arange(len(sums)), months)
    later = np.arange(len(place)) - np.repeat(np.cumsum(months) - months, months)
    wanted = sums[key].iloc[place].assign(place=place)
    wanted["period_start"] = (
        wanted["period_start"].dt.to_period("M") + pd.Series(later, index=wanted.index)
    ).dt.start_time
    is_month = (controlled["period_type"] == "month") & (controlled["breakdown"] == WHOLE)
    of_month = [*key, "area_level", "count", "shown", "marker"]
    return wanted.merge(controlled.loc[is_month, of_month], on=key)


def _ends(months: pd.DataFrame, smallest_shown: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The least and the greatest number that each month may be, by itself."""
    shown = months["shown"].fillna(0).to_numpy(dtype=np.int64)
    lower, upper = ends(shown, months["area_level"], smallest_shown)
    is_small = (months["count"] < smallest_shown).to_numpy()
    for name, smallest in (("c", 1), ("low", 0)):
        is_marked = (months["marker"] == name).to_numpy()
        lower[is_marked & is_small], upper[is_marked & is_small] = smallest, smallest_shown - 1
        lower[is_marked & ~is_small] = smallest_shown
        upper[is_marked & ~is_small] = FREE
    return lower, upper


def control(
    connection: duckdb.DuckDBPyConnection,
    cells: pd.DataFrame,
    sums: pd.DataFrame,
    smallest_shown: int,
    withheld_counts: pd.DataFrame | None = None,
) -> int:
    """Write control.controlled_counts and control.disclosure, of cells as `control_cells` gives
    them and of sums as `sums_of` does; the number of counts that are not shown."""
    create(connection, smallest_shown)
    told = control_sums(sums, cells, smallest_shown, withheld_counts)
    told = told.assign(indicator=told["part_of"], measure=told["part_of"])
    told = told.sort_values("marker", kind="stable").drop_duplicates(COUNT)
    columns = [*CELL, "shown", "marker"]
    cells = pd.concat([cells[columns], told[columns]], ignore_index=True)
    connection.register("controlled_cells", cells)
    connection.execute("insert into control.controlled_counts by name from controlled_cells")
    connection.unregister("controlled_cells")
    return int(cells["marker"].notna().sum())


def rules(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int]]:
    """By level of area, the base of rounding and the smallest count that is shown, as `control`
    wrote them."""
    query = "select area_level, base, smallest_shown from control.disclosure order by area_level"
    rows = connection.execute(query).fetchall()
    return {level: {"base": base, "smallest_shown": smallest} for level, base, smallest in rows}


def create(connection: duckdb.DuckDBPyConnection, smallest_shown: int) -> None:
    """Make the table of controlled counts, without rows, and the rules of each level of area."""
    connection.execute(
        """
        create or replace table control.controlled_counts (
            indicator varchar, measure varchar, area_code varchar, area_level varchar,
            period_type varchar, period_start date, breakdown varchar, shown bigint, marker varchar
        )
        """
    )
    connection.execute(
        "create or replace table control.disclosure"
        " (area_level varchar, base integer, smallest_shown integer)"
    )
    connection.executemany(
        "insert into control.disclosure values (?, ?, ?)",
        [[level, base, smallest_shown] for level, base in BASE.items()],
    )


# Where each month counts twelve, the year's count is that of its last month, which is a cell.
YEARS = """
select distinct
    years.indicator,
    indicators.numerator as measure,
    years.area_code,
    years.area_level,
    cast(years.period_start as timestamp) as period_start,
    cast(years.period_end as timestamp) as period_end,
    years.counted as count
from marts.fct_reconciliation as years
inner join control.indicators as indicators
    on years.indicator = indicators.indicator
where isfinite(years.counted) and indicators.months_before <> 11
order by all
"""

QUARTERS = """
select
    'quarter' as period_type,
    indicators.indicator,
    parts.monthly_measure as measure,
    parts.measure as part_of,
    parts.dimension || ':' || parts.part as breakdown,
    parts.area_code,
    parts.area_level,
    cast(parts.period_start as timestamp) as period_start,
    cast(parts.period_end as timestamp) as period_end,
    parts.counted as count
from marts.fct_breakdowns as parts
inner join control.indicators as indicators
    on parts.monthly_measure = indicators.numerator
order by all
"""

# A total may leave out other authorities in one indicator than in another, so each indicator has
# its own cells. A sum of several months is no count of the period it stands at. Parts are counted
# of a measure, whichever indicators it serves; those counted each month are sums: see QUARTERS.
CELLS = """
with areas as (
    select area_code, max(region_code) as region_code, max(sub_region_code) as sub_region_code
    from marts.dim_areas
    group by area_code
),

rows as (
    select
        facts.*,
        areas.region_code,
        areas.sub_region_code,
        indicators.numerator as numerator_measure,
        indicators.denominator as denominator_measure,
        indicators.denominator_is_population
    from marts.fct_values as facts
    inner join control.indicators as indicators
        on facts.indicator = indicators.indicator
    left join areas
        on facts.area_code = areas.area_code
    where facts.source = 'extracts' and coalesce(indicators.joint, 'rest') = 'rest'
),

cells as (
    select
        indicator, numerator_measure as measure, area_code, area_level, region_code,
        sub_region_code, period_type, period_start, breakdown, numerator as count
    from rows
    union all
    select
        indicator, denominator_measure as measure, area_code, area_level, region_code,
        sub_region_code, period_type, period_start, breakdown, denominator as count
    from rows
    where not denominator_is_population
    union all
    select
        parts.measure as indicator, parts.measure, parts.area_code, parts.area_level,
        areas.region_code, areas.sub_region_code, 'quarter' as period_type, parts.period_start,
        parts.dimension || ':' || parts.part as breakdown, parts.counted as count
    from marts.fct_breakdowns as parts
    left join areas
        on parts.area_code = areas.area_code
    where parts.monthly_measure is null
)

select * replace (cast(period_start as timestamp) as period_start)
from cells
where isfinite(count)
order by indicator, measure, area_code, period_type, period_start, breakdown
"""
