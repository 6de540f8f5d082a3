"""What became of a submission: its facts, its row counts and its problems."""

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from warehouse import contract as contracts
from warehouse.calendar import Span, census_of, term
from warehouse.contract import Contract
from warehouse.intake.bundles import Manifest
from warehouse.intake.lines import SetAside
from warehouse.intake.problems import BadRow, Problem

Verdict = Literal["accepted", "quarantined"]


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
    rejected: int = 0


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
