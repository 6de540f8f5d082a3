"""What people do with alerts: list, acknowledge, snooze, resolve; each with a name and a note.

Name and note stay inside restricted/; the release says what was done, when, by "a person"."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from monitoring.alerts.evaluate import known_alerts
from monitoring.alerts.lifecycle import LIVE, Alert
from warehouse import typed_text
from warehouse.errors import SightlineError
from warehouse.ledger import state as tables
from warehouse.ledger.state import State

USAGE = 2
REASONS = (
    "action_taken",
    "practice_change",
    "data_error",
    "definition_change",
    "expected",
    "false_alarm",
    "duplicate",
)


# What the state keeps of an alert and its events that is no figure: figures are read from a
# release, where they are controlled.
OF_ALERT = ("kind", "periods", "snoozed_until")
OF_EVENT = ("who", "note")


def list_alerts(state: State, *, states: tuple[str, ...] = LIVE) -> list[dict[str, Any]]:
    """Alerts in these states without their figures, the most serious and newest first."""
    order = sa.case(
        {"critical": 0, "warning": 1, "watch": 2}, value=tables.alerts.c.severity, else_=3
    )
    query = (
        sa.select(tables.alerts)
        .where(tables.alerts.c.state.in_(states))
        .order_by(order, tables.alerts.c.last_period.desc(), tables.alerts.c.title)
    )
    with state.read() as connection:
        rows = connection.execute(query).mappings().all()
    return [{**row, "summary": _only(row["summary"], OF_ALERT)} for row in rows]


def history(state: State, alert_id: str) -> list[dict[str, Any]]:
    """Every event of one alert without its figures, oldest first."""
    events = tables.alert_events
    with state.read() as connection:
        alert = _find(connection, alert_id)
        query = sa.select(events).where(events.c.alert_id == alert.alert_id)
        rows = connection.execute(query.order_by(events.c.event_id)).mappings().all()
    return [{**row, "evidence": _only(row["evidence"], OF_EVENT)} for row in rows]


def acknowledge(state: State, alert_id: str, *, who: str, note: str, today: date) -> Alert:
    return _move(state, alert_id, "acknowledged", who, note, today)


def snooze(state: State, alert_id: str, *, who: str, note: str, today: date, until: date) -> Alert:
    """Quiet until a day, on which it wakes by itself."""
    if until <= today:
        raise SightlineError("an alert can only be put off to a later day", USAGE)
    return _move(state, alert_id, "snoozed", who, note, today, until=until)


def resolve(
    state: State, alert_id: str, *, who: str, note: str, today: date, reason: str = "action_taken"
) -> Alert:
    """Closed by a person; it is only raised again after a month in which the figure was clear."""
    if reason not in REASONS:
        raise SightlineError(f"the reason must be one of: {', '.join(REASONS)}", USAGE)
    return _move(state, alert_id, "resolved", who, note, today, reason=reason)


def _move(
    state: State,
    alert_id: str,
    target: str,
    who: str,
    note: str,
    today: date,
    *,
    until: date | None = None,
    reason: str | None = None,
) -> Alert:
    who, note = typed_text.check(who, "the name"), typed_text.check(note, "the note")
    if not who or not note:
        raise SightlineError("say who you are and write a note", USAGE)
    with state.begin() as connection:
        alert = _find(connection, alert_id)
        if alert.state not in LIVE:
            raise SightlineError(f"alert {alert.alert_id} has ended ({alert.state})", USAGE)
        summary = {k: v for k, v in alert.summary.items() if k != "snoozed_until"}
        if until:
            summary["snoozed_until"] = until.isoformat()
        ended = today if target == "resolved" else None
        moved = replace(alert, state=target, summary=summary, resolved_on=ended)
        where = tables.alerts.c.alert_id == alert.alert_id
        connection.execute(sa.update(tables.alerts).where(where).values(asdict(moved)))
        event = {
            "alert_id": alert.alert_id,
            "occurred_on": today,
            "event": target,
            "old_state": alert.state,
            "new_state": target,
            "period": alert.last_period,
            "reason": reason or "by a person",
            "release_id": alert.release_id,
            "evidence": {"who": who, "note": note},
        }
        connection.execute(sa.insert(tables.alert_events).values(event))
    return moved


def _only(held: Mapping[str, Any] | None, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: held[name] for name in names if name in held} if held else {}


def _find(connection: sa.Connection, alert_id: str) -> Alert:
    """By id, or by the beginning of one."""
    found = [a for a in known_alerts(connection) if alert_id and a.alert_id.startswith(alert_id)]
    if len(found) != 1:
        raise SightlineError(f"{len(found) or 'no'} alerts begin with {alert_id!r}", USAGE)
    return found[0]
