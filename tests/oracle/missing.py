"""Missing from care (D9 to D12), and the children missing again and again (E2)."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from oracle import assessments
from oracle.days import add_months, age, month_of
from oracle.measures import World
from oracle.reading import Row, rows_of


def told(world: World) -> list[Row]:
    """Missing episodes. Several may begin on a day and end on different ones; one that is told
    open is the same as a version with an end that another return tells."""
    groups: dict[tuple[str, str | None, date], list[Row]] = defaultdict(list)
    for row in rows_of(world.found, "missing"):
        is_told = "missing" in row.by.windows
        is_counted = is_told and row.day and world.days.speaks(row.by, "missing", row.day)
        if row.kind == "M" and row.day and is_counted:
            groups[row.by.sender, world.children.of(row.who), row.day].append(row)
    return [row for rows in groups.values() for row in _once(world, rows)]


def _once(world: World, rows: list[Row]) -> list[Row]:
    """Of what is told of a child and a day, each episode once."""
    rows.sort(key=lambda row: world.days.place(row.by))
    ended = {row.end: row for row in rows if row.end}
    found = [*ended.values()]
    if still_open := [row for row in rows if row.end is None]:
        by = still_open[-1].by
        if not ended.keys() - {row.end for row in rows if row.by is by}:
            found.append(still_open[-1])
    own = [row for row in rows if _covers(row)]
    others = [row for row in rows if own and row.by.extract != own[0].by.extract]
    if not others:
        return found
    # What one extract covers and another names from outside are the same ones, as far as they go.
    ends = {row.end for row in own}
    extra = sorted((row for row in found if row.end not in ends), key=lambda row: str(row.end))
    if None in ends and all(row.end for row in found):
        extra = extra[1:]
    most = max(len(ends), len({row.end for row in others}))
    dropped = extra[: max(len(found) - most, 0)]
    return [row for row in found if not any(row is one for one in dropped)]


def _covers(row: Row) -> bool:
    first, last = row.by.windows["missing"]
    return bool(row.day and first <= row.day <= last)


def measure(world: World) -> list[tuple[Row, int]]:
    """Counts, and gives every episode at 10 to 17, with the age."""
    rows = told(world)
    care = world.known.care
    judged: list[Row] = []
    from_home: set[int] = set()
    for row in rows:
        assert row.day
        child = world.children.of(row.who) or ""
        on_day = {
            is_short
            for start, end, is_short in care.get((row.by.sender, child), ())
            if start <= row.day <= end
        }
        if not on_day and row.by.extract == "ssd":
            from_home.add(id(row))
        elif on_day != {True}:
            judged.append(row)
    # Missing from home is not missing from care.
    rows = [row for row in rows if id(row) not in from_home]
    for row in judged:
        assert row.day
        month = month_of(row.day)
        world.count("missing_episodes", row.by.sender, month, row, row.who)
        if row.end != row.day:
            world.count("missing_episodes_over_24_hours", row.by.sender, month, row, row.who)
    events = [(row.by.sender, row.who or "", row) for row in judged]
    world.count_years("missing_children", events)
    world.count_years("missing_children_repeat", events, times=2)
    looked_after(world)
    again(world, rows)
    ages = ((row, age(world.children.born(row.who), row.day or date.max)) for row in rows)
    return [(row, years) for row, years in ages if years is not None and 10 <= years <= 17]


def looked_after(world: World) -> None:
    """In the month, and in the twelve months to its end, but for series of short breaks."""
    whose = {world.children.of(row.who): row for row in rows_of(world.found, "care")}
    for (sender, child), spells in world.known.care.items():
        row = whose[child]
        months = set()
        for start, end, is_short in spells:
            month = month_of(start)
            while month <= end and not is_short:
                months.add(month)
                month = add_months(month, 1)
        for month in months:
            world.count("looked_after_children", sender, month, row, row.who)
        for month in {add_months(month, ahead) for month in months for ahead in range(12)}:
            world.count("looked_after_children_in_year", sender, month, row, row.who)


def again(world: World, rows: list[Row]) -> None:
    """Missing for at least the second time in twelve months, and not assessed for exploitation
    from 90 days before to 90 days after the first such day of a month."""
    screened: dict[tuple[str, str | None], list[date]] = defaultdict(list)
    for row, codes in assessments.completed(world):
        if codes & assessments.SCREENED and row.day:
            screened[row.by.sender, world.children.of(row.who)].append(row.day)
    by_child: dict[tuple[str, str | None], list[Row]] = defaultdict(list)
    for row in rows:
        by_child[row.by.sender, world.children.of(row.who)].append(row)
    for (sender, child), episodes in by_child.items():
        episodes.sort(key=lambda row: row.day or date.min)
        done = set()
        for before, row in pairwise(episodes):
            assert row.day
            assert before.day
            month = month_of(row.day)
            if before.day < add_months(row.day, -12) or month in done:
                continue
            done.add(month)
            one = replace(row)
            world.count("repeat_missing_children", sender, month, one, row.who)
            near = timedelta(days=90)
            if not any(abs(day - row.day) <= near for day in screened[sender, child]):
                world.count("repeat_missing_children_not_assessed", sender, month, one, row.who)
