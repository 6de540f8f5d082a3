"""Put messages into the outbox, one row for each channel, from where they are sent."""

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


def post(
    connection: sa.Connection, messages: Iterable[Message], settings: Settings, today: date
) -> int:
    """Write messages for every channel, with the caller's transaction; how many rows are new.

    A message that is there already stays as it is.
    """
    new = 0
    for message in messages:
        for channel in channels.names(settings):
            row_id = identifier(message.message_id, channel)
            payload = message.model_copy(update={"message_id": row_id}).model_dump(mode="json")
            row = {
                "message_id": row_id,
                "alert_id": getattr(message, "alert_id", None),
                "kind": message.kind,
                "channel": channel,
                "payload": payload,
                "state": "pending",
                "attempts": 0,
                "created_on": today,
                "created_at": clock.now(),
                "release_id": message.release_id or None,
            }
            query = sa.insert(tables.outbox).prefix_with("or ignore").values(row)
            new += connection.execute(query).rowcount
    return new


def identifier(*parts: str) -> str:
    """The same for the same parts, so that nothing is told twice."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]
