"""Disclosure control, the last transform: withhold counts of 1 to 5 and what gives one back.

Only counts of our own are controlled; official series are published as they stand.
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

# Reasons that follow from what was sent or from the definition, not from the size of the count.
OPEN_REASONS = (
    "no_return", "not_due", "late", "quarantined", "partly_covered", "partial_coverage",
    "reorganised", "censored", "gap_after", "too_little_history", "gap_in_history", "partial_roll",
    "known_rests_on_missing_return", "other_returns_missing", "numbers_changed",
    "without_care_return", "parts_awaited", "not_monitored", "not_tested",
)  # fmt: skip


def is_small(counts: pd.Series) -> pd.Series:
    """Means are counts too: anything above nothing and below the smallest that is shown."""
    return (counts > 0) & (counts < SMALLEST_SHOWN)


def control(connection: duckdb.DuckDBPyConnection) -> int:
    """Turn the table `uncontrolled` into the table `controlled`; the number of rows withheld."""
    cells = connection.execute(CELLS).df()
    cells["is_hidden"] = withheld(cells)
    hidden = cells.loc[cells["is_hidden"], CELL]
    connection.register("hidden_cells", hidden)
    connection.execute(CONTROLLED)
    connection.unregister("hidden_cells")
    row = connection.execute("select count(*) from controlled where marker = 'c'").fetchone()
    return int(row[0]) if row else 0


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
with rows as (
    select
        uncontrolled.*,
        indicators.numerator as numerator_measure,
        indicators.denominator as denominator_measure,
        indicators.denominator_is_population,
        indicators.kind = 'proportion' as is_proportion
    from uncontrolled
    inner join work.control.indicators as indicators
        on uncontrolled.indicator = indicators.indicator
    where uncontrolled.source = 'extracts'
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

# The judgement on a withheld count stays only where each count from 1 to 5 would have had it.
CONTROLLED = f"""
create or replace temp table controlled as
with
marked as (
    select
        uncontrolled.*,
        indicators.denominator_is_population,
        uncontrolled.source = 'extracts'
        and (hidden_numerators.measure is not null or hidden_denominators.measure is not null)
            as is_withheld,
        uncontrolled.lower * uncontrolled.numerator / nullif(uncontrolled.value, 0) as lower_count,
        uncontrolled.upper * uncontrolled.numerator / nullif(uncontrolled.value, 0) as upper_count
    from uncontrolled
    inner join work.control.indicators as indicators
        on uncontrolled.indicator = indicators.indicator
    left join hidden_cells as hidden_numerators
        on indicators.numerator = hidden_numerators.measure
        and uncontrolled.area_code = hidden_numerators.area_code
        and uncontrolled.period_type = hidden_numerators.period_type
        and uncontrolled.period_start = hidden_numerators.period_start
        and uncontrolled.breakdown = hidden_numerators.breakdown
    left join hidden_cells as hidden_denominators
        on indicators.denominator = hidden_denominators.measure
        and not indicators.denominator_is_population
        and uncontrolled.area_code = hidden_denominators.area_code
        and uncontrolled.period_type = hidden_denominators.period_type
        and uncontrolled.period_start = hidden_denominators.period_start
        and uncontrolled.breakdown = hidden_denominators.breakdown
),

judged as (
    select
        *,
        is_withheld and not coalesce(
            case
                when status is null or status in ('not_assessable', 'short_history') then true
                when status = 'ok' then lower_count <= 1 and upper_count >= {SMALLEST_SHOWN - 1}
                else numerator < lower_count and lower_count >= {SMALLEST_SHOWN}
            end,
            false
        ) as is_judgement_withheld
    from marked
)

select
    * exclude (
        denominator_is_population, is_withheld, lower_count, upper_count, is_judgement_withheld
    )
    replace (
        case when not is_withheld then numerator end as numerator,
        case when not is_withheld or denominator_is_population then denominator end as denominator,
        case when not is_withheld then value end as value,
        case when not is_withheld then expected end as expected,
        case when not is_withheld then lower end as lower,
        case when not is_withheld then upper end as upper,
        case when not is_withheld then score end as score,
        case when not is_withheld then p_one end as p_one,
        case when not is_withheld then p_sustained end as p_sustained,
        case when not is_withheld then dispersion end as dispersion,
        case when not is_withheld then national_effect end as national_effect,
        case when not is_withheld then completeness end as completeness,
        case when not is_withheld then minimum_detectable_change end as minimum_detectable_change,
        case when not is_withheld then kind end as kind,
        case when is_withheld then 'c' else marker end as marker,
        case when is_judgement_withheld then 'not_assessable' else status end as status,
        case
            when not is_withheld or reason in {OPEN_REASONS} then reason
            else 'withheld'
        end as reason
    )
from judged
"""
