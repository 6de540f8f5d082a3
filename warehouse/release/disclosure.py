"""Disclosure control: which counts of 1 to 5 to withhold, and which others would give one back.

Only counts of our own are controlled; official series are published as they stand. What is
withheld with a count stands in the published models, which read what is decided here.
"""

from typing import Any

import duckdb
import numpy as np
import pandas as pd

SMALLEST_SHOWN = 6  # the Department for Education withholds counts of 1 to 5 of children in need

# A mean of earlier cells gives one of them back when the others are known: its parts and how many
# months before it they lie.
MEANS = {"usual_referrals": ("referrals", (12, 24, 36))}

PERIOD = ["measure", "period_type", "period_start", "breakdown"]
CELL = [*PERIOD, "area_code"]
MAX_ROUNDS = 8

# Who adds up to whom, and the column that says so.
TIERS = (
    ("local_authority", "sub_region", "sub_region_code"),
    ("local_authority", "region", "region_code"),
    ("sub_region", "region", "region_code"),
    ("region", "country", "region_code"),
)


def is_small(counts: pd.Series) -> pd.Series:
    """Means are counts too: anything above nothing and below the smallest that is shown."""
    return (counts > 0) & (counts < SMALLEST_SHOWN)


def control(connection: duckdb.DuckDBPyConnection) -> int:
    """Write control.withheld_counts, one row per measure, area, period and breakdown to withhold,
    from all values of the work file; the number of rows."""
    cells = connection.execute(CELLS).df()
    hidden = cells.loc[withheld(cells), CELL]
    create(connection)
    connection.register("hidden_cells", hidden)
    connection.execute("insert into control.withheld_counts by name from hidden_cells")
    connection.unregister("hidden_cells")
    return len(hidden)


def rules(_connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """What a release is made under; the same rules withhold and round the same count alike."""
    return {"smallest_shown": SMALLEST_SHOWN}


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table of what is withheld, without rows."""
    connection.execute(
        "create or replace table control.withheld_counts (measure varchar, area_code varchar,"
        " period_type varchar, period_start date, breakdown varchar)"
    )


def withheld(cells: pd.DataFrame) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Which cells to withhold, given the columns that `CELLS` selects."""
    frame = cells.reset_index(drop=True)
    frame["is_hidden"] = is_small(frame["count"]) | frame["is_complement_small"]
    frame["family"] = frame.groupby(PERIOD, sort=False).ngroup()
    tiers = [_tier(frame, *tier) for tier in TIERS]
    for _ in range(MAX_ROUNDS):
        before = int(frame["is_hidden"].sum())
        for tier in tiers:
            _protect(frame, tier)
        _hide_means(frame)
        if int(frame["is_hidden"].sum()) == before:
            break
    return frame["is_hidden"].to_numpy(dtype=bool)


def _tier(frame: pd.DataFrame, child_level: str, parent_level: str, link: str) -> pd.DataFrame:
    """Each child cell's row number beside that of the total it belongs to."""
    parents = frame.loc[frame["area_level"] == parent_level, ["family", "area_code"]]
    parents = parents.assign(parent=parents.index).rename(columns={"area_code": link})
    children = frame.loc[frame["area_level"] == child_level, ["family", link, "count"]]
    on = ["family"] if parent_level == "country" else ["family", link]
    return children.assign(child=children.index).merge(parents[[*on, "parent"]], on=on)


def _protect(frame: pd.DataFrame, tier: pd.DataFrame) -> None:
    """Withhold one more cell, or else the total, where the total would give one back."""
    hidden = frame["is_hidden"].to_numpy()
    counts = tier["count"].to_numpy(dtype=float)
    child_hidden = hidden[tier["child"]]
    totals = pd.DataFrame(
        {"parent": tier["parent"], "n": child_hidden, "sum": np.where(child_hidden, counts, 0.0)}
    )
    totals = totals.groupby("parent", sort=False).sum()
    parent_hidden = hidden[totals.index]
    has_some = frame["count"].to_numpy()[totals.index] > 0
    few = (totals["sum"] < SMALLEST_SHOWN) | ((totals["n"] == 1) & ~parent_hidden)
    exposed = np.where(totals["n"] > 0, few, parent_hidden & has_some)
    in_danger = totals.index[exposed]
    candidates = tier.loc[(counts > 0) & ~child_hidden & tier["parent"].isin(in_danger)]
    partners = candidates.sort_values(["count", "child"]).drop_duplicates("parent")
    frame.loc[partners["child"], "is_hidden"] = True
    alone = in_danger.difference(pd.Index(partners["parent"]))
    frame.loc[alone[totals.loc[alone, "n"] > 0], "is_hidden"] = True


def _hide_means(frame: pd.DataFrame) -> None:
    """A mean with a withheld part is withheld."""
    keys = ["period_type", "breakdown", "area_code", "period_start"]
    for mean, (part, lags) in MEANS.items():
        parts = frame.loc[(frame["measure"] == part) & frame["is_hidden"], keys]
        months = [parts.assign(period_start=_later(parts["period_start"], lag)) for lag in lags]
        reached = pd.MultiIndex.from_frame(pd.concat(months))
        of_mean = frame.loc[frame["measure"] == mean, keys]
        is_reached = pd.MultiIndex.from_frame(of_mean).isin(reached)
        frame.loc[of_mean.index[is_reached], "is_hidden"] = True


def _later(starts: pd.Series, months: int) -> pd.Series:
    return pd.Series(pd.to_datetime(starts) + pd.DateOffset(months=months), index=starts.index)


CELLS = f"""
with areas as (
    select area_code, max(region_code) as region_code, max(sub_region_code) as sub_region_code
    from marts.dim_areas
    group by area_code
),

rows as (
    select
        facts.* replace (
            case when isfinite(facts.denominator) then round(facts.denominator, 6) end
            as denominator
        ),
        areas.region_code,
        areas.sub_region_code,
        indicators.numerator as numerator_measure,
        indicators.denominator as denominator_measure,
        indicators.denominator_is_population,
        indicators.kind = 'proportion' as is_proportion
    from marts.fct_values as facts
    inner join control.indicators as indicators
        on facts.indicator = indicators.indicator
    left join areas
        on facts.area_code = areas.area_code
    where facts.source = 'extracts'
),

cells as (
    select
        numerator_measure as measure, area_code, area_level, region_code, sub_region_code,
        period_type, period_start, breakdown, numerator as count,
        is_proportion
        and denominator - numerator > 0
        and denominator - numerator < {SMALLEST_SHOWN} as is_complement_small
    from rows
    union all
    select
        denominator_measure as measure, area_code, area_level, region_code, sub_region_code,
        period_type, period_start, breakdown, denominator as count,
        false as is_complement_small
    from rows
    where not denominator_is_population
)

select
    measure, area_code, area_level, region_code, sub_region_code,
    period_type, cast(period_start as timestamp) as period_start, breakdown,
    -- Two indicators that disagree on a count: the one that is withheld decides.
    coalesce(min(count) filter (where count > 0), max(count)) as count,
    coalesce(bool_or(is_complement_small), false) as is_complement_small
from cells
where count is not null
group by all
order by measure, area_code, period_type, period_start, breakdown
"""
