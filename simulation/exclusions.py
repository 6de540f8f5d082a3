"""Suspensions and permanent exclusions of one authority, and the pupils who have them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.simulation import draw
from sightline.simulation.calendar import Days, Horizon, Weights
from sightline.simulation.calibration import Authority
from sightline.simulation.children import Population
from sightline.simulation.events import Effects

RISK_BY_AGE = np.array(
    [0, 0, 0, 0, 0.03, 0.05, 0.06, 0.07, 0.08, 0.1, 0.14, 0.5, 0.8, 1, 1, 0.75, 0.06, 0.03, 0, 0]
)
"""By age on 1 September, against ages 13 and 14."""
GIRLS_RISK = 0.6
UNEVENNESS = 0.5
"""Shape of the spread of risk between pupils: a few have very many suspensions."""
MOST_SESSIONS = 90  # 45 school days in a school year
SESSIONS = (2, 4, 6, 1, 3, 5, 10, 8, 20, 12)
SESSION_SHARES = (0.36, 0.24, 0.12, 0.08, 0.05, 0.03, 0.07, 0.02, 0.01, 0.02)
REASONS = {
    "DB": 0.47, "VA": 0.165, "PP": 0.14, "PA": 0.055, "VP": 0.04, "OW": 0.021, "DA": 0.029,
    "DM": 0.025, "TH": 0.008, "BU": 0.008, "RA": 0.01, "LG": 0.004, "DS": 0.002, "SM": 0.008,
}  # fmt: skip
"""Shares of the first of up to three reasons. With the second, drugs and alcohol stand in 3.6 per
cent of suspensions and weapons in 2.6: published are 24,554 for drugs and alcohol of 955,000
suspensions in 2023/24 (2.6 per cent), and 11,343 of 352,000 in 2020/21 (3.2)."""
UNEVEN_REASONS, REASONS_SPREAD = ("OW", "DA"), 0.25
"""Authorities differ in these, by this much of a logarithm."""
PERMANENT_REASONS = {
    "DB": 0.4,
    "PP": 0.14,
    "PA": 0.14,
    "VA": 0.1,
    "OW": 0.1,
    "DA": 0.08,
    "VP": 0.04,
}


@dataclass(frozen=True)
class Exclusions:
    """In order of days."""

    day: Days
    child: NDArray[np.int64]
    category: NDArray[np.bytes_]
    sessions: NDArray[np.int64]
    reasons: tuple[NDArray[np.bytes_], NDArray[np.bytes_], NDArray[np.bytes_]]
    order: NDArray[np.int64]
    """Which of the child's exclusions it is, from one."""

    def of_exposed(self, population: Population) -> NDArray[np.int64]:
        """Rows that show a risk: permanent, or a repeated suspension, at ages 10 to 17."""
        age = self.day - population.birth[self.child]
        return np.flatnonzero((age >= 3653) & ((self.category == b"PERM") | (self.order > 1)))


def school_year(days: Days) -> NDArray[np.int32]:
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int32)
    return np.asarray(1970 + (months - 8) // 12, dtype=np.int32)


def _age_in_september(birth: Days, year: int) -> NDArray[np.int64]:
    september = (np.datetime64(f"{year}-09-01") - np.datetime64("1970-01-01")).astype(int)
    return np.asarray(np.clip((september - birth) // 365.25, 0, 19), dtype=np.int64)


def _pupils_at_risk(
    rng: np.random.Generator, authority: Authority, population: Population, years: NDArray[np.int32]
) -> tuple[NDArray[np.int64], Weights]:
    """A part of the children, each with a risk of its own; the part is smaller where pupils
    who are suspended at all are suspended more often."""
    middle = int(years[len(years) // 2])
    reach = RISK_BY_AGE[_age_in_september(population.birth, middle)].sum()
    # Mean number per suspended pupil, m / (1 - (1 + m/k)^-k), is near 1.62 + 0.82 m for k = 0.5.
    mean = max((authority.suspensions_per_pupil - 1.62) / 0.38, 0.35)
    share = min(1.0, authority.suspensions / mean / max(reach * 0.8, 1.0))
    chosen = np.flatnonzero(rng.random(len(population.birth)) < share)
    if len(chosen) < 5:
        chosen = np.arange(len(population.birth))
    weights = rng.gamma(UNEVENNESS, 1.0, len(chosen)) + 0.01
    return chosen, weights * np.where(population.is_girl[chosen], GIRLS_RISK, 1.0)


def _without_repeats(child: NDArray[np.int64], day: Days, kept: NDArray[np.bool_]) -> None:
    """One exclusion a pupil and day, one permanent exclusion a pupil: unmark the others."""
    _, first = np.unique(child * 100_000 + day, return_index=True)
    only = np.zeros(len(child), dtype=bool)
    only[first] = True
    kept &= only


def exclusions(
    rng: np.random.Generator,
    authority: Authority,
    horizon: Horizon,
    population: Population,
    effects: Effects,
) -> Exclusions:
    slope = np.exp(draw.trend(rng, 0.02, 0.04) * horizon.years_since_end())
    noise = draw.monthly_noise(rng, horizon, rng.uniform(0.05, 0.12))
    level = horizon.exclusion_weights * slope * noise
    suspended = draw.event_days(
        rng, horizon, 1.04 * authority.suspensions * level * effects["suspensions"]
    )
    expelled = draw.event_days(
        rng,
        horizon,
        1.14 * authority.permanent_exclusions * level * effects["permanent_exclusions"],
    )
    day = np.concatenate([expelled, suspended])
    is_permanent = np.arange(len(day)) < len(expelled)
    child = _chosen_pupils(rng, authority, population, day)
    kept = np.ones(len(day), dtype=bool)
    _, first = np.unique(child[: len(expelled)], return_index=True)
    kept[: len(expelled)] = np.isin(np.arange(len(expelled)), first)
    _without_repeats(child, day, kept)
    by_child = np.flatnonzero(kept)
    by_child = by_child[np.lexsort((day[by_child], child[by_child]))]
    return _described(rng, day[by_child], child[by_child], is_permanent[by_child])


def _chosen_pupils(
    rng: np.random.Generator, authority: Authority, population: Population, day: Days
) -> NDArray[np.int64]:
    years = school_year(day)
    child = np.zeros(len(day), dtype=np.int64)
    if not len(day):
        return child
    pupils, weights = _pupils_at_risk(rng, authority, population, np.unique(years))
    for year in np.unique(years):
        rows = np.flatnonzero(years == year)
        by_age = RISK_BY_AGE[_age_in_september(population.birth[pupils], int(year))]
        child[rows] = pupils[draw.pick(rng, weights * by_age, len(rows))]
    return child


def _described(
    rng: np.random.Generator,
    day: Days,
    child: NDArray[np.int64],
    is_permanent: NDArray[np.bool_],
) -> Exclusions:
    """Rows arrive in order of child and day, and leave in order of day."""
    count = len(day)
    sessions = np.array(SESSIONS)[draw.pick(rng, np.array(SESSION_SHARES), count)]
    category = np.where(is_permanent, b"PERM", b"SUSP")
    is_lunch = ~is_permanent & (rng.random(count) < 0.004)
    category[is_lunch] = b"LNCH"
    sessions[is_lunch] = 1
    within_year = child * 10_000 + school_year(day)
    served = _served_before(within_year, sessions)
    kept = (served + sessions <= MOST_SESSIONS) | is_permanent
    order = draw.position_in_group(child) + 1
    shares = _reasons_here(rng.spawn(1)[0])
    reason = np.where(
        is_permanent, draw.codes(rng, PERMANENT_REASONS, count), draw.codes(rng, shares, count)
    )
    second = np.where(rng.random(count) < 0.24, draw.codes(rng, shares, count), b"")
    second[second == reason] = b""
    third = np.where((second != b"") & (rng.random(count) < 0.3), b"MT", b"")
    by_day = np.flatnonzero(kept)
    by_day = by_day[np.argsort(day[by_day], kind="stable")]
    return Exclusions(
        day=day[by_day],
        child=child[by_day],
        category=category[by_day],
        sessions=np.where(is_permanent, 2, sessions)[by_day],
        reasons=(reason[by_day], second[by_day], third[by_day]),
        order=order[by_day],
    )


def _reasons_here(rng: np.random.Generator) -> dict[str, float]:
    """A stream of its own, so that what is drawn afterwards does not depend on it."""
    levels = np.exp(rng.normal(-(REASONS_SPREAD**2) / 2, REASONS_SPREAD, len(UNEVEN_REASONS)))
    return REASONS | {
        code: REASONS[code] * float(level)
        for code, level in zip(UNEVEN_REASONS, levels, strict=True)
    }


def _served_before(groups: NDArray[np.int64], sessions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sessions of the same pupil and school year before each row."""
    before = np.cumsum(sessions) - sessions
    first = np.arange(len(groups)) - draw.position_in_group(groups)
    return np.asarray(before - before[first]) if len(groups) else before
