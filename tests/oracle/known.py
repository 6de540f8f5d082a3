"""Who was known to social care on a day, and who was referred soon after it."""

from collections import defaultdict
from datetime import date, timedelta

from oracle.children import Children
from oracle.days import Days, add_months
from oracle.reading import Row, Submission, rows_of

SHORT = ("V3", "V4")


class Known:
    """A child is known while looked after (short breaks included), for twelve months from a
    referral, and while a case is open: until the day on which the newest return that tells of the
    referral says that it was closed, or else to the end of that return's period."""

    def __init__(
        self, found: list[Submission], days: Days, children: Children, referrals: list[Row]
    ) -> None:
        self._spells: dict[str, list[tuple[date, date, str]]] = defaultdict(list)
        self._referred: dict[str, list[date]] = defaultdict(list)
        for row in referrals:
            child = children.of(row.who)
            assert child
            assert row.day
            self._referred[child].append(row.day)
            year_on = add_months(row.day, 12)
            self._spells[child].append((row.day, max(row.end or year_on, year_on), row.by.sender))
            if row.end is None and not row.more:
                for start, end in days.free(row.by, "front_door", row.day, row.by.end):
                    self._spells[child].append((start, end, row.by.sender))
        self.care = care_spells(found, days, children)
        for (sender, child), spells in self.care.items():
            self._spells[child] += [(start, end, sender) for start, end, _ in spells]

    def on(self, child: str, day: date) -> bool:
        return any(start <= day <= end for start, end, _ in self._spells.get(child, ()))

    def referred_after(self, child: str, day: date) -> bool:
        """Within 90 days, the day itself included."""
        last = day + timedelta(days=90)
        return any(day <= one <= last for one in self._referred.get(child, ()))

    def senders(self, child: str) -> set[str]:
        return {sender for _, _, sender in self._spells.get(child, ())}


Spells = dict[tuple[str, str], list[tuple[date, date, bool]]]


def care_spells(found: list[Submission], days: Days, children: Children) -> Spells:
    """By sender and child, days in care as the newest return that covers them says, and whether it
    is a series of short breaks (V3, V4)."""
    spells: Spells = defaultdict(list)
    statuses: dict[tuple[int, str | None], list[Row]] = defaultdict(list)
    for row in rows_of(found, "legal"):
        statuses[row.by.number, row.who].append(row)
    for row in rows_of(found, "care"):
        assert row.day
        if "missing" not in row.by.windows:
            continue
        child = children.of(row.who)
        start, end = row.by.windows["missing"]
        last = min(row.end or end, end)
        for one in days.free(row.by, "missing", max(row.day, start), last):
            assert child
            if row.kind:
                spells[row.by.sender, child].append((*one, row.kind in SHORT))
            else:
                told = statuses[row.by.number, row.who]
                spells[row.by.sender, child] += _by_status(*one, told)
    return spells


def _by_status(start: date, end: date, told: list[Row]) -> list[tuple[date, date, bool]]:
    """Each day by itself where any was a short break: of statuses that hold on one, the newest."""
    if not any(row.kind in SHORT for row in told):
        return [(start, end, False)]
    days = [start + timedelta(days=i) for i in range((end - start).days + 1)]
    return [(day, day, _is_short(day, told)) for day in days]


def _is_short(day: date, told: list[Row]) -> bool:
    held = [row for row in told if row.day and row.day <= day <= (row.end or date.max)]
    newest = max((row.day for row in held if row.day), default=None)
    return bool(held) and all(row.kind in SHORT for row in held if row.day == newest)
