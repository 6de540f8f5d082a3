"""Suspensions and permanent exclusions (D1 to D4), and the pupils who are at risk by them (E1)."""

from collections import defaultdict
from datetime import date

from oracle.days import age, month_of, within_twelve_months
from oracle.measures import World
from oracle.reading import Row, rows_of

NAMES = {"SUSP": "suspensions", "PERM": "permanent_exclusions"}
REASONS = {"OW": "suspensions_weapon", "DA": "suspensions_drugs_alcohol"}


def told(world: World) -> list[Row]:
    """One pupil, category and first day make an exclusion; `more` is age, birth and reasons."""
    pupils = {(row.by.number, row.key): row for row in rows_of(world.found, "pupils")}
    for row in rows_of(world.found, "exclusions"):
        pupil = pupils.get((row.by.number, row.key))
        assert row.day
        born = (world.children.born(pupil.who) or pupil.day) if pupil else None
        row.more = (age(born, row.day), born, row.more)
        row.who = pupil.who if pupil else None
    children = world.children
    return world.days.counted(
        world.found,
        "exclusions",
        lambda row: (children.of(row.who) or (row.by.number, row.key), row.kind, row.day),
    )


def measure(world: World) -> list[tuple[Row, int]]:
    """Counts, and gives every event at 10 to 17 that shows a risk, with the age."""
    suspended: dict[str, list[date]] = defaultdict(list)
    rows = told(world)
    for row in rows:
        assert row.day
        if row.kind in NAMES:
            world.count(NAMES[row.kind], row.by.sender, month_of(row.day), row, row.who)
        if row.kind == "SUSP" and row.who:
            suspended[world.children.of(row.who) or ""].append(row.day)
        for reason in row.more[2] & REASONS.keys() if row.kind == "SUSP" else ():
            world.count(REASONS[reason], row.by.sender, month_of(row.day), row, row.who)
    world.count_years(
        "suspended_pupils", [(r.by.sender, r.who, r) for r in rows if r.kind == "SUSP" and r.who]
    )
    risks = []
    for row in rows:
        years = row.more[0]
        if not row.who or row.day is None or years is None or not 10 <= years <= 17:
            continue
        earlier = [one for one in suspended[world.children.of(row.who) or ""] if one < row.day]
        if row.kind == "PERM" or (row.kind == "SUSP" and within_twelve_months(earlier, row.day)):
            risks.append((row, years))
    return risks
