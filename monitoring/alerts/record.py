"""Write decisions, events and messages in the transaction that records their release."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import duckdb
import sqlalchemy as sa

from sightline.monitoring import companions
from sightline.monitoring.alerts import history, released, storm_records
from sightline.monitoring.alerts.findings import ENDED, PENDING, Alert, Decisions, Event
from sightline.monitoring.facts import identifier
from sightline.monitoring.messages import (
    HIDDEN,
    AlertMessage,
    Digest,
    Figures,
    Message,
    Wording,
)
from sightline.monitoring.outbox import post
from sightline.warehouse.alert_terms import LIVE, SEVERITIES
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger import state as tables
from sightline.warehouse.release import drivers
from sightline.warehouse.settings import Settings

TOLD = (
    "opened", "reopened", "escalated", "resolved", "retracted", "corrected",
    "no_longer_supported", "closed_by_reorganisation", "closed_by_definition",
)  # fmt: skip
ENDING = ("resolved", "retracted", *TOLD[6:])
LISTED = 20


class Decides(Protocol):
    """What decides on the alerts that it finds: `evaluate.Judged`."""

    def decide(self, connection: sa.Connection) -> Decisions: ...


class Release(Protocol):
    """The released figures that messages may quote."""

    @property
    def release_id(self) -> str: ...
    @property
    def as_of(self) -> date: ...
    @property
    def simulated(self) -> bool: ...
    @property
    def database(self) -> Path: ...


def record(
    connection: sa.Connection, judged: Decides, release: Release, settings: Settings
) -> Decisions:
    """Decide on the alerts as they are in the caller's transaction, and write it with it.

    What people did since the run began stands: it is decided anew. Doing it again changes nothing.
    """
    decisions = judged.decide(connection)
    changes = list(zip(decisions.alerts, decisions.events, strict=True))
    history.write(connection, changes, audit.actor())
    storm_records.keep(connection, decisions.held, release.release_id, release.as_of)
    told = [(alert, event) for alert, event in changes if _is_told(event)]
    with duckdb.connect(str(release.database), read_only=True) as published:
        messages: list[Message] = _alert_messages(published, told, release, settings)
        received, due = _returns(published, release.as_of)
    messages.append(digest(connection, messages, release, settings, received=received, due=due))
    post(connection, messages, settings, release.as_of)
    return decisions


def _is_told(event: Event) -> bool:
    """Of what was pending nobody was told, so nobody is told of its end."""
    return event.event in TOLD and not (event.old_state == PENDING and event.new_state in ENDED)


def digest(
    connection: sa.Connection,
    messages: Iterable[Message],
    release: Release,
    settings: Settings,
    *,
    received: int,
    due: int,
) -> Digest:
    """The run in one message."""
    alerts = [message for message in messages if isinstance(message, AlertMessage)]
    new = [message for message in alerts if message.kind in ("opened", "reopened")]
    new.sort(key=lambda message: (-SEVERITIES.index(message.severity), message.title))
    is_live = tables.alerts.c.state.in_(LIVE)
    count = sa.select(sa.func.count()).select_from(tables.alerts).where(is_live)
    return Digest(
        message_id=identifier("digest", release.release_id, release.as_of.isoformat()),
        monitor=settings.name,
        release_id=release.release_id,
        as_of=release.as_of,
        is_simulated=release.simulated,
        new=len(new),
        escalated=sum(message.kind == "escalated" for message in alerts),
        ended=sum(message.kind in ENDING for message in alerts),
        open=connection.execute(count).scalar_one(),
        returns_received=received,
        returns_due=due,
        newest=tuple(f"{m.severity}: {m.title}" for m in new[:LISTED]),
        not_listed=max(len(new) - LISTED, 0),
    )


def _alert_messages(
    published: duckdb.DuckDBPyConnection,
    told: list[tuple[Alert, Event]],
    release: Release,
    settings: Settings,
) -> list[Message]:
    words = _wordings(published)
    return [
        _alert_message(
            published, words.get(alert.indicator, _unknown(alert)), alert, event, release, settings
        )
        for alert, event in told
    ]


def _unknown(alert: Alert) -> Wording:
    """Of an indicator that is no longer defined."""
    return Wording(
        indicator=alert.indicator, name=alert.indicator, unit="", why_it_matters="",
        what_to_check=(), other_explanations=(),
    )  # fmt: skip


def _alert_message(
    published: duckdb.DuckDBPyConnection,
    words: Wording,
    alert: Alert,
    event: Event,
    release: Release,
    settings: Settings,
) -> AlertMessage:
    shown = released.shown(published, alert.alert_id)
    period = event.period or (shown.last_period if shown else alert.last_period)
    is_told = not shown or released.is_told(published, alert.alert_id, period)
    if shown and not is_told:
        period = shown.last_period
    marked = len(alert.summary.get("values", {})) if is_told else 0
    return AlertMessage.model_validate(
        {
            "message_id": identifier(
                alert.alert_id, event.event, period.isoformat(), release.release_id
            ),
            "monitor": settings.name,
            "release_id": release.release_id,
            "as_of": release.as_of,
            "is_simulated": release.simulated,
            "kind": event.event,
            "alert_id": alert.alert_id,
            "severity": alert.severity,
            "title": alert.title,
            "indicator": alert.indicator,
            "short_name": words.short_name,
            "area_name": alert.area_name,
            "area_level": alert.area_level,
            "direction": alert.direction,
            "pattern": alert.summary.get("kind") if is_told else None,
            "period_type": words.period_type,
            "opened_period": shown.opened_period if shown else alert.opened_period,
            "period": period,
            "periods_seen": (shown and shown.periods_marked) or marked,
            "periods_passed": (shown and shown.periods_passed) or marked,
            "figures": _figures(shown, words),
            "decided": event.reason if event.event == "reopened" else None,
            "carried_by": tuple(name for _, name in alert.summary.get("carried_by", ())),
            "driven_by": _driven_by(published, alert, event),
            "folded_into": alert.summary.get("folded_into"),
            "successors": tuple(alert.summary.get("successors", ())),
            "why_it_matters": words.why_it_matters,
            "what_to_check": words.what_to_check,
            "other_explanations": words.other_explanations,
            "owner": words.owner,
            "companions": companions.beside(published, alert.indicator, alert.area_code, period),
        }
    )


def _driven_by(published: duckdb.DuckDBPyConnection, alert: Alert, event: Event) -> tuple[str, ...]:
    """Nothing of one that has ended."""
    is_live = event.event in ("opened", "reopened", "escalated")
    return tuple(drivers.of_alert(published, alert.alert_id)) if is_live else ()


def _figures(shown: released.Shown | None, words: Wording) -> Figures:
    about = {"unit": words.unit, "decimals": words.decimals}
    if shown and shown.marker in HIDDEN:
        return Figures.model_validate({**about, "is_withheld": True, "marker": shown.marker})
    if shown is None:
        return Figures.model_validate(about)
    figures = shown.evidence.model_dump() if shown.evidence else {}
    now = {"latest": shown.last_period, "value_now": shown.value_now,
           "expected_now": shown.expected_now}  # fmt: skip
    return Figures.model_validate({**about, **figures, **now})


def _wordings(published: duckdb.DuckDBPyConnection) -> dict[str, Wording]:
    names = list(Wording.model_fields)
    rows = published.execute(f"select {', '.join(names)} from indicators").fetchall()
    return {row[0]: _wording(dict(zip(names, row, strict=True))) for row in rows}


def _wording(row: Mapping[str, Any]) -> Wording:
    listed = {name: _lines(row[name]) for name in ("what_to_check", "other_explanations")}
    return Wording.model_validate({**row, "owner": row["owner"] or "", **listed})


def _lines(cell: Any) -> tuple[str, ...]:
    return tuple(cell.split("\n")) if isinstance(cell, str) else tuple(cell or ())


def _returns(published: duckdb.DuckDBPyConnection, as_of: date) -> tuple[int, int]:
    """Of each sender's newest return that was due, how many have come."""
    rows = published.execute(
        "select count(*) filter (where received_on is not null), count(*) from ("
        "select received_on from coverage where due_on <= ? and status <> 'not_due' "
        "qualify row_number() over (partition by la_code, extract order by period_end desc) = 1)",
        [as_of],
    ).fetchall()
    [(received, due)] = rows
    return received, due
