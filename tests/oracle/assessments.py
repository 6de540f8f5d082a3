"""Assessments that found exploitation, and the children found (C1, C4, C5, C6)."""

from oracle.days import age, month_of
from oracle.measures import World
from oracle.reading import Row, rows_of

GANGS_OR_CRIMINAL_EXPLOITATION = {"13A", "24A"}
SCREENED = {"10A", "11A", "12A", "13A", "24A"}


def completed(world: World) -> list[tuple[Row, set[str]]]:
    """Each assessment once, with the factors that the return which counts gives it."""
    factors = {(row.by.number, row.key): row.more for row in rows_of(world.found, "factors")}
    children = world.children
    rows = world.days.counted(
        world.found, "assessments", lambda row: (row.by.extract, row.key, children.of(row.who))
    )
    return [(row, factors.get((row.by.number, row.more), set())) for row in rows]


def measure(world: World) -> None:
    found = [row for row, codes in completed(world) if codes & GANGS_OR_CRIMINAL_EXPLOITATION]
    ages = []
    for row in found:
        assert row.day
        assert row.who
        world.count("exploitation_assessments", row.by.sender, month_of(row.day), row, row.who)
        years = age(world.children.born(row.who), row.day)
        if years is not None and 10 <= years <= 17:
            ages.append((row.by.sender, row.who, row, years))
    world.count_years("identified_children", [one[:3] for one in ages])
    girls = [one[:3] for one in ages if world.children.sex(one[1]) == "F"]
    world.count_years("identified_girls", girls)
    world.count_years("identified_under_14", [one[:3] for one in ages if one[3] < 14])
