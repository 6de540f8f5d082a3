"""Who is one child: ties of local numbers and pupil numbers, and what the newest return says.

A tie is what a sender's newest return says of a number. Where a return gives two present pupil
numbers to one child or one to several children, or where both sides of a tie have births more
than a year apart or another sex, the tie is cut and the numbers are contested.
"""

from collections import defaultdict
from datetime import date
from itertools import chain

from oracle.days import Days
from oracle.reading import Row, Submission, rows_of


class Children:
    def __init__(self, found: list[Submission], days: Days) -> None:
        alive = [
            one
            for one in found
            if any(days.free(one, source, *span) for source, span in one.windows.items())
        ]
        self.contested: set[str] = set()
        self._facts: dict[str, dict[str, tuple[int, object]]] = defaultdict(dict)
        self._above: dict[str, str] = {}
        self._names: dict[str, str] = {}
        for row in chain(rows_of(alive, "about"), rows_of(alive, "pupils")):
            if row.who:
                self._tell(row.who, row)
        ties = set(_ties(alive, self.contested))
        for one, other in sorted(ties):
            if self._contradict(one, other):
                self.contested |= {one, other}
            elif self._root(one) != self._root(other):
                self._join(one, other)
        self._widen()

    def of(self, who: str | None) -> str | None:
        """The child that an identifier means, under a made-up name."""
        if who is None:
            return None
        return self._names.setdefault(self._root(who), f"child {len(self._names) + 1}")

    def born(self, who: str | None) -> date | None:
        found = self._fact(who, "born")
        return found if isinstance(found, date) else None

    def sex(self, who: str | None) -> object:
        return self._fact(who, "sex")

    def is_contested(self, who: str | None) -> bool:
        return who is not None and self._root(who) in self.contested

    def _tell(self, who: str, row: Row) -> None:
        for name, value in (("born", row.day), ("sex", row.kind if row.kind in "MF" else None)):
            if value and row.by.newness >= self._facts[who].get(name, (-1,))[0]:
                self._facts[who][name] = (row.by.newness, value)

    def _fact(self, who: str | None, name: str) -> object:
        return self._facts[self._root(who)].get(name, (-1, None))[1] if who else None

    def _contradict(self, one: str, other: str) -> bool:
        births = [self.born(one), self.born(other)]
        sexes = {self.sex(one), self.sex(other)} - {None}
        if all(births):
            first, last = sorted(12 * birth.year + birth.month for birth in births if birth)
            if last - first > 12:
                return True
        return len(sexes) > 1

    def _root(self, who: str) -> str:
        root = who
        while root in self._above:
            root = self._above[root]
        if root != who:
            self._above[who] = root
        return root

    def _join(self, one: str, other: str) -> None:
        below, above = sorted((self._root(one), self._root(other)))
        for name, told in self._facts[below].items():
            self._facts[above][name] = max(
                self._facts[above].get(name, (-1, None)), told, key=_first
            )
        self._above[below] = above

    def _widen(self) -> None:
        self.contested |= {self._root(one) for one in self.contested}


def _first(told: tuple[int, object]) -> int:
    return told[0]


def _ties(alive: list[Submission], contested: set[str]) -> list[tuple[str, str]]:
    """Of each sender's number the ties that the newest return says, without contradictions."""
    newest: dict[tuple[str, str, bool], int] = {}
    told: dict[tuple[str, str, bool, int], set[str]] = defaultdict(set)
    whose: dict[tuple[str, int, str], set[str]] = defaultdict(set)
    for row in rows_of(alive, "ties"):
        if not row.key:
            continue
        assert row.who
        key = (row.by.sender, row.who, row.more)
        newest[key] = max(newest.get(key, -1), row.by.newness)
        told[*key, row.by.newness].add(row.key)
        whose[row.by.sender, row.by.newness, row.key].add(row.who)
    found = []
    shared = {(sender, number) for (sender, _, number), those in whose.items() if len(those) > 1}
    for (sender, who, is_former), place in newest.items():
        numbers = told[sender, who, is_former, place]
        if len(numbers) > 1 and not is_former:
            contested |= {who, *numbers}
            continue
        for number in numbers:
            if (sender, number) in shared:
                contested |= {who, number}
            else:
                found.append((who, number))
    return found
