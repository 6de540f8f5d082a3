"""Every child under a made-up name, and its sex and month of birth."""

from datetime import date
from itertools import chain

from oracle.days import Days
from oracle.identities import joined
from oracle.reading import Row, Submission, rows_of


class Children:
    def __init__(self, found: list[Submission], days: Days) -> None:
        self._above: dict[str, str] = {}
        self._names: dict[str, str] = {}
        for one, other in joined(found):
            above, below = self._root(one), self._root(other)
            if above != below:
                self._above[below] = above
        self._born: dict[str, tuple[int, date]] = {}
        self._sex: dict[str, tuple[int, str]] = {}
        speaking = [
            one
            for one in found
            if any(days.free(one, source, *span) for source, span in one.windows.items())
        ]
        for row in chain(rows_of(speaking, "about"), rows_of(speaking, "pupils")):
            if row.who:
                self._tell(self._root(row.who), row)

    def of(self, who: str | None) -> str | None:
        """The child that an identifier means, under a made-up name."""
        if who is None:
            return None
        return self._names.setdefault(self._root(who), f"child {len(self._names) + 1}")

    def born(self, who: str | None) -> date | None:
        """As the newest submission says that gives it."""
        return self._born.get(self._root(who), (0, None))[1] if who else None

    def sex(self, who: str | None) -> str | None:
        """As the newest submission says that gives it."""
        return self._sex.get(self._root(who), (0, None))[1] if who else None

    def _tell(self, child: str, row: Row) -> None:
        place = row.by.newness
        if row.day and place >= self._born.get(child, (-1,))[0]:
            self._born[child] = (place, row.day)
        if row.kind in ("M", "F") and place >= self._sex.get(child, (-1,))[0]:
            self._sex[child] = (place, row.kind)

    def _root(self, who: str) -> str:
        root = who
        while root in self._above:
            root = self._above[root]
        if root != who:
            self._above[who] = root
        return root
