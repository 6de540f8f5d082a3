"""Exclusions and excluded pupils as tables of a school census, on roll and no longer on roll."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sightline.simulation import text
from sightline.simulation.absence import Missed
from sightline.simulation.calendar import Census, number
from sightline.simulation.formats import Members
from sightline.simulation.world import World

CENSUS = "schoolcensustableid,NativeId,lea,estab,year,term,referencedate"
PUPIL = (
    "{parent}tableid,NativeId,upn,formerupn,dob,sex,entrydate,ncyearactual,enrolstatus,"
    "senprovision,schoolcensustableid"
)
MISSED = (
    "termlysessionspossible,termlysessionsauthorised,termlysessionsunauthorised,"
    "summerhalfterm2sessionspossible,summerhalfterm2sessionsauthorised,"
    "summerhalfterm2sessionsunauthorised"
)
EXCLUSION = (
    "{parent}tableid,NativeId,termlyexclusions{roll}tableid,"
    "termlyexclusions{roll}orderseqcolumn,sourceid,startdate,sessions,reason1,reason2,reason3,"
    "category,senprovision"
)
ROLLS = (("pupilonroll", "onroll"), ("pupilnolongeronroll", "offroll"))
YEAR_GROUPS = np.array(["R", *map(str, range(1, 15))]).astype("S2")
SESSIONS = np.array([f"{count}.0" for count in range(21)]).astype("S4")
COUNTS = np.array([str(count) for count in range(200)]).astype("S5")
COUNTS_WITH_POINT = np.char.add(COUNTS, b".0").astype("S5")
SCHOOLS = "schoolcensus.csv"
ORDERS = np.array([str(order) for order in range(100)]).astype("S2")
PUPILS_A_SCHOOL = 850


def _special_needs(children: NDArray[np.int64]) -> text.Text:
    return np.array([b"N", b"N", b"K", b"N", b"N", b"K", b"E", b"N", b"N", b"N"])[
        children * 7_919 % 10
    ]


def _schools(world: World, children: NDArray[np.int64]) -> NDArray[np.int64]:
    count = max(1, round(world.authority.pupils / PUPILS_A_SCHOOL))
    return children * 40_503 % count + world.first_child // 4_000


def exclusion_rows(world: World) -> text.Rows:
    """All that a sender will ever tell; rows are numbered anew in each census."""
    made = world.exclusions
    old_code = int(world.authority.la_code) % 7 == 0
    category = (
        np.where(made.category == b"SUSP", b"FIXD", made.category) if old_code else made.category
    )
    return text.table(
        {
            "pupil": np.zeros(len(made.day), dtype="S9"),
            "school": text.numbered("S", _schools(world, made.child), 4),
            "id": np.zeros(len(made.day), dtype="S9"),
            "order": ORDERS[np.minimum(made.order, 99)],
            "source": b"1",
            "start": text.census(made.day),
            "sessions": SESSIONS[made.sessions],
            "reason_1": made.reasons[0],
            "reason_2": made.reasons[1],
            "reason_3": made.reasons[2],
            "category": category,
            "special_needs": _special_needs(made.child),
        }
    )


def _has_left(
    world: World, census: Census, child: NDArray[np.int64], expelled: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Expelled, past the end of year 11, or one of the few who move."""
    birth = world.population.birth[child]
    summer = np.datetime64(f"{census.year - (census.term != 'Autumn')}-08-31")
    is_over = (summer - np.datetime64("1970-01-01")).astype(int) - birth >= 16 * 365.25
    moves = (child * 31 + census.reference.toordinal()) % 17 == 0
    return np.asarray(is_over | moves | np.isin(child, expelled))


def _pupils(
    world: World,
    census: Census,
    child: NDArray[np.int64],
    missed: Missed | None,
    *,
    has_left: bool,
    after: int,
    counts: text.Text,
) -> text.Rows:
    """Numbered on from those before."""
    people = world.population
    birth = people.birth[child]
    months = birth.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    started_school = 1970 + (months - 8) // 12 + 5
    year = census.year - (census.term != "Autumn")
    entry = birth + 365 * np.where(year - started_school >= 7, 11, 5)
    columns: dict[str, text.Text | bytes] = {
        "pupil": _numbers("P", after, len(child)),
        "school": text.numbered("S", _schools(world, child), 4),
        "upn": people.upn[child],
        "former_upn": people.former_upn[child],
        "born": text.census(birth),
        "sex": np.where(people.is_girl[child], b"F", b"M"),
        "entry": text.census(entry),
        "year_group": YEAR_GROUPS[np.clip(year - started_school, 0, 14)],
        "enrolment": b"C",
        "special_needs": _special_needs(child),
        "census": np.char.add(b"C", text.numbered("", _schools(world, child), 4)),
        **_sessions(child, missed, counts, in_two_parts=census.term == "Autumn"),
    }
    if has_left:
        left = number(census.reference) - 10 - child % 60
        columns["left"] = text.census(left)
    return text.table(columns)


def _numbers(letter: str, after: int, count: int) -> text.Text:
    return _series(letter, 1 << (after + count).bit_length())[after : after + count]


@cache
def _series(letter: str, count: int) -> text.Text:
    return text.numbered(letter, 1 + np.arange(count), 8)


def _sessions(
    child: NDArray[np.int64], missed: Missed | None, written: text.Text, *, in_two_parts: bool
) -> dict[str, text.Text | bytes]:
    """Blank for pupils of whom no absence is told; the summer's last half term stands apart."""
    names = ("possible", "authorised", "unauthorised")
    if missed is None:
        return {f"{name}_{part}": b"" for part in (1, 2) for name in names}
    place = np.searchsorted(missed.child, child)
    known = place < len(missed.child)
    known[known] = missed.child[place[known]] == child[known]
    columns: dict[str, text.Text | bytes] = {}
    counts = [np.zeros(len(child), dtype=np.int64) for _ in names]
    for count, name in zip(counts, names, strict=True):
        count[known] = getattr(missed, name)[place[known]]
    for part in (1, 2):
        for count, name in zip(counts, names, strict=True):
            shown = (count + part - 1) // 2 if in_two_parts else count
            is_shown = known & (in_two_parts or part == 1)
            columns[f"{name}_{part}"] = text.where(is_shown, written[shown])
    return columns


def _sittings(worlds: Sequence[World], census: Census, lea: str) -> text.Rows:
    schools = np.unique(np.concatenate([_schools(world, np.arange(2_000)) for world in worlds]))
    return text.table(
        {
            "id": np.char.add(b"C", text.numbered("", schools, 4)),
            "school": text.numbered("S", schools, 4),
            "lea": lea.encode(),
            "estab": text.numbered("", 2_000 + schools, 4),
            "year": str(census.year).encode(),
            "term": census.term.encode(),
            "reference": text.census(np.full(len(schools), number(census.reference))),
        }
    )


def members(
    worlds: Sequence[World],
    rows: Sequence[text.Rows],
    census: Census,
    lea: str,
    *,
    span: tuple[int, int],
    tells_absence: bool,
    dropped: int | None,
    counts_with_point: bool,
) -> Members:
    """`span` holds the first and last day of the exclusions that this sender has in the census."""
    counts = COUNTS_WITH_POINT if counts_with_point else COUNTS
    tables: dict[str, list[text.Rows]] = {}
    for world, all_rows in zip(worlds, rows, strict=True):
        made = world.exclusions
        chosen = np.arange(*np.searchsorted(made.day, [span[0], span[1] + 1]))
        if dropped is not None:
            chosen = chosen[(chosen + dropped) % 13 > 0]
        before = made.day < number(census.reference)
        expelled = made.child[before & (made.category == b"PERM")]
        missed = world.absence.get(census.absent_in) if tells_absence else None
        told = made.child[chosen]
        pupils = np.unique(told if missed is None else np.concatenate([told, missed.child]))
        gone = _has_left(world, census, pupils, expelled)
        left = np.isin(told, pupils[gone])
        for (parent, roll), mask in zip(ROLLS, (~left, left), strict=True):
            is_off = roll == "offroll"
            here, events = pupils[gone == is_off], chosen[mask]
            on, listed = (
                tables.setdefault(name, []) for name in (parent, f"termlyexclusions{roll}")
            )
            after = sum(map(len, on))
            on.append(
                _pupils(world, census, here, missed, has_left=is_off, after=after, counts=counts)
            )
            told_here = all_rows[events]
            place = np.searchsorted(here, made.child[events])
            told_here["pupil"] = on[-1]["pupil"][place]
            told_here["id"] = _numbers("E", sum(map(len, listed)), len(events))
            listed.append(told_here)
    bundle: Members = {SCHOOLS: (CENSUS, _sittings(worlds, census, lea))}
    for parent, roll in ROLLS:
        leaving = ",leavingdate" if roll == "offroll" else ""
        header = f"{PUPIL.format(parent=parent)},{MISSED}{leaving}"
        bundle[f"{parent}.csv"] = (header, np.concatenate(tables[parent]))
        exclusion = EXCLUSION.format(parent=parent, roll=roll)
        name = f"termlyexclusions{roll}"
        bundle[f"{name}.csv"] = (exclusion, np.concatenate(tables[name]))
    return bundle
