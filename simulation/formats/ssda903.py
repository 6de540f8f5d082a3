"""Looked-after children, their placements and missing episodes as SSDA903 tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sightline.simulation import text
from sightline.simulation.calendar import Days, day, number
from sightline.simulation.children import ADULT
from sightline.simulation.formats import Members
from sightline.simulation.formats.ssd import ethnicity
from sightline.simulation.recording import mistaken
from sightline.simulation.world import World

HEADER = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB"
EPISODES = (
    "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN"
)
MISSING = "CHILD,DOB,MISSING,MIS_START,MIS_END"
LETTERS_FOR_SEX = 2025
"""From the return of the year ending in this one, M and F; before, 1 and 2."""
WITHOUT_H5 = 2025
"""From that return on supported accommodation has a code of its own, in place of this one."""
LEGAL = np.array([b"C2", b"C2", b"C2", b"C1", b"C1", b"V2", b"V2", b"E1"])
NEEDS = np.array([b"N1", b"N1", b"N1", b"N3", b"N4", b"N5", b"N5", b"N8"])
PLACES = np.array([b"U4", b"U6", b"U4", b"U1", b"K2", b"P1", b"H5", b"U6", b"K2"])
PROVIDERS = np.array([b"PR1", b"PR4", b"PR1", b"PR1", b"PR4", b"PR0", b"PR4", b"PR4", b"PR1"])
OF_SHORT_BREAKS = {"reason": b"S", "need": b"N2", "place": b"K2", "provider": b"PR1"}
ADOPTED = np.array([b"E11", b"E12"])
ENDINGS = np.array([b"E4A", b"E41", b"E8", b"E45", b"E48", b"E13"])
MOVES = np.array([b"CARPL", b"CHILD", b"CREQB", b"PLACE", b"STAND"])
Day = Callable[[text.Integers], text.Text]


@dataclass(frozen=True)
class Rows:
    """Every row that the authority will ever send, as it reads when all is known."""

    world: World
    day: Day
    """How a day is written."""
    child: NDArray[np.int64]
    """Of each row of the header, in order."""
    header: text.Rows
    episode: text.Rows
    short: text.Rows
    missing: text.Rows


def rows(world: World, *, iso_days: bool = False) -> Rows:
    """With days as the return asks for, or year first and with a time."""
    day = partial(text.iso, after=b" 00:00:00") if iso_days else text.british
    child = np.union1d(world.care.child, world.care.short_breaks.child)
    return Rows(
        world,
        day,
        child,
        _header(world, child, day),
        _episodes(world, day),
        _short_breaks(world, day),
        _missing(world, day),
    )


def _header(world: World, child: NDArray[np.int64], day: Day) -> text.Rows:
    people = world.population
    return text.table(
        {
            "child": people.child_id[child],
            "sex": np.where(people.is_girl[child], b"F", b"M"),
            "born": day(people.birth[child]),
            "ethnicity": ethnicity(people.person[child]),
            "upn": people.care_upn()[child],
            "mother": b"",
            "mother_born": b"",
        }
    )


def _episodes(world: World, day: Day) -> text.Rows:
    care = world.care
    owner = care.placements.of
    here = np.arange(len(owner))
    child = care.child[owner]
    is_first = np.r_[True, owner[1:] != owner[:-1]][: len(owner)]
    is_last = np.r_[owner[1:] != owner[:-1], True][: len(owner)]
    turns_eighteen = care.placements.end - world.population.birth[child] >= ADULT - 1
    ending = np.where(turns_eighteen, b"E8", ENDINGS[child % len(ENDINGS)])
    ending = np.where(care.adopted[owner], ADOPTED[child % len(ADOPTED)], ending)
    before = care.short_breaks.child[care.short_breaks.enters_care]
    entry = np.where(np.isin(child, before), b"B", b"S")
    return text.table(
        {
            "child": world.population.child_id[child],
            "start": day(care.placements.start),
            "reason": np.where(is_first, entry, b"P"),
            "legal": LEGAL[child % len(LEGAL)],
            "need": NEEDS[child // 3 % len(NEEDS)],
            "place": PLACES[(child + here) % len(PLACES)],
            "provider": PROVIDERS[(child + here) % len(PROVIDERS)],
            "end": day(care.placements.end),
            "ending": np.where(is_last, ending, b"X1"),
            "move": text.where(~is_last, MOVES[here % len(MOVES)]),
            "home": b"",
            "placed": b"",
            "urn": b"",
        }
    )


def _short_breaks(world: World, day: Day) -> text.Rows:
    breaks = world.care.short_breaks
    always = {name: np.full(len(breaks.child), code) for name, code in OF_SHORT_BREAKS.items()}
    return text.table(
        {
            "child": world.population.child_id[breaks.child],
            "start": day(breaks.start),
            "reason": always["reason"],
            "legal": breaks.legal,
            "need": always["need"],
            "place": always["place"],
            "provider": always["provider"],
            "end": day(breaks.end),
            "ending": np.where(breaks.enters_care, b"X1", b"E4A"),
            "move": np.zeros(len(breaks.child), dtype="S5"),
            "home": b"",
            "placed": b"",
            "urn": b"",
        }
    )


def _missing(world: World, day: Day) -> text.Rows:
    told = world.recording.missing
    child = world.care.child[told.of]
    return text.table(
        {
            "child": world.population.child_id[child],
            "born": day(world.population.birth[child]),
            "category": told.category,
            "start": day(told.start),
            "end": day(told.end),
        }
    )


def _during(start: Days, end: Days, first: int, last: int) -> NDArray[np.int64]:
    return np.flatnonzero((start <= last) & (end >= first))


def members(
    parts: Sequence[Rows], start: date, until: date, *, dropped: int | None, since: date | None
) -> Members:
    """The days from a start on, mostly of a collection year: what ends after them is still open.

    `dropped` leaves out some missing episodes and has others begin a day early: of all days or,
    with `since`, of those from it on.
    """
    blurred = dropped, number(since or start)
    tables = [_part(part, start, until, blurred) for part in parts]
    headers = (HEADER, EPISODES, MISSING)
    names = ("Header.csv", "Episodes.csv", "Missing.csv")
    joined = [np.concatenate(table) for table in zip(*tables, strict=True)]
    return {
        name: (header, table) for name, header, table in zip(names, headers, joined, strict=True)
    }


def _part(
    part: Rows, start: date, until: date, blurred: tuple[int | None, int]
) -> tuple[text.Rows, text.Rows, text.Rows]:
    care, first, last = part.world.care, number(start), number(until)
    short = care.short_breaks
    chosen = _during(care.placements.start, care.placements.end, first, last)
    episode = _known(part.episode[chosen], care.placements.end[chosen] > last)
    breaks = _during(short.start, short.end, first, last)
    stays = _known(part.short[breaks], short.end[breaks] > last)
    looked_after = care.child[_during(care.start, care.end, first, last)]
    header = _told_header(part, np.union1d(looked_after, short.child[breaks]), last)
    year = until.year + (until.month > 3)
    if year >= WITHOUT_H5:
        episode["place"][episode["place"] == b"H5"] = b"K3"
    if year < LETTERS_FOR_SEX:
        header["sex"] = np.where(header["sex"] == b"F", b"2", b"1")
    return header, np.concatenate([episode, stays]), _told_missing(part, first, last, blurred)


def _known(episode: text.Rows, is_open: NDArray[np.bool_]) -> text.Rows:
    for column in ("end", "ending", "move"):
        episode[column][is_open] = b""
    return episode


def _told_header(part: Rows, child: NDArray[np.int64], last: int) -> text.Rows:
    """With what is wrong until it is corrected, and now and then another child's pupil number."""
    people = part.world.population
    header = part.header[np.searchsorted(part.child, child)]
    at_first = np.flatnonzero(people.corrected_on[child] > last)
    header["sex"][at_first] = np.where(people.first_is_girl[child[at_first]], b"F", b"M")
    header["born"][at_first] = part.day(people.first_birth[child[at_first]])
    wrong, other = mistaken(child, len(people.upn), (last,))
    has_one = header["upn"][wrong] != b""
    header["upn"][wrong[has_one]] = people.upn[other[has_one]]
    return header


def _told_missing(part: Rows, first: int, last: int, blurred: tuple[int | None, int]) -> text.Rows:
    """Late ones are told in the year after their own, all others in the years that they touch."""
    told, is_late = part.world.recording.missing, part.world.recording.late_missing
    dropped, since = blurred
    is_told = (told.start <= last) & (told.end >= first) & ~is_late
    if _is_first_of_april(first):
        is_told |= is_late & (told.start < first) & (told.start >= first - 365)
    chosen = np.flatnonzero(is_told)
    if dropped is not None:
        chosen = chosen[((chosen + dropped) % 9 > 0) | (told.start[chosen] < since)]
    missing = part.missing[chosen]
    missing["end"][told.end[chosen] > last] = b""
    if dropped is not None:
        wrong = ((chosen + dropped) % 9 == 1) & (told.start[chosen] > since)
        wrong &= np.r_[False, told.end[chosen][:-1] < told.start[chosen][1:] - 1][: len(chosen)]
        missing["start"][wrong] = part.day(told.start[chosen[wrong]] - 1)
    return missing


def _is_first_of_april(number_of_day: int) -> bool:
    return (day(number_of_day).month, day(number_of_day).day) == (4, 1)
