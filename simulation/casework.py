"""What follows referrals: assessments, the factors that they name, and closures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.simulation import draw
from sightline.simulation.calendar import Days, Horizon
from sightline.simulation.calibration import Authority
from sightline.simulation.care import STILL_OPEN, Care
from sightline.simulation.children import ADULT, Population
from sightline.simulation.events import Effects
from sightline.simulation.referrals import Referrals

ASSESSED_SHARE = 0.78
CLOSED_AT_ASSESSMENT = 0.42
LONG_SHARE, LONG_DAYS = 0.2, 1_100
"""Of the cases that go on after assessment, those that last much longer, and by how many days on
average. Of children in need on 31 March about three in ten have been so for two years or more; here
it is fewer, since no case is older than the simulated time."""
COMMON_FACTORS = {
    "1A": 0.03, "1B": 0.15, "2A": 0.055, "2B": 0.16, "3A": 0.11, "3B": 0.34, "4A": 0.17,
    "4B": 0.31, "5A": 0.09, "5B": 0.05, "6A": 0.05, "6B": 0.06, "7A": 0.03, "14A": 0.06,
    "15A": 0.06, "16A": 0.17, "17A": 0.19, "18B": 0.03, "18C": 0.12, "19B": 0.02, "19C": 0.04,
    "20": 0.11,
}  # fmt: skip
EXPLOITATION = ("10A", "11A", "12A", "13A", "24A")
NO_FACTOR = "21"
FACTORS = (*COMMON_FACTORS, *EXPLOITATION, NO_FACTOR)
ADOLESCENTS_ONLY = {"2A": 3.0, "14A": 4.0, "15A": 4.0}
"""Factors of the child's own conduct are this much commoner at 10 to 17, and rare before."""
AGE_WEIGHTS = {
    "10A": (0.02, 0.3, 1.0, 1.3, 1.0), "11A": (0.05, 0.45, 1.1, 1.2, 0.9),
    "12A": (0.1, 0.3, 0.8, 1.1, 1.2), "13A": (0.03, 0.45, 1.0, 1.2, 1.1),
    "24A": (0.03, 0.5, 1.1, 1.2, 1.0),
}  # fmt: skip
"""At ages under 10, 10-11, 12-13, 14-15 and 16-17."""
GIRLS_WEIGHTS = {"10A": 0.9, "11A": 2.1, "12A": 0.7, "13A": 0.34, "24A": 0.55}
SCREENED_SHARE = 0.46
SCREENING_FACTORS = {"10A": 0.9, "11A": 0.16, "12A": 0.03, "13A": 0.1, "24A": 0.24}
SCREENING_SPACE = 60
GENERAL_SHARE = {"10A": 0.2, "11A": 0.78, "12A": 0.8, "13A": 0.82, "24A": 0.78}
"""Share of each factor's published count that is not named in assessments of missing children."""


@dataclass(frozen=True)
class Casework:
    closed: Days
    """One for each referral; a day beyond all others while it is open."""
    closure_reason: NDArray[np.bytes_]
    referral: NDArray[np.int64]
    """The referral that each assessment follows; -1 where it is older than the simulated time."""
    child: NDArray[np.int64]
    started: Days
    completed: Days
    """Assessments are in order of completion; some are completed after the end."""
    leads_to_nothing: NDArray[np.bool_]
    factors: NDArray[np.bool_]
    """A row an assessment, a column for each of FACTORS."""


def casework(
    rng: np.random.Generator,
    authority: Authority,
    horizon: Horizon,
    population: Population,
    referrals: Referrals,
    care: Care,
    effects: Effects,
) -> Casework:
    count = len(referrals.day)
    assessed = ~referrals.is_no_further_action & (rng.random(count) < ASSESSED_SHARE)
    started = referrals.day + rng.integers(0, 4, count)
    begun = np.searchsorted(horizon.working_days, started)
    completed = horizon.working_days[
        np.minimum(begun + rng.integers(20, 46, count), len(horizon.working_days) - 1)
    ]
    closes_there = assessed & (rng.random(count) < CLOSED_AT_ASSESSMENT)
    later = np.where(assessed, completed, referrals.day) + rng.gamma(1.6, 130, count)
    later = _longer(rng.spawn(1)[0], later, referrals, population)
    closed = np.where(closes_there, completed, np.minimum(later, STILL_OPEN)).astype(np.int32)
    at_once = referrals.is_no_further_action
    closed[at_once] = referrals.day[at_once] + rng.integers(0, 6, int(at_once.sum()))
    closed = np.minimum(closed, np.maximum(_next_day(referrals) - 1, referrals.day))
    assessed &= completed <= closed
    closes_there &= assessed & (closed == completed)
    reason = np.where(closes_there, np.where(rng.random(count) < 0.25, b"RC9", b"RC8"), b"RC7")
    of = np.flatnonzero(assessed)
    extra_child, extra_day = _screenings(rng, care, effects, horizon)
    follows = _latest_referral(referrals, extra_child, extra_day - 30)
    # Nothing follows a referral that led to no further action: the work is of an older one.
    follows[(follows >= 0) & referrals.is_no_further_action[follows]] = -1
    child = np.concatenate([referrals.child[of], extra_child])
    done = np.concatenate([completed[of], extra_day])
    factors = np.concatenate(
        [
            _factors(rng, authority, horizon, population, child[: len(of)], completed[of], effects),
            _screening_factors(rng, len(extra_child)),
        ]
    )
    _unname(factors, horizon, effects, child, done, care.child[care.missing.of])
    order = np.argsort(done, kind="stable")
    return Casework(
        closed=closed,
        closure_reason=reason,
        referral=np.concatenate([of, follows])[order],
        child=child[order],
        started=np.concatenate([started[of], extra_day - 30])[order].astype(np.int32),
        completed=done[order].astype(np.int32),
        leads_to_nothing=np.concatenate([closes_there[of], np.zeros(len(follows), bool)])[order],
        factors=factors[order],
    )


def _longer(
    rng: np.random.Generator,
    closed: NDArray[np.float64],
    referrals: Referrals,
    population: Population,
) -> NDArray[np.float64]:
    """Some cases stay open for years, at most until the child is grown up."""
    is_long = rng.random(len(closed)) < LONG_SHARE
    grown = np.maximum(population.birth[referrals.child] + ADULT, closed)
    return np.where(
        is_long, np.minimum(closed + rng.exponential(LONG_DAYS, len(closed)), grown), closed
    )


def _next_day(referrals: Referrals) -> Days:
    """When the same child is next referred."""
    order = np.lexsort((referrals.day, referrals.child))
    following = np.full(len(order), STILL_OPEN, dtype=np.int32)
    same = np.flatnonzero(np.diff(referrals.child[order]) == 0)
    following[order[same]] = referrals.day[order[same + 1]]
    return following


def _latest_referral(
    referrals: Referrals, child: NDArray[np.int64], day: Days
) -> NDArray[np.int64]:
    keys = referrals.child * 100_000 + referrals.day
    order = np.argsort(keys, kind="stable")
    found = np.searchsorted(keys[order], child * 100_000 + day, side="right") - 1
    candidate = order[np.maximum(found, 0)] if len(order) else found
    fits = (found >= 0) & (referrals.child[candidate] == child) if len(order) else found >= 0
    return np.where(fits, candidate, -1)


def _screenings(
    rng: np.random.Generator, care: Care, effects: Effects, horizon: Horizon
) -> tuple[NDArray[np.int64], Days]:
    """Some children who go missing repeatedly are assessed for it, again while it goes on."""
    screened = rng.random(len(care.child)) < SCREENED_SHARE
    position = draw.position_in_group(care.missing.of)
    second = np.full(len(care.child), STILL_OPEN, dtype=np.int32)
    second[care.missing.of[position == 1]] = care.missing.start[position == 1]
    allowed = effects["missing_assessed"][care.missing.start - horizon.days[0]] > 0
    rows = np.flatnonzero((position >= 1) & screened[care.missing.of] & allowed)
    since = care.missing.start[rows] - second[care.missing.of[rows]]
    _, first = np.unique(
        care.missing.of[rows] * 1_000 + since // SCREENING_SPACE, return_index=True
    )
    rows = rows[first]
    done = care.missing.start[rows] + rng.integers(SCREENING_SPACE, 86, len(rows))
    return care.child[care.missing.of[rows]], done.astype(np.int32)


def _age_groups(population: Population, child: NDArray[np.int64], day: Days) -> NDArray[np.int64]:
    years = (day - population.birth[child]) / 365.25
    return np.digitize(years, [10, 12, 14, 16])


def _factors(
    rng: np.random.Generator,
    authority: Authority,
    horizon: Horizon,
    population: Population,
    child: NDArray[np.int64],
    day: Days,
    effects: Effects,
) -> NDArray[np.bool_]:
    group = _age_groups(population, child, day)
    girl = population.is_girl[child]
    found = np.zeros((len(child), len(FACTORS)), dtype=bool)
    level = np.exp(rng.normal(0, 0.12, len(COMMON_FACTORS)))
    for column, (code, share) in enumerate(COMMON_FACTORS.items()):
        older = ADOLESCENTS_ONLY.get(code, 1.0)
        chance = share * level[column] * np.where(group > 0, older, 0.2 if older > 1 else 1.0)
        found[:, column] = rng.random(len(child)) < chance
    years = (horizon.days[-1] - horizon.days[0]) / 365.25
    now = np.minimum(day, horizon.days[-1]) - horizon.days[0]
    for code in EXPLOITATION:
        weight = np.array(AGE_WEIGHTS[code])[group] * np.where(girl, GIRLS_WEIGHTS[code], 1.0)
        wanted = authority.factors[code] * GENERAL_SHARE[code] * years
        kept = effects["exploitation"][now] if code in ("13A", "24A") else 1.0
        chance = np.minimum(wanted * weight / max(weight.sum(), 1.0), 0.7) * kept
        found[:, FACTORS.index(code)] = rng.random(len(child)) < chance
    found[:, -1] = ~found.any(axis=1)
    return found


def _screening_factors(rng: np.random.Generator, count: int) -> NDArray[np.bool_]:
    found = np.zeros((count, len(FACTORS)), dtype=bool)
    for code, chance in SCREENING_FACTORS.items():
        found[:, FACTORS.index(code)] = rng.random(count) < chance
    found[:, FACTORS.index("10A")] |= ~found.any(axis=1)
    return found


def _unname(
    factors: NDArray[np.bool_],
    horizon: Horizon,
    effects: Effects,
    child: NDArray[np.int64],
    day: Days,
    missing_children: NDArray[np.int64],
) -> None:
    """Where missing children are not assessed for exploitation, no other assessment names it."""
    now = np.minimum(day, horizon.days[-1]) - horizon.days[0]
    silent = np.flatnonzero(effects["missing_assessed"][now] == 0)
    silent = silent[np.isin(child[silent], missing_children)]
    for code in EXPLOITATION:
        factors[silent, FACTORS.index(code)] = False
    factors[silent, -1] = ~factors[silent, :-1].any(axis=1)
