"""What travels through intake: files, tables and lines of a submission, and its outcome."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from sightline.warehouse.calendar import Span, census_of, term
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.contracts.schema import Contract, SentTable, compared
from sightline.warehouse.errors import MachineFault
from sightline.warehouse.problems import BadRow, Problem, Severity, refuse

Opened = Callable[[], BinaryIO]
# A block is held in memory three times over while its lines are told apart.
BLOCK = 16 << 20
HEAD = 1 << 16
MANIFEST = "manifest.json"
# Behind the name of a file whose manifest it is.
BESIDE = ".manifest.json"
# No child-level extract began before 2000, and none is sent for more than ten years at once.
EARLIEST = date(2000, 1, 1)
LONGEST = timedelta(days=3660)
FIGURES = "figures"
# Files that hold all tables of a return at once.
TREES = ("xml", "json")
# More than any return has rows: beyond, most of them have to be in order.
MOST_SET_ASIDE = 1_000_000
Verdict = Literal["accepted", "quarantined"]


class SetAside(NamedTuple):
    """A record that was not read: its physical line, the rule it broke and perhaps the column."""

    line: int
    rule: str
    column: str | None = None


@dataclass
class BlankRows:
    """Rows in which nothing stands, such as delimiters alone: no records, but counted."""

    count: int = 0
    first: int | None = None

    def add(self, line: int) -> None:
        self.count += 1
        self.first = self.first or line

    def notes(self, file: str) -> list[Problem]:
        message = "nothing stands in these rows, so they are no records"
        note = Problem("BLANK_ROWS", message, "note", file=file, line=self.first, count=self.count)
        return [note] if self.count else []


def notes_above(header_line: int, file: str) -> list[Problem]:
    """What there is to be said of a header that stands further down."""
    if header_line == 1:
        return []
    message = f"the header stands in line {header_line}; what is above it was passed over"
    above = header_line - 1
    return [Problem("TITLE_ROWS", message, "note", file=file, line=1, count=above)]


@dataclass
class Lines:
    """Records of one file; `numbers` are physical line numbers, None means `first` and on."""

    header: Sequence[str]
    records: list[bytes]
    numbers: list[int] | None = None
    first: int = 2
    duplicates: int = 0
    refused: list[SetAside] = field(default_factory=list)
    queries: list[Problem] = field(default_factory=list)

    @property
    def every_number(self) -> Sequence[int]:
        return (
            range(self.first, self.first + len(self.records))
            if self.numbers is None
            else self.numbers
        )

    def numbered(self) -> Iterable[tuple[int, bytes]]:
        return zip(self.every_number, self.records, strict=True)


@dataclass(frozen=True)
class Member:
    """One file of a bundle: its name escaped, its kind told by how it starts."""

    name: str
    kind: str
    head: bytes
    opened: Opened


@dataclass(frozen=True)
class Sheet(Member):
    """One sheet of a workbook; `head` is its first rows as CSV, `opened` is the workbook."""

    is_hidden: bool
    read: Callable[[SentTable, int], Iterator[Lines]]
    """The records of a table below the line that is its header."""


class Manifest(BaseModel):
    """What a sender may say about a bundle; every key may be left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    extract: str | None = None
    sender: str | None = None
    period_start: date | None = None
    period_end: date | None = None
    prepared_on: date | None = None
    released_on: date | None = None
    sequence: int | None = None
    simulated: bool = False
    source: str | None = None

    @property
    def period(self) -> Span | None:
        """The days that it states, where they can be meant."""
        start, end = self.period_start, self.period_end
        if start is None or end is None or not EARLIEST <= start <= end:
            return None
        return Span(start, end) if end - start <= LONGEST else None


@dataclass(frozen=True)
class Bundle:
    manifest: Manifest = field(default_factory=Manifest)
    members: tuple[Member, ...] = ()


@dataclass(frozen=True)
class Recognised:
    """A file that is a table of an extract."""

    contract: Contract
    table: str
    member: Member
    delimiter: str = ","
    header_line: int = 1


@dataclass
class Part:
    """One table of a submission: where each column stands, and how many records there are."""

    table: str
    file: str
    header: tuple[str, ...]
    positions: dict[str, int]
    delimiter: str = ","
    header_line: int = 1
    records: int = 0
    duplicates: int = 0
    refused: list[SetAside] = field(default_factory=list)
    queries: list[Problem] = field(default_factory=list)
    told_by: tuple[str, ...] = ()
    """Columns that say something of the whole submission."""
    facts: dict[tuple[str, ...], int] = field(default_factory=dict)
    """What rows say in them, with the first line that says it."""
    container: str = "csv"
    """What kind of file it came in: csv, xlsx, ods, xml or json."""

    @property
    def signature(self) -> tuple[object, ...]:
        return (self.table, self.delimiter, self.header, tuple(self.positions.items()))

    @property
    def is_empty(self) -> bool:
        return not (self.records or self.duplicates or self.refused)

    def form(self, table: SentTable) -> dict[str, Any]:
        """Its container, and of its headings, as they stand, those that the contract knows.

        Others are the sender's own, and are not kept; those of a tree are its reader's.
        """
        header = () if self.container in TREES else self.header
        known = [" ".join(one.split()) for one in header if compared(one) in table.headers]
        return {"container": self.container, "headings": known}

    def count(self, lines: Lines) -> None:
        self.records += len(lines.records)
        self.duplicates += lines.duplicates
        self.refused += lines.refused
        if len(self.refused) > max(MOST_SET_ASIDE, self.records):
            self._give_up()
        self.queries += [replace(query, table=self.table) for query in lines.queries]
        if self.told_by:
            self._note_facts(lines, [self.positions[name] for name in self.told_by])

    def _give_up(self) -> None:
        """A file of which hardly any line can be read would fill the memory with their numbers."""
        first = self.refused[0]
        message = f"more than {MOST_SET_ASIDE:,} rows, and most of all, cannot be read"
        raise refuse(
            "TOO_MANY_BAD_ROWS",
            f"{message}; the first reason is {first.rule}",
            table=self.table,
            file=self.file,
            line=first.line,
        )

    def _note_facts(self, lines: Lines, places: list[int]) -> None:
        rows = csv.reader(line.decode("utf-8") for line in lines.records)
        for number, row in zip(lines.every_number, rows, strict=True):
            held = tuple(row[place] if place < len(row) else "" for place in places)
            self.facts.setdefault(held, number)


Keep = Callable[[Contract, Part, Lines], None]


@dataclass(frozen=True)
class Pending:
    """A landed submission that waits to be taken in; `sender` is None where nobody says.

    A `verdict` was given before, by a person or by an earlier reading, and stands.
    """

    submission_id: int
    sender: str | None
    name: str
    path: Path
    sha256: str
    received_on: date
    is_whole: bool = True
    verdict: Verdict | None = None


@dataclass
class Outcome:
    """The end of a submission: accepted or refused, what was counted, what was wrong."""

    submission_id: int
    sender: str | None
    name: str
    received_on: date
    extract: str | None = None
    period: Span | None = None
    manifest: Manifest = field(default_factory=Manifest)
    records: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicates: int = 0
    is_refused: bool = False
    batch: str | None = None
    problems: list[Problem] = field(default_factory=list)
    rows: list[BadRow] = field(default_factory=list)
    profile: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By table, how full and how alike its columns are."""

    @property
    def status(self) -> str:
        return "quarantined" if self.is_refused else "accepted"

    @property
    def first_error(self) -> str | None:
        return next((str(p) for p in self.problems if p.severity == "error"), None)

    def note(self, manifest: Manifest) -> None:
        """What the sender says; a simulated bundle counts as received when it was prepared."""
        self.manifest = manifest
        contract = contracts.load().get(manifest.extract or "")
        self.extract = contract.name if contract else None
        self.period = manifest.period
        if self.period and contract and contract.period.every == "term":
            self.period = term(*census_of(self.period.start, self.period.end))
        if manifest.simulated and manifest.prepared_on:
            self.received_on = manifest.prepared_on

    def refuse(self, *problems: Problem) -> None:
        """Nothing of it is taken in; every row that was counted counts as refused."""
        self.is_refused = True
        self.problems = [*problems, *self.problems]
        self.quarantined = self.records - self.duplicates
        self.accepted = 0


@dataclass
class Tally:
    """The rows of one table of a submission: how many, and those set aside unread. Of the faulty,
    some are only `at_odds` with others; those `passed_over` are no records of this extract."""

    file: str
    spooled: int
    duplicates: int
    set_aside: list[SetAside]
    form: dict[str, Any] = field(default_factory=dict)
    faulty: int = 0
    at_odds: int = 0
    passed_over: int = 0
    first_passed_over: int = 0
    rejected: int = 0
    ends: int = 0
    """The days of an end that are filled, `unread_ends` those of them that cannot be read, first
    in the line `first_unread`."""
    unread_ends: int = 0
    first_unread: int = 0
    is_aside: bool = False
    """Whether the table as a whole is set aside, also its rows that are right."""

    @property
    def held(self) -> int:
        """The records that were read, without those that repeat others."""
        return self.spooled - self.rejected - self.passed_over

    @property
    def bad(self) -> int:
        """The records that are not taken in."""
        return (self.held if self.is_aside else self.faulty) + len(self.set_aside)


@dataclass
class Case:
    """A submission on its way through a batch."""

    pending: Pending
    outcome: Outcome
    contract: Contract | None = None
    tallies: dict[str, Tally] = field(default_factory=dict)
    fewest_days: int = 0

    def refuse(self, problem: Problem) -> None:
        """Refuse what was read to its end, unless it was accepted before: then it is noted."""
        if self.pending.verdict == "accepted":
            self.outcome.problems.append(replace(problem, severity="query"))
        else:
            self.outcome.refuse(problem)

    def let_verdict_stand(self) -> None:
        """What was refused before stays so, however it would be judged now."""
        if self.pending.verdict == "quarantined" and not self.outcome.is_refused:
            self.outcome.refuse(Problem("REFUSED_BEFORE", "it was refused when it came"))


def period_unknown(severity: Severity) -> Problem:
    """Nothing says which days a submission speaks for."""
    message = (
        "nothing says which period it is for; add manifest.json with period_start and"
        " period_end, such as 2026-03-01 and 2026-03-31"
    )
    return Problem("PERIOD_UNKNOWN", message, severity)


@dataclass(frozen=True)
class Loaded:
    """The outcomes of a batch; with a fault, others of it wait for the machine to be mended."""

    outcomes: list[Outcome]
    fault: MachineFault | None = None


Cases = dict[int, Case]
"""The submissions of a batch, by their number."""
