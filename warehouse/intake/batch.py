"""Take a batch of submissions from landed bytes to Parquet: read, spool, judge, write.

A batch is a function of its bytes: run again after a crash it gives the same rows. One bad
submission never spoils the others: a fault that nobody foresaw is narrowed down to its submission.
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from sightline.warehouse.connection import open_quietly, safe_config
from sightline.warehouse.errors import MachineFault, SightlineError
from sightline.warehouse.intake.judge.bad_rows import name_rows
from sightline.warehouse.intake.judge.submission import give_submissions, judge
from sightline.warehouse.intake.judge.table import check
from sightline.warehouse.intake.read.bundles import open_bundle
from sightline.warehouse.intake.read.spool import Spool
from sightline.warehouse.intake.read.submission import Submission, read_submission
from sightline.warehouse.intake.read.tables import NO_FIGURES
from sightline.warehouse.intake.receive.unpacking import landed
from sightline.warehouse.intake.write import Files, write
from sightline.warehouse.machine import NOTHING_LOST, free_in, has_room, machine_fault, size
from sightline.warehouse.problems import Problem, Refused, escaped
from sightline.warehouse.pseudonyms.sql import set_key
from sightline.warehouse.submission import Case, Loaded, Outcome, Pending, Tally


@dataclass(frozen=True)
class Workshop:
    """Where a batch works and what it may use; without `files` nothing is kept.

    Up to `rows` bad rows of each submission are named one by one, with `values` as they stand.
    """

    spool: Path
    key: bytes
    files: Files | None = None
    memory_limit: str = "1GB"
    threads: int = 1
    parent: int | None = None
    rows: int = 0
    values: bool = False

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where it writes."""
        files = (self.files.raw, self.files.quarantine) if self.files else ()
        return (self.spool, *files)

    def load(self, name: str, pending: Sequence[Pending]) -> Loaded:
        """The outcomes of a batch, without those for which the machine lacks something."""
        return load_what_can_be(name, pending, self)

    def sharing(self, memory_limit: str, threads: int) -> "Workshop":
        """The same with a share of the machine."""
        return replace(self, memory_limit=memory_limit, threads=threads)

    def ending_with(self, parent: int) -> "Workshop":
        """The same for a process that must not outlive another."""
        return replace(self, parent=parent)

    def check_parent(self) -> None:
        """A worker whose run was killed must not write any more."""
        if self.parent is not None and os.getppid() != self.parent:
            raise SystemExit(1)


def load_batch(name: str, pending: Sequence[Pending], workshop: Workshop) -> list[Outcome]:
    """The outcome of each submission; the rows of those accepted are on disk when it returns.

    Raises MachineFault where the machine lacks what it takes to read one.
    """
    loaded = load_what_can_be(name, pending, workshop)
    if loaded.fault:
        raise loaded.fault
    return loaded.outcomes


def load_what_can_be(name: str, pending: Sequence[Pending], workshop: Workshop) -> Loaded:
    """The same, without those for which the machine lacks something."""
    try:
        return Loaded(_load(name, pending, workshop))
    except Exception as fault:
        ours = machine_fault(fault, *workshop.folders)
        if ours is None and isinstance(fault, SightlineError):
            raise
        # What fails for want of room will fail for the halves of the batch as well.
        if not has_room(workshop.spool):
            return Loaded([], ours or _stopped(fault, workshop))
        if len(pending) > 1:
            return _narrow(name, pending, workshop)
        if ours is None and isinstance(fault, duckdb.IOException | OSError):
            ours = _stopped(fault, workshop)
        if ours:
            return Loaded([], ours)
        outcome = _outcome(pending[0])
        _refuse_unread(outcome, fault)
        return Loaded([outcome])


def _stopped(fault: Exception, workshop: Workshop) -> MachineFault:
    """A fault that nobody foresaw, on a machine that is at its end."""
    free = size(free_in(workshop.spool))
    return MachineFault(
        f"reading stopped ({type(fault).__name__}); {free} are free in {workshop.spool};"
        f" {NOTHING_LOST}"
    )


def _narrow(name: str, pending: Sequence[Pending], workshop: Workshop) -> Loaded:
    """Halve the batch until the submission that cannot be read stands alone."""
    middle = len(pending) // 2
    halves = [
        load_what_can_be(f"{name}{half}", some, workshop)
        for half, some in (("a", pending[:middle]), ("b", pending[middle:]))
    ]
    outcomes = [outcome for half in halves for outcome in half.outcomes]
    return Loaded(outcomes, next((half.fault for half in halves if half.fault), None))


def _refuse_unread(outcome: Outcome, fault: Exception) -> None:
    """Name the kind of a fault only: the text of a database error quotes the row that caused it."""
    kind = type(fault).__name__
    message = f"it could not be read ({kind}); check that it is written as the contract says"
    outcome.refuse(Problem("UNREADABLE", message, file=outcome.name))


def _load(name: str, pending: Sequence[Pending], workshop: Workshop) -> list[Outcome]:
    folder = workshop.spool / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        spool = Spool(folder)
        cases = [_read(one, spool) for one in pending]
        _load_spooled(name, cases, spool, workshop)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for case in cases:
        case.outcome.batch = name
    return [case.outcome for case in cases]


def _load_spooled(name: str, cases: list[Case], spool: Spool, workshop: Workshop) -> None:
    config = safe_config(memory_limit=workshop.memory_limit, threads=workshop.threads)
    config["temp_directory"] = str(spool.folder / "spill")
    connection = open_quietly(None, config)
    try:
        set_key(connection, workshop.key)
        give_submissions(connection, cases)
        checks = check(connection, spool.close(), every_text=workshop.values)
        judge(connection, cases, checks)
        if workshop.rows:
            name_rows(connection, cases, checks, workshop.rows, with_values=workshop.values)
        if workshop.files:
            workshop.check_parent()
            write(connection, name, cases, checks, workshop.files)
    finally:
        connection.close()


def _read(pending: Pending, spool: Spool) -> Case:
    """Structure and facts of one submission; its lines go to the spool."""
    case = Case(pending, _outcome(pending))
    outcome = case.outcome
    draft = spool.draft(pending.submission_id)
    try:
        bundle = open_bundle(*landed(pending), outcome.name)
        outcome.note(bundle.manifest)
        submission = read_submission(
            bundle,
            pending.sender,
            draft.add,
            is_whole=pending.is_whole,
            may_be_empty=pending.verdict == "accepted",
        )
    except Refused as fault:
        draft.take_back()
        outcome.extract = fault.extract or outcome.extract
        outcome.period = fault.period or outcome.period
        outcome.refuse(*fault.problems)
        return case
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as fault:
        draft.take_back()
        _refuse_unread(outcome, fault)
        return case
    _note(case, submission)
    return case


def _note(case: Case, submission: Submission) -> None:
    case.contract = submission.contract
    case.outcome.extract = submission.contract.name
    case.outcome.period = submission.period
    case.outcome.problems += submission.queries
    case.fewest_days = submission.fewest_days
    for part in submission.parts:
        form = part.form(submission.contract.tables.get(part.table, NO_FIGURES))
        tally = Tally(part.file, part.records, part.duplicates, part.refused, form)
        case.tallies[part.table] = tally


def _outcome(pending: Pending) -> Outcome:
    return Outcome(
        pending.submission_id, pending.sender, escaped(pending.name), pending.received_on
    )
