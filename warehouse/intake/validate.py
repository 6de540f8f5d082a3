"""Check files as intake would, for their sender: same code, no warehouse, nothing kept."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from warehouse.calendar import Span
from warehouse.home import LONDON
from warehouse.intake.landing import Arrival, UnsafeError, arrival_of
from warehouse.intake.loading import Workshop, load_batch
from warehouse.intake.outcomes import Outcome, Pending
from warehouse.intake.problems import Problem, escaped


@dataclass(frozen=True)
class Verdict:
    """What intake would say of a file."""

    file: str
    extract: str | None
    period: Span | None
    is_accepted: bool
    records: int
    accepted: int
    quarantined: int
    duplicates: int
    problems: list[Problem]


def validate(files: Iterable[Path], sender: str | None = None) -> list[Verdict]:
    """A verdict for each file, folder or archive; a bare table may stand alone."""
    return [_verdict(path, sender) for path in files]


def _verdict(path: Path, sender: str | None) -> Verdict:
    try:
        arrival = arrival_of(path)
    except (UnsafeError, OSError) as fault:
        reason = fault.strerror or "" if isinstance(fault, OSError) else str(fault)
        return _unread(path, reason)
    if arrival is None:
        return _unread(path, "there is nothing in it, or it is still being written")
    with TemporaryDirectory() as folder:
        return _seen(path, _load(path, arrival, sender, Path(folder)))


def _load(path: Path, arrival: Arrival, sender: str | None, folder: Path) -> Outcome:
    held = path
    if arrival.packed is not None:
        held = folder / "packed"
        held.write_bytes(arrival.packed)
    pending = Pending(
        1,
        sender,
        path.name,
        held.absolute(),
        arrival.sha256,
        datetime.now(LONDON).date(),
        is_whole=arrival.packed is not None or path.suffix.lower() == ".zip",
    )
    [outcome] = load_batch("check", [pending], Workshop(folder, secrets.token_bytes(32)))
    return outcome


def _seen(path: Path, outcome: Outcome) -> Verdict:
    return Verdict(
        escaped(path.name),
        outcome.extract,
        outcome.period,
        not outcome.is_refused,
        outcome.records,
        outcome.accepted,
        outcome.quarantined,
        outcome.duplicates,
        outcome.problems,
    )


def _unread(path: Path, reason: str) -> Verdict:
    problem = Problem("UNREADABLE", reason, file=escaped(path.name))
    return Verdict(escaped(path.name), None, None, False, 0, 0, 0, 0, [problem])
