"""How records fall short of what happened, and how often: told late, wrong for a while, sent again.

All rates of such cases stand here, each with its source or reason; who is numbered how is drawn in
identities. Nothing here changes what happens in an authority, so each authority's events stay as
they are when a rate is changed: the draws come from a stream of their own.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.simulation.calendar import Days, Horizon, Weights, add_months, number
from sightline.simulation.calibration import PREDECESSORS
from sightline.simulation.care import Care, Missing
from sightline.simulation.casework import Casework
from sightline.simulation.events import PLAN, PRIORITY
from sightline.simulation.placements import ApPlacements
from sightline.simulation.referrals import Referrals

Generator = np.random.Generator
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]

# No series tells how often rows are late or wrong. These rates are chosen to be plain to see in a
# nation and to stay far below the limits at which a return is held back (one row in twenty).
REFERRAL_TOLD_LATE = 0.006
"""Referrals recorded after their month was cut, told in the next month's bundle."""
CLOSURE_TOLD = 0.003
"""Referrals told again, with their closure, in the bundle of the month in which they closed."""
MISSING_TOLD_LATE = 0.012
"""Missing episodes that only the return of the next year tells, of children still in care then."""
PLACEMENT_TOLD_LATE = 0.012
"""Placements in alternative provision that only the next term's return tells."""
MISSING_TWICE_A_DAY = 0.02
"""Missing episodes that end on their first day, after which the child goes again that day."""
CORRECTED = 0.004
"""Children whose sex or birth was recorded wrongly at first: a slip in one form of 250."""
SEX_CORRECTED, YEARS_CORRECTED = 0.4, 0.1
"""Of those: the sex; the birth by years, where it is otherwise wrong by months."""
WRONG_UPN = 1 / 2_000
"""Records of social care that carry another child's pupil number until the next return."""
NEAR_IN_THE_LIST = 0.5
"""Of those, taken from a child near in a list by birth; otherwise from anybody."""
SHARED_UPN = 1 / 5_000
"""Children who carry a pupil number that a neighbouring authority gave to another child."""
YEARS_APART = 8
"""Between the two, for half of them; the others are of an age."""
REUSED_NUMBER = 0.02
"""Of the children who are new after a change of system: those who get a former child's number."""

# Senders with a habit of their own, each among the first eight or so, so that a small set has all.
NO_CARE_RETURN = frozenset({"884"})
"""Never sends SSDA903."""
CARE_EACH_MONTH = frozenset({"383", "857", "881", "935", "341"})
"""Adds the tables of care and of missing children to each monthly bundle."""
CARE_ONCE_A_YEAR = frozenset({"857", "881"})
"""Of those: sends SSDA903 for the whole year alone, as the law asks."""
NUMBERED_ANEW = {row.la_code: row.back for row in PLAN if row.kind == "numbered_anew"}
"""Months back from the last when everybody got a new local number."""
WITHOUT_MAPPING = frozenset({"830"})
"""Where pupil numbers were not carried over: children known before have none afterwards."""
NUMBERS_REUSED = {"352": 14}
"""Months back from the last when a new system began to give old numbers to other children."""
SNAPSHOTS = frozenset({"857", "420", "201"})
"""Send all since the first month each time, as each run of the standard writes it anew: small ones,
since a snapshot holds as much as all months before it."""
SENT_ON_THE_28TH = {"935": 3, "892": 14}
"""Months back from the last that were sent before they were over, and again afterwards."""
MONTH_SENT_AGAIN = {"306": 8, "801": 6}
"""Months back from the last of which an early sender, whose bundles hold two, sends one again."""
QUARTER_CORRECTED = ("382", "802", "316")
"""Correct January to March of the last whole collection year after the return of that year."""

LIST = 40
"""How far apart two neighbours in a list may stand."""


def named_by_words(la_code: str) -> bool:
    """Whether a sender calls its files by month and term first, so that they do not sort by time,
    and numbers no bundle; one in five, since few case systems agree on names."""
    return int(la_code) % 5 == 0


def day_back(horizon: Horizon, back: int) -> int | None:
    """The first of the month so many months before the last, if it is well inside the time."""
    if back >= horizon.months - 1:
        return None
    return number(add_months(horizon.until.replace(day=1), -back))


def neighbour(la_code: str) -> str | None:
    """An authority that every set holds which holds this one."""
    if la_code not in PRIORITY:
        return PRIORITY[0]
    before = PRIORITY[: PRIORITY.index(la_code)]
    return next((code for code in reversed(before) if code not in PREDECESSORS), None)


@dataclass(frozen=True)
class Recording:
    """What of one authority is told late; flags in the order of what they mark."""

    late_referral: Flags
    closure_told: Flags
    late_placement: Flags
    missing: Missing
    """As told: with those who went again on the same day."""
    late_missing: Flags


def recording(
    rng: Generator, care: Care, made: Referrals, worked: Casework, placed: ApPlacements
) -> Recording:
    months = made.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    closed = np.minimum(worked.closed, 29_000).astype("datetime64[D]").astype("datetime64[M]")
    missing = _twice_a_day(rng, care)
    stays = care.end[missing.of] >= _next_april(missing.start)
    ends = missing.end < _next_april(missing.start)
    return Recording(
        late_referral=rng.random(len(made.day)) < REFERRAL_TOLD_LATE,
        closure_told=(rng.random(len(made.day)) < CLOSURE_TOLD)
        & (closed.astype(np.int64) > months + 2),
        late_placement=rng.random(len(placed.start)) < PLACEMENT_TOLD_LATE,
        missing=missing,
        late_missing=(rng.random(len(missing.of)) < MISSING_TOLD_LATE) & stays & ends,
    )


def _twice_a_day(rng: Generator, care: Care) -> Missing:
    """Some who came back on the day they left go again that day and come back on the next."""
    missing = care.missing
    follows = np.r_[missing.of[1:] == missing.of[:-1], False][: len(missing.of)]
    free = np.where(follows, np.r_[missing.start[1:], 0][: len(missing.of)], 30_000)
    key = care.placements.of * 100_000 + care.placements.start
    here = np.searchsorted(key, missing.of * 100_000 + missing.start, side="right") - 1
    placed_until = care.placements.end[here] if len(key) else missing.end
    again = (missing.end == missing.start) & (np.minimum(free, placed_until) > missing.start + 1)
    rows = np.flatnonzero(again & (rng.random(len(again)) < MISSING_TWICE_A_DAY))
    return Missing(
        of=np.insert(missing.of, rows + 1, missing.of[rows]),
        start=np.insert(missing.start, rows + 1, missing.start[rows]),
        end=np.insert(missing.end, rows + 1, missing.start[rows] + 1),
        category=np.insert(missing.category, rows + 1, missing.category[rows]),
    )


def _next_april(days: Days) -> Days:
    """The first of April after each day: the start of the next collection year."""
    years = (days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) - 3) // 12
    return np.asarray(
        ((years + 1) * 12 + 3).astype("datetime64[M]").astype("datetime64[D]").astype(np.int32)
    )


def chance(numbers: Numbers, *salts: int) -> Weights:
    """A number from 0 to 1 for each, the same whenever it is asked for, whatever stands beside."""
    mixed = np.asarray(numbers, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    for salt in (*salts, 0):
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = (mixed ^ (mixed >> np.uint64(31))) + np.uint64(salt)
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) / 2**53)


def mistaken(numbers: Numbers, count: int, salts: Iterable[int]) -> tuple[Numbers, Numbers]:
    """Which records carry another child's pupil number, and whose of `count` in order of birth.

    `numbers` are the places of the records' children in that order, `salts` tell the return.
    """
    salts = tuple(salts)
    rows = np.flatnonzero(chance(numbers, *salts, 1) < WRONG_UPN)
    here, how, which = numbers[rows], *(chance(numbers[rows], *salts, k) for k in (2, 3))
    near = here + 1 + (which * LIST).astype(np.int64)
    other = np.where(how < NEAR_IN_THE_LIST, near, (which * count).astype(np.int64)) % count
    return rows, other
