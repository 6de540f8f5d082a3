"""Placements in alternative provision as the table of a termly return."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from sightline.simulation import text
from sightline.simulation.calendar import Term, number, term_of
from sightline.simulation.formats import Members
from sightline.simulation.world import World

PLACEMENT = (
    "placement_id,upn,former_upn,dob,sex,arranged_by,placement_reason,setting_type,setting_urn,"
    "entry_date,leaving_date,attendance_pattern,sessions_per_week"
)


def members(worlds: Sequence[World], term: Term, *, dropped: int | None) -> Members:
    """Placements that are open on any day of a term; an end after the term is not known yet. A few
    are first told by the next term's return, whether or not they have ended by then."""
    return {
        "ap_placement.csv": (
            PLACEMENT,
            np.concatenate([_rows(world, term, dropped) for world in worlds]),
        )
    }


def _rows(world: World, term: Term, dropped: int | None) -> text.Rows:
    made, people, is_late = world.placements, world.population, world.recording.late_placement
    first, last = number(term.start), number(term.end)
    before = number(term_of(term.start - timedelta(days=1)).start)
    begun = (made.start <= last) & (~is_late | (made.start < first))
    told_now = is_late & (made.start >= before) & (made.start < first)
    chosen = np.flatnonzero(begun & ((made.end >= first) | told_now))
    if dropped is not None:
        chosen = chosen[(chosen + dropped) % 13 > 0]
    child = made.child[chosen]
    part_time = chosen % 3 == 0
    has_ended = made.end[chosen] <= last
    return text.table(
        {
            "id": text.numbered("A", chosen + world.first_number, 8),
            "upn": people.upn[child],
            "former_upn": people.former_upn[child],
            "born": text.iso(people.birth[child]),
            "sex": np.where(people.is_girl[child], b"F", b"M"),
            "arranged_by": made.arranged_by[chosen],
            "reason": made.reason[chosen],
            "setting": made.setting[chosen],
            "urn": text.numbered("", 130_000 + chosen * 7_919 % 9_973, 6),
            "entry": text.iso(made.start[chosen]),
            "leaving": text.where(has_ended, text.iso(made.end[chosen])),
            "pattern": np.where(part_time, b"P", b"F"),
            "sessions": np.where(part_time, b"4", b"10"),
        }
    )
