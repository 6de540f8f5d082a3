"""What the modules of this folder share: everything that was read, and counts by name."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from oracle.children import Children
from oracle.days import Days, add_months, month_of
from oracle.known import Known
from oracle.reading import Row, Submission

Counts = dict[tuple[str, str, date], list[str]]
"""By measure, authority and first day of the period: one entry for each thing counted, which says
the child by a made-up name and where its row stands."""


@dataclass
class World:
    found: list[Submission]
    today: date
    counts: Counts = field(default_factory=lambda: defaultdict(list))
    contested: dict[tuple[str, str, date], int] = field(default_factory=lambda: defaultdict(int))

    @cached_property
    def days(self) -> Days:
        return Days(self.found)

    @cached_property
    def children(self) -> Children:
        return Children(self.found, self.days)

    @cached_property
    def known(self) -> Known:
        return Known(self.found, self.days, self.children, self.referrals)

    @cached_property
    def referrals(self) -> list[Row]:
        """A referral is told by the sender's number of it and the child; on one day by several."""
        children = self.children
        return self.days.counted(
            self.found, "referrals", lambda row: (row.by.extract, row.key, children.of(row.who))
        )

    def count(self, measure: str, sender: str, period: date, row: Row, who: str | None) -> None:
        key = (measure, sender, period)
        self.counts[key].append(f"{self.children.of(who)} ({row.at})")
        self.contested[key] += self.children.is_contested(who)

    def count_years(
        self, measure: str, events: Iterable[tuple[str, str, Row]], times: int = 1
    ) -> None:
        """Children with at least so many events in the twelve months that end with each month."""
        months: dict[tuple[str, str], dict[date, list[Row]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for sender, who, row in events:
            assert row.day
            child = self.children.of(who) or ""
            for ahead in range(12):
                months[sender, child][add_months(month_of(row.day), ahead)].append(row)
        for (sender, child), by_month in months.items():
            for month, rows in by_month.items():
                if len(rows) >= times:
                    key = (measure, sender, month)
                    self.counts[key].append(f"{child} ({', '.join(row.at for row in rows)})")
                    self.contested[key] += any(self.children.is_contested(row.who) for row in rows)
