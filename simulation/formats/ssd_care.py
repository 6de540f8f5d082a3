"""Children in care, their legal status and who went missing, in tables of the same dataset.

Some senders add them to each monthly bundle. Children missing from home stand beside those missing
from care, as the scripts of the case systems list both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sightline.simulation import text
from sightline.simulation.calendar import Days, number
from sightline.simulation.children import ADULT
from sightline.simulation.formats import Members
from sightline.simulation.formats.case_systems import CaseSystem
from sightline.simulation.formats.ssda903 import ADOPTED, ENDINGS, LEGAL, NEEDS
from sightline.simulation.recording import chance
from sightline.simulation.world import World

EPISODES = (
    "clae_cla_episode_id,clae_person_id,clae_cla_placement_id,clae_cla_episode_start_date,"
    "clae_cla_episode_start_reason,clae_cla_primary_need_code,clae_cla_episode_ceased_date,"
    "clae_cla_episode_ceased_reason,clae_cla_id,clae_referral_id,clae_cla_last_iro_contact_date,"
    "clae_entered_care_date"
)
STATUSES = (
    "lega_legal_status_id,lega_person_id,lega_legal_status,lega_legal_status_start_date,"
    "lega_legal_status_end_date"
)
MISSING = (
    "miss_table_id,miss_person_id,miss_missing_episode_start_date,miss_missing_episode_type,"
    "miss_missing_episode_end_date,miss_missing_rhi_offered,miss_missing_rhi_accepted"
)
STATUS_WORDS = {
    "C1": "interim care order", "C2": "full care order", "E1": "placement order granted",
    "V2": "single period of accommodation", "V3": "series of short breaks",
    "V4": "series of short breaks",
}  # fmt: skip
ENDING_WORDS = dict.fromkeys(("E4A", "E41", "E8", "E45", "E48", "E13", "E11", "E12", "X1"), "ended")
FROM_HOME, SALT = 0.03, 57
"""Of children who are referred and never in care: those who go missing from home soon after.
Nothing is published; enough that each bundle has some."""
LEFT_AT, BACK_AT = b" 22:40:00", b" 06:15:00"


@dataclass(frozen=True)
class Table:
    """Rows with the days from which and until which each holds, and whose they are."""

    rows: text.Rows
    start: Days
    end: Days
    person: NDArray[np.int64]
    ends_in: tuple[str, ...]
    """The columns that are blank while a row goes on."""

    def during(self, first: int, last: int, null: bytes) -> tuple[text.Rows, NDArray[np.int64]]:
        chosen = np.flatnonzero((self.start <= last) & (self.end >= first))
        told = self.rows[chosen]
        for column in self.ends_in:
            told[column][self.end[chosen] > last] = null
        return told, self.person[chosen]

    def beside(self, other: Self) -> Self:
        joined = {
            field.name: np.concatenate([getattr(self, field.name), getattr(other, field.name)])
            for field in fields(self)
            if field.name != "ends_in"
        }
        return type(self)(**joined, ends_in=self.ends_in)


@dataclass(frozen=True)
class Rows:
    system: CaseSystem
    episodes: Table
    statuses: Table
    missing: Table


def children(world: World) -> NDArray[np.int64]:
    """Of whom the tables tell; they stand among the persons too."""
    breaks = world.care.short_breaks.child
    return np.unique(np.concatenate([world.care.child, breaks, _from_home(world)[0]]))


def rows(world: World, system: CaseSystem) -> Rows:
    return Rows(system, _episodes(world, system), _statuses(world, system), _missing(world, system))


def merged(parts: Sequence[Rows]) -> Rows:
    """One sender's rows from those of the authorities that it was divided into."""
    first = parts[0]
    for part in parts[1:]:
        first = Rows(
            first.system,
            first.episodes.beside(part.episodes),
            first.statuses.beside(part.statuses),
            first.missing.beside(part.missing),
        )
    return first


def members(sent: Rows, start: date, end: date, cut: int) -> tuple[Members, NDArray[np.int64]]:
    """What holds on days of a window, as known at its end, and the numbers of the persons."""
    last, null = min(number(end), cut), sent.system.null
    told: Members = {}
    persons = [np.empty(0, dtype=np.int64)]
    for name, header, table in (
        ("ssd_cla_episodes", EPISODES, sent.episodes),
        ("ssd_legal_status", STATUSES, sent.statuses),
        ("ssd_missing", MISSING, sent.missing),
    ):
        found, whose = table.during(number(start), last, null)
        told[f"{name}.csv"] = (header, found)
        persons.append(whose)
    return told, np.unique(np.concatenate(persons))


def _numbers(world: World, child: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(world.first_child + child)


def _table(system: CaseSystem, header: str, columns: dict[str, text.Text | bytes]) -> text.Rows:
    return text.table({name: columns.get(name, system.null) for name in header.split(",")})


def _episodes(world: World, system: CaseSystem) -> Table:
    care, breaks = world.care, world.care.short_breaks
    owner = care.placements.of
    is_last = np.r_[owner[1:] != owner[:-1], True][: len(owner)]
    child = np.concatenate([care.child[owner], breaks.child])
    start = np.concatenate([care.placements.start, breaks.start])
    end = np.concatenate([care.placements.end, breaks.end])
    of_care = care.child[owner]
    turns_eighteen = care.placements.end - world.population.birth[of_care] >= ADULT - 1
    ending = np.where(turns_eighteen, b"E8", ENDINGS[of_care % len(ENDINGS)])
    ending = np.where(care.adopted[owner], ADOPTED[of_care % len(ADOPTED)], ending)
    ending = np.where(is_last, ending, b"X1")
    ending = np.concatenate([ending, np.where(breaks.enters_care, b"X1", b"E4A")])
    entered = np.concatenate([care.start[owner], breaks.start])
    numbers = np.arange(len(child)) + world.first_number
    built = _table(
        system,
        EPISODES,
        {
            "clae_cla_episode_id": text.numbered("C", numbers, 8),
            "clae_person_id": world.population.child_id[child],
            "clae_cla_episode_start_date": system.day(start),
            "clae_cla_primary_need_code": NEEDS[child // 3 % len(NEEDS)],
            "clae_cla_episode_ceased_date": system.day(end),
            "clae_cla_episode_ceased_reason": system.with_words(ending, ENDING_WORDS),
            "clae_entered_care_date": system.day(entered),
        },
    )
    ends_in = ("clae_cla_episode_ceased_date", "clae_cla_episode_ceased_reason")
    return Table(built, start, end, _numbers(world, child), ends_in)


def _statuses(world: World, system: CaseSystem) -> Table:
    """Of a period of care one, as the return of looked-after children has it, and of short
    breaks."""
    care, breaks = world.care, world.care.short_breaks
    child = np.concatenate([care.child, breaks.child])
    start = np.concatenate([care.start, breaks.start])
    end = np.concatenate([care.end, breaks.end])
    code = np.concatenate([LEGAL[care.child % len(LEGAL)], breaks.legal])
    numbers = np.arange(len(child)) + world.first_number
    built = _table(
        system,
        STATUSES,
        {
            "lega_legal_status_id": text.numbered("S", numbers, 8),
            "lega_person_id": world.population.child_id[child],
            "lega_legal_status": system.with_words(code, STATUS_WORDS),
            "lega_legal_status_start_date": system.day(start),
            "lega_legal_status_end_date": system.day(end),
        },
    )
    return Table(built, start, end, _numbers(world, child), ("lega_legal_status_end_date",))


def _missing(world: World, system: CaseSystem) -> Table:
    told = world.recording.missing
    at_home, went = _from_home(world)
    child = np.concatenate([world.care.child[told.of], at_home])
    start = np.concatenate([told.start, went])
    end = np.concatenate([told.end, went + 1])
    kind = np.concatenate([told.category, np.full(len(at_home), b"M")])
    left, back = (LEFT_AT, BACK_AT) if system.after_day else (b"", b"")
    words = text.where(kind == b"M", b"Missing", b"Absent")
    numbers = np.arange(len(child)) + world.first_number
    built = _table(
        system,
        MISSING,
        {
            "miss_table_id": text.numbered("N", numbers, 8),
            "miss_person_id": world.population.child_id[child],
            "miss_missing_episode_start_date": text.iso(start, left),
            "miss_missing_episode_type": words if system.by_form else kind,
            "miss_missing_episode_end_date": text.iso(end, back),
            "miss_missing_rhi_offered": np.full(len(child), b"Y"),
        },
    )
    person = _numbers(world, child)
    return Table(built, start, end, person, ("miss_missing_episode_end_date",))


def _from_home(world: World) -> tuple[NDArray[np.int64], Days]:
    """Children missing from home, and since when."""
    made = world.referrals
    known = np.concatenate([world.care.child, world.care.short_breaks.child])
    goes = chance(np.arange(len(made.day)), SALT) < FROM_HOME
    chosen = np.flatnonzero(goes & ~np.isin(made.child, known))
    return made.child[chosen], made.day[chosen] + 5
