"""Send the outbox: at least once, each copy under one id, later again when it fails.

A row is one copy of a message for one recipient. A relay claims it before it sends it, so that any
number of them send it once; what a relay that died had claimed is free again soon.
"""

import logging
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from pydantic import ValidationError

from sightline.monitoring import gate
from sightline.monitoring.delivery import channels
from sightline.monitoring.delivery.channels import Channel, Copy, Send
from sightline.monitoring.delivery.failure import DeliveryFailed
from sightline.monitoring.messages import Message, parse
from sightline.warehouse.database import insert_new
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State, outbox, releases
from sightline.warehouse.settings import Settings

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=24)
GIVEN_UP_AFTER = timedelta(days=7)
WAITING = ("pending", "failed")
PATIENCE = timedelta(minutes=5)
"""For how long copies may be begun, where nobody says so."""
OVERTIME = 10.0
"""Seconds by which the copy that was begun last may exceed the time of a pass."""
MARKING = timedelta(seconds=15)
"""A claim outlives by this the time in which its copy has to be handed over."""
LONGEST_CLAIM = timedelta(minutes=10)
LOOK_AGAIN = 0.1  # seconds

log = logging.getLogger("sightline")
Row = dict[str, Any]


@dataclass(frozen=True)
class Delivered:
    """Copies sent now, failed now, and still waiting."""

    sent: int = 0
    failed: int = 0
    pending: int = 0

    def as_found(self) -> dict[str, int]:
        """As a step of a run tells it."""
        return {"sent": self.sent, "undelivered": self.pending + self.failed}


def deliver(
    home: Home, settings: Settings, state: State, now: datetime, *, within: timedelta | None = None
) -> Delivered:
    """Send what is due; a channel that is down is tried once a pass.

    `now` in UTC; `within` is for how long a copy may still be begun. Without it, what other relays
    have claimed is waited for, in case they died. Raises ConfigurationError where the state cannot
    be written to, also if nothing waits.
    """
    if not state.database.is_writable():
        who = "the account that runs Sightline"
        raise ConfigurationError(f"{state.database} cannot be written to by {who}")
    began = _Pass(state, channels.build(home, settings), now.replace(tzinfo=None), within)
    began.run()
    return Delivered(began.sent, began.failed, _waiting(state))


def is_due(state: State, now: datetime) -> bool:
    """Whether a pass would try to send anything."""
    return bool(_due(state, now.replace(tzinfo=None)))


def retry_now(state: State, *, include_dead: bool = False) -> int:
    """Make everything that failed due at once, after its cause was put right."""
    states = ["failed", "dead"] if include_dead else ["failed"]
    afresh = {"state": "pending", "attempts": 0, "next_attempt_at": None, "failing_since": None}
    with state.begin() as connection:
        changed = connection.execute(
            sa.update(outbox).where(outbox.c.state.in_(states)).values(afresh)
        )
    return int(changed.rowcount)


@dataclass
class _Pass:
    """One relay's way through the outbox."""

    state: State
    ready: dict[str, Channel]
    now: datetime
    within: timedelta | None
    sent: int = 0
    failed: int = 0
    token: str = field(default_factory=lambda: uuid4().hex)
    started: float = field(default_factory=time.monotonic)
    tried: set[str] = field(default_factory=set)
    down: set[str] = field(default_factory=set)
    took: set[str] = field(default_factory=set)
    """The channels over which something has gone in this pass."""
    refused: list[tuple[Row, DeliveryFailed]] = field(default_factory=list)

    def run(self) -> None:
        with ExitStack() as stack:
            lines = {name: _Line(channel, stack) for name, channel in self.ready.items()}
            while self.left > 0 and (self._once(lines) or self._others_are_at_work()):
                pass
        self._settle()

    @property
    def moment(self) -> datetime:
        return self.now + timedelta(seconds=time.monotonic() - self.started)

    @property
    def left(self) -> float:
        """Seconds in which a copy may still be begun."""
        whole = PATIENCE if self.within is None else self.within
        return whole.total_seconds() - (time.monotonic() - self.started)

    def _once(self, lines: dict[str, "_Line"]) -> bool:
        """Whether any copy could be claimed."""
        is_any = False
        for row in _due(self.state, self.moment):
            name, key = row["channel"], row["message_id"]
            if self.left <= 0:
                break
            if name in self.down or key in self.tried:
                continue
            line = lines.get(name)
            if line and line.channel.recipients and row["recipient"] is None:
                is_any = _divide(self.state, row, line.channel) or is_any
            elif self._claim(row, line):
                is_any = True
                self.tried.add(key)
                self._handle(row, line)
        return is_any

    def _claim(self, row: Row, line: "_Line | None") -> bool:
        seconds = line.channel.seconds if line else 0.0
        until = self.moment + timedelta(seconds=seconds) + MARKING
        is_mine = sa.and_(
            outbox.c.message_id == row["message_id"],
            outbox.c.state.in_(WAITING),
            _is_free(self.moment),
        )
        claim = {"claimed_by": self.token, "claimed_until": until}
        with self.state.begin() as connection:
            return connection.execute(sa.update(outbox).where(is_mine).values(claim)).rowcount == 1

    def _handle(self, row: Row, line: "_Line | None") -> None:
        failure = _send(line, row, self.left + OVERTIME)
        self._mark(row, failure)
        if failure is None:
            self.sent += 1
            self.took.add(row["channel"])
            return
        self.failed += 1
        if failure.stops:
            self.down.add(row["channel"])
        if failure.is_final:
            self.refused.append((row, failure))

    def _mark(self, row: Row, failure: DeliveryFailed | None) -> None:
        moment, attempts = self.moment, row["attempts"] + 1
        about = {"channel": row["channel"]}
        values: dict[str, Any] = {"attempts": attempts, "claimed_by": None, "claimed_until": None}
        if failure is None:
            log.info("a message was delivered", extra=about)
            gone = {"state": "sent", "sent_at": moment}
            mended = {"last_error": None, "next_attempt_at": None, "failing_since": None}
            values |= gone | mended | {"fault": None}
        else:
            log.warning("a message was not delivered, try %d: %s", attempts, failure, extra=about)
            wait = max(_wait(attempts), failure.wait or timedelta())
            values |= {
                "state": "failed",
                "last_error": str(failure),
                "fault": failure.scope,
                "next_attempt_at": moment + min(wait, LONGEST_WAIT),
            }
        is_mine = sa.and_(
            outbox.c.message_id == row["message_id"], outbox.c.claimed_by == self.token
        )
        with self.state.begin() as connection:
            connection.execute(sa.update(outbox).where(is_mine).values(values))
            if failure is not None:
                concerned = outbox.c.message_id == row["message_id"]
                if failure.stops:
                    concerned = outbox.c.channel == row["channel"]
                _fails(connection, concerned, failure, moment)

    def _settle(self) -> None:
        """Which refusals are for good, now that it is known what else was taken.

        Where a channel takes nothing and refuses each address, or each message, the fault is its.
        """
        for name in sorted({str(row["channel"]) for row, _ in self.refused}):
            mine = [(row, failure) for row, failure in self.refused if row["channel"] == name]
            for scope, key in (("recipient", "recipient"), ("message", "copy_of")):
                found = [(row, failure) for row, failure in mine if failure.scope == scope]
                is_for_all = name not in self.took and len({row[key] for row, _ in found}) > 1
                for row, failure in found:
                    if is_for_all:
                        self._change(row, fault="channel")
                    elif name in self.took or failure.is_sure:
                        self._change(row, state="dead", next_attempt_at=None)

    def _change(self, row: Row, **values: Any) -> None:
        here = sa.and_(outbox.c.message_id == row["message_id"], outbox.c.state == "failed")
        with self.state.begin() as connection:
            connection.execute(sa.update(outbox).where(here).values(values))

    def _others_are_at_work(self) -> bool:
        """Whether other relays hold copies that may be free again; waits a little if so."""
        if self.within is not None:
            return False
        is_theirs = sa.and_(outbox.c.claimed_by != self.token, sa.not_(_is_free(self.moment)))
        query = sa.select(outbox.c.channel).where(outbox.c.state.in_(WAITING), is_theirs)
        with self.state.read() as connection:
            claimed: set[str] = set(connection.scalars(query))
        is_any = bool(claimed - self.down)
        if is_any:
            time.sleep(LOOK_AGAIN)
        return is_any


class _Line:
    """A channel that is opened when something is to go over it, and closed with the pass."""

    def __init__(self, channel: Channel, stack: ExitStack) -> None:
        self.channel = channel
        self._stack = stack
        self._send: Send | None = None

    def send(self, message: Message, copy: Copy, seconds: float) -> None:
        if self._send is None:
            self._send = self._stack.enter_context(self.channel.opened())
        self._send(message, copy, seconds)


def _send(line: _Line | None, row: Row, left: float) -> DeliveryFailed | None:
    """Why a copy did not go, if so; whatever a channel raises is a fault of that channel."""
    if line is None:
        return DeliveryFailed("this channel is not configured, or its settings are wrong")
    try:
        message = parse(row["payload"])
    except ValidationError:
        return _refused("not a well-formed message")
    if found := gate.objection(message):
        return _refused(f"it seems to contain {found}")
    if row["recipient"] not in (line.channel.recipients or (None,)):
        return DeliveryFailed(
            "this recipient is not configured any more", scope="recipient", is_final=True
        )
    copy = Copy(row["recipient"], row["thread"], row["reply_to"])
    try:
        line.send(message, copy, min(line.channel.seconds, left))
    except DeliveryFailed as failure:
        return failure
    except OSError as fault:
        return DeliveryFailed(f"could not be written ({type(fault).__name__})")
    except Exception as fault:
        return DeliveryFailed(f"the channel broke ({type(fault).__name__})")
    return None


def _refused(why: str) -> DeliveryFailed:
    """By ourselves, whatever the channel would say."""
    return DeliveryFailed(f"refused: {why}", scope="message", is_final=True)


def _divide(state: State, row: Row, channel: Channel) -> bool:
    """A row from before there was one for each recipient, or while a block was wrong."""
    kept = {name: value for name, value in row.items() if name != "number"}
    parts = [
        {
            **kept,
            "message_id": f"{row['message_id']}.{number}",
            "recipient": recipient,
            "payload": row["payload"] | {"message_id": f"{row['message_id']}.{number}"},
        }
        for number, recipient in enumerate(channel.recipients, 1)
    ]
    here = sa.and_(
        outbox.c.message_id == row["message_id"],
        outbox.c.state.in_(WAITING),
        outbox.c.claimed_by.is_(None),
    )
    with state.begin() as connection:
        if connection.execute(sa.delete(outbox).where(here)).rowcount == 0:
            return False
        for part in parts:
            insert_new(connection, outbox, part)
    return True


def _fails(
    connection: sa.Connection,
    concerned: "sa.ColumnElement[bool]",
    failure: DeliveryFailed,
    moment: datetime,
) -> None:
    """From when on what is concerned fails; after a week it is given up, however often tried."""
    here = sa.and_(concerned, outbox.c.state.in_(WAITING), _is_free(moment))
    # A clock that was ahead makes nothing fail from a later day on.
    since = sa.case((outbox.c.failing_since < moment, outbox.c.failing_since), else_=moment)
    connection.execute(sa.update(outbox).where(here).values(failing_since=since))
    if failure.wait:
        until = moment + min(failure.wait, LONGEST_WAIT)
        next_at = outbox.c.next_attempt_at
        later = sa.case((next_at > until, next_at), else_=until)
        connection.execute(sa.update(outbox).where(here).values(next_attempt_at=later))
    is_over = outbox.c.failing_since <= moment - GIVEN_UP_AFTER
    given_up = {
        "state": "dead",
        "next_attempt_at": None,
        "last_error": str(failure),
        "fault": failure.scope,
    }
    connection.execute(sa.update(outbox).where(here, is_over).values(given_up))


def _wait(attempts: int) -> timedelta:
    """After 1, 4, 16 ... minutes, a day at the most."""
    minutes = int(4 ** min(attempts - 1, 8))
    return min(FIRST_WAIT * minutes, LONGEST_WAIT)


def _is_free(moment: datetime) -> "sa.ColumnElement[bool]":
    """Whether nobody sends it at this moment. No claim is so long: else the clock was ahead."""
    until = outbox.c.claimed_until
    return sa.or_(until.is_(None), until <= moment, until > moment + LONGEST_CLAIM)


def _due(state: State, moment: datetime) -> list[Row]:
    """What has failed before last; in the order of their releases, each release's digest last."""
    time_has_come = sa.or_(
        outbox.c.next_attempt_at.is_(None),
        outbox.c.next_attempt_at <= moment,
        # No message waits so long: the clock was ahead when this was written.
        outbox.c.next_attempt_at > moment + LONGEST_WAIT,
    )
    query = (
        sa.select(outbox)
        .outerjoin(releases, releases.c.release_id == outbox.c.release_id)
        .where(outbox.c.state.in_(WAITING), time_has_come, _is_free(moment))
        .order_by(
            outbox.c.attempts,
            releases.c.sequence.nulls_first(),
            outbox.c.kind == "digest",
            outbox.c.message_id,
        )
    )
    with state.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _waiting(state: State) -> int:
    query = sa.select(sa.func.count()).where(outbox.c.state.in_(WAITING))
    with state.read() as connection:
        return int(connection.execute(query).scalar_one())
