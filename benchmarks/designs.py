"""Simulated nations of known truth, for what is lost or gained slowly.

The size of every part (levels, slopes, seasons, swings, scatter, closed schools, changes of
recording) was set so that what the detector learns of a panel is what it learns of the shared
benchmark's. A design says what is added: slopes that bend, levels that walk, less history.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from series import TESTED, Panel

Array = NDArray[np.float64]

TUNING, REPORTING = 20_260, 71_993  # seeds: settings are chosen on one and reported on the other
AREAS, MONTHS = 153, 120
SHARE = 0.05  # of the areas, for each kind of event
ONSETS = 14  # tested months in which an event may begin
AUTUMN = np.array([8, 2, 10, -2, 5, 2, 5, -2, 3, 9, -1, -29]) / 100  # from September


@dataclass(frozen=True)
class Nature:
    """What one indicator is like (log rate): standard deviations over areas unless said."""

    sign: int
    events: tuple[str, ...]
    level: float  # mean of the log count a month
    level_sd: float
    slope_sd: float  # a year
    season_sd: float
    swing_sd: float
    noise: float  # relative variance of a month beyond chance
    trend: float  # of the nation, a year
    season: Array  # of the nation, from September
    closed: dict[int, float] = field(default_factory=dict)  # months in which schools were closed


NATURES = {
    "referrals": Nature(
        -1, ("drift1", "drop10", "drop20", "drop30", "oneoff"),
        5.78, 0.68, 0.022, 0.03, 0.032, 0.0028, 0.005, AUTUMN,
        {55: -0.22, 56: -0.2, 57: -0.1, 58: -0.1, 64: -0.21, 65: -0.2, 66: -0.05},
    ),
    "missing": Nature(
        1, ("drift2", "rise20", "rise30", "rise50", "oneoff"),
        3.8, 0.85, 0.04, 0.05, 0.062, 0.0105, 0.045,
        np.array([-6, -11, -16, -18, -17, -15, -10, -4, 2, 5, 6, 5]) / 100,
        {54: -0.15, 55: -0.45, 56: -0.3, 57: -0.15, 62: -0.1, 64: -0.13},
    ),
    "suspensions": Nature(
        1, ("drift2", "rise20", "rise30", "rise50", "oneoff"),
        5.65, 0.86, 0.05, 0.078, 0.075, 0.0135, 0.06,
        np.array([10, 18, 57, 1, 30, 12, 35, 5, 15, 33, -30, -516]) / 100,
        {54: -0.45, 55: -3.1, 56: -2.75, 57: -1.65, 58: -1.15, 64: -1.85, 65: -2.1},
    ),
}  # fmt: skip
# What the mean of the k-th month from the onset is multiplied by; a one-month event ends after it.
SIZES = {"drop10": 0.9, "drop20": 0.8, "drop30": 0.7, "rise20": 1.2, "rise30": 1.3, "rise50": 1.5}
RATES = {"drift1": 0.99, "drift2": 1.02}  # a month, compounded
ONE_OFF = {-1: 0.6, 1: 1.5}
REBASED = 0.08  # share of areas whose recording changed once
MEMORY = 0.7  # of a swing, from one month to the next
OWN_NOISE = 0.45  # spread of the log of an area's own scatter


@dataclass(frozen=True)
class Design:
    """How a nation differs from the plain one."""

    says: str
    bend_sd: float = 0.0  # change of an area's slope at one month of its own (a year)
    walk_sd: float = 0.0  # of an area's level in a year
    months: int = MONTHS
    drawn: int = MONTHS  # months that are drawn, of which the last `months` are kept
    tested: int = TESTED
    share: float = SHARE  # of the areas, for each kind of event


DESIGNS = {
    "plain": Design("slopes hold, ten years of months"),
    "six years": Design("the plain nation with six years of months in all", months=72),
    "bending": Design("every area's slope changes once", bend_sd=0.028),
    "walking": Design("every area's level walks", walk_sd=0.035),
}


@dataclass(frozen=True)
class Truth:
    """The parts of the log mean (areas x months) of a simulated panel, the event apart."""

    level: Array  # areas
    slope: Array  # areas x months, 0 in the first month
    season: Array
    nation: Array  # months
    rest: Array  # walks, changes of recording and answers to closed schools


def simulate(design: str, indicator: str, replicate: int, seed: int) -> tuple[Panel, Truth]:
    """One panel of a design, the same for the same numbers."""
    chance = np.random.default_rng(
        [seed, replicate, list(DESIGNS).index(design), list(NATURES).index(indicator)]
    )
    return draw(DESIGNS[design], indicator, chance)


def draw(chosen: Design, indicator: str, chance: np.random.Generator) -> tuple[Panel, Truth]:
    nature, months = NATURES[indicator], chosen.drawn
    t, shape = np.arange(months), (AREAS, months)
    level = chance.normal(nature.level, nature.level_sd, AREAS)
    slope = chance.normal(0, nature.slope_sd, (AREAS, 1)) * t / 12
    since = chance.integers(12, months, (AREAS, 1))
    bend = chance.normal(0, chosen.bend_sd, (AREAS, 1))
    slope = slope + bend * np.maximum(t - since, 0) / 12
    season = chance.normal(0, nature.season_sd, (AREAS, 12))
    season = (season - season.mean(1, keepdims=True))[:, t % 12]
    nation = nature.trend * t / 12 + nature.season[t % 12] + _moving_easter(chance, t)
    nation = nation + chance.normal(0, 0.01, months)
    walk = np.cumsum(chance.normal(0, chosen.walk_sd / np.sqrt(12), shape), axis=1)
    rest = walk + _closed(chance, nature, months) + _rebased(chance, months)
    event, onset = _events(chance, nature, chosen.share)
    mean = np.exp(
        level[:, None] + slope + season + nation + rest
        + _swings(chance, nature.swing_sd, months)
        + _of_events(event, months - chosen.tested + onset, nature.sign, months)
    )  # fmt: skip
    relative = nature.noise * np.exp(chance.normal(0, OWN_NOISE, (AREAS, 1)))
    counts = chance.poisson(mean * chance.gamma(1 / relative, relative, shape)).astype(float)
    last = slice(months - chosen.months, None)
    onset = np.where(event == "none", -1, onset)
    panel = Panel(indicator, counts[:, last], event, onset, nature.sign)
    truth = Truth(level, slope[:, last], season[:, last], nation[last], rest[:, last])
    return panel, truth


def _moving_easter(chance: np.random.Generator, t: NDArray[np.int64]) -> Array:
    """The holiday lies in March or in April, from year to year (months from September)."""
    years = chance.normal(0, 0.06, t.size // 12)[t // 12]
    return np.asarray(np.where(t % 12 == 6, years, 0) - np.where(t % 12 == 7, years, 0))


def _closed(chance: np.random.Generator, nature: Nature, months: int) -> Array:
    away = np.zeros(months)
    away[list(nature.closed)] = list(nature.closed.values())
    return np.asarray(chance.uniform(0.6, 1.4, (AREAS, 1)) * away)


def _rebased(chance: np.random.Generator, months: int) -> Array:
    has = chance.random((AREAS, 1)) < REBASED
    size = chance.uniform(0.15, 0.35, (AREAS, 1)) * chance.choice([-1, 1], (AREAS, 1))
    since = chance.integers(44, 80, (AREAS, 1))
    return np.where(has & (np.arange(months) >= since), size, 0.0)


def _swings(chance: np.random.Generator, spread: float, months: int) -> Array:
    own = chance.normal(0, spread * np.sqrt(1 - MEMORY**2), (AREAS, months))
    for month in range(1, months):
        own[:, month] += MEMORY * own[:, month - 1]
    return own


def _events(
    chance: np.random.Generator, nature: Nature, share_of_each: float
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    kinds = np.array([*nature.events, "none"], dtype=object)
    share = [share_of_each] * len(nature.events)
    event = chance.choice(kinds, AREAS, p=[*share, 1 - sum(share)])
    return event, chance.integers(0, ONSETS, AREAS)


def _of_events(
    event: NDArray[np.object_], began: NDArray[np.int64], sign: int, months: int
) -> Array:
    effect = np.zeros((AREAS, months))
    for area in np.flatnonzero(event != "none"):
        kind, first = event[area], began[area]
        since = np.arange(1, months - first + 1)
        if kind == "oneoff":
            effect[area, first] = np.log(ONE_OFF[sign])
        elif kind in RATES:
            effect[area, first:] = since * np.log(RATES[kind])
        else:
            effect[area, first:] = np.log(SIZES[kind])
    return effect
