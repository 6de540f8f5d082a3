"""What people do with alerts: list, take on, assign, put off, close, take up again; each with a
name and a note.

Name and note stay inside restricted/; the release says what was done, when, by "a person", or by
the role under which who did it agreed to be shown."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from sightline.monitoring.alerts import acts, history
from sightline.monitoring.alerts.evaluate import known_alerts
from sightline.monitoring.alerts.findings import Alert
from sightline.warehouse import typed_text
from sightline.warehouse.alert_terms import LIVE, SEVERITIES
from sightline.warehouse.errors import WRONG_USE, SightlineError
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger import state as tables
from sightline.warehouse.ledger.state import State

REASONS = acts.REASONS
# What the state keeps of an alert and its events that is no figure: figures are read from a
# release, where they are controlled.
OF_ALERT = (
    "kind", "periods", "snoozed_until", "assigned_to", "decided", "carried_by", "folded_into",
    "successors", "duplicate_of",
)  # fmt: skip
OF_EVENT = ("who", "note", "to", "role")
Row = dict[str, Any]
Keeps = Callable[[Row], bool]


def list_alerts(
    state: State, *, states: tuple[str, ...] = LIVE, keeps: Keeps | None = None
) -> list[Row]:
    """Alerts in these states without their figures, the most serious and newest first."""
    query = (
        sa.select(tables.alerts)
        .where(tables.alerts.c.state.in_(states))
        .order_by(gravest_first(), tables.alerts.c.last_period.desc(), tables.alerts.c.title)
    )
    with state.read() as connection:
        found = connection.execute(query).mappings().all()
    rows = [{**row, "summary": _only(row["summary"], OF_ALERT)} for row in found]
    return [row for row in rows if keeps is None or keeps(row)]


def gravest_first() -> "sa.Case[int]":
    """To order alerts by."""
    places = {name: place for place, name in enumerate(reversed(SEVERITIES))}
    return sa.case(places, value=tables.alerts.c.severity, else_=len(SEVERITIES))


def story(state: State, alert_id: str) -> list[Row]:
    """Every event of one alert without its figures, oldest first."""
    events = tables.alert_events
    with state.read() as connection:
        alert = _find(connection, alert_id)
        query = sa.select(events).where(events.c.alert_id == alert.alert_id)
        rows = connection.execute(query.order_by(events.c.event_id)).mappings().all()
    told = [{**row, "evidence": _only(row["evidence"], OF_EVENT)} for row in rows]
    return [{name: row[name] for name in row if name not in ("alert", "digest")} for row in told]


def act(
    state: State,
    alert_ids: Sequence[str],
    name: acts.Act,
    *,
    who: str,
    note: str,
    today: date,
    **how: Any,
) -> list[Alert]:
    """Do one thing with one or several alerts, all or none; see `acts.acted` for `how`.

    Raises SightlineError where one of them cannot be found, or not be moved so.
    """
    who, note = typed_text.check(who, "the name"), typed_text.check(note, "the note")
    if not who or not note:
        raise SightlineError("say who you are and write a note", WRONG_USE)
    if how.get("to"):
        how["to"] = typed_text.check(how["to"], "the name")
    with state.begin() as connection:
        if how.get("original"):
            how["original"] = _find(connection, how["original"]).alert_id
        found = [_find(connection, alert_id) for alert_id in dict.fromkeys(alert_ids)]
        changes = [acts.acted(alert, name, today, who=who, note=note, **how) for alert in found]
        history.write(connection, changes, audit.actor())
    return [alert for alert, _ in changes]


def outcomes(state: State) -> list[Row]:
    """By indicator how the alerts turned out that people closed, and the share that was right.

    The last decision on an alert counts; one that was taken up again has none. An explained one is
    right in that something had changed.
    """
    with state.read() as connection:
        known = known_alerts(connection)
    decided = [alert for alert in known if alert.state == "resolved"]
    found = []
    for indicator in sorted({alert.indicator for alert in decided}):
        reasons = Counter(
            str(alert.summary.get("decided")) for alert in decided if alert.indicator == indicator
        )
        counts = {
            "confirmed": _sum(reasons, acts.CONFIRMED),
            "explained": _sum(reasons, acts.EXPLAINED),
            "false": _sum(reasons, acts.FALSE),
        }
        total = sum(counts.values())
        if total:
            right = (counts["confirmed"] + counts["explained"]) / total
            found.append({"indicator": indicator, **counts, "precision": round(right, 2)})
    return found


def _sum(counts: Mapping[str, int], names: Iterable[str]) -> int:
    return sum(counts.get(name, 0) for name in names)


def _only(held: Mapping[str, Any] | None, names: tuple[str, ...]) -> Row:
    return {name: held[name] for name in names if name in held} if held else {}


def _find(connection: sa.Connection, alert_id: str) -> Alert:
    """By id, or by the beginning of one."""
    found = [a for a in known_alerts(connection) if alert_id and a.alert_id.startswith(alert_id)]
    if len(found) != 1:
        raise SightlineError(f"{len(found) or 'no'} alerts begin with {alert_id!r}", WRONG_USE)
    return found[0]
