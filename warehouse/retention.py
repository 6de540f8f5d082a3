"""What has been kept for long enough: originals, refused rows, logs. Nothing open is removed."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from warehouse import audit
from warehouse.clock import LONDON
from warehouse.home import Home
from warehouse.intake import erasing
from warehouse.intake.senders import numbers
from warehouse.settings import Settings, today
from warehouse.state import State, alerts, submissions

OPEN = ("open", "acknowledged", "snoozed")


@dataclass
class Due:
    """What the policy says is to go, and how many originals are kept beyond it."""

    submissions: list[int] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    held: int = 0

    @property
    def count(self) -> int:
        return len(self.submissions) + len(self.files)


def due(home: Home, state: State, settings: Settings) -> Due:
    """What is past its time; nothing is touched."""
    on, policy = today(settings), settings.retention
    kept_to = {
        "accepted": _months_before(on, max(policy.originals_months, policy.refused_months)),
        "quarantined": _months_before(on, policy.refused_months),
    }
    found = Due()
    disputed = _disputed(state)
    for rows in _batches(state).values():
        # The rows of a batch can only be made again together.
        accepted = [row for row in rows if row.status == "accepted"]
        is_whole = all(row.received_on < kept_to["accepted"] for row in accepted)
        is_held = any(_is_held(row, disputed) for row in accepted)
        for row in rows:
            if row.purged_on or not is_whole or row.received_on >= kept_to[row.status]:
                continue
            if is_held:
                found.held += 1
            else:
                found.submissions.append(row.submission_id)
    found.files = _refused_rows(home, state, kept_to["quarantined"]) + _logs(
        home, _months_before(on, policy.logs_months)
    )
    return found


def apply(home: Home, state: State, settings: Settings) -> Due:
    """Remove what is past its time; the ledger keeps its hash, so that it is known again."""
    found = due(home, state, settings)
    if found.submissions:
        with state.begin() as connection:
            what = f"{len(found.submissions)} originals"
            audit.record(connection, "purge", what, "kept for as long as the settings say")
            connection.execute(
                submissions.update()
                .where(submissions.c.submission_id.in_(found.submissions))
                .values(purged_on=today(settings))
            )
    erasing.sweep_landing(home, state)
    for path in found.files:
        path.unlink(missing_ok=True)
    return found


def _batches(state: State) -> dict[str, list["sa.Row[Any]"]]:
    query = sa.select(submissions).where(submissions.c.status.in_(("accepted", "quarantined")))
    found: dict[str, list[sa.Row[Any]]] = defaultdict(list)
    with state.read() as connection:
        for row in connection.execute(query.order_by(submissions.c.submission_id)):
            found[str(row.batch)].append(row)
    return found


def _is_held(row: "sa.Row[Any]", disputed: set[str]) -> bool:
    waits = row.held_reason is not None and row.overridden_on is None and row.withdrawn_on is None
    return waits or row.sender in disputed


def _disputed(state: State) -> set[str]:
    """Authorities with an alert on which nobody has decided for good."""
    query = sa.select(alerts.c.area_code).where(alerts.c.state.in_(OPEN)).distinct()
    with state.read() as connection:
        return {numbers().get(row.area_code, "") for row in connection.execute(query)}


def _refused_rows(home: Home, state: State, before: date) -> list[Path]:
    newest = sa.select(submissions.c.batch, sa.func.max(submissions.c.received_on).label("on"))
    with state.read() as connection:
        rows = connection.execute(newest.group_by(submissions.c.batch)).all()
    old = {row.batch for row in rows if row.on < before}
    return [path for path in sorted(home.quarantine.glob("*.parquet")) if path.stem in old]


def _logs(home: Home, before: date) -> list[Path]:
    """What unexpected faults left, and what Dagster wrote of single runs."""
    runs = home.dagster / "history" / "runs"
    kept = [home.restricted / "faults.log", *sorted(runs.glob("*"))]
    return [path for path in kept if path.is_file() and _written_on(path) < before]


def _written_on(path: Path) -> date:
    return datetime.fromtimestamp(path.stat().st_mtime, LONDON).date()


def _months_before(day: date, months: int) -> date:
    """The first of the month for the last days of longer months, so that nothing goes early."""
    count = day.year * 12 + day.month - 1 - months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, 28))
