"""Referrals to social care of one authority: when, by whom, and which child they concern.

Children who were excluded from school or went missing are referred more often than others.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.simulation import draw
from sightline.simulation.calendar import Days, Horizon
from sightline.simulation.calibration import Authority
from sightline.simulation.care import Care
from sightline.simulation.children import ADULT, Population
from sightline.simulation.events import Effects
from sightline.simulation.exclusions import Exclusions

Children = NDArray[np.int64]
SCHOOL_SHARE = 0.206
SCHOOL_SOURCES = {"2A": 0.93, "2B": 0.07}
OTHER_SOURCES = {
    "6": 28.3, "1A": 6.2, "1B": 2.1, "1C": 1.2, "1D": 2.6, "3A": 2.0, "3B": 2.2, "3C": 0.8,
    "3D": 2.4, "3E": 4.6, "3F": 3.2, "4": 1.5, "5A": 8.0, "5B": 3.4, "5C": 1.8, "5D": 1.6,
    "7": 2.2, "8": 5.2, "9": 2.3, "10": 1.8,
}  # fmt: skip
NEEDS = {
    "N1": 0.57, "N2": 0.07, "N3": 0.035, "N4": 0.09, "N5": 0.135, "N6": 0.02, "N7": 0.01,
    "N8": 0.025, "N9": 0.03, "N0": 0.015,
}  # fmt: skip
AGES_OTHER = np.array(
    [9.0, 5.6, 5.2, 5, 4.8, 4.7, 4.6, 4.6, 4.6, 4.7, 4.9, 5.3, 5.7, 6.1, 6.3, 6.3, 5.4, 3.2]
)
AGES_SCHOOL = np.array([0, 0, 0, 0.5, 4.6, 6.4, 6.8, 7, 7.1, 7.3, 7.4, 8, 8.6, 9, 9, 8.4, 4.5, 2.4])
UNBORN_SHARE = 0.025
RECENT = 365
ADOLESCENT = 3653
CHAIN_SHARE = 0.7
"""Of the repeated referrals, those drawn here; the others come about by chance and exposure."""
NOTICED_WITHIN = (-200, 60)
"""Days around an exclusion within which a child who comes to notice is referred."""
EXCLUDED_AGAIN = 0.4
MOST_TAKEN = 0.72
"""Share of adolescents' first referrals that may concern a child already seen elsewhere."""


@dataclass(frozen=True)
class Referrals:
    """In order of days."""

    day: Days
    child: Children
    source: NDArray[np.bytes_]
    need: NDArray[np.bytes_]
    is_no_further_action: NDArray[np.bool_]
    recorded: Days
    """When it was entered into the case system."""


def referrals(
    rng: np.random.Generator,
    authority: Authority,
    horizon: Horizon,
    population: Population,
    effects: Effects,
    seen_elsewhere: tuple[Children, Days],
    hidden: tuple[Children, int],
) -> Referrals:
    """`hidden` are children who are not referred from a day on."""
    day, is_school = _days(rng, authority, horizon, effects)
    root = _roots(rng, day, authority.rereferral_share)
    is_new = root == np.arange(len(day))
    child = _new_children(rng, population, day, is_school)
    _place(rng, population, day, is_new, child, seen_elsewhere)
    again = child[root]
    grown = day - population.birth[again] >= ADULT
    child = np.where(grown, child, again)
    _hide(rng, population, day, child, hidden)
    kept = _one_a_day(child, day)
    return _described(rng, authority, day[kept], child[kept], is_school[kept])


def _days(
    rng: np.random.Generator, authority: Authority, horizon: Horizon, effects: Effects
) -> tuple[Days, NDArray[np.bool_]]:
    spread = float(np.clip(rng.lognormal(np.log(0.055), 0.35), 0.02, 0.15))
    slope = np.exp(draw.trend(rng, 0.0, 0.025) * horizon.years_since_end())
    season = np.exp(rng.normal(0, 0.03, 12))[horizon.calendar_month]
    level = authority.referrals * slope * season * draw.monthly_noise(rng, horizon, spread)
    share = float(np.clip(rng.normal(SCHOOL_SHARE, 0.03), 0.1, 0.32))
    school = draw.event_days(
        rng, horizon, level * share * horizon.school_weights * effects["school_referrals"]
    )
    other = draw.event_days(
        rng, horizon, level * (1 - share) * horizon.other_weights * effects["other_referrals"]
    )
    day = np.concatenate([school, other])
    order = np.argsort(day, kind="stable")
    return day[order], (np.arange(len(day)) < len(school))[order]


def _roots(rng: np.random.Generator, day: Days, share: float) -> Children:
    """For each referral the first of the chain of referrals of its child, itself if new.

    A repeated referral is one of a child drawn from the referrals of the year before, so a child
    who was referred often is likelier to be referred again.
    """
    here = np.arange(len(day))
    first = np.searchsorted(day, day - RECENT)
    last = np.searchsorted(day, day)
    repeats = (rng.random(len(day)) < share * CHAIN_SHARE) & (last > first)
    before = first + (rng.random(len(day)) * (last - first)).astype(np.int64)
    root = np.where(repeats, before, here)
    while not np.array_equal(root, root[root]):
        root = root[root]
    return root


def _new_children(
    rng: np.random.Generator, population: Population, day: Days, is_school: NDArray[np.bool_]
) -> Children:
    count = len(day)
    years = np.where(
        is_school, draw.pick(rng, AGES_SCHOOL, count), draw.pick(rng, AGES_OTHER, count)
    )
    age = ((years + rng.random(count)) * 365.25).astype(np.int32)
    unborn = ~is_school & (rng.random(count) < UNBORN_SHARE)
    age = np.where(unborn, -rng.integers(10, 150, count), np.minimum(age, ADULT - 10))
    return population.born_on(rng, (day - age).astype(np.int32))


def _place(
    rng: np.random.Generator,
    population: Population,
    day: Days,
    is_new: NDArray[np.bool_],
    child: Children,
    seen_elsewhere: tuple[Children, Days],
) -> None:
    """Give some of the adolescents' first referrals to children who were seen elsewhere, each at
    the first free place at or after the day wanted."""
    age = day - population.birth[child]
    free = np.flatnonzero(is_new & (age >= ADOLESCENT) & (age < ADULT))
    wanted_child, wanted_day = seen_elsewhere
    room = int(len(free) * MOST_TAKEN)
    if len(wanted_child) > room:
        some = np.sort(rng.permutation(len(wanted_child))[:room])
        wanted_child, wanted_day = wanted_child[some], wanted_day[some]
    order = np.argsort(wanted_day, kind="stable")
    wanted_child, wanted_day = wanted_child[order], wanted_day[order]
    queue = np.arange(len(wanted_day))
    place = np.maximum.accumulate(np.searchsorted(day[free], wanted_day) - queue) + queue
    fits = place < len(free)
    place, wanted_child = free[place[fits]], wanted_child[fits]
    age = day[place] - population.birth[wanted_child]
    young = (age >= 0) & (age < ADULT)
    child[place[young]] = wanted_child[young]


def _hide(
    rng: np.random.Generator,
    population: Population,
    day: Days,
    child: Children,
    hidden: tuple[Children, int],
) -> None:
    """Referrals of hidden children become referrals of others born at about the same time."""
    children, since = hidden
    for _ in range(6):
        rows = np.flatnonzero((day >= since) & np.isin(child, children))
        shifted = child[rows] - rng.integers(1, 60, len(rows))
        child[rows] = np.clip(shifted, 0, len(population.birth) - 1)


def _one_a_day(child: Children, day: Days) -> NDArray[np.int64]:
    _, first = np.unique(child * 100_000 + day, return_index=True)
    return np.sort(first)


def _described(
    rng: np.random.Generator,
    authority: Authority,
    day: Days,
    child: Children,
    is_school: NDArray[np.bool_],
) -> Referrals:
    count = len(day)
    late = rng.random(count) < 0.12
    month = day.astype("datetime64[D]").astype("datetime64[M]")
    next_month = (month + 1).astype("datetime64[D]").astype(np.int32)
    recorded = np.where(late, next_month + rng.integers(8, 30, count), day).astype(np.int32)
    source = np.where(
        is_school, draw.codes(rng, SCHOOL_SOURCES, count), draw.codes(rng, OTHER_SOURCES, count)
    )
    return Referrals(
        day=day,
        child=child,
        source=source,
        need=draw.codes(rng, NEEDS, count),
        is_no_further_action=rng.random(count) < authority.no_further_action_share,
        recorded=recorded,
    )


def seen_elsewhere(
    rng: np.random.Generator,
    exclusions: Exclusions,
    care: Care,
    population: Population,
    effects: Effects,
    horizon: Horizon,
) -> tuple[Children, Days]:
    """Children excluded or missing who come to notice, and about when they are referred."""
    exposed = exclusions.of_exposed(population)
    exposed = exposed[rng.permutation(len(exposed))]
    year = exclusions.day[exposed] // 330
    _, once = np.unique(exclusions.child[exposed] * 1_000 + year, return_index=True)
    exposed = exposed[once]
    chance = np.where(exclusions.category[exposed] == b"PERM", 0.6, 0.5)
    chance *= effects["excluded_referred"][exclusions.day[exposed] - horizon.days[0]]
    noticed = exposed[rng.random(len(exposed)) < chance]
    about = exclusions.day[noticed] + rng.integers(*NOTICED_WITHIN, len(noticed))
    after, about_then = _excluded_after_the_end(rng, exclusions, exposed, noticed, horizon)
    first_missing = np.flatnonzero(draw.position_in_group(care.missing.of) == 0)
    first_missing = first_missing[rng.random(len(first_missing)) < 0.4]
    children = np.concatenate(
        [
            exclusions.child[noticed],
            np.minimum(after, len(population.birth) - 1),
            care.child[care.missing.of[first_missing]],
        ]
    )
    days = np.concatenate([about, about_then, care.missing.start[first_missing] + 10])
    inside = days >= horizon.days[0]
    return children[inside], days[inside].astype(np.int32)


def _excluded_after_the_end(
    rng: np.random.Generator,
    exclusions: Exclusions,
    exposed: Children,
    noticed: Children,
    horizon: Horizon,
) -> tuple[Children, Days]:
    """Children referred before an exclusion that lies past the last day, and about when.

    Without them the last months would lack referrals of the children most at risk. As many as
    were noticed a year earlier: some were excluded lately, the others are of the age of those.
    """
    end, reach = horizon.days[-1], -NOTICED_WITHIN[0]
    day = exclusions.day[noticed]
    next_year = noticed[(day > end - 365) & (day <= end - 365 + reach)]
    recent = exposed[exclusions.day[exposed] > end - reach]
    count = len(next_year)
    child = exclusions.child[next_year] + 61
    if len(recent):
        again = exclusions.child[recent[rng.integers(0, len(recent), count)]]
        child = np.where(rng.random(count) < EXCLUDED_AGAIN, again, child)
    about = exclusions.day[next_year] + 365 + rng.integers(*NOTICED_WITHIN, count)
    return child, about.astype(np.int32)
