"""Children at risk whom social care does not know (E1, E5), and all who show a risk (E7)."""

from collections import defaultdict
from datetime import date

from oracle.days import add_months, month_of, year_start
from oracle.measures import World
from oracle.reading import Row

Risks = dict[str, list[tuple[Row, int]]]
"""By kind: the rows that show it at 10 to 17, with the age."""


def measure(world: World, risks: Risks) -> None:
    excluded(world, risks["exclusion"])
    several(world, risks)
    exposed(world, risks)


def excluded(world: World, rows: list[tuple[Row, int]]) -> None:
    """Each child once a month, on the first day."""
    for (sender, child, month), row in first_of_month(world, [row for row, _ in rows]).items():
        assert row.day
        world.count("excluded_pupils", sender, month, row, row.who)
        if not world.known.on(child, row.day) and not world.known.referred_after(child, row.day):
            world.count("excluded_pupils_not_known", sender, month, row, row.who)


def several(world: World, risks: Risks) -> None:
    """A risk of a second kind within twelve months of one of another kind, wherever that was."""
    days: dict[str, dict[str, list[date]]] = defaultdict(lambda: defaultdict(list))
    for kind, rows in risks.items():
        for row, _ in rows:
            assert row.day
            days[world.children.of(row.who) or ""][kind].append(row.day)
    found = []
    for kind, rows in risks.items():
        for row, _ in rows:
            assert row.day
            others = [
                day
                for other, those in days[world.children.of(row.who) or ""].items()
                for day in those
                if other != kind
            ]
            if any(add_months(row.day, -12) <= day <= row.day for day in others):
                found.append(row)
    for (sender, child, month), row in first_of_month(world, found).items():
        assert row.day
        world.count("multi_exposed_children", sender, month, row, row.who)
        if not world.known.on(child, row.day):
            world.count("multi_exposed_children_not_known", sender, month, row, row.who)


def exposed(world: World, risks: Risks) -> None:
    """Distinct children who show any risk at 13 to 17 in a school year."""
    done = set()
    for rows in risks.values():
        for row, years in rows:
            assert row.day
            key = (row.by.sender, year_start(row.day), world.children.of(row.who))
            if 13 <= years <= 17 and key not in done:
                done.add(key)
                world.count("exposed_13_17", *key[:2], row, row.who)


def first_of_month(world: World, rows: list[Row]) -> dict[tuple[str, str, date], Row]:
    first: dict[tuple[str, str, date], Row] = {}
    for row in rows:
        assert row.day
        key = (row.by.sender, world.children.of(row.who) or "", month_of(row.day))
        if key not in first or row.day < (first[key].day or date.max):
            first[key] = row
    return first
