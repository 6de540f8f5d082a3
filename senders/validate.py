"""Check files as intake would, for their sender: same code, no warehouse, nothing kept."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sightline.warehouse import clock, quotas
from sightline.warehouse.calendar import Span
from sightline.warehouse.connection import memory_limit
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.intake.batch import Workshop, load_batch
from sightline.warehouse.intake.judge.bad_rows import rules_beside
from sightline.warehouse.intake.judge.judged import PASSED_OVER
from sightline.warehouse.intake.judge.profiles import beside_share, outside_share
from sightline.warehouse.intake.receive.landing import Arrival, UnsafeError, arrival_of
from sightline.warehouse.problems import BadRow, Problem, escaped
from sightline.warehouse.settings import Settings
from sightline.warehouse.submission import Outcome, Pending

# What a table lacks for being a return of its own; with the rest of its bundle it may be fine.
ALONE = ("MISSING_TABLE", "PERIOD_UNKNOWN")
# Files that hold a whole return; any other may be one table of it.
WHOLE = (".zip", ".xlsx", ".ods", ".xml", ".json", ".jsonl")


@dataclass(frozen=True)
class Wanted:
    """How many rows at fault are named one by one, and whether with the values in them."""

    rows: int = 0
    values: bool = False


@dataclass(frozen=True)
class Verdict:
    """What intake would say of a file.

    `rows` names the first rows at fault, and what is wrong with the file as a whole; `unnamed`
    counts those beyond.
    """

    file: str
    extract: str | None
    period: Span | None
    is_accepted: bool
    records: int
    accepted: int
    quarantined: int
    duplicates: int
    problems: list[Problem]
    rows: list[BadRow] = field(default_factory=list)
    unnamed: int = 0
    held: str | None = None
    """Why it would be held back, once it is taken in, until a person has looked."""
    notes: list[Problem] = field(default_factory=list)
    """What was read in another form than the contract's; never a fault."""

    @property
    def accounting(self) -> str:
        """Every record of the file, and what would become of it."""
        return (
            f"{self.records:,} records = {self.accepted:,} taken in + {self.quarantined:,} refused"
            f" + {self.duplicates:,} repeated{passed_over(self.notes)}"
        )

    @property
    def words(self) -> str:
        """The verdict in a sentence or two."""
        if not self.is_accepted:
            return "It would be refused: nothing of it would be taken in."
        bad = self.quarantined
        but = f"but for {bad:,} {'row' if bad == 1 else 'rows'}" if bad else "whole"
        if self.lacks:
            return (
                f"By itself this table would be taken in {but}; a whole return needs more, as"
                " said below."
            )
        if self.held:
            return f"It would be taken in {but}, and held back: {self.held}."
        has_queries = any(one.severity == "query" for one in self.problems)
        return f"It would be taken in {but}.{' Something is to be checked.' if has_queries else ''}"

    @property
    def lacks(self) -> list[Problem]:
        """Why a table that was checked by itself is no whole return yet."""
        return [one for one in self.problems if one.rule in ALONE and one.severity == "query"]


def passed_over(notes: Iterable[Problem]) -> str:
    """How many rows were no records of the table's kind, in words; empty where none was."""
    count = sum(one.count for one in notes if one.rule == PASSED_OVER.rule)
    return f"; {count:,} {'row' if count == 1 else 'rows'} passed over" if count else ""


def validate(
    files: Iterable[Path], sender: str | None = None, wanted: Wanted = Wanted()
) -> list[Verdict]:
    """A verdict for each file, folder or archive; a bare table may stand alone."""
    return [_verdict(path, sender, wanted) for path in files]


def judged(pending: Pending, wanted: Wanted) -> Verdict:
    """The verdict on bytes that lie ready, such as those of an earlier submission."""
    with TemporaryDirectory() as folder:
        key = secrets.token_bytes(32)
        workshop = Workshop(
            Path(folder),
            key,
            memory_limit=memory_limit(Settings()),
            threads=quotas.cores(),
            rows=wanted.rows,
            values=wanted.values,
        )
        [outcome] = load_batch("check", [pending], workshop)
    if not pending.is_whole:
        _leave_out_other_tables(outcome)
    return _seen(pending.name, outcome, wanted)


def _leave_out_other_tables(outcome: Outcome) -> None:
    """The tables that the rows of a bare table belong to are elsewhere, which is said once."""
    contract = contracts.load().get(outcome.extract or "")
    beside = rules_beside(contract) if contract else set()
    outcome.problems = [one for one in outcome.problems if one.rule not in beside]
    outcome.rows = [row for row in outcome.rows if row.problem.rule not in beside]


def _verdict(path: Path, sender: str | None, wanted: Wanted) -> Verdict:
    with TemporaryDirectory() as folder:
        try:
            arrival = arrival_of(path, Path(folder))
        except UnsafeError as fault:
            return _unread(path, str(fault))
        if arrival is None:
            return _unread(path, "there is nothing in it, or it is still being written")
        return judged(_pending(path, arrival, sender), wanted)


def _pending(path: Path, arrival: Arrival, sender: str | None) -> Pending:
    return Pending(
        1,
        sender,
        path.name,
        (arrival.packed or path).absolute(),
        arrival.sha256,
        clock.day(),
        is_whole=arrival.packed is not None or path.suffix.lower() in WHOLE,
    )


def _seen(name: str, outcome: Outcome, wanted: Wanted) -> Verdict:
    notes = [one for one in outcome.problems if one.severity == "note"]
    problems = [one for one in outcome.problems if one.severity != "note"]
    found = [row for row in outcome.rows if row.problem.severity != "note"]
    rows = found or [BadRow(one) for one in problems] if wanted.rows else []
    return Verdict(
        escaped(name),
        outcome.extract,
        outcome.period,
        not outcome.is_refused,
        outcome.records,
        outcome.accepted,
        outcome.quarantined,
        outcome.duplicates,
        problems,
        rows,
        max(sum(one.count for one in problems) - len(rows), 0),
        _held(outcome),
        notes,
    )


def _held(outcome: Outcome) -> str | None:
    """Whether it names another period than its days, or its tables do not fit together; other
    signs need the former returns."""
    if outcome.is_refused or outcome.extract is None or outcome.period is None:
        return None
    limits = contracts.load()[outcome.extract].vital_signs
    shares = {
        "dates_in_period": outside_share(outcome.profile, outcome.period),
        "factors_at_first": beside_share(outcome.profile, "factors"),
        "persons_at_first": beside_share(outcome.profile, "persons"),
    }
    reasons = [
        limits[name].reason
        for name, share in shares.items()
        if share is not None and not limits[name].holds(share)
    ]
    return "; ".join(reasons) or None


def _unread(path: Path, reason: str) -> Verdict:
    problem = Problem("UNREADABLE", reason, file=escaped(path.name))
    name = escaped(path.name)
    return Verdict(name, None, None, False, 0, 0, 0, 0, [problem], [BadRow(problem)])
