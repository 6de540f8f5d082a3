"""What intake must come to, said as plainly as it can be: lists, dictionaries and a loop over days.

It knows nothing of files, batches or SQL. A submission that stands alone for a day speaks for it;
of several the census outranks monthly extracts, then the one that became known last; what came in
one run stands in the order of its numbers, then of its periods. No submission speaks for a day
after it became known.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

RANKS = {"ssd": 1, "cin_census": 2}


@dataclass
class Sent:
    """One submission: what it says, and what must come of its records."""

    sender: str
    extract: str
    start: date
    end: date
    known_on: date
    sequence: int | None
    referrals: tuple[date, ...]
    records: int
    quarantined: int
    is_refused: bool
    content: bytes
    bad: int = 0
    overridden_on: date | None = None
    withdrawn_on: date | None = None
    arrival: int = 0
    name: str = ""

    @property
    def accepted(self) -> int:
        return 0 if self.is_refused else self.records - self.quarantined

    def accept(self, on: date) -> None:
        """A person lets its good rows in after all."""
        self.is_refused, self.quarantined, self.overridden_on = False, self.bad, on

    def speaks(self, as_of: date) -> bool:
        """Whether it counts, by what was known and decided at a date."""
        was_refused = self.is_refused or (self.overridden_on or as_of) > as_of
        is_withdrawn = self.withdrawn_on is not None and self.withdrawn_on <= as_of
        return self.known_on <= as_of and not was_refused and not is_withdrawn


class Entry(NamedTuple):
    """What the ledger must say of a submission."""

    sender: str
    status: str
    records: int
    accepted: int
    quarantined: int


@dataclass
class Reference:
    """Everything that was taken in, in the order of its numbers."""

    sent: list[Sent] = field(default_factory=list)
    arrivals: int = 1

    def take_in(self, waiting: list[tuple[str, Sent]], *, goes_on: bool = False) -> None:
        """By name, what came in one run; bytes that the same sender sent before are nothing new.

        Where it goes on, what comes next belongs to the same intake.
        """
        for name, one in waiting:
            if not any((one.sender, one.content) == (o.sender, o.content) for o in self.sent):
                one.name, one.arrival = name, self.arrivals
                self.sent.append(one)
        self.arrivals += not goes_on

    def ledger(self) -> list[Entry]:
        return [
            Entry(
                one.sender,
                "quarantined" if one.is_refused else "accepted",
                one.records,
                one.accepted,
                one.quarantined,
            )
            for one in self.sent
        ]

    def speaks(self, as_of: date) -> dict[tuple[str, date], int]:
        """The number of the submission that speaks for a day of an authority."""
        found = {}
        for number, one in self._in_order(as_of):
            for day in days(one.start, min(one.end, one.known_on)):
                found[one.sender, day] = number
        return found

    def referrals(self, as_of: date) -> Counter[tuple[str, date]]:
        """Referrals by authority and month, each from the submission that speaks for its day."""
        speaks = self.speaks(as_of)
        return Counter(
            (one.sender, day.replace(day=1))
            for number, one in enumerate(self.sent, 1)
            for day in one.referrals
            if speaks.get((one.sender, day)) == number
        )

    def rows(self) -> Counter[int]:
        """The referrals kept of each submission by its number, whether or not they are in force."""
        kept = enumerate(self.sent, 1)
        return Counter({number: len(one.referrals) for number, one in kept if one.accepted})

    def _in_order(self, as_of: date) -> list[tuple[int, Sent]]:
        """Later ones overwrite earlier ones."""
        heard = [(number, one) for number, one in enumerate(self.sent, 1) if one.speaks(as_of)]
        heard.sort(key=lambda item: (*_newness(item[1]), item[0]))
        for key in {_slice(one) for _, one in heard}:
            places = [place for place, (_, one) in enumerate(heard) if _slice(one) == key]
            same = [heard[place] for place in places]
            if all(one.sequence is not None for _, one in same):
                same.sort(key=lambda item: item[1].sequence or 0)
                for place, item in zip(places, same, strict=True):
                    heard[place] = item
        return sorted(heard, key=lambda item: RANKS[item[1].extract])


def _newness(one: Sent) -> tuple[date, int, int, date, date, str]:
    return one.known_on, one.arrival, one.sequence or 0, one.end, one.start, one.name


def _slice(one: Sent) -> tuple[str, str, date, date]:
    return one.sender, one.extract, one.start, one.end


def days(start: date, end: date) -> Iterator[date]:
    for number in range((end - start).days + 1):
        yield start + timedelta(days=number)
