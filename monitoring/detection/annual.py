"""Judge yearly figures of a panel of areas: limits of each area's own, net of the whole country.

A year is a poor instrument: of the published referral series 2013 to 2025, an authority's ordinary
change on the year, net of England's, has a standard deviation of 0.16 (log scale), so a fall by an
eighth says little. What is asked is therefore whether two years together lie off the three before
them, and whether one year broke with the last by more than an ordinary year ever does, which is
mostly a change of recording.

With y the count, n the people and r the rate of the whole country in year t:

    x_t  = log((y_t + 1/2) / n_t) - log(r_t)
    b_t  = mean of x over the three known years before t, none from before a break
    one  = (x_t - b_t) / sqrt(s^2 + 1/y_t)
    two  = (mean(x_t, x_(t-1)) - b_(t-1)) / sqrt(s_2^2 + 1/(y_t + y_(t-1)))

s and s_2 are the spread of the numerators over an area's own former years, drawn towards that of
all areas (its inter-quartile range / 1.349) with the weight of five years.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sightline.monitoring.detection.discovery import discoveries
from sightline.monitoring.detection.spread import spread

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

VERSION = "1"
BASELINE = 3
FEWEST_BEFORE = 2  # years of a baseline; with one, a year would be judged by its neighbour alone
PRIOR_YEARS = 5.0
# Three spreads of an ordinary year are a change by 37 % or more: of 1,805 changes in the published
# referrals 54 fell and 58 rose by as much, and every break that is known for a change of recording
# (Slough 2018, Wakefield 2017, Buckinghamshire 2024 and others) is among them.
BREAK = 3.0
LEAST_COUNT = 30
FALSE_DISCOVERIES = 0.10
FEWEST_FOR_SPREAD = 30
QUANTILE = 2.576  # a usual range holds 99 % of ordinary years
POWER = 0.842  # standard deviations that make a change found four times in five


@dataclass(frozen=True)
class Years:
    """What each year of each area is (areas x years); NaN where it cannot be said."""

    expected: Array  # rate, in the unit of count / people
    lower: Array
    upper: Array
    score: Array  # two years together, positive when high
    p_rise: Array
    p_fall: Array
    rises: Flags
    falls: Flags
    breaks: Flags  # a change on the year beyond an ordinary one
    detectable: Array  # log change of two years that would be named four times in five
    is_judged: Flags  # there is a baseline; where there is no score, it is too short for a mark


def judge(counts: Array, people: Array, national: Array, begins_anew: Flags | None = None) -> Years:
    """Judge every year by those before it; `national` is the rate of the whole, one a year.

    A year that `begins_anew` counts something else than those before it, in every area.
    """
    known = np.isfinite(counts) & (people > 0) & np.isfinite(national) & (counts >= LEAST_COUNT)
    safe = np.where(known, counts, 1.0)
    x = np.where(known, np.log((safe + 0.5) / np.where(known, people, 1.0)), np.nan)
    x = x - np.log(np.where(national > 0, national, np.nan))
    noise = np.where(known, 1 / safe, np.nan)
    breaks = _breaks(x, noise)
    if begins_anew is not None:
        breaks = breaks | begins_anew
    base = _baseline(x, breaks)
    variance = _own_spread(x - base, breaks) ** 2 + noise
    two, two_variance = _two_years(x, noise, base, breaks)
    score = two / np.sqrt(two_variance)
    off, before = x - base, _shifted(x - base)
    is_judged = np.isfinite(off) & ~breaks
    p_rise = np.where(is_judged & (off > 0) & (before > 0), stats.norm.sf(score), 1.0)
    p_fall = np.where(is_judged & (off < 0) & (before < 0), stats.norm.cdf(score), 1.0)
    tested = is_judged & np.isfinite(score)
    few = np.maximum(tested.sum(0), 1)
    detectable = (stats.norm.isf(FALSE_DISCOVERIES / few) + POWER) * np.sqrt(two_variance)
    p_rise, p_fall = (np.where(tested, p, np.nan) for p in (p_rise, p_fall))
    reach = QUANTILE * np.sqrt(variance)
    return Years(
        expected=np.exp(base) * national,
        lower=np.exp(base - reach) * national,
        upper=np.exp(base + reach) * national,
        score=score,
        p_rise=p_rise,
        p_fall=p_fall,
        rises=_named(p_rise),
        falls=_named(p_fall),
        # a second year is never marked, whatever it is: it would be judged by its neighbour alone
        breaks=breaks & (_known_before(x) >= FEWEST_BEFORE),
        detectable=detectable,
        is_judged=is_judged,
    )


def beyond(rates: Array, limit: float) -> Array:
    """Change on the year as a share of its limit (series x years), for a whole country or region.

    Above 1 it rose by more than the limit, below -1 it fell by more; the limit is a share of the
    year before and stands with its evidence in the indicator's definition.
    """
    change = np.full(rates.shape, np.nan)
    change[:, 1:] = rates[:, 1:] / np.where(rates[:, :-1] > 0, rates[:, :-1], np.nan) - 1
    return change / limit


def _breaks(x: Array, noise: Array) -> Flags:
    """Years whose change on the last known year is beyond three spreads of such changes so far."""
    last, last_noise = _last_known(x), _last_known(noise)
    change = x - last
    found = np.zeros(x.shape, dtype=bool)
    for t in range(1, x.shape[1]):
        ordinary = _spread(change[:, : t + 1])
        limit = BREAK * np.sqrt(ordinary**2 + noise[:, t] + last_noise[:, t])
        found[:, t] = np.abs(change[:, t]) > limit
    return found


def _known_before(x: Array) -> NDArray[np.int64]:
    known = np.isfinite(x)
    return np.asarray(np.cumsum(known, axis=1) - known)


def _last_known(x: Array) -> Array:
    """The newest value before each year, not older than the baseline reaches."""
    out = np.full(x.shape, np.nan)
    for back in range(BASELINE, 0, -1):
        earlier = np.full(x.shape, np.nan)
        earlier[:, back:] = x[:, :-back]
        out = np.where(np.isfinite(earlier), earlier, out)
    return out


def _baseline(x: Array, breaks: Flags) -> Array:
    """Mean of the last three known years before each year and since the last break before it."""
    out = np.full(x.shape, np.nan)
    for area in range(len(x)):
        held: list[float] = []
        for t in range(x.shape[1]):
            if len(held) >= FEWEST_BEFORE:
                out[area, t] = np.mean(held[-BASELINE:])
            if breaks[area, t]:
                held = []
            if np.isfinite(x[area, t]):
                held.append(float(x[area, t]))
    return out


def _two_years(x: Array, noise: Array, base: Array, breaks: Flags) -> tuple[Array, Array]:
    """Two years together off the baseline before both, and the variance of that."""
    both = (x + _shifted(x)) / 2 - _shifted(base)
    both = np.where(breaks | (_shifted(breaks.astype(float)) == 1), np.nan, both)
    return both, _own_spread(both, breaks) ** 2 + (noise + _shifted(noise)) / 4


def _own_spread(off: Array, breaks: Flags) -> Array:
    """Spread of each area's own former distances, drawn towards that of all areas."""
    out = np.full(off.shape, np.nan)
    kept = np.where(breaks, np.nan, off)
    for t in range(off.shape[1]):
        pooled = _spread(kept[:, : t + 1])
        own = kept[:, :t]
        squares = np.nansum(np.clip(own, -BREAK * pooled, BREAK * pooled) ** 2, axis=1)
        years = np.isfinite(own).sum(1)
        out[:, t] = np.sqrt((squares + PRIOR_YEARS * pooled**2) / (years + PRIOR_YEARS))
    return out


def _spread(values: Array) -> float:
    """Of what is known; not a number where that is too little."""
    finite = values[np.isfinite(values)]
    return spread(finite) if finite.size >= FEWEST_FOR_SPREAD else float("nan")


def _named(p: Array) -> Flags:
    return np.stack([discoveries(year, FALSE_DISCOVERIES) for year in p.T], axis=1)


def _shifted(values: Array) -> Array:
    """The values of the year before."""
    out = np.full(values.shape, np.nan)
    out[:, 1:] = values[:, :-1]
    return out
