"""Who would get what, and why, by the routes as they are set."""

from typing import Any

import sqlalchemy as sa

from sightline.monitoring import routes
from sightline.monitoring.alerts.people import gravest_first
from sightline.monitoring.delivery import channels
from sightline.monitoring.digests import subject_of
from sightline.monitoring.routes import Route
from sightline.warehouse.alert_terms import LIVE
from sightline.warehouse.errors import WRONG_USE, SightlineError
from sightline.warehouse.ledger.state import State, alerts
from sightline.warehouse.settings import Settings

ENGINEERS = "engineers' messages"


def explain(state: State, settings: Settings, alert_id: str | None) -> list[dict[str, str]]:
    """A row for each alert and route that takes it: `what`, `route`, `why`, `how` and `to`.

    `alert_id` may be its beginning; without it, every alert that is open, and what engineers get.
    """
    known = routes.load(settings)
    rows = [
        _row(f"{alert['alert_id'][:8]} {alert['title']}", match.route, match.why, how, settings)
        for alert in _alerts(state, alert_id)
        for match in routes.matching(known, subject_of(alert))
        for how in [_how(match.route, alert["severity"])]
    ]
    if alert_id is None:
        for route in routes.of_engineers(known):
            is_theirs = route.audience == "engineers"
            why = "engineers" if is_theirs else "no route is the engineers'"
            rows.append(_row(ENGINEERS, route, why, "at once", settings))
    return rows


def _alerts(state: State, alert_id: str | None) -> list[dict[str, Any]]:
    is_meant: sa.ColumnElement[bool] = alerts.c.state.in_(LIVE)
    if alert_id is not None:
        is_meant = alerts.c.alert_id.startswith(alert_id, autoescape=True)
    query = sa.select(alerts).where(is_meant).order_by(gravest_first(), alerts.c.title)
    with state.read() as connection:
        found = [dict(row) for row in connection.execute(query).mappings()]
    if alert_id is not None and not found:
        raise SightlineError(f"no alert begins with {alert_id!r}", WRONG_USE)
    return found


def _how(route: Route, severity: str) -> str:
    alone = route.when == "at once" or severity == routes.AT_ONCE
    return "at once, and in the digest" if alone else "in the digest"


def _row(what: str, route: Route, why: str, how: str, settings: Settings) -> dict[str, str]:
    places = [
        f"{name} ({recipient})" if recipient else name
        for name, recipient in channels.addressed(settings)
        if name in route.channels
    ]
    return {"what": what, "route": route.name, "why": why, "how": how, "to": ", ".join(places)}
