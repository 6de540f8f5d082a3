"""What stands around an alert in its message: other alerts of its area, earlier episodes, where to
read on and how to answer."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from sightline.monitoring.message_base import day
from sightline.monitoring.messages import WITH_FIGURES_OF_THEN, AlertMessage, Figures, parse
from sightline.warehouse.alert_terms import LIVE
from sightline.warehouse.ledger.state import alerts, outbox
from sightline.warehouse.settings import Settings

MOST = 5
OPENING = ("opened", "reopened", "escalated")
"""Kinds of messages that an alert holds."""
ENDED = {
    "resolved": "ended",
    "retracted": "was withdrawn",
}


def with_context(
    connection: sa.Connection, message: AlertMessage, settings: Settings
) -> AlertMessage:
    """The message with what the state knows around its alert."""
    here = alerts.c.alert_id == message.alert_id
    own = connection.execute(sa.select(alerts).where(here)).mappings().first()
    path = f"alerts/{message.alert_id}.html"
    link = f"{settings.report_url.rstrip('/')}/{path}" if settings.report_url else ""
    known: dict[str, Any] = _around(connection, dict(own)) if own else {}
    if message.folded_into:
        known["folded_into"] = _area_of(connection, message.folded_into)
    if message.kind in WITH_FIGURES_OF_THEN:
        known["told"] = _told(connection, message.alert_id)
    return message.model_copy(
        update={"link": link or f"report/{path} of release {message.release_id}", **known}
    )


def _around(connection: sa.Connection, own: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    columns = alerts.c
    is_other = columns.alert_id != own["alert_id"]
    near = sa.and_(is_other, columns.area_code == own["area_code"], columns.state.in_(LIVE))
    former = sa.and_(
        is_other, columns.fingerprint == own["fingerprint"], columns.resolved_on.is_not(None)
    )
    return {
        "also_open": tuple(
            row["title"].removesuffix(f": {row['area_name']}")
            for row in _found(connection, near, columns.title)
        ),
        "earlier": tuple(
            f"Raised on {day(row['first_raised_on'])}, {_end(row)} on {day(row['resolved_on'])}."
            for row in _found(connection, former, columns.first_raised_on.desc())
        ),
    }


def _area_of(connection: sa.Connection, alert_id: str) -> str | None:
    query = sa.select(alerts.c.area_name).where(alerts.c.alert_id == alert_id)
    return connection.execute(query).scalar()


def _told(connection: sa.Connection, alert_id: str) -> Figures | None:
    """The figures by which the alert was told last that it holds; none once that is not kept."""
    is_opening = sa.and_(outbox.c.alert_id == alert_id, outbox.c.kind.in_(OPENING))
    query = sa.select(outbox.c.payload).where(is_opening).order_by(outbox.c.number.desc())
    payload = connection.execute(query.limit(1)).scalar()
    message = parse(payload) if payload else None
    return message.figures if isinstance(message, AlertMessage) else None


def _found(
    connection: sa.Connection, where: "sa.ColumnElement[bool]", order: Any
) -> Sequence[dict[str, Any]]:
    query = sa.select(alerts).where(where).order_by(order).limit(MOST)
    return [dict(row) for row in connection.execute(query).mappings()]


def _end(row: dict[str, Any]) -> str:
    return ENDED.get(row["state"], "closed")
