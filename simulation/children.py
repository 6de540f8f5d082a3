"""The children of one authority: when they were born, who they are, what identifies them.

Children are numbered in order of birth, so a child of a given age is found by arithmetic.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.simulation import text
from sightline.simulation.calendar import Horizon
from sightline.simulation.calibration import PREDECESSORS, Authority

CHECK_LETTERS = np.frombuffer(b"ABCDEFGHJKLMNPQRTUVWXYZ", dtype=np.uint8)
ADULT = 6575
"""Days from birth to the eighteenth birthday."""
LOCAL_IDS = 9_999_991  # a prime, so that multiplying mixes the ids and keeps them apart
LONG_AGO = 0
Children = NDArray[np.int64]


@dataclass(frozen=True)
class Population:
    birth: NDArray[np.int32]
    is_girl: NDArray[np.bool_]
    child_id: text.Text
    upn: text.Text
    former_upn: text.Text
    """What a child whose number was changed was called before; blank for the others."""
    has_recorded_upn: NDArray[np.bool_]
    knows_new_upn: NDArray[np.bool_]
    per_day: float
    person: NDArray[np.int64]
    """Who stands behind each identity: two of one person may be tied, others may not."""
    corrected_on: NDArray[np.int32]
    """The day from which sex and birth are told rightly; long ago for nearly all."""
    first_birth: NDArray[np.int32]
    first_is_girl: NDArray[np.bool_]

    def born_on(self, rng: np.random.Generator, days: NDArray[np.int32]) -> Children:
        """A child born on each of the days, or as near to it as there is one."""
        found = ((days - self.birth[0] + rng.random(len(days))) * self.per_day).astype(np.int64)
        return np.asarray(np.clip(found, 0, len(self.birth) - 1))

    def care_upn(self) -> text.Text:
        """The pupil number as social care has it: at times none, at times the old one."""
        behind = (self.former_upn != b"") & ~self.knows_new_upn
        return text.where(self.has_recorded_upn, np.where(behind, self.former_upn, self.upn))

    def care_former_upn(self) -> text.Text:
        return text.where(self.has_recorded_upn & self.knows_new_upn, self.former_upn)


def check_letters(twelve: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The first character of a pupil number, from the twelve digits that follow it."""
    sums = np.zeros(len(twelve), dtype=np.int32)
    for place, column in enumerate((twelve - 48).T, start=2):
        sums += place * column.astype(np.int32)
    return np.asarray(CHECK_LETTERS[sums % 23])


def local_numbers(authority: Authority, places: NDArray[np.int64]) -> text.Text:
    """Authorities that were one share a numbering, so their ids may not collide."""
    part = list(PREDECESSORS).index(authority.la_code) + 1 if _is_part(authority) else 0
    la_code = PREDECESSORS[authority.la_code][0] if part else authority.la_code
    numbers = (places + 2_000_000 * part) * 7_654_321 % LOCAL_IDS
    return text.numbered("K", numbers + int(la_code) % 7, 7)


def upns(
    la_code: str, school: int, year: NDArray[np.int64], serial: NDArray[np.int64]
) -> text.Text:
    twelve = np.concatenate(
        [
            text.digits(np.full(len(year), int(la_code)), 3),
            text.digits(school + serial // 1000, 4),
            text.digits((year + 4) % 100, 2),
            text.digits(serial % 1000, 3),
        ],
        axis=1,
    )
    return text.joined(check_letters(twelve)[:, None], twelve)


def population(authority: Authority, horizon: Horizon, rng: np.random.Generator) -> Population:
    first, last = int(horizon.days[0]) - ADULT, int(horizon.days[-1]) + 200
    per_day = authority.population / ADULT
    count = max(int((last - first) * per_day), 40)
    per_day = count / (last - first)
    birth = (first + np.arange(count) / per_day).astype(np.int32)
    part = list(PREDECESSORS).index(authority.la_code) + 1 if _is_part(authority) else 0
    la_code = PREDECESSORS[authority.la_code][0] if part else authority.la_code
    year = birth.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    serial = np.arange(count) - np.searchsorted(year, year, side="left")
    former = np.zeros(count, dtype="S13")
    changed = np.flatnonzero(rng.random(count) < 0.006)
    former[changed] = upns(la_code, 7000 + 500 * part, year[changed], serial[changed])
    is_girl = rng.random(count) < 0.49
    is_small = birth > horizon.days[-1] - 4 * 365
    return Population(
        birth=birth,
        is_girl=is_girl,
        child_id=local_numbers(authority, np.arange(count)),
        upn=upns(la_code, 2000 + 500 * part, year, serial),
        former_upn=former,
        has_recorded_upn=rng.random(count) > np.where(is_small, 0.25, 0.075),
        knows_new_upn=rng.random(count) < 0.5,
        per_day=per_day,
        person=np.arange(count),
        corrected_on=np.full(count, LONG_AGO, dtype=np.int32),
        first_birth=birth,
        first_is_girl=is_girl,
    )


def _is_part(authority: Authority) -> bool:
    return authority.la_code in PREDECESSORS
