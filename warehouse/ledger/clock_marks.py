"""Decide whether the clock can be right, by the days of the records in the order of their numbers.

A clock that ran ahead for a while leaves days that have not come yet. They are brought back to the
day on which that is seen, so that nothing waits for a day that only a wrong clock knew; a clock
that is behind is refused, since what came last would count as having come first.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from sightline.warehouse import clock
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger import state as tables
from sightline.warehouse.ledger.state import State
from sightline.warehouse.settings import Settings, today

log = logging.getLogger("sightline")

# Monitors run at least once a month: no longer gap lies between two days of a clock that is right.
LONGEST_GAP = timedelta(days=31)
# A day by which the clock may move against the time since the machine was started, and an hour of
# grace, for machines that sleep.
MOST_AHEAD = timedelta(days=1, hours=1)
UPTIME = Path("/proc/uptime")
BOOT = Path("/proc/sys/kernel/random/boot_id")
TRUSTED, BASE = "clock_trusted", "clock_base"
# Attempts that got past this check; a refused one may stand there with a wrong day.
PASSED = ("released", "unchanged", "nothing", "partial", "gate_failed")
# Days that we wrote by our own clock; those of senders, periods and releases are not ours to move.
WRITTEN = (
    tables.submissions.c.received_on,
    tables.submissions.c.overridden_on,
    tables.submissions.c.withdrawn_on,
    tables.submissions.c.purged_on,
    tables.alerts.c.first_raised_on,
    tables.alerts.c.resolved_on,
    tables.alert_events.c.occurred_on,
    tables.outbox.c.created_on,
    tables.annotations.c.recorded_on,
    tables.annotations.c.withdrawn_on,
    tables.identity_decisions.c.recorded_on,
    tables.identity_decisions.c.withdrawn_on,
    tables.backtests.c.run_on,
)


@dataclass(frozen=True)
class Standing:
    """Where a day stands among the records: `fine`, after the clock `was_ahead`, or `behind`."""

    verdict: Literal["fine", "was_ahead", "behind"]
    newest: date | None = None


def standing(connection: sa.Connection, now: date) -> Standing:
    """Where today stands by what is recorded."""
    query = sa.select(tables.settings.c.value).where(tables.settings.c.name == TRUSTED)
    trusted = int(connection.execute(query).scalar() or 0)
    runs, submissions = tables.runs, tables.submissions
    of_runs = sa.select(runs.c.as_of).where(runs.c.outcome.in_(PASSED), runs.c.number > trusted)
    # Simulated submissions choose their days themselves.
    came = sa.select(submissions.c.received_on).where(submissions.c.simulated.is_(False))
    return among(
        connection.scalars(of_runs.order_by(runs.c.number)).all(),
        connection.scalars(came.order_by(submissions.c.arrival)).all(),
        now,
    )


def among(of_runs: Sequence[date], of_submissions: Sequence[date], now: date) -> Standing:
    """Where today stands among the days of runs and of submissions, each in their order."""
    days = sorted({*_outlived(of_runs), *_outlived(of_submissions)})
    later = [day for day in days if day > now]
    if not later:
        return Standing("fine", days[-1] if days else None)
    before = [day for day in days if day <= now]
    has_jumped = before and (len(later) == 1 or later[0] - before[-1] > LONGEST_GAP)
    return Standing("was_ahead" if has_jumped else "behind", later[-1])


def agree(state: State, settings: Settings) -> None:
    """Before a run: bring back what a clock that ran ahead has written, and say so.

    Raises ConfigurationError, naming both days, where the clock seems to be behind.
    """
    now = today(settings)
    found = _standing(state, now)
    if found.verdict == "behind":
        where = "today in sightline.toml" if settings.today else "the clock"
        raise ConfigurationError(
            f"today is {now} here, but something was recorded on {found.newest}; set {where} right,"
            ' or, if it is right, say so: sightline clock confirm --reason "..."'
        )
    if found.verdict == "was_ahead":
        said = f"the clock had run ahead to {found.newest}; what was recorded counts as of {now}"
        log.warning(said)
        _bring_back(state, now, said, is_typed=False)
    if settings.today is None:
        _note_base(state)


def newest(state: State) -> date | None:
    """The last day that the records bear, but for those that a later number has outlived."""
    return _standing(state, date.max).newest


def confirm(state: State, settings: Settings, reason: str) -> int:
    """A person says that today is right; how many days in the records were brought back to it."""
    with state.begin() as connection:
        connection.execute(tables.settings.delete().where(tables.settings.c.name == BASE))
    changed = _bring_back(state, today(settings), reason, is_typed=True)
    _note_base(state)
    return changed


def ahead(base: str | None) -> timedelta | None:
    """By how much the clock went further than the machine's own time since a base, if too much."""
    now = _base()
    if base is None or now is None:
        return None
    then_at, then_up, then_boot = base.split()
    at, up, boot = now.split()
    if boot != then_boot:
        return None
    went = datetime.fromisoformat(at) - datetime.fromisoformat(then_at)
    gained = went - timedelta(seconds=float(up) - float(then_up))
    return gained if gained > MOST_AHEAD else None


def _standing(state: State, now: date) -> Standing:
    with state.read() as connection:
        return standing(connection, now)


def _outlived(days: Sequence[date]) -> Iterable[date]:
    """In the order of their numbers, each day or an earlier one that came after it."""
    return accumulate(reversed(days), min)


def _bring_back(state: State, now: date, reason: str, *, is_typed: bool) -> int:
    """All days that have not come yet count as today from here on, in one transaction."""
    changed = 0
    with state.begin() as connection:
        for column in WRITTEN:
            is_ours = column > now
            if column.table is tables.submissions:
                is_ours = sa.and_(is_ours, tables.submissions.c.simulated.is_(False))
            update = sa.update(column.table).where(is_ours).values({column.name: now})
            changed += connection.execute(update).rowcount
        newest = sa.select(sa.func.coalesce(sa.func.max(tables.runs.c.number), 0))
        _keep(connection, TRUSTED, str(connection.execute(newest).scalar_one()))
        subject = f"{now}, {changed} days brought back"
        audit.record(connection, "clock", subject, reason, is_typed=is_typed)
    return changed


def _note_base(state: State) -> None:
    """The time and the machine's own, as of this run; kept as it was where the clock has leapt by
    more than a month, so that the leap is still told."""
    base = _base()
    with state.begin() as connection:
        query = sa.select(tables.settings.c.value).where(tables.settings.c.name == BASE)
        leapt = ahead(connection.execute(query).scalar())
        if leapt:
            log.warning("the clock has gone %s further than this machine has run", leapt)
        if base and (leapt is None or leapt <= LONGEST_GAP):
            _keep(connection, BASE, base)


def _keep(connection: sa.Connection, name: str, value: str) -> None:
    connection.execute(tables.settings.delete().where(tables.settings.c.name == name))
    connection.execute(tables.settings.insert(), {"name": name, "value": value})


def _base() -> str | None:
    """The time, the seconds since the machine was started, and which start that was."""
    try:
        up = UPTIME.read_text(encoding="ascii").split()[0]
        boot = BOOT.read_text(encoding="ascii").strip()
    except (OSError, IndexError):
        return None
    return f"{clock.now().isoformat()} {up} {boot}"
