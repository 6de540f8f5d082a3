"""Decide whether a monitor needs attention now: one named rule for each fault.

It reads and never writes but the heartbeat, works on a folder that is read-only or damaged, and
loads no framework: watchdogs ask often.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from sightline.monitoring.delivery import channels
from sightline.orchestration import dagster_storage, failed_runs, inbox, lock
from sightline.orchestration.configuration import checked
from sightline.orchestration.logs import log
from sightline.warehouse import belonging, clock, database, machine
from sightline.warehouse.database import StateDamaged, Unreachable
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import clock_marks, read_only
from sightline.warehouse.ledger.state import StateFault
from sightline.warehouse.pseudonyms import keys
from sightline.warehouse.release.damage import damage_of
from sightline.warehouse.settings import Settings, load_settings, today
from sightline.warehouse.timeline import overdue

HEARTBEAT = "heartbeat.json"
MOST_NAMED = 10
CLOCKS_DIFFER = timedelta(hours=1)


@dataclass(frozen=True)
class Fault:
    """A rule that does not hold, and a sentence for whoever looks."""

    rule: str
    message: str


class View:
    """What the rules look at; each thing is read once, and only if a rule asks for it."""

    def __init__(self, home: Home, max_age_days: int | None) -> None:
        self.home = home
        self.now = clock.now()
        self._max_age_days = max_age_days
        self._open = ExitStack()

    @cached_property
    def settings(self) -> Settings:
        """Those that hold; the defaults where they are wrong, which is a fault of its own."""
        try:
            return load_settings(self.home)
        except SightlineError:
            return Settings()

    @property
    def today(self) -> date:
        return today(self.settings)

    @property
    def max_age(self) -> timedelta:
        return timedelta(days=self._max_age_days or self.settings.health.max_age_days)

    @property
    def state(self) -> read_only.Connection:
        """The state to read from, none where there is none yet; StateDamaged where it is that,
        Unreachable where its server does not answer, which is asked once."""
        if isinstance(self._state, SightlineError):
            raise self._state
        return self._state

    @property
    def fault(self) -> SightlineError | None:
        """Why the state cannot be read, if so."""
        return self._state if isinstance(self._state, SightlineError) else None

    @cached_property
    def _state(self) -> read_only.Connection | SightlineError:
        try:
            opened = database.of(self.home.state_db).opened()
            connection = self._open.enter_context(opened)
            if connection is None or not belonging.holds_ledger(connection):
                return None
        except SightlineError as fault:
            return fault
        return connection

    def close(self) -> None:
        self._open.close()

    @cached_property
    def is_going_on(self) -> bool:
        """Whether a run holds the lock at this moment."""
        try:
            return lock.holder(self.home.restricted / lock.RUN_LOCK) is not None
        except OSError:
            return False

    @cached_property
    def last_good(self) -> read_only.Row | None:
        return read_only.last_good_run(self.state)

    @cached_property
    def shown(self) -> Path | None:
        """The folder of the release that readers are led to, whether it is there or not."""
        return belonging.pointed_at(self.home)


Rule = Callable[[View], Iterator[str]]
RULES: dict[str, Rule] = {}


def rule(name: str) -> Callable[[Rule], Rule]:
    def known(check: Rule) -> Rule:
        RULES[name] = check
        return check

    return known


def examine(home: Home, max_age_days: int | None = None) -> list[Fault]:
    """Every fault that there is now, in the order of the rules; none is kept by another."""
    with closing(View(home, max_age_days)) as view:
        return [fault for name, check in RULES.items() for fault in _asked(name, check, view)]


def beat(home: Home, faults: list[Fault] | None = None) -> None:
    """Write the heartbeat, for watchdogs that may read nothing else.

    Where that cannot be done, as on a read-only folder, the former one grows old and says enough.
    """
    draft = home.root / f".{HEARTBEAT}.{os.getpid()}"
    try:
        faults = examine(home) if faults is None else faults
        draft.write_text(json.dumps(_heartbeat(home, faults), indent=2) + "\n", encoding="utf-8")
        draft.chmod(0o644)
        draft.replace(home.root / HEARTBEAT)
    except (OSError, ValueError, StateFault, SightlineError) as fault:
        log.warning("the heartbeat could not be written: %s", type(fault).__name__)
        with suppress(OSError):
            draft.unlink(missing_ok=True)


@contextmanager
def beating(home: Home) -> Iterator[None]:
    """However an attempt ends, a failure is told and the heartbeat written after it; once, where
    one is part of another."""
    is_part = lock.is_held()
    try:
        yield
    finally:
        if not is_part:
            failed_runs.tell(home)
            beat(home)


def _heartbeat(home: Home, faults: list[Fault]) -> dict[str, Any]:
    last: dict[str, Any] = {}
    with closing(View(home, None)) as view:
        try:
            newest = read_only.newest_ended_run(view.state)
            last = dict(newest._mapping) if newest else {}
        except (StateFault, SightlineError):
            last = {}
    return {
        "time": f"{view.now.isoformat(timespec='seconds')}Z",
        "run": last.get("number"),
        "outcome": last.get("outcome"),
        "exit_code": last.get("exit_code"),
        "finished_at": _zulu(last.get("finished_at")),
        "release": view.shown.name if view.shown else None,
        "healthy": not faults,
        "faults": list(dict.fromkeys(fault.rule for fault in faults)),
    }


def _asked(name: str, check: Rule, view: View) -> list[Fault]:
    """What a rule finds; a rule that cannot be asked is a fault too, and no other's."""
    try:
        return [Fault(name, message) for message in check(view)]
    except (StateDamaged, Unreachable):
        return []  # STATE_DAMAGED and STATE_UNREACHABLE say so, once
    except SightlineError as fault:
        # Where the state is kept, SETTINGS_WRONG says, once.
        is_of_settings = fault is view.fault and name != "SETTINGS_WRONG"
        return [] if is_of_settings else [Fault(name, fault.message)]
    except StateFault as fault:
        if database.is_of_another_layout(fault):
            return [Fault(name, "the state has an older layout; the next run brings it up to date")]
        return [Fault(name, "the state is busy or cannot be read")]
    except FileNotFoundError:
        return []  # FOLDER_MISSING says so
    except Exception as fault:
        reason = getattr(fault, "strerror", None) or ""
        return [Fault(name, f"this could not be told: {type(fault).__name__} {reason}".rstrip())]


@rule("SETTINGS_WRONG")
def _settings_wrong(view: View) -> Iterator[str]:
    try:
        checked(view.home)
    except SightlineError as fault:
        yield fault.message


@rule("FOLDER_MISSING")
def _folder_missing(view: View) -> Iterator[str]:
    missing = [str(path) for path in view.home.places if not path.exists()]
    if missing:
        yield f"{', '.join(missing)}: mount it where it is a drive of its own, else make it"


@rule("STATE_DAMAGED")
def _state_damaged(view: View) -> Iterator[str]:
    if isinstance(view.fault, StateDamaged):
        yield view.fault.message


@rule("STATE_UNREACHABLE")
def _state_unreachable(view: View) -> Iterator[str]:
    if isinstance(view.fault, Unreachable):
        yield view.fault.message


@rule("STATE_OLDER")
def _state_older(view: View) -> Iterator[str]:
    belonging.check(view.home)
    yield from ()


@rule("NOTHING_PUBLISHED")
def _nothing_published(view: View) -> Iterator[str]:
    if view.shown is None:
        is_lost = any(view.home.releases.glob("[!.]*"))
        yield "readers are led to no release" if is_lost else "no release is published yet"


@rule("RELEASE_DAMAGED")
def _release_damaged(view: View) -> Iterator[str]:
    if view.shown and (what := damage_of(view.shown)):
        yield f"{what}; sightline doctor says more, the next run may put it right"


@rule("RUN_OVERDUE")
def _run_overdue(view: View) -> Iterator[str]:
    if (good := view.last_good) is None:
        return
    ended = good.finished_at
    if view.now - ended > view.max_age:
        yield (
            f"no run has come to a good end for {_days(view.now - ended)}; the last was run"
            f" {good.number} on {ended:%d %B %Y}"
        )


@rule("RUN_FAILED")
def _run_failed(view: View) -> Iterator[str]:
    after = view.last_good.number if view.last_good else 0
    failed, still_open = read_only.failed_and_open_runs(view.state, after)
    if failed:
        last = failed[-1]
        # What follows a gate's name may hold names of files.
        gates = [gate.partition(";")[0] for gate in _detail(last).get("gates", [])]
        ended = last.outcome.replace("_", " ")
        why = f" ({last.exit_code})" if last.exit_code is not None else ""
        yield (
            f"{_many(len(failed), 'run')} ended badly since the last good one; the newest, run"
            f" {last.number}, as {ended}{why}" + (f": {'; '.join(gates)}" if gates else "")
        )
    if still_open and not view.is_going_on:
        yield f"run {still_open[-1].number} was cut off: nobody is at work on it any more"


@rule("QUEUE_STUCK")
def _queue_stuck(view: View) -> Iterator[str]:
    before = view.now - timedelta(minutes=view.settings.health.queue_minutes)
    try:
        stuck, since = dagster_storage.unfinished_since(view.home, before)
    except (StateDamaged, dagster_storage.StorageFault):
        where = dagster_storage.runs_database(view.home)
        yield f"{where} is damaged or cannot be read; it can be taken away while nothing runs"
        return
    if stuck and not view.is_going_on:
        yield (
            f"{_many(stuck, 'run')} of Dagster's, the oldest since {since[:16]} UTC, should be"
            " going on, but nobody is at work"
        )


@rule("KEY_WRONG")
def _key_wrong(view: View) -> Iterator[str]:
    fingerprint = keys.fingerprint(keys.read(view.home.key))
    pinned = read_only.setting(view.state, keys.PINNED)
    if pinned in (None, fingerprint):
        return
    fresh = view.home.rotation / view.home.key.name  # a change of keys ends with the next run
    if not (fresh.is_file() and keys.fingerprint(keys.read(fresh)) == pinned):
        yield (
            f"{view.home.key} is not the key of this monitor (fingerprint {fingerprint}, expected"
            f" {pinned}): put the right one back"
        )


@rule("DISK_SHORT")
def _disk_short(view: View) -> Iterator[str]:
    machine.check_room(view.home, view.settings)
    yield from ()


@rule("INBOX_WAITS")
def _inbox_waits(view: View) -> Iterator[str]:
    longest = timedelta(minutes=view.settings.health.inbox_minutes)
    since = [datetime.fromtimestamp(moment, UTC) for moment in inbox.since(view.home.inbox)]
    waiting = [moment for moment in since if view.now - moment.replace(tzinfo=None) > longest]
    if waiting and not view.is_going_on:
        yield (
            f"{_many(len(waiting), 'file or folder', 'files or folders')} in the inbox, the oldest"
            f" since {min(waiting):%d %B %Y %H:%M} UTC, and no run takes them in"
        )


@rule("RETURN_OVERDUE")
def _return_overdue(view: View) -> Iterator[str]:
    returns = overdue.returns(view.state, view.settings.authorities, view.today)
    if returns:
        named = [f"{late.sender} {late.extract} since {late.due_on:%d %B %Y}" for late in returns]
        more = f", and {len(returns) - MOST_NAMED} more" if len(returns) > MOST_NAMED else ""
        senders = len({late.sender for late in returns})
        yield (
            f"{_many(len(returns), 'return')} of {_many(senders, 'sender')} should have come:"
            f" {', '.join(named[:MOST_NAMED])}{more}"
        )


@rule("MESSAGE_WAITS")
def _message_waits(view: View) -> Iterator[str]:
    before = view.now - timedelta(hours=view.settings.health.message_hours)
    waiting = read_only.messages_waiting(view.state, before)
    if waiting:
        yield f"{_many(waiting, 'message')} not sent for an hour or more: sightline deliver --retry"


@rule("MESSAGE_FAILED")
def _message_failed(view: View) -> Iterator[str]:
    for channel, state, count, error in read_only.messages_not_sent(view.state):
        yield f"{channel}: {_many(count, 'message')} {state}: {error}"


@rule("CHANNEL_UNUSABLE")
def _channel_unusable(view: View) -> Iterator[str]:
    try:
        objections = channels.objections(view.home, view.settings)
    except SightlineError:
        return  # SETTINGS_WRONG says so
    for name, objection in objections.items():
        yield f"{name}: {objection}"


@rule("CLOCK_BEHIND")
def _clock_behind(view: View) -> Iterator[str]:
    if view.state is None:
        return
    standing = clock_marks.standing(view.state, view.today)
    if standing.verdict == "behind":
        yield (
            f"today is {view.today} here, but something was recorded on {standing.newest}: no run"
            " begins before the clock is right, or sightline clock confirm says that it is"
        )
    elif standing.verdict == "was_ahead":
        yield (
            f"today is {view.today} here, but something was recorded on {standing.newest}: the"
            " clock had run ahead, or is behind now; the next run goes on from today"
        )
    elif view.settings.today is None and view.last_good:
        ended = view.last_good.finished_at
        if ended - view.now > CLOCKS_DIFFER:
            yield (
                f"it is {view.now:%d %B %Y %H:%M} UTC here, but run"
                f" {view.last_good.number} ended on {ended:%d %B %Y %H:%M} UTC"
            )


@rule("CLOCK_AHEAD")
def _clock_ahead(view: View) -> Iterator[str]:
    if view.settings.today is None:
        base = read_only.setting(view.state, clock_marks.BASE)
        if gained := clock_marks.ahead(base):
            yield (
                f"the clock has gone {_days(gained)} further than this machine has run since the"
                " last run; if it is right: sightline clock confirm"
            )


def _detail(run: read_only.Row) -> dict[str, Any]:
    return run.detail if isinstance(run.detail, dict) else {}


def _many(count: int, what: str, several: str | None = None) -> str:
    return f"{count:,} {what if count == 1 else several or what + 's'}"


def _days(span: timedelta) -> str:
    return _many(span.days, "day")


def _zulu(moment: datetime | None) -> str | None:
    return f"{moment.isoformat(timespec='seconds')}Z" if moment else None
