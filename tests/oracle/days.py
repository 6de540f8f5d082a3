"""Which row speaks for a day, ages, and months."""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from datetime import date, timedelta

from oracle.reading import RANKS, Row, Span, Submission, rows_of

DAY = timedelta(days=1)
SOURCE = {
    "referrals": "front_door", "assessments": "front_door", "contacts": "contacts",
    "exclusions": "exclusions", "placements": "alternative_provision", "missing": "missing",
}  # fmt: skip


def add_months(day: date, count: int) -> date:
    """The same day of another month, or its last."""
    year, month = divmod(12 * day.year + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def month_of(day: date) -> date:
    return day.replace(day=1)


def month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def term_start(day: date) -> date:
    return date(day.year, 9 if day.month >= 9 else 4 if day.month >= 4 else 1, 1)


def year_start(day: date) -> date:
    return date(day.year - (day.month < 9), 9, 1)


def age(born: date | None, day: date) -> int | None:
    """Whole years; of a birth the month is kept, and its 15th taken as the day."""
    if born is None:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, 15))


class Days:
    """Of each sender and source, which submission is the newest that covers a day."""

    def __init__(self, found: list[Submission]) -> None:
        self._covering: dict[tuple[str, str], list[tuple[int, Submission, Span]]] = defaultdict(
            list
        )
        # Extracts of one family stand by rank first, then in the order of becoming known.
        ranked = sorted(
            found, key=lambda one: RANKS.index(one.extract) if one.extract in RANKS else 0
        )
        for place, one in enumerate(ranked):
            for source, span in one.windows.items():
                self._covering[one.sender, source].append((place, one, span))
        self._place = {one.number: place for place, one in enumerate(ranked)}
        self._newest: dict[tuple[str, str, date], int] = {}

    def place(self, one: Submission) -> int:
        return self._place[one.number]

    def newest(self, sender: str, source: str, day: date) -> int:
        """The place of the newest submission that covers a day; -1 if none does."""
        key = (sender, source, day)
        if key not in self._newest:
            told = self._covering.get((sender, source), [])
            self._newest[key] = max((p for p, _, (s, e) in told if s <= day <= e), default=-1)
        return self._newest[key]

    def speaks(self, one: Submission, source: str, day: date) -> bool:
        """Whether no newer submission of the sender covers the day."""
        return self.newest(one.sender, source, day) <= self.place(one)

    def covered(self, sender: str, source: str) -> set[date]:
        """Every day that any submission covers."""
        days: set[date] = set()
        for _, _, (start, end) in self._covering.get((sender, source), []):
            days.update(start + DAY * i for i in range((end - start).days + 1))
        return days

    def spans(self, sender: str, source: str) -> list[tuple[Submission, Span]]:
        return [(one, span) for _, one, span in self._covering.get((sender, source), [])]

    def free(self, one: Submission, source: str, start: date, end: date) -> list[Span]:
        """The days from one to another of which a submission speaks."""
        spans = [(start, end)] if start <= end else []
        for place, _, (first, last) in self._covering.get((one.sender, source), []):
            if place > self.place(one):
                spans = [
                    part
                    for s, e in spans
                    for part in ((s, min(e, first - DAY)), (max(s, last + DAY), e))
                    if part[0] <= part[1]
                ]
        return spans

    def counted(
        self, found: list[Submission], kind: str, key: Callable[[Row], Hashable]
    ) -> list[Row]:
        """Rows of which no newer submission of their sender covers the day; of those that tell one
        event, the newest."""
        events: dict[Hashable, Row] = {}
        for row in rows_of(found, kind):
            if row.day and self.speaks(row.by, SOURCE[kind], row.day):
                same = (row.by.sender, key(row))
                if same not in events or self.place(row.by) > self.place(events[same].by):
                    events[same] = row
        return list(events.values())


def within_twelve_months(earlier: Iterable[date], day: date) -> bool:
    """Whether any of these days lies in the twelve months before a day, the day itself included."""
    return any(add_months(day, -12) <= one <= day for one in earlier)
