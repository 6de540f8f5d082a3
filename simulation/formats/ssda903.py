"""Looked-after children, their placements and missing episodes as SSDA903 tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from simulation import text
from simulation.calendar import Days, number
from simulation.children import ADULT
from simulation.formats import Members
from simulation.formats.ssd import ethnicity
from simulation.world import World

HEADER = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB"
EPISODES = (
    "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN"
)
MISSING = "CHILD,DOB,MISSING,MIS_START,MIS_END"
LETTERS_FOR_SEX = 2025
"""From the return of the year ending in this one, M and F; before, 1 and 2."""
LEGAL = np.array([b"C2", b"C2", b"C2", b"C1", b"C1", b"V2", b"V2", b"E1"])
NEEDS = np.array([b"N1", b"N1", b"N1", b"N3", b"N4", b"N5", b"N5", b"N8"])
PLACES = np.array([b"U4", b"U6", b"U4", b"U1", b"K2", b"P1", b"H5", b"U6", b"K2"])
PROVIDERS = np.array([b"PR1", b"PR4", b"PR1", b"PR1", b"PR4", b"PR0", b"PR4", b"PR4", b"PR1"])
ENDINGS = np.array([b"E4A", b"E41", b"E8", b"E45", b"E48", b"E13"])
MOVES = np.array([b"CARPL", b"CHILD", b"CREQB", b"PLACE", b"STAND"])


@dataclass(frozen=True)
class Rows:
    """Every row that the authority will ever send, as it reads when all is known."""

    world: World
    header: text.Rows
    episode: text.Rows
    missing: text.Rows


def rows(world: World) -> Rows:
    return Rows(world, _header(world), _episodes(world), _missing(world))


def _header(world: World) -> text.Rows:
    child = world.care.child
    people = world.population
    return text.table(
        {
            "child": people.child_id[child],
            "sex": np.where(people.is_girl[child], b"F", b"M"),
            "born": text.british(people.birth[child]),
            "ethnicity": ethnicity(child),
            "upn": people.care_upn()[child],
            "mother": b"",
            "mother_born": b"",
        }
    )


def _episodes(world: World) -> text.Rows:
    care = world.care
    owner = care.placements.of
    here = np.arange(len(owner))
    child = care.child[owner]
    is_first = np.r_[True, owner[1:] != owner[:-1]][: len(owner)]
    is_last = np.r_[owner[1:] != owner[:-1], True][: len(owner)]
    turns_eighteen = care.placements.end - world.population.birth[child] >= ADULT - 1
    ending = np.where(turns_eighteen, b"E8", ENDINGS[child % len(ENDINGS)])
    return text.table(
        {
            "child": world.population.child_id[child],
            "start": text.british(care.placements.start),
            "reason": np.where(is_first, b"S", b"P"),
            "legal": LEGAL[child % len(LEGAL)],
            "need": NEEDS[child // 3 % len(NEEDS)],
            "place": PLACES[(child + here) % len(PLACES)],
            "provider": PROVIDERS[(child + here) % len(PROVIDERS)],
            "end": text.british(care.placements.end),
            "ending": np.where(is_last, ending, b"X1"),
            "move": text.where(~is_last, MOVES[here % len(MOVES)]),
            "home": b"",
            "placed": b"",
            "urn": b"",
        }
    )


def _missing(world: World) -> text.Rows:
    care = world.care
    child = care.child[care.missing.of]
    return text.table(
        {
            "child": world.population.child_id[child],
            "born": text.british(world.population.birth[child]),
            "category": care.missing.category,
            "start": text.british(care.missing.start),
            "end": text.british(care.missing.end),
        }
    )


def _during(start: Days, end: Days, first: int, last: int) -> NDArray[np.int64]:
    return np.flatnonzero((start <= last) & (end >= first))


def members(
    parts: Sequence[Rows], year_start: date, until: date, *, dropped: int | None
) -> Members:
    """The collection year so far: what ends after the day is still open."""
    first, last = number(year_start), number(until)
    tables = [_part(part, first, last, year_start.year + 1, dropped) for part in parts]
    headers = (HEADER, EPISODES, MISSING)
    names = ("Header.csv", "Episodes.csv", "Missing.csv")
    joined = [np.concatenate(table) for table in zip(*tables, strict=True)]
    return {
        name: (header, table) for name, header, table in zip(names, headers, joined, strict=True)
    }


def _part(
    part: Rows, first: int, last: int, year: int, dropped: int | None
) -> tuple[text.Rows, text.Rows, text.Rows]:
    care = part.world.care
    header = part.header[_during(care.start, care.end, first, last)]
    if year < LETTERS_FOR_SEX:
        header["sex"] = np.where(header["sex"] == b"F", b"2", b"1")
    chosen = _during(care.placements.start, care.placements.end, first, last)
    episode = part.episode[chosen]
    is_open = care.placements.end[chosen] > last
    for column in ("end", "ending", "move"):
        episode[column][is_open] = b""
    chosen = _during(care.missing.start, care.missing.end, first, last)
    if dropped is not None:
        chosen = chosen[(chosen + dropped) % 9 > 0]
    missing = part.missing[chosen]
    missing["end"][care.missing.end[chosen] > last] = b""
    return header, episode, missing
