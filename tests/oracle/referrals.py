"""Referrals and contacts of a month (A1, A2, A3, A5, B1, B2)."""

from collections import defaultdict
from datetime import date

from oracle.days import add_months, month_of
from oracle.measures import World
from oracle.reading import Row, rows_of


def measure(world: World) -> None:
    for row in told_once(world):
        assert row.day
        month = month_of(row.day)
        world.count("referrals", row.by.sender, month, row, row.who)
        if row.kind in ("2A", "2B"):
            world.count("referrals_from_schools", row.by.sender, month, row, row.who)
        if row.more:
            world.count("referrals_no_further_action", row.by.sender, month, row, row.who)
    again(world)
    contacts(world)


def told_once(world: World) -> list[Row]:
    return world.referrals


def again(world: World) -> None:
    """Within twelve months of an earlier referral of the child to the same authority; of two on
    one day, one is the earlier."""
    by_child: dict[tuple[str, str | None], list[Row]] = defaultdict(list)
    for row in told_once(world):
        by_child[row.by.sender, world.children.of(row.who)].append(row)
    for (sender, _), rows in by_child.items():
        before: date | None = None
        for row in sorted(rows, key=lambda row: row.day or date.min):
            assert row.day
            if before and before >= add_months(row.day, -12):
                world.count("re_referrals", sender, month_of(row.day), row, row.who)
            before = row.day


def contacts(world: World) -> None:
    """Every contact of the newest list that tells of the child and the day."""
    told = [
        row
        for row in rows_of(world.found, "contacts")
        if row.day and world.days.speaks(row.by, "contacts", row.day)
    ]
    newest: dict[tuple[str | None, date | None], int] = defaultdict(lambda: -1)
    for row in told:
        newest[row.who, row.day] = max(newest[row.who, row.day], world.days.place(row.by))
    for row in told:
        assert row.day
        if newest[row.who, row.day] == world.days.place(row.by):
            world.count("contacts", row.by.sender, month_of(row.day), row, row.who)
