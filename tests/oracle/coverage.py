"""Which months a sender's returns cover, and why a figure is not given.

Where several reasons hold a figure may give any of them; what must be said and what may be said are
kept apart.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from oracle.days import DAY, add_months, month_end, month_of, term_start
from oracle.measures import World
from oracle.population import seed
from oracle.reading import Span, Submission, term_of, two_terms_before

DUE = {
    "ssd": ("month", 20), "annex_a": ("month", 20), "ssda903": ("quarter", 42),
    "alternative_provision": ("term", 42), "school_census": ("term", 100),
    "cin_census": ("year", 120),
}  # fmt: skip
"""How often each return is due and within how many days: of its end, a census of its start."""
OFTEN = ("month", "quarter", "term", "year")
MONTHS = {"month": 1, "quarter": 3, "year": 12}
PARTS = {"month": 1, "term": 0, "academic_year": 12}
UNCOVERED = {"no_return", "not_due", "partly_covered", "quarantined"}


@dataclass
class Said:
    must: set[str] = field(default_factory=set)
    may: set[str] = field(default_factory=set)


def months_of(period_type: str, start: date) -> list[date]:
    if period_type == "term":
        end = term_of(start)[1]
    else:
        end = add_months(start, PARTS[period_type]) - DAY
    months = [start]
    while add_months(months[-1], 1) <= end:
        months.append(add_months(months[-1], 1))
    return months


class Coverage:
    def __init__(self, world: World, months: list[date]) -> None:
        self.world = world
        self.months = set(months)
        self._shares: dict[tuple[str, str], dict[date, float]] = {}
        self._begins: dict[tuple[str, str], date | None] = {}
        self._lives = _lives()

    def share(self, sender: str, source: str, month: date) -> float:
        """Of the days of a month, those that any return covers."""
        key = (sender, source)
        if key not in self._shares:
            counts = Counter(map(month_of, self.world.days.covered(*key)))
            self._shares[key] = {one: n / month_end(one).day for one, n in counts.items()}
        return self._shares[key].get(month, 0)

    def is_covered(self, sender: str, source: str, month: date) -> bool:
        return self.share(sender, source, month) == 1

    def ever(self, sender: str, source: str) -> bool:
        return any(self.world.days.spans(sender, source))

    def why_not(self, sender: str, source: str, month: date) -> str | None:
        if self.is_covered(sender, source, month):
            return None
        if self.share(sender, source, month):
            return "partly_covered"
        states = {
            state
            for (start, end), state in self.due[sender, source]
            if start <= month_end(month) and end >= month
        }
        return "not_due" if not self.due[sender, source] or states == {"not_due"} else "no_return"

    def begins(self, sender: str, source: str) -> date | None:
        """The first month that the sender's returns cover: no history lies before it."""
        key = (sender, source)
        if key not in self._begins:
            first, last = self._lives[sender]
            months = [one for one in sorted(self.months) if first <= one <= last]
            covered = (one for one in months if self.is_covered(*key, one))
            self._begins[key] = next(covered, None)
        return self._begins[key]

    def history(self, sender: str, source: str, month: date) -> list[date]:
        """The twelve months before, as far as the sender's returns reach back."""
        first = self.begins(sender, source)
        before = (add_months(month, -i) for i in range(12, 0, -1))
        return [one for one in before if first and first <= one]

    def is_final(self, sender: str, source: str, month: date) -> bool:
        """Covered, and no return that is expected will tell of it again: senders whose windows are
        longer than a month send the newest one again."""
        if not self.is_covered(sender, source, month):
            return False
        spans = self.world.days.spans(sender, source)
        overlaps = any(
            one.extract in ("ssd", "annex_a") and (one.end - one.start).days > 31
            for one, _ in spans
        )
        return not overlaps or month < month_of(max(end for _, (_, end) in spans))

    def said(self, told: dict, sender: str, period: date) -> Said:
        """The reasons of an indicator (its definition as a dict) for an authority and a period."""
        said = Said()
        back, ahead = told.get("months_before", 0), told.get("months_after", 0)
        # Whether a sender numbered its children anew is not recounted here.
        said.may |= {"numbers_changed"} if back else set()
        for month in months_of(told.get("period_type", "month"), period):
            for source in told["sources"]:
                self._own(said, sender, source, month, back)
            if told.get("asks_whether_known"):
                self._known(said, sender, month)
            near = [add_months(month, -i) for i in range(1, ahead + 1)]
            if not all(self.is_covered(sender, "referrals", one) for one in near):
                # What may have been done in a month that did not come cannot be said not to be.
                said.must |= {"gap_in_history"} if "referrals" in told["sources"] else set()
            after = [add_months(month, i) for i in range(1, ahead + 1)]
            missing = [one for one in after if not self.is_final(sender, "referrals", one)]
            if "referrals" in told["sources"] and (missing or not set(after) <= self.months):
                said.must.add("censored")
                said.may.add("gap_after")
        return said

    def _own(self, said: Said, sender: str, source: str, month: date, back: int) -> None:
        if reason := self.why_not(sender, source, month):
            said.must.add(reason)
        before = self.history(sender, source, month)
        if back and len(before) < back:
            said.must.add("too_little_history")
        elif back:
            gaps = sum(not self.is_covered(sender, source, one) for one in before[-back:])
            # One month of a year is borne, and marked.
            if gaps > 1:
                said.must.add("gap_in_history")
            if gaps == 1:
                said.may.add("one_month_missing")

    def _known(self, said: Said, sender: str, month: date) -> None:
        """Known rests on a year of referrals and on the return of children in care."""
        year = [month, *self.history(sender, "referrals", month)]
        if any(not self.is_covered(sender, "referrals", one) for one in year):
            said.must.add("known_rests_on_missing_return")
        if not self.ever(sender, "missing"):
            said.may.add("without_care_return")
        elif reason := self.why_not(sender, "missing", month):
            said.must |= {reason, "known_rests_on_missing_return"}
        # Where others in whose returns its children are usually found lack theirs.
        said.may.add("other_returns_missing")

    @cached_property
    def due(self) -> dict[tuple[str, str], list[tuple[Span, str]]]:
        """By sender and source: the days of each return due, and whether it came."""
        first: dict[str, date] = {}
        for one in self.world.found:
            first[one.extract] = min(first.get(one.extract, one.start), one.start)
        found: dict[tuple[str, str], list[tuple[Span, str]]] = defaultdict(list)
        by_sender = defaultdict(list)
        for one in self.world.found:
            by_sender[one.sender].append(one)
        for sender, sent in by_sender.items():
            families = {one.family for one in self.world.found}
            monthly = min(
                (one.start for one in sent if one.extract == "ssd" and one.tells_care), default=None
            )
            for family in families:
                own = {one.extract for one in sent if one.family == family}
                known = {one.extract for one in self.world.found if one.family == family}
                extract = min(
                    own or known, key=lambda name: (OFTEN.index(DUE[name][0]), name != "ssd")
                )
                alike = [one for one in sent if one.extract == extract]
                begins = min((one.start for one in alike), default=first[extract])
                for span in self._periods(extract, begins):
                    if self._lives[sender][0] <= span[0] and span[1] <= self._lives[sender][1]:
                        state = self._state(extract, span, alike)
                        # Who sends the tables of care each month owes no quarter besides.
                        is_instead = extract == "ssda903" and monthly and monthly <= span[0]
                        if is_instead and state in ("missing", "not_due"):
                            continue
                        for source, told in _windows(extract, span).items():
                            found[sender, source].append((told, state))
                        if extract == "ssd" and monthly and monthly <= span[1]:
                            found[sender, "missing"].append((span, state))
        return found

    def _periods(self, extract: str, begins: date) -> list[Span]:
        every, _ = DUE[extract]
        found = []
        start = _start(every, begins)
        # Also of the year to come: what such returns will tell of is not owed yet.
        while start <= add_months(self.world.today, 12):
            end = term_of(start)[1] if every == "term" else add_months(start, MONTHS[every]) - DAY
            found.append((start, end))
            start = end + DAY
        return found

    def _state(self, extract: str, span: Span, sent: list[Submission]) -> str:
        if any(one.start <= span[0] and one.end >= span[1] for one in sent):
            return "received"
        counted_from = span[0] if extract == "school_census" else span[1]
        if any(one.start <= span[1] and one.end >= span[0] for one in sent):
            return "partial"
        is_due = self.world.today > counted_from + timedelta(days=DUE[extract][1])
        return "missing" if is_due else "not_due"


def _windows(extract: str, span: Span) -> dict[str, Span]:
    if extract == "school_census":
        before = term_of(term_of(span[0])[0] - DAY)
        return {"exclusions": two_terms_before(span[0]), "absence": before}
    sources = {
        "ssd": ("front_door", "referrals"), "cin_census": ("front_door", "referrals"),
        "annex_a": ("front_door", "contacts"), "ssda903": ("missing",),
    }.get(extract, ("alternative_provision",))  # fmt: skip
    return dict.fromkeys(sources, span)


def _start(every: str, day: date) -> date:
    if every == "term":
        return term_start(day)
    if every == "year":
        return date(day.year - (day.month < 4), 4, 1)
    return (
        date(day.year, 3 * ((day.month - 1) // 3) + 1, 1) if every == "quarter" else month_of(day)
    )


def _lives() -> dict[str, Span]:
    found: dict[str, Span] = {}
    for row in seed("areas"):
        if row["la_code"] and row["area_level"] == "local_authority":
            start = date.fromisoformat(row["valid_from"])
            end = date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max
            known = found.get(row["la_code"], (start, end))
            found[row["la_code"]] = (min(start, known[0]), max(end, known[1]))
    return found
