"""What stands around an alert in its message: other alerts of its area, earlier episodes, where to
read on and how to answer."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from monitoring.message_base import day
from monitoring.messages import AlertMessage
from warehouse.alert_terms import LIVE
from warehouse.ledger.state import alerts
from warehouse.settings import Settings

MOST = 5
ENDED = {
    "resolved": "ended",
    "retracted": "was withdrawn, since its figures were revised",
}


def with_context(
    connection: sa.Connection, message: AlertMessage, settings: Settings
) -> AlertMessage:
    """The message with what the state knows around its alert."""
    here = alerts.c.alert_id == message.alert_id
    own = connection.execute(sa.select(alerts).where(here)).mappings().first()
    path = f"alerts/{message.alert_id}.html"
    link = f"{settings.report_url.rstrip('/')}/{path}" if settings.report_url else ""
    known = _around(connection, dict(own)) if own else {}
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


def _found(
    connection: sa.Connection, where: "sa.ColumnElement[bool]", order: Any
) -> Sequence[dict[str, Any]]:
    query = sa.select(alerts).where(where).order_by(order).limit(MOST)
    return [dict(row) for row in connection.execute(query).mappings()]


def _end(row: dict[str, Any]) -> str:
    return ENDED.get(row["state"], "closed")
