"""Looked-after children of one authority: when and where, and when they go missing."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sightline.simulation import draw
from sightline.simulation.calendar import Days, Horizon
from sightline.simulation.calibration import Authority
from sightline.simulation.children import ADULT, Population
from sightline.simulation.events import Effects

STILL_OPEN = 30_000  # a day far beyond any horizon
STOCK_AGES = {0: 0.05, 1: 0.035, 2: 0.035, 3: 0.035, 4: 0.035, 5: 0.035, 6: 0.036, 7: 0.038} | {
    8: 0.04, 9: 0.042, 10: 0.05, 11: 0.055, 12: 0.06, 13: 0.07, 14: 0.075, 15: 0.085, 16: 0.1,
    17: 0.12,
}  # fmt: skip
MISSING_BY_AGE = np.array(
    [0, 0, 0, 0, 0, 0, 0, 0.02, 0.02, 0.04, 0.08, 0.15, 0.35, 0.7, 1, 1.2, 1.25, 1.1, 0]
)
PRONE = 0.45
UNEVENNESS = 0.33
DURATIONS = (0, 1, 2, 3, 5, 7, 12, 20, 45)
DURATION_SHARES = (0.335, 0.42, 0.145, 0.05, 0.025, 0.01, 0.007, 0.004, 0.004)
AWAY_SHARE = 0.114
ADOPTED_SHARE, ADOPTED_BELOW, ADOPTED_AFTER = 0.9, 6, 200
"""Of children who leave care below that age after so many days: one in thirteen of all who leave,
nearly as many as were published for the year to March 2024, about 3,000 of 33,000."""
SHORT_BREAKS = 0.0017
"""Agreed series of short breaks that begin in a year, for each looked-after child. They last about
eighteen months, so 6 in 1,000 have one at some time in a year: the Department for Education counts
500 children who had only such breaks in the year to March 2025, beside 82,000 looked after."""
SHORT_BREAKS_BEFORE = 0.01
"""Of the older children who enter care, those who had short breaks before. Nothing is published;
enough that each set of authorities has some."""
ONE_BY_ONE = 0.4
"""Of the series, those of which each stay is told."""
EVERY, NIGHTS = 28, 2
SHORT_BREAK_AGES = (5, 16)


@dataclass(frozen=True)
class Placements:
    """`of` is the position in Care of the child."""

    of: NDArray[np.int64]
    start: Days
    end: Days


@dataclass(frozen=True)
class Missing:
    """In order of child and day; `of` is the position in Care of the child."""

    of: NDArray[np.int64]
    start: Days
    end: Days
    category: NDArray[np.bytes_]


@dataclass(frozen=True)
class ShortBreaks:
    """Episodes under an agreed series: V3 tells of a whole series, V4 of each stay."""

    child: NDArray[np.int64]
    start: Days
    end: Days
    legal: NDArray[np.bytes_]
    enters_care: NDArray[np.bool_]
    """Ends because the child is looked after from that day."""


@dataclass(frozen=True)
class Care:
    """Children in order of entry, one period of care each."""

    child: NDArray[np.int64]
    start: Days
    end: Days
    placements: Placements
    missing: Missing
    adopted: NDArray[np.bool_]
    """Whether the period ends in adoption."""
    short_breaks: ShortBreaks


def _stock(
    rng: np.random.Generator, authority: Authority, horizon: Horizon, population: Population
) -> tuple[NDArray[np.int64], Days, Days]:
    first = int(horizon.days[0])
    count = rng.poisson(1.09 * authority.looked_after)
    ages = np.array(list(STOCK_AGES))[draw.pick(rng, np.array(list(STOCK_AGES.values())), count)]
    born = (first - (ages + rng.random(count)) * 365.25).astype(np.int32)
    child = np.unique(population.born_on(rng, born))
    entered = first - rng.exponential(800, len(child)).astype(np.int32) - 1
    start = np.maximum(entered, population.birth[child] + 1).astype(np.int32)
    return child, start, _leaves(rng, population, child, np.full(len(child), first))


def _leaves(
    rng: np.random.Generator, population: Population, child: NDArray[np.int64], since: Days
) -> Days:
    stay = np.where(
        rng.random(len(child)) < 0.22,
        rng.exponential(60, len(child)),
        rng.exponential(1700, len(child)),
    )
    return np.minimum(since + 2 + stay, population.birth[child] + ADULT).astype(np.int32)


def care(
    rng: np.random.Generator,
    authority: Authority,
    horizon: Horizon,
    population: Population,
    effects: Effects,
) -> Care:
    first, last = int(horizon.days[0]), int(horizon.days[-1])
    child, start, end = _stock(rng, authority, horizon, population)
    arrivals = rng.poisson(authority.looked_after * 0.44 * (last - first) / 365.25)
    entered = np.sort(rng.integers(first, last, arrivals)).astype(np.int32)
    ages = np.array(list(STOCK_AGES))[draw.pick(rng, np.array(list(STOCK_AGES.values())), arrivals)]
    born = (entered - np.minimum(ages + rng.random(arrivals), 17.6) * 365.25).astype(np.int32)
    arriving = population.born_on(rng, born)
    entered = np.maximum(entered, population.birth[arriving] + 1)
    child = np.concatenate([child, arriving])
    start = np.concatenate([start, entered])
    end = np.concatenate([end, _leaves(rng, population, arriving, entered)])
    _, once = np.unique(child, return_index=True)
    once = once[np.argsort(start[once], kind="stable")]
    child, start, end = child[once], start[once], end[once]
    # Streams of their own, so that what is drawn after them stays as it was.
    of_adoption, of_breaks = rng.spawn(2)
    placements = _placements(rng, start, end)
    missing = _missing(rng, authority, horizon, population, effects, (child, start, end))
    return Care(
        child=child,
        start=start,
        end=end,
        placements=placements,
        missing=_within(placements, missing),
        adopted=_adopted(of_adoption, population, child, start, end),
        short_breaks=_short_breaks(of_breaks, authority, horizon, population, (child, start)),
    )


def _adopted(
    rng: np.random.Generator,
    population: Population,
    child: NDArray[np.int64],
    start: Days,
    end: Days,
) -> NDArray[np.bool_]:
    is_young = end - population.birth[child] < ADOPTED_BELOW * 365
    chosen = rng.random(len(child)) < ADOPTED_SHARE
    return np.asarray(is_young & (end - start > ADOPTED_AFTER) & chosen)


def _short_breaks(
    rng: np.random.Generator,
    authority: Authority,
    horizon: Horizon,
    population: Population,
    periods: tuple[NDArray[np.int64], Days],
) -> ShortBreaks:
    """Series of children who are not looked after otherwise, and of some before they are."""
    in_care, entered = periods
    first, last = int(horizon.days[0]), int(horizon.days[-1])
    since = first - 730
    count = rng.poisson(SHORT_BREAKS * authority.looked_after * (last - since) / 365.25)
    begins = rng.integers(since, last, count).astype(np.int32)
    youngest, oldest = SHORT_BREAK_AGES
    ages = youngest + rng.random(count) * (oldest - youngest)
    child = population.born_on(rng, (begins - ages * 365.25).astype(np.int32))
    _, once = np.unique(child, return_index=True)
    once = once[~np.isin(child[once], in_care)]
    child, begins = child[once], begins[once]
    ends = begins + 60 + rng.exponential(490, len(child)).astype(np.int32)
    ends = np.minimum(ends, population.birth[child] + ADULT - 1)
    before = np.flatnonzero(
        (entered > first)
        & (entered - population.birth[in_care] > youngest * 365)
        & (rng.random(len(in_care)) < SHORT_BREAKS_BEFORE)
    )
    started = entered[before] - rng.integers(60, 500, len(before))
    child = np.concatenate([child, in_care[before]])
    begins, ends = np.concatenate([begins, started]), np.concatenate([ends, entered[before]])
    enters = np.arange(len(child)) >= len(child) - len(before)
    return _stays(rng, ShortBreaks(child, begins, ends, np.empty(0, "S2"), enters))


def _stays(rng: np.random.Generator, series: ShortBreaks) -> ShortBreaks:
    """Some series as one episode, others as one for each stay."""
    one_by_one = rng.random(len(series.child)) < ONE_BY_ONE
    stays = np.where(one_by_one, np.maximum((series.end - series.start) // EVERY, 1), 1)
    of = np.repeat(np.arange(len(stays)), stays)
    start = (series.start[of] + EVERY * draw.position_in_group(of)).astype(np.int32)
    whole = ~one_by_one[of]
    return ShortBreaks(
        child=series.child[of],
        start=start,
        end=np.where(whole, series.end[of], start + NIGHTS).astype(np.int32),
        legal=np.where(whole, b"V3", b"V4"),
        enters_care=series.enters_care[of] & whole,
    )


def _placements(rng: np.random.Generator, start: Days, end: Days) -> Placements:
    """Each period of care is cut at random into one or more placements."""
    moves = np.minimum(rng.poisson(0.35 * np.minimum(end - start, 1200) / 365.25), 5)
    of = np.repeat(np.arange(len(start)), moves)
    length = end[of] - start[of]
    moved = (start[of] + 1 + rng.random(len(of)) * (length - 2)).astype(np.int32)
    owner = np.concatenate([np.arange(len(start)), of])
    begins = np.concatenate([start, moved])
    order = np.lexsort((begins, owner))
    owner, begins = owner[order], begins[order]
    kept = np.r_[True, (owner[1:] != owner[:-1]) | (begins[1:] != begins[:-1])][: len(owner)]
    owner, begins = owner[kept], begins[kept]
    ends = end[owner].copy()
    follows = np.flatnonzero(owner[1:] == owner[:-1])
    ends[follows] = begins[follows + 1]
    return Placements(owner, begins, ends)


def _within(placements: Placements, missing: Missing) -> Missing:
    """A period ends at the latest with the placement that the child went missing from."""
    key = placements.of * 100_000 + placements.start
    here = np.searchsorted(key, missing.of * 100_000 + missing.start, side="right") - 1
    return replace(missing, end=np.minimum(missing.end, placements.end[here]))


def _missing(
    rng: np.random.Generator,
    authority: Authority,
    horizon: Horizon,
    population: Population,
    effects: Effects,
    periods: tuple[NDArray[np.int64], Days, Days],
) -> Missing:
    child, start, end = periods
    rates = authority.missing_incidents / (1 - AWAY_SHARE) / 365.25 * effects["missing"]
    rates = 1.03 * rates * draw.monthly_noise(rng, horizon, rng.uniform(0.08, 0.16))
    days = draw.event_days(rng, horizon, rates)
    risk = rng.gamma(UNEVENNESS, 1.0, len(child)) * (rng.random(len(child)) < PRONE)
    chosen = np.full(len(days), -1, dtype=np.int64)
    for month in np.unique(horizon.month_of_day):
        span = horizon.days[horizon.month_of_day == month]
        rows = slice(*np.searchsorted(days, [span[0], span[-1] + 1]))
        age = np.clip((span[0] - population.birth[child]) // 365.25, 0, 18).astype(np.int64)
        weights = risk * MISSING_BY_AGE[age] * ((start < span[0]) & (end > span[-1]))
        if weights.sum() > 0:
            chosen[rows] = draw.pick(rng, weights, rows.stop - rows.start)
    found = np.flatnonzero(chosen >= 0)
    found = found[np.lexsort((days[found], chosen[found]))]
    return _episodes(rng, chosen[found], days[found], end)


def _episodes(
    rng: np.random.Generator, of: NDArray[np.int64], begins: Days, end_of_care: Days
) -> Missing:
    """Never two at once for a child: an episode ends at the latest when the next begins."""
    kept = np.r_[True, (of[1:] != of[:-1]) | (begins[1:] != begins[:-1])][: len(of)]
    of, begins = of[kept], begins[kept]
    lasting = np.array(DURATIONS)[draw.pick(rng, np.array(DURATION_SHARES), len(of))]
    ends = np.minimum(begins + lasting, end_of_care[of])
    follows = np.flatnonzero(of[1:] == of[:-1])
    ends[follows] = np.minimum(ends[follows], begins[follows + 1] - 1)
    category = np.where(rng.random(len(of)) < AWAY_SHARE, b"A", b"M")
    return Missing(of, begins, np.maximum(ends, begins).astype(np.int32), category)
