"""Absence in a term (D5, D6, D7), and the pupils who are at risk by it (E3)."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date

from oracle.days import DAY, age, year_start
from oracle.measures import World
from oracle.reading import Row, rows_of

ABSENT = {"C", "C1", "C2", "E", "G", "H", "I", "J1", "M", "N", "O", "R", "S", "T", "U"}
"""The attendance codes of a session missed, with leave or without."""
WHOLE = 0.6
"""A census that holds fewer than three in five of the pupils of January gives no shares."""


def share_that_is_persistent(term: date) -> int:
    return 10 if term >= date(2015, 9, 1) else 15 if term >= date(2010, 9, 1) else 20


def measure(world: World) -> tuple[Counter[tuple[str, str, date]], list[tuple[Row, int]]]:
    """Counts of enrolments by measure, authority and term; severe absence at 10 to 17, with age."""
    counts: Counter[tuple[str, str, date]] = Counter()
    severe: dict[tuple[str, str, date], tuple[Row, int]] = {}
    newest: dict[tuple[str, date], int] = defaultdict(lambda: -1)
    for one in world.found:
        if one.extract == "school_census":
            key = (one.sender, one.windows["absence"][0])
            newest[key] = max(newest[key], one.newness)
    by_code: Counter[tuple[int, object]] = Counter()
    for row in rows_of(world.found, "sessions"):
        by_code[id(row.by), row.key] += row.more if row.kind in ABSENT else 0
    coded = {number for number, _ in by_code}
    totalled = {id(row.by) for row in rows_of(world.found, "pupils") if row.more[2]}
    for row in rows_of(world.found, "pupils"):
        term, term_end = row.by.windows["absence"]
        possible, missed, _ = row.more
        total, away = sum(one or 0 for one in possible), sum(missed)
        if id(row.by) not in totalled:
            if id(row.by) not in coded:
                continue
            away = by_code[id(row.by), row.key]
        years = age(world.children.born(row.who) or row.day, year_start(term) - DAY)
        if (
            not total
            or away > total
            or years is None
            or newest[row.by.sender, term] != row.by.newness
        ):
            continue
        is_severe = 100 * away >= 50 * total
        is_persistent = 100 * away >= share_that_is_persistent(term) * total
        child = world.children.of(row.who)
        is_known = child is not None and world.known.on(child, term_end)
        if 5 <= years <= 15:
            for name, is_so in {
                "enrolments": True, "persistent_absentees": is_persistent,
                "severe_absentees": is_severe, "known_enrolments": is_known,
                "known_persistent_absentees": is_known and is_persistent,
            }.items():  # fmt: skip
                counts[name, row.by.sender, term] += is_so
        if child and is_severe and 10 <= years <= 17:
            severe[row.by.sender, child, term] = (replace(row, day=term_end), years)
    for (sender, child, term), (row, _) in severe.items():
        world.count("severely_absent_children", sender, term, row, row.who)
        if not world.known.on(child, row.day or date.max):
            world.count("severely_absent_children_not_known", sender, term, row, row.who)
    return counts, list(severe.values())
