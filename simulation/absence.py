"""Sessions missed at school, term by term, of the pupils of whom a simulated census tells.

Every pupil has a lasting tendency to be absent, higher in secondary school, after exclusions and
while social care knows of the child. Each term its ranks are laid on the national shares of
persistent and severe absence, so the shares hold and the children are plausible. Only a few small
authorities send sessions for their whole roll; the others send them for severely absent pupils
alone, since eight million pupils a term would be too many to simulate.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.simulation.calendar import Horizon, Term, number
from sightline.simulation.calibration import Authority
from sightline.simulation.care import Care
from sightline.simulation.children import Population
from sightline.simulation.events import Effects
from sightline.simulation.exclusions import Exclusions
from sightline.simulation.referrals import Referrals

WHOLE_ROLL_BELOW = 20_500
"""Pupils; authorities with fewer send sessions for all of theirs."""
SHARES = {
    2020: (0.121, 0.0113), 2021: (0.225, 0.0165), 2022: (0.212, 0.0203), 2023: (0.200, 0.0230),
    2024: (0.181, 0.0239), 2025: (0.181, 0.0245),
}  # fmt: skip
"""Persistent and severe absence of England by the year in which an academic year begins; as
published by the Department for Education, the last carried forward."""
SESSIONS = {"Autumn": 142, "Spring": 112, "Summer": 128}
LASTING = 0.85
OF_THE_TERM = 0.53
IN_SECONDARY = 0.35
AFTER_EXCLUSION = 0.9
WHILE_KNOWN = 0.8
"""In standard deviations of the tendency; so set that 46 to 48 per cent of children known to
social care are persistently absent, as published for children in need."""
LOWEST_LOGIT = -np.log(9)  # of one session in ten
YOUNGEST, ADOLESCENT, SECONDARY, OLDEST = 5, 10, 11, 15


@dataclass(frozen=True)
class Missed:
    """Pupils in order of birth, with the sessions of one term that they could attend and missed."""

    child: NDArray[np.int64]
    possible: NDArray[np.int64]
    authorised: NDArray[np.int64]
    unauthorised: NDArray[np.int64]


Absence = Mapping[Term, Missed]


def absence(
    rng: np.random.Generator,
    authority: Authority,
    horizon: Horizon,
    population: Population,
    effects: Effects,
    excluded: Exclusions,
    seen: tuple[Referrals, Care],
) -> Absence:
    """`seen` is what makes children known to social care."""
    lasting = LASTING * rng.normal(size=len(population.birth)).astype(np.float32)
    lasting[np.unique(excluded.child)] += AFTER_EXCLUSION
    level = np.clip(rng.normal(0, 0.15, 2), -0.3, 0.3)
    told = {}
    for term in horizon.terms:
        first, last = np.searchsorted(
            population.birth, [_births(term, OLDEST + 1), _births(term, YOUNGEST)]
        )
        tendency = lasting[first:last] + OF_THE_TERM * rng.normal(size=last - first)
        tendency += IN_SECONDARY * (population.birth[first:last] < _births(term, SECONDARY))
        reach = effects["absent_known"][number(term.end) - horizon.days[0]]
        tendency += WHILE_KNOWN * reach * _is_known(seen, number(term.end), first, last)
        shares = _shares(rng, term, level)
        told[term] = _sessions(rng, term, tendency, shares, first)
    if authority.pupils >= WHOLE_ROLL_BELOW:
        return {term: _severe(missed, population, term) for term, missed in told.items()}
    return told


def _births(term: Term, age: int) -> int:
    """The first day on which somebody was born who had not reached an age on 31 August."""
    year = term.start.year - (term.start.month < 9)
    return int((np.datetime64(f"{year - age}-09-01") - np.datetime64("1970-01-01")).astype(int))


def _is_known(seen: tuple[Referrals, Care], day: int, first: int, last: int) -> NDArray[np.float64]:
    """Children referred in the year before a day, or looked after on it."""
    made, care = seen
    recent = slice(*np.searchsorted(made.day, [day - 365, day + 1]))
    in_care = care.child[(care.start <= day) & (care.end >= day)]
    children = np.concatenate([made.child[recent], in_care])
    known = np.zeros(last - first)
    known[children[(children >= first) & (children < last)] - first] = 1.0
    return known


def _shares(
    rng: np.random.Generator, term: Term, level: NDArray[np.float64]
) -> NDArray[np.float64]:
    year = term.start.year - (term.start.month < 9)
    national = np.array(SHARES[min(max(year, min(SHARES)), max(SHARES))])
    logit = np.log(national / (1 - national)) + level + rng.normal(0, 0.03, 2)
    return np.asarray(1 / (1 + np.exp(-logit)))


def _sessions(
    rng: np.random.Generator,
    term: Term,
    tendency: NDArray[np.float64],
    shares: NDArray[np.float64],
    first: int,
) -> Missed:
    """The share missed is a logistic curve through one tenth and one half at the two ranks."""
    persistent, severe = np.quantile(tendency, 1 - shares) if len(tendency) else (0.0, 1.0)
    steep = -LOWEST_LOGIT / max(severe - persistent, 0.2)
    share = 1 / (1 + np.exp(-steep * (tendency - severe)))
    possible = SESSIONS[term.name] - 2 * rng.integers(0, 4, len(share))
    missed = np.rint(share * possible).astype(np.int64)
    unauthorised = np.rint(missed * (0.2 + 0.4 * share)).astype(np.int64)
    child = first + np.arange(len(share))
    return Missed(child, possible, missed - unauthorised, unauthorised)


def _severe(missed: Missed, population: Population, term: Term) -> Missed:
    """Those aged 10 or more who missed at least half."""
    is_severe = 2 * (missed.authorised + missed.unauthorised) >= missed.possible
    is_old = population.birth[missed.child] < _births(term, ADOLESCENT)
    kept = is_severe & is_old
    return Missed(
        missed.child[kept],
        missed.possible[kept],
        missed.authorised[kept],
        missed.unauthorised[kept],
    )
