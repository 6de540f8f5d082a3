"""Alerts and their changes in the state: written together, rebuilt from the changes, and proven.

Each change keeps the alert as it was after it, so that the changes alone give every alert back, and
stands in the audit trail with a digest of what it says.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Any

import sqlalchemy as sa

from sightline.monitoring.alerts.findings import Alert, Change
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger import state as tables
from sightline.warehouse.ledger.state import State

alerts, events = tables.alerts, tables.alert_events
ACTION = "alert "
# Of an event what its digest is made of. Its day is not: a clock that ran ahead is put right.
DIGESTED = (
    "event_id", "alert_id", "event", "old_state", "new_state", "period", "reason", "release_id",
    "evidence", "account",
)  # fmt: skip
OF_CLOCK = ("first_raised_on", "resolved_on")
DAYS = ("opened_period", "first_raised_on", "last_period", "resolved_on")


def write(connection: sa.Connection, changes: Iterable[Change], account: str) -> None:
    """Write alerts and their changes in the caller's transaction, and name both in the audit."""
    for alert, event in changes:
        _upsert(connection, alert)
        number = connection.execute(sa.select(sa.func.max(events.c.event_id))).scalar() or 0
        row: dict[str, Any] = {
            "event_id": number + 1,
            **asdict(event),
            "alert": snapshot(alert),
            "account": account,
        }
        row["digest"] = digest_of(row)
        connection.execute(sa.insert(events).values(row))
        audit.record(
            connection, f"{ACTION}{event.event}", str(row["event_id"]), row["digest"],
            is_typed=False,
        )  # fmt: skip


def snapshot(alert: Alert) -> dict[str, Any]:
    """An alert as JSON holds it."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(alert).items()
    }


def rebuilt(rows: Iterable[Mapping[str, Any]]) -> dict[str, Alert]:
    """Every alert as its changes tell it, by number; those of before they told it are left out."""
    found: dict[str, Alert] = {}
    for row in sorted(rows, key=lambda row: row["event_id"]):
        if row["alert"] is not None:
            found[row["alert_id"]] = _alert(row["alert"])
    return found


def digest_of(row: Mapping[str, Any]) -> str:
    """Of an event and of the alert after it, but for days that a clock wrote."""
    told = {name: value for name, value in (row["alert"] or {}).items() if name not in OF_CLOCK}
    content = [_plain(row[name]) for name in DIGESTED] + [_plain(told)]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def check(state: State) -> None:
    """Raises SightlineError where a change of an alert is altered, missing or added, or where an
    alert is not what its changes say."""
    with state.read() as connection:
        rows = [dict(row) for row in connection.execute(sa.select(events)).mappings()]
        known = [Alert(**row) for row in connection.execute(sa.select(alerts)).mappings()]
        is_alert = tables.audit.c.action.startswith(ACTION)
        query = sa.select(tables.audit.c.subject, tables.audit.c.reason).where(is_alert)
        entries: dict[str, str] = dict(connection.execute(query).all())
    kept = {str(row["event_id"]): row for row in rows if row["digest"] is not None}
    for number in sorted(entries.keys() | kept.keys(), key=int):
        row = kept.get(number)
        if row is None:
            raise SightlineError(f"the change {number} of an alert is missing")
        if entries.get(number) != row["digest"] or digest_of(row) != row["digest"]:
            raise SightlineError(f"the change {number} of an alert is not what was recorded")
    _compare(known, rebuilt(rows))


def _compare(known: Sequence[Alert], told: Mapping[str, Alert]) -> None:
    numbers = {alert.alert_id for alert in known}
    for missing in sorted(told.keys() - numbers):
        raise SightlineError(f"alert {missing} is missing, though its changes are there")
    for alert in known:
        if alert.alert_id in told and _timeless(alert) != _timeless(told[alert.alert_id]):
            raise SightlineError(f"alert {alert.alert_id} is not what its changes say")


def _timeless(alert: Alert) -> dict[str, Any]:
    return {name: value for name, value in snapshot(alert).items() if name not in OF_CLOCK}


def _alert(told: Mapping[str, Any]) -> Alert:
    row = {field.name: told[field.name] for field in fields(Alert)}
    for name in DAYS:
        row[name] = row[name] and date.fromisoformat(row[name])
    return Alert(**row)


def _upsert(connection: sa.Connection, alert: Alert) -> None:
    row = asdict(alert)
    known = alerts.c.alert_id == alert.alert_id
    changed = connection.execute(sa.update(alerts).where(known).values(row))
    if changed.rowcount == 0:
        connection.execute(sa.insert(alerts).values(row))


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
