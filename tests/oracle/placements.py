"""Moves to alternative provision (D8), and the children who were moved (E4)."""

from datetime import date

from oracle.days import age, month_of, term_start
from oracle.measures import World
from oracle.reading import Row


def measure(world: World) -> list[tuple[Row, int]]:
    """Counts, and gives every move at 10 to 17 of a child that can be followed, with the age."""
    moves = []
    first: dict[tuple[str, str, date], Row] = {}
    children = world.children
    for row in world.days.counted(
        world.found, "placements", lambda row: (row.key, children.of(row.who) or row.more)
    ):
        assert row.day
        years = age(children.born(row.who) or row.more, row.day)
        if years is None or not 10 <= years <= 17:
            continue
        term = term_start(row.day)
        world.count("ap_placements", row.by.sender, term, row, row.who)
        if row.kind == "BEH":
            world.count("ap_placements_behavioural", row.by.sender, term, row, row.who)
        if child := children.of(row.who):
            moves.append((row, years))
            key = (row.by.sender, child, month_of(row.day))
            if key not in first or row.day < (first[key].day or date.max):
                first[key] = row
    for (sender, child, _), row in first.items():
        assert row.day
        term = term_start(row.day)
        world.count("ap_movers", sender, term, row, row.who)
        if not world.known.on(child, row.day) and not world.known.referred_after(child, row.day):
            world.count("ap_movers_not_known", sender, term, row, row.who)
    return moves
