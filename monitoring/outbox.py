"""Put messages into the outbox, a row for each copy, from where they are sent."""

import hashlib
import json
from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa

from monitoring.delivery import channels
from monitoring.messages import Message
from warehouse import clock
from warehouse.ledger import state as tables
from warehouse.settings import Settings

outbox = tables.outbox


def post(
    connection: sa.Connection, messages: Iterable[Message], settings: Settings, today: date
) -> int:
    """Write a copy for every channel and recipient, with the caller's transaction; how many rows
    are new.

    A copy that is there already stays as it is.
    """
    new = 0
    for message in messages:
        for channel, recipient in channels.addressed(settings):
            row_id = identifier(message.message_id, channel, *filter(None, [recipient]))
            payload = message.model_copy(update={"message_id": row_id}).model_dump(mode="json")
            alert_id = getattr(message, "alert_id", None)
            row = {
                "message_id": row_id,
                "copy_of": message.message_id,
                "alert_id": alert_id,
                "kind": message.kind,
                "channel": channel,
                "recipient": recipient,
                "thread": _thread(connection, alert_id, channel, recipient),
                "payload": payload,
                "state": "pending",
                "attempts": 0,
                "created_on": today,
                "created_at": clock.now(),
                "release_id": message.release_id or None,
            }
            query = sa.insert(outbox).prefix_with("or ignore").values(row)
            new += connection.execute(query).rowcount
    return new


def _thread(
    connection: sa.Connection, alert_id: str | None, channel: str, recipient: str | None
) -> str | None:
    """The first copy by which this recipient was told of the alert, none if this is it."""
    first = sa.func.coalesce(outbox.c.thread, outbox.c.message_id)
    query = (
        sa.select(first)
        .where(outbox.c.alert_id == alert_id, outbox.c.channel == channel)
        .where(outbox.c.recipient.is_not_distinct_from(recipient))
        .order_by(outbox.c.created_at, outbox.c.created_on)
    )
    return connection.execute(query.limit(1)).scalar() if alert_id else None


def identifier(*parts: str) -> str:
    """The same for the same parts, so that nothing is told twice."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]
