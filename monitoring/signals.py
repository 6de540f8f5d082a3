"""Judge the last periods of every monitored indicator and write marts.fct_signals."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sightline.monitoring import annotated, delay, successions, tables
from sightline.monitoring.annotated import Annotations
from sightline.monitoring.annual import judge_series
from sightline.monitoring.detection import counts as tails
from sightline.monitoring.detection.calendar import easter_in_march
from sightline.monitoring.detection.discovery import discoveries
from sightline.monitoring.detection.lasting import SIGNS, Changes
from sightline.monitoring.detection.monitor import VERSION, Judgements, judge
from sightline.monitoring.detection.rhythm import MONTHS, MONTHS_ALONE
from sightline.monitoring.grid import Grid, grid_of, largest_of, may_still_rise

Array = NDArray[np.float64]
Ongoing = Mapping[tuple[str, str, str], date]  # indicator, breakdown, area code: since when

NOT_COME_BACK = "not_come_back"
FALSE_DISCOVERIES = 0.10  # share of the authorities named in a month that may be named wrongly
# Regions and England have fixed limits: ten areas by eleven indicators each month, at these, give
# about one false mark in three months.
ALPHA_ONE = 0.001
ALPHA_SUSTAINED = 0.002
LIMITS_ALPHA = 0.01
NOTHING = 1.0  # an expected count below one: none is then no surprise, and no evidence
TERM_STARTS = (1, 4, 9)

VALUES = """
select
    facts.indicator, facts.breakdown, facts.area_code, facts.la_code, facts.area_level,
    facts.period_start,
    facts.numerator, facts.denominator, facts.value, facts.is_provisional, facts.reason,
    coalesce(facts.caveat like '%without_care_return%', false) as is_apart,
    facts.areas_due, facts.areas_included, areas.region_code,
    indicators.kind, indicators.period_type, indicators.bad_direction, indicators.minimum_numerator,
    indicators.school_days_only, indicators.denominator_is_population,
    -- where the other count of a ratio comes late too, nobody knows what share of the ratio is in
    case
        when indicators.period_type = 'month' and indicators.denominator_is_population
            then indicators.numerator
    end as measure
from marts.fct_indicator_values as facts
inner join control.indicators as indicators
    on facts.indicator = indicators.indicator
left join (
    select area_code, max(region_code) as region_code from marts.dim_areas group by area_code
) as areas
    on facts.area_code = areas.area_code
where indicators.is_monitored
    and indicators.bad_direction in ('down', 'up')
    and facts.period_type = indicators.period_type
    and facts.source = 'extracts'
    and facts.period_start <= $as_of
order by facts.indicator, facts.breakdown, facts.area_code, facts.period_start
"""


def detect(
    connection: duckdb.DuckDBPyConnection, as_of: date, ongoing: Ongoing | None = None
) -> None:
    """One row for each monitored value of the last 24 months, and for each official year.

    `ongoing` says of each sustained worsening with an open alert when it was first seen, so that
    one from before those months is still known.
    """
    values = read(connection, as_of)
    annotations = annotated.read(connection)
    found = [
        judge_indicator(frame, annotations.get(str(indicator), Annotations()), ongoing)
        for (indicator, _), frame in values.groupby(["indicator", "breakdown"], sort=True)
    ]
    found += judge_series(connection, as_of)
    tables.create(connection, "fct_signals")
    if found:
        signals = pd.concat(found, ignore_index=True)[list(tables.SIGNALS)]
        connection.register("signals_found", signals)
        connection.execute("insert into marts.fct_signals by name select * from signals_found")
        connection.unregister("signals_found")


def by_status(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many signals have each status; periods without one are not counted."""
    query = (
        "select status, count(*) from marts.fct_signals where status is not null"
        " group by status order by status"
    )
    return dict(connection.execute(query).fetchall())


def read(connection: duckdb.DuckDBPyConnection, as_of: date) -> pd.DataFrame:
    """Every value of a monitored indicator up to a date, with what is needed to judge it."""
    values = connection.execute(VALUES, {"as_of": as_of}).df()
    on = ["measure", "la_code", "period_start"]
    return values.merge(delay.learned(connection), on=on, how="left", validate="many_to_one")


def judge_indicator(
    values: pd.DataFrame, known: Annotations, ongoing: Ongoing | None = None
) -> pd.DataFrame:
    """The signals of one indicator, from the rows that `read` gives of it."""
    first = values.iloc[0]
    since = {
        area: day
        for (indicator, breakdown, area), day in (ongoing or {}).items()
        if (indicator, breakdown) == (first["indicator"], first["breakdown"])
    }
    values = values.assign(period_start=pd.to_datetime(values["period_start"]))
    months = pd.date_range(values["period_start"].min(), values["period_start"].max(), freq="MS")
    if values["period_type"].iloc[0] == "term":
        months = months[months.month.isin(TERM_STARTS)]
    factor = _value_of_a_count(values)
    is_authority = values["area_level"] == "local_authority"
    authorities = values[is_authority]
    found = [
        _judged(grid_of(rows, months, known), factor, since, is_panel=is_panel)
        for rows, is_panel in _compared(authorities)
    ]
    if (~is_authority).any():
        parts = grid_of(authorities, months, known)
        totals = grid_of(values[~is_authority], months, known, parts)
        found.append(_judged(totals, factor, since, is_panel=False))
    return pd.concat(found, ignore_index=True)


def _compared(authorities: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, bool]]:
    """The authorities that are judged beside each other, and each that has only itself.

    A figure that means something else than the others', for want of a return, is neither compared
    with theirs nor do theirs borrow from it.
    """
    apart = set(authorities.loc[authorities["is_apart"], "area_code"])
    panel = authorities[~authorities["area_code"].isin(apart)]
    if len(panel):
        yield panel, True
    for area in sorted(apart):
        yield authorities[authorities["area_code"] == area], False


def _value_of_a_count(values: pd.DataFrame) -> float:
    """What value x denominator is per counted event: the scale, times twelve if stated yearly."""
    ratio = values["value"] * values["denominator"] / values["numerator"]
    usable = ratio[np.isfinite(ratio) & (values["numerator"] > 0)]
    return float(usable.median()) if len(usable) else float("nan")


def _judged(
    grid: Grid, factor: float, ongoing: Mapping[str, date], *, is_panel: bool
) -> pd.DataFrame:
    tested = min(grid.rhythm.tested, len(grid.months))
    first = len(grid.months) - tested
    sign = 1 if grid.values["bad_direction"].iloc[0] == "up" else -1
    before = _begun_before(grid, ongoing, sign, first)
    judged = _judgements(grid, grid.counts, tested, before, is_panel=is_panel)
    for since, _ in grid.known.changes(grid.areas, grid.ends):
        changed = since.any(1, keepdims=True) & ~since
        anew = np.where(changed, np.nan, grid.counts)
        judged = annotated.merged(
            judged, _judgements(grid, anew, tested, is_panel=is_panel), since[:, first:]
        )
    is_ongoing = np.asarray((before.began >= 0).any(1))
    verdicts = _verdicts(grid, judged, sign, first, is_ongoing, is_panel=is_panel)
    return _rows(grid, judged, verdicts, factor, first, is_panel=is_panel)


def _begun_before(grid: Grid, ongoing: Mapping[str, date], sign: int, first: int) -> Changes:
    """The worsenings that were first seen before the tested periods, as detection knows them.

    A change is seen some periods after it began, at most as many as the longest step that is
    looked for: so many before it teach nothing of what is expected without it.
    """
    before = Changes.none(len(grid.areas))
    for row, area in enumerate(grid.areas):
        if str(area) in ongoing:
            seen = int(grid.months.searchsorted(pd.Timestamp(ongoing[str(area)])))
            if seen < first:
                side = SIGNS.index(sign)
                before.began[row, side] = max(seen - grid.rhythm.steps[-1], 0)
                before.last_found[row, side] = min(seen + grid.rhythm.steps[-1], first)
    return before


def _judgements(
    grid: Grid, counts: Array, tested: int, changes: Changes | None = None, *, is_panel: bool
) -> Judgements:
    return judge(
        counts,
        grid.exposure,
        grid.months.month.to_numpy(dtype=np.int64),
        holiday=easter_in_march(grid.months) if grid.rhythm is MONTHS else None,
        uncertainty=grid.uncertainty,
        tested=tested,
        has_national_effect=is_panel,
        changes=changes,
        rhythm=grid.rhythm if is_panel or grid.rhythm is not MONTHS else MONTHS_ALONE,
    )


@dataclass(frozen=True)
class _Verdicts:
    score: Array
    p_one: Array
    p_sustained: Array
    status: NDArray[np.object_]
    reason: NDArray[np.object_]
    kind: NDArray[np.object_]


def _verdicts(
    grid: Grid,
    judged: Judgements,
    sign: int,
    first: int,
    is_ongoing: NDArray[np.bool_],
    *,
    is_panel: bool,
) -> _Verdicts:
    reason = _not_assessable(grid, judged, first)
    assessable = pd.isna(reason)
    minimum = float(grid.values["minimum_numerator"].iloc[0])
    alone = assessable & (judged.mean >= minimum)
    is_provisional = grid.of("is_provisional")[:, first:] == 1
    worse = _alarms(judged, sign, assessable, alone, is_panel=is_panel)
    better = _alarms(judged, -sign, assessable, alone, is_panel=is_panel)
    p_one = np.where(alone, judged.p_one(sign), np.nan)
    p_sustained = np.where(assessable, judged.p_sustained(sign), np.nan)
    better &= ~is_provisional
    status = np.where(assessable, "ok", "not_assessable").astype(object)
    status[assessable & (judged.before < grid.rhythm.full_history)] = "short_history"
    status[better] = "improving"
    status[worse] = "worsening"
    kind = np.full(status.shape, None, dtype=object)
    is_spike = np.nan_to_num(p_one, nan=1.0) * 0.5 < np.nan_to_num(p_sustained, nan=1.0)
    kind[worse] = np.where(is_spike, "spike", "sustained")[worse]
    lasting, is_over = _lasting(kind, judged.lasts(sign), is_ongoing)
    lasting &= assessable & ~worse & ~better & is_panel
    status[lasting], kind[lasting] = "worsening", "sustained"
    blind = tails.chance_of_none(judged.mean, judged.variance) > ALPHA_ONE
    few = assessable & ((judged.mean < minimum) | (blind & (sign < 0)))
    reason[assessable & judged.rebased & ~(is_over & is_panel)] = "rebased"
    reason[few & (status != "worsening")] = "too_few_for_one_month"
    for since, kinds in grid.known.changes(grid.areas, grid.ends):
        explained = since[:, first:] & (judged.before < grid.rhythm.full_history)
        reason = np.where(explained & assessable, kinds[:, first:], reason)
    reason[is_provisional & assessable & (status != "worsening")] = "provisional"
    reason[lasting] = NOT_COME_BACK
    score = np.where(assessable, judged.score(sign), np.nan)
    return _Verdicts(score, p_one, p_sustained, status, reason, kind)


def _lasting(
    kind: NDArray[np.object_], lasts: NDArray[np.bool_], is_ongoing: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where a sustained worsening goes on until its level has come back, and where one has ended.

    Areas x periods: a mark begins it, and it ends with the first period in which it does not last.
    """
    goes_on, is_over = np.zeros(lasts.shape, dtype=bool), np.zeros(lasts.shape, dtype=bool)
    current, ended = is_ongoing, np.zeros(len(lasts), dtype=bool)
    for period in range(lasts.shape[1]):
        is_marked = kind[:, period] == "sustained"
        ended = (ended | (current & ~lasts[:, period])) & ~is_marked
        current = is_marked | (current & lasts[:, period])
        goes_on[:, period], is_over[:, period] = current, ended
    return goes_on, is_over


def _alarms(
    judged: Judgements,
    sign: int,
    assessable: NDArray[np.bool_],
    alone: NDArray[np.bool_],
    *,
    is_panel: bool,
) -> NDArray[np.bool_]:
    one = np.where(alone, judged.p_one(sign), 1.0)
    sustained = np.where(assessable, judged.p_sustained(sign), 1.0)
    if not is_panel:
        return np.asarray((one < ALPHA_ONE) | (sustained < ALPHA_SUSTAINED))
    p = np.where(assessable, np.minimum(1.0, 2 * np.minimum(one, sustained)), np.nan)
    return np.stack([discoveries(month, FALSE_DISCOVERIES) for month in p.T], axis=1)


def _not_assessable(grid: Grid, judged: Judgements, first: int) -> NDArray[np.object_]:
    """Why a value cannot be judged; None where it can."""
    reason = np.full(judged.mean.shape, None, dtype=object)
    minimum = float(grid.values["minimum_numerator"].iloc[0])
    reason[_is_empty(grid, judged, first)] = "nothing_expected"
    reason[judged.year < minimum] = "too_few"
    reason[judged.before < grid.rhythm.fewest_before] = "too_little_history"
    reason[~np.isfinite(judged.one)] = "too_little_history"
    is_young = _is_first_year(grid)[:, first:]
    reason[is_young] = "reorganised"
    for since, kinds in grid.known.changes(grid.areas, grid.ends):
        fresh = since[:, first:] & (judged.before < grid.rhythm.fewest_before)
        reason = np.where(fresh, kinds[:, first:], reason)
    unusable = ~np.isfinite(grid.counts[:, first:])
    given = np.full(grid.counts.shape, None, dtype=object)
    given[grid.row, grid.column] = grid.values["reason"].where(grid.values["reason"].notna(), None)
    provisional = may_still_rise(grid)[:, first:]
    no_people = ~(grid.exposure[:, first:] > 0)
    reason[unusable] = "no_count"
    reason[unusable & provisional] = "provisional"
    reason[no_people] = "no_denominator"
    named = unusable & pd.notna(given[:, first:])
    reason[named] = given[:, first:][named]
    reason[is_young & (reason == "too_little_history")] = "reorganised"
    reason[grid.known.problems(grid.areas, grid.months, grid.ends)[:, first:]] = (
        annotated.DATA_PROBLEM
    )
    return reason


def _is_empty(grid: Grid, judged: Judgements, first: int) -> NDArray[np.bool_]:
    """Nothing counted where nothing was expected, as of suspensions in August: that is no evidence,
    neither that a change goes on nor that it is over."""
    return np.asarray((grid.counts[:, first:] == 0) & (judged.mean < NOTHING))


def _is_first_year(grid: Grid) -> NDArray[np.bool_]:
    """The first year of an authority that took over from others, or whose rows begin later."""
    has_row = np.isfinite(grid.of("areas_due"))
    began = has_row.argmax(1)
    age = np.arange(has_row.shape[1])[None, :] - began[:, None] + 1
    is_young = (began[:, None] > 0) & (age <= grid.rhythm.per_year)
    numbers = grid.values.drop_duplicates("area_code").set_index("area_code")["la_code"]
    after = successions.first_year(numbers.reindex(grid.areas), grid.months, grid.ends)
    return np.asarray(is_young | after)


def _rows(
    grid: Grid,
    judged: Judgements,
    verdicts: _Verdicts,
    factor: float,
    first: int,
    *,
    is_panel: bool,
) -> pd.DataFrame:
    kept = grid.column >= first
    row, column = grid.row[kept], grid.column[kept] - first
    values = grid.values[kept]
    people = grid.people[:, first:][row, column]
    per_count = factor / np.where(people > 0, people, np.nan)
    spread = np.maximum(judged.variance, judged.mean)
    lower, upper = tails.limits(judged.mean, spread, LIMITS_ALPHA)
    largest = largest_of(str(values["kind"].iloc[0]))
    sign = 1 if values["bad_direction"].iloc[0] == "up" else -1
    detectable = np.expm1(sign * np.minimum(judged.detectable, 5.0))
    drift = np.expm1(sign * np.minimum(judged.drift, 5.0))

    judged_at = verdicts.status != "not_assessable"
    sent = np.isfinite(grid.of("numerator"))
    share = np.where(sent, grid.completeness, np.nan)[:, first:]

    def at(array: NDArray[np.float64]) -> Array:
        return np.asarray(np.where(judged_at, array, np.nan)[row, column])

    return pd.DataFrame(
        {
            "indicator": values["indicator"].to_numpy(),
            "source": "extracts",
            "area_code": values["area_code"].to_numpy(),
            "period_type": values["period_type"].to_numpy(),
            "period_start": values["period_start"].dt.date.to_numpy(),
            "breakdown": values["breakdown"].to_numpy(),
            "expected": np.minimum(at(judged.mean) * per_count, largest),
            "lower": np.minimum(at(lower) * per_count, largest),
            "upper": np.minimum(at(upper) * per_count, largest),
            "score": at(verdicts.score),
            "p_one": at(verdicts.p_one),
            "p_sustained": at(verdicts.p_sustained),
            "dispersion": at(spread / judged.mean),
            "national_effect": np.exp(judged.national[column]) if is_panel else np.nan,
            "completeness": share[row, column],
            "minimum_detectable_change": at(detectable),
            "minimum_detectable_drift": at(drift),
            "slope_error": at(np.expm1(judged.slope_error)),
            "status": verdicts.status[row, column],
            "reason": verdicts.reason[row, column],
            "kind": verdicts.kind[row, column],
            "method": "panel" if is_panel else "series",
            "version": VERSION,
        }
    )
