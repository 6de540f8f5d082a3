"""Take in everything that is pending: land the inbox, load it in batches, keep the ledger."""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from sightline.warehouse import belonging, orphans
from sightline.warehouse.erasure import carry_out
from sightline.warehouse.home import Home
from sightline.warehouse.intake.batch import Workshop
from sightline.warehouse.intake.pool import load_all, pending_of
from sightline.warehouse.intake.receive.landing import land
from sightline.warehouse.intake.write import UNFINISHED, Files
from sightline.warehouse.ledger import clock_marks
from sightline.warehouse.ledger import submissions as ledger
from sightline.warehouse.ledger.state import State
from sightline.warehouse.pseudonyms import keys
from sightline.warehouse.settings import Settings, today
from sightline.warehouse.submission import Outcome, Pending

Progress = Callable[[str, int, int], None]
# About 200 MB of text a batch, for which a process holds some 600 MB; packed text is a sixth.
BATCH_BYTES = 200 << 20
PACKED = 6
PACKED_MAGIC = (b"PK", b"\x1f\x8b")
MAX_BATCH_FILES = 3_000


@dataclass
class IntakeReport:
    """What one intake did, for people and for the run's summary."""

    outcomes: list[Outcome] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def accepted(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if not outcome.is_refused]

    @property
    def refused(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.is_refused]

    @property
    def records(self) -> int:
        return sum(outcome.records for outcome in self.outcomes)

    @property
    def accepted_rows(self) -> int:
        return sum(outcome.accepted for outcome in self.outcomes)

    @property
    def quarantined_rows(self) -> int:
        return sum(outcome.quarantined for outcome in self.outcomes)

    @property
    def duplicate_rows(self) -> int:
        return sum(outcome.duplicates for outcome in self.outcomes)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was refused, neither a submission nor a row."""
        return not (self.refused or self.quarantined_rows or self.unreadable)


def take_in(
    home: Home, settings: Settings, state: State, *, progress: Progress | None = None
) -> IntakeReport:
    """Bring every pending submission to its end; safe to run again after any crash."""
    key = keys.in_use(home, state)
    started = time.monotonic()
    report = IntakeReport()
    clock_marks.agree(state, settings)
    received_on = today(settings)
    carry_out.finish(home, state, settings, key, received_on)
    sweep(home, state)
    landed = land(home, state, received_on)
    carry_out.keep_out(home, state)
    report.repeated, report.unreadable = landed.repeated, landed.unreadable
    report.seconds["land"] = time.monotonic() - started
    pending = _pending(home, state)
    say = progress or _say_nothing
    say("taking in", 0, len(pending))
    workshop = Workshop(home.spool, key, Files(home.raw, home.quarantine))
    for outcomes in load_all(workshop, settings, _batches(pending)):
        with state.begin() as connection:
            ledger.conclude(connection, outcomes)
            names = {outcome.batch for outcome in outcomes if outcome.batch}
            ledger.record_facts(connection, home.raw, names)
        belonging.mark(home, state)
        report.outcomes += outcomes
        say("taking in", len(report.outcomes), len(pending))
    report.outcomes.sort(key=lambda outcome: outcome.submission_id)
    report.seconds["load"] = time.monotonic() - started - report.seconds["land"]
    return report


def sweep(home: Home, state: State) -> None:
    """Remove what a killed run left: its spool, and rows of submissions that still wait.

    Rows of no batch that the ledger knows, of submissions that it had judged, are set aside.
    """
    with state.begin() as connection:
        known = ledger.batches(connection)
        waiting = {row.submission_id for row in ledger.waiting(connection)}
        # Until the ledger knew of files, or was cut off before it did.
        names = {path.stem for path in home.raw.glob("*/*.parquet")} & known
        ledger.record_facts(connection, home.raw, names - ledger.recorded_batches(connection))
    for left in home.spool.iterdir():
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink()
    for path in (*home.raw.glob("*/*"), *home.quarantine.glob("*")):
        if not path.name.endswith(UNFINISHED) and path.stem in known:
            continue
        is_left = path.name.endswith(UNFINISHED) or path.parent == home.quarantine
        if is_left or belonging.first_of_batch(path.name) in waiting:
            path.unlink(missing_ok=True)
        else:
            orphans.set_aside(home, path, f"raw/{path.parent.name}")


def _pending(home: Home, state: State) -> list[Pending]:
    with state.read() as connection:
        rows = ledger.waiting(connection)
    return [pending_of(home, row, "accepted" if row.overridden_on else None) for row in rows]


def _batches(pending: Sequence[Pending]) -> list[tuple[str, list[Pending]]]:
    """Neighbours together: one sender's files share identifiers and headers."""
    groups: list[list[Pending]] = [[]]
    size = 0
    for submission in pending:
        weight = _weight(submission.path)
        if groups[-1] and (size + weight > BATCH_BYTES or len(groups[-1]) >= MAX_BATCH_FILES):
            groups.append([])
            size = 0
        groups[-1].append(submission)
        size += weight
    return [(_name(group), group) for group in groups if group]


def _weight(path: Path) -> int:
    """About how much text a file holds."""
    try:
        with path.open("rb") as file:
            is_packed = file.read(2) in PACKED_MAGIC
        return path.stat().st_size * (PACKED if is_packed else 1)
    except OSError:
        return 0


def _name(group: Sequence[Pending]) -> str:
    """A name that follows from the submissions in the batch."""
    numbers = ",".join(str(submission.submission_id) for submission in group)
    return f"{group[0].submission_id:08d}-{sha256(numbers.encode()).hexdigest()[:8]}"


def _say_nothing(_stage: str, _done: int, _total: int) -> None:
    pass
