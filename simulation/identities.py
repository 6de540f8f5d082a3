"""Who is known by what: an adopted child's new identity, new local numbers, numbers given twice.

Events happen to children. Here each event is given the identity under which it is told: at first
every child has one of the same place, further ones stand after them in the population.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sightline.simulation import recording, text
from sightline.simulation.absence import Absence, Missed
from sightline.simulation.calendar import Days, Horizon, number
from sightline.simulation.calibration import PREDECESSORS, Authority, authorities
from sightline.simulation.care import STILL_OPEN, Care
from sightline.simulation.casework import Casework
from sightline.simulation.children import ADULT, Population, local_numbers, upns
from sightline.simulation.exclusions import Exclusions
from sightline.simulation.placements import ApPlacements
from sightline.simulation.referrals import Referrals

Generator = np.random.Generator
Numbers = NDArray[np.int64]


@dataclass
class _Change:
    """From a day on some children are known by another identity."""

    since: Days
    """A day for each identity that there was; never for those that stay."""
    to: Numbers

    def at(self, who: Numbers, day: Days) -> Numbers:
        return np.where(day >= self.since[who], self.to[who], who)


@dataclass
class _Book:
    """A population to which identities are added."""

    people: Population

    def changed(self, of: Numbers, since: Days, **values: NDArray[np.generic]) -> _Change:
        """Add an identity for each child of `of`, which differs in these values."""
        people, count = self.people, len(self.people.birth)
        columns = {
            name: np.concatenate([column, values.get(name, column[of])])
            for name, column in vars(people).items()
            if isinstance(column, np.ndarray)
        }
        self.people = Population(per_day=people.per_day, **columns)
        change = _Change(np.full(count, STILL_OPEN, dtype=np.int32), np.arange(count))
        change.since[of], change.to[of] = since, count + np.arange(len(of))
        return change


def identified(
    rng: Generator,
    authority: Authority,
    horizon: Horizon,
    people: Population,
    events: tuple[Exclusions, Care, Referrals, Casework, Absence, ApPlacements],
) -> tuple[Population, tuple[Exclusions, Care, Referrals, Casework, Absence, ApPlacements]]:
    """The population with all identities, and the events with the one under which each is told."""
    excluded, care, made, worked, missed, placed = events
    book = _Book(_with_slips(rng, authority, horizon, people))
    adopted = _adopted(rng, authority, book, care)
    began = np.where(worked.referral >= 0, made.day[worked.referral], worked.completed)
    made = replace(made, child=adopted.at(made.child, made.day))
    worked = replace(worked, child=adopted.at(worked.child, began))
    change = _renumbered(authority, horizon, book, (care, made, worked)) or _reused(
        rng, authority, horizon, book, (care, made, worked)
    )
    if change:
        made = replace(made, child=change.at(made.child, made.day))
        worked = replace(worked, child=change.at(worked.child, worked.completed))
        keeps = np.isin(care.child, care.short_breaks.child)
        entered = change.at(care.child, care.start)
        care = replace(care, child=np.where(keeps, care.child, entered))
    return book.people, (
        replace(excluded, child=adopted.at(excluded.child, excluded.day)),
        care,
        made,
        worked,
        {term: _absent(adopted, one, number(term.end)) for term, one in missed.items()},
        replace(placed, child=adopted.at(placed.child, placed.start)),
    )


def _absent(adopted: _Change, missed: Missed, day: int) -> Missed:
    """In order of identity again."""
    child = adopted.at(missed.child, np.full(len(missed.child), day, dtype=np.int32))
    order = np.argsort(child, kind="stable")
    return Missed(
        child[order],
        missed.possible[order],
        missed.authorised[order],
        missed.unauthorised[order],
    )


def _with_slips(
    rng: Generator, authority: Authority, horizon: Horizon, people: Population
) -> Population:
    """Sex or birth wrong until a day; pupil numbers that a neighbour gave to somebody else."""
    count = len(people.birth)
    wrong = _some(rng, count, recording.CORRECTED)
    of_sex = rng.random(len(wrong)) < recording.SEX_CORRECTED
    by_years = rng.random(len(wrong)) < recording.YEARS_CORRECTED
    # Earlier than the true one, since nothing is told of children who are not born yet.
    early = np.where(by_years, 5 * 365, rng.integers(31, 300, len(wrong)))
    corrected_on = np.zeros(count, dtype=np.int32)
    corrected_on[wrong] = rng.integers(horizon.days[0], horizon.days[-1], len(wrong))
    first_birth, first_is_girl = people.birth.copy(), people.is_girl.copy()
    first_birth[wrong] -= np.where(of_sex, 0, early).astype(np.int32)
    first_is_girl[wrong] ^= of_sex
    return replace(
        people,
        corrected_on=corrected_on,
        first_birth=first_birth,
        first_is_girl=first_is_girl,
        upn=_shared(rng, authority, people),
    )


def _some(rng: Generator, count: int, share: float) -> Numbers:
    return np.unique(rng.integers(0, count, rng.binomial(count, share)))


def _shared(rng: Generator, authority: Authority, people: Population) -> text.Text:
    chosen = _some(rng, len(people.birth), recording.SHARED_UPN)
    apart = np.where(rng.random(len(chosen)) < 0.5, recording.YEARS_APART, 0)
    place = rng.random(len(chosen))
    other = recording.neighbour(authority.la_code)
    if other is None:
        return people.upn
    a_year = 0.9 * authorities()[other].population / ADULT * 365
    year = people.birth[chosen].astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    first = int(people.birth[0].astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64))
    year = 1970 + np.where(year - apart > first, year - apart, year)
    found = people.upn.copy()
    found[chosen] = upns(other, 2000, year, (place * a_year).astype(np.int64))
    return found


def _adopted(rng: Generator, authority: Authority, book: _Book, care: Care) -> _Change:
    """A new local number and a new pupil number, and nothing that tells of the old ones."""
    rows = np.flatnonzero(care.adopted)
    of, count = care.child[rows], len(book.people.birth)
    part = _part(authority)
    year = book.people.birth[of].astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    issuer = PREDECESSORS[authority.la_code][0] if part else authority.la_code
    return book.changed(
        of,
        care.end[rows],
        child_id=local_numbers(authority, count + np.arange(len(of))),
        upn=upns(issuer, 9000 + 500 * max(part - 1, 0), 1970 + year, np.arange(len(of))),
        former_upn=np.zeros(len(of), dtype="S13"),
        has_recorded_upn=rng.random(len(of)) < 0.9,
        person=count + np.arange(len(of)),
    )


def _part(authority: Authority) -> int:
    codes = list(PREDECESSORS)
    return codes.index(authority.la_code) + 1 if authority.la_code in PREDECESSORS else 0


def _first_and_last(seen: tuple[Care, Referrals, Casework], count: int) -> tuple[Days, Days]:
    """When social care first and last tells of each; never and long ago for all others."""
    care, made, worked = seen
    who = np.concatenate([care.child, made.child, worked.child])
    first = np.full(count, STILL_OPEN, dtype=np.int32)
    last = np.full(count, -STILL_OPEN, dtype=np.int32)
    np.minimum.at(first, who, np.concatenate([care.start, made.day, worked.completed]))
    np.maximum.at(last, who, np.concatenate([care.end, made.day, worked.completed]))
    return first, last


def _renumbered(
    authority: Authority, horizon: Horizon, book: _Book, seen: tuple[Care, Referrals, Casework]
) -> _Change | None:
    """From a day on everybody is told under a new number. Children in care keep the one of their
    period of care, which another system holds."""
    back = recording.NUMBERED_ANEW.get(authority.la_code, 0)
    keeps_upns = authority.la_code not in recording.WITHOUT_MAPPING
    day = recording.day_back(horizon, back) if back else None
    if day is None:
        return None
    count = len(book.people.birth)
    first, last = _first_and_last(seen, count)
    of = np.flatnonzero(last >= day)
    known_before = first[of] < day
    return book.changed(
        of,
        np.full(len(of), day, dtype=np.int32),
        child_id=local_numbers(authority, count + np.arange(len(of))),
        has_recorded_upn=book.people.has_recorded_upn[of] & (keeps_upns | ~known_before),
    )


def _reused(
    rng: Generator,
    authority: Authority,
    horizon: Horizon,
    book: _Book,
    seen: tuple[Care, Referrals, Casework],
) -> _Change | None:
    """From a day on some children who are new get the number of one who is not told of any more."""
    back = recording.NUMBERS_REUSED.get(authority.la_code, 0)
    day = recording.day_back(horizon, back) if back else None
    if day is None:
        return None
    count = len(book.people.birth)
    first, last = _first_and_last(seen, count)
    care = seen[0]
    in_care = np.isin(np.arange(count), np.concatenate([care.child, care.short_breaks.child]))
    new = np.flatnonzero((first >= day) & (first < STILL_OPEN) & ~in_care)
    gone = np.flatnonzero((last < day - 90) & (first < STILL_OPEN) & ~in_care)
    of = new[rng.random(len(new)) < recording.REUSED_NUMBER][: len(gone)]
    former = gone[rng.permutation(len(gone))[: len(of)]]
    return book.changed(
        of, np.full(len(of), day, dtype=np.int32), child_id=book.people.child_id[former]
    )
