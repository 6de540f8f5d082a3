"""Send the outbox: at least once, each message under one id, later again when it fails.

One relay at a time: a second one waits for the first and finds its messages sent.
"""

import fcntl
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from monitoring import gate
from monitoring.delivery import channels
from monitoring.delivery.channels import Channel
from monitoring.delivery.failure import DeliveryFailed
from monitoring.messages import parse
from warehouse.home import Home
from warehouse.ledger.state import State, outbox, releases
from warehouse.settings import Settings

MAX_ATTEMPTS = 8
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=24)
GIVEN_UP_AFTER = timedelta(days=7)
WAITING = ("pending", "failed")
PATIENCE = timedelta(minutes=5)
LOOK_AGAIN = 0.1  # seconds

log = logging.getLogger("sightline")


@dataclass(frozen=True)
class Delivered:
    """Messages sent now, failed now, and still waiting."""

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

    `now` in UTC; `within` is for how long a message may still be begun. Nothing is sent while
    another process has been sending for minutes.
    """
    until = time.monotonic() + within.total_seconds() if within else float("inf")
    moment = now.replace(tzinfo=None)
    ready = channels.build(home, settings)
    down: set[str] = set()
    sent = failed = 0
    with _alone(home, within or PATIENCE) as is_alone:
        for row in _due(state, moment) if is_alone else []:
            if row["channel"] in down:
                continue
            if time.monotonic() > until:
                break
            failure = _send(ready.get(row["channel"]), row)
            _mark(state, row, failure, moment)
            sent, failed = sent + (failure is None), failed + (failure is not None)
            if failure and failure.is_channel:
                down.add(row["channel"])
    return Delivered(sent, failed, _waiting(state))


def is_due(state: State, now: datetime) -> bool:
    """Whether a pass would try to send anything."""
    return bool(_due(state, now.replace(tzinfo=None)))


def retry_now(state: State, *, include_dead: bool = False) -> int:
    """Make everything that failed due at once, after its cause was put right."""
    states = ["failed", "dead"] if include_dead else ["failed"]
    query = sa.update(outbox).where(outbox.c.state.in_(states))
    with state.begin() as connection:
        changed = connection.execute(
            query.values(state="pending", attempts=0, next_attempt_at=None)
        )
    return int(changed.rowcount)


@contextmanager
def _alone(home: Home, patience: timedelta) -> Iterator[bool]:
    """Whether no other process sends, by a lock that dies with its holder."""
    with (home.restricted / "outbox.lock").open("a") as file:
        until = time.monotonic() + patience.total_seconds()
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    yield False
                    return
                time.sleep(LOOK_AGAIN)
            else:
                yield True
                return


def _due(state: State, moment: datetime) -> list[dict[str, Any]]:
    """In the order of their releases, each release's digest last."""
    time_has_come = sa.or_(
        outbox.c.next_attempt_at.is_(None),
        outbox.c.next_attempt_at <= moment,
        # No message waits so long: the clock was ahead when this was written.
        outbox.c.next_attempt_at > moment + LONGEST_WAIT,
    )
    query = (
        sa.select(outbox)
        .outerjoin(releases, releases.c.release_id == outbox.c.release_id)
        .where(outbox.c.state.in_(WAITING), time_has_come)
        .order_by(releases.c.sequence, outbox.c.kind == "digest", outbox.c.message_id)
    )
    with state.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _send(channel: Channel | None, row: dict[str, Any]) -> DeliveryFailed | None:
    if channel is None:
        return DeliveryFailed("this channel is not configured any more", is_channel=True)
    try:
        message = parse(row["payload"])
    except ValidationError:
        return DeliveryFailed("refused: not a well-formed message", is_final=True)
    found = gate.objection(message)
    if found:
        return DeliveryFailed(f"refused: it seems to contain {found}", is_final=True)
    try:
        channel.send(message)
    except DeliveryFailed as failure:
        return failure
    except OSError as fault:
        return DeliveryFailed(f"could not be written ({type(fault).__name__})", is_channel=True)
    return None


def _mark(
    state: State, row: dict[str, Any], failure: DeliveryFailed | None, moment: datetime
) -> None:
    attempts = row["attempts"] + 1
    named = {"channel": row["channel"]}
    if failure is None:
        log.info("a message was delivered", extra=named)
    else:
        log.warning("a message was not delivered, attempt %d: %s", attempts, failure, extra=named)
    values: dict[str, Any] = {"attempts": attempts}
    if failure is None:
        values |= {"state": "sent", "sent_at": moment, "last_error": None, "next_attempt_at": None}
    elif failure.is_final or (
        attempts >= MAX_ATTEMPTS and not _may_come_back(row, failure, moment)
    ):
        values |= {"state": "dead", "last_error": str(failure), "next_attempt_at": None}
    else:
        wait = min(FIRST_WAIT * 4 ** (attempts - 1), LONGEST_WAIT)
        values |= {"state": "failed", "last_error": str(failure), "next_attempt_at": moment + wait}
    with state.begin() as connection:
        here = outbox.c.message_id == row["message_id"]
        connection.execute(sa.update(outbox).where(here).values(values))


def _may_come_back(row: dict[str, Any], failure: DeliveryFailed, moment: datetime) -> bool:
    """A channel that is down for a few days is no reason to give a message up."""
    written = row["created_at"]
    return failure.is_channel and written is not None and moment - written < GIVEN_UP_AFTER


def _waiting(state: State) -> int:
    query = sa.select(sa.func.count()).where(outbox.c.state.in_(WAITING))
    with state.read() as connection:
        return int(connection.execute(query).scalar_one())
