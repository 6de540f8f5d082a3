"""Put messages into the outbox, a row for each copy, from where they are sent.

Files keep every message. Over other channels alerts travel in the digests of their audiences, and
alone only where they are critical or a route says so.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

import sqlalchemy as sa

from sightline.monitoring import digests, routes
from sightline.monitoring.alert_context import OPENING, with_context
from sightline.monitoring.delivery import channels
from sightline.monitoring.facts import identifier
from sightline.monitoring.messages import AlertMessage, Digest, Message
from sightline.monitoring.routes import Route, Subject
from sightline.warehouse import clock
from sightline.warehouse.database import insert_new
from sightline.warehouse.ledger import state as tables
from sightline.warehouse.settings import Settings

outbox = tables.outbox
MOST_ALONE = 2
"""So many alerts of one release travel alone over a route; of more its digest speaks alone."""
Target = tuple[str, str | None, str | None]
"""Channel, recipient, and whom an answer goes to."""


def post(
    connection: sa.Connection, messages: Iterable[Message], settings: Settings, today: date
) -> int:
    """Write the copies of messages, with the caller's transaction; how many rows are new.

    With the message of a release come the digests of its audiences. A copy that is there already
    stays as it is.
    """
    told = [
        with_context(connection, message, settings)
        if isinstance(message, AlertMessage)
        else message
        for message in messages
    ]
    known = routes.load_or_usual(settings)
    alerts = [message for message in told if isinstance(message, AlertMessage)]
    taken = {one.message_id: _routes_of(connection, one, known) for one in alerts}
    urgent = Counter(
        route.name for one in alerts if _is_urgent(one) for route in taken[one.message_id]
    )
    new = 0
    for message in told:
        if isinstance(message, AlertMessage):
            alone = [
                route
                for route in taken[message.message_id]
                if route.when == "at once"
                or (_is_urgent(message) and urgent[route.name] <= MOST_ALONE)
            ]
            targets = _of_alert(connection, message, alone, settings)
        elif isinstance(message, Digest):
            targets = sent_over([r for r in known if r.audience == "engineers"], settings)
        else:
            targets = sent_over(routes.of_engineers(known), settings)
        new += put(connection, message, targets, today)
    for release in [message for message in told if isinstance(message, Digest)]:
        for digest, route in digests.compose(connection, settings, today, alerts, release):
            new += put(connection, digest, sent_over([route], settings), today)
    return new


def put(connection: sa.Connection, message: Message, targets: Iterable[Target], today: date) -> int:
    """Write a copy for each target; how many rows are new."""
    return sum(_write(connection, message, target, today) for target in targets)


def sent_over(chosen: Sequence[Route], settings: Settings) -> list[Target]:
    """Where messages over these routes go, and files."""
    reply = {name: route.reply_to for route in reversed(chosen) for name in route.channels}
    return [
        (channel, recipient, reply.get(channel))
        for channel, recipient in channels.addressed(settings)
        if channel in reply or channel == channels.FILES
    ]


def _of_alert(
    connection: sa.Connection, message: AlertMessage, alone: Sequence[Route], settings: Settings
) -> list[Target]:
    """Files; the routes over which it travels alone; and who was told of its opening alone."""
    targets = sent_over(alone, settings)
    told = _told_alone(connection, message.alert_id)
    places = {(channel, recipient) for channel, recipient, _ in targets}
    more = [
        (channel, recipient, None)
        for channel, recipient in channels.addressed(settings)
        if (channel, recipient) in told and (channel, recipient) not in places
    ]
    return [*targets, *more]


def _is_urgent(message: AlertMessage) -> bool:
    return message.severity == routes.AT_ONCE and message.kind in OPENING


def _routes_of(connection: sa.Connection, message: AlertMessage, known: list[Route]) -> list[Route]:
    query = sa.select(tables.alerts.c.area_code)
    area = connection.execute(query.where(tables.alerts.c.alert_id == message.alert_id)).scalar()
    subject = Subject(message.indicator, message.severity, message.area_level, area or "")
    return routes.all_matching(known, subject)


def _told_alone(connection: sa.Connection, alert_id: str) -> set[tuple[str, str | None]]:
    query = sa.select(outbox.c.channel, outbox.c.recipient).where(outbox.c.alert_id == alert_id)
    return {(row.channel, row.recipient) for row in connection.execute(query)}


def _write(connection: sa.Connection, message: Message, target: Target, today: date) -> int:
    channel, recipient, reply_to = target
    row_id = identifier(message.message_id, channel, *filter(None, [recipient]))
    alert_id = getattr(message, "alert_id", None)
    row = {
        "message_id": row_id,
        "copy_of": message.message_id,
        "alert_id": alert_id,
        "kind": message.kind,
        "channel": channel,
        "recipient": recipient,
        "reply_to": reply_to,
        "thread": _thread(connection, alert_id, channel, recipient),
        "payload": message.model_copy(update={"message_id": row_id}).model_dump(mode="json"),
        "state": "pending",
        "attempts": 0,
        "created_on": today,
        "created_at": clock.now(),
        "release_id": message.release_id or None,
    }
    return insert_new(connection, outbox, row)


def _thread(
    connection: sa.Connection, alert_id: str | None, channel: str, recipient: str | None
) -> str | None:
    """The first copy by which this recipient was told of the alert, none if this is it."""
    first = sa.func.coalesce(outbox.c.thread, outbox.c.message_id)
    query = (
        sa.select(first)
        .where(outbox.c.alert_id == alert_id, outbox.c.channel == channel)
        .where(outbox.c.recipient.is_not_distinct_from(recipient))
        .order_by(outbox.c.created_at.nulls_first(), outbox.c.created_on)
    )
    return connection.execute(query.limit(1)).scalar() if alert_id else None
