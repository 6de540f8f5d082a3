"""Openings that were held because there were too many at once, and what people decided on them."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from sightline.monitoring.alerts.findings import Change
from sightline.warehouse import typed_text
from sightline.warehouse.errors import WRONG_USE, SightlineError
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger import state as tables
from sightline.warehouse.ledger.state import State

storms = tables.storms
CONFIRMED, DISCARDED = "confirmed", "discarded"


def decided(connection: sa.Connection) -> dict[str, Any]:
    """Fingerprints that people let through, and those that they did not, with a period."""
    confirmed: set[str] = set()
    discarded: dict[str, date] = {}
    for row in connection.execute(sa.select(storms).order_by(storms.c.held_on)):
        for alert in row.alerts:
            if row.decision == CONFIRMED:
                confirmed.add(alert["fingerprint"])
                discarded.pop(alert["fingerprint"], None)
            elif row.decision == DISCARDED:
                confirmed.discard(alert["fingerprint"])
                discarded[alert["fingerprint"]] = date.fromisoformat(alert["last_period"])
    return {"confirmed": frozenset(confirmed), "discarded": discarded}


def keep(connection: sa.Connection, held: Sequence[Change], release_id: str, today: date) -> None:
    """Write what is held. What already waits goes on under its release."""
    waiting = connection.execute(sa.select(storms).where(storms.c.decision.is_(None))).first()
    rows = [
        {
            "fingerprint": alert.fingerprint,
            "last_period": alert.last_period.isoformat(),
            "indicator": alert.indicator,
            "area_code": alert.area_code,
        }
        for alert, _ in held
    ]
    if waiting is not None:
        here = storms.c.release_id == waiting.release_id
        if rows:
            connection.execute(sa.update(storms).where(here).values(alerts=rows))
        else:
            connection.execute(sa.delete(storms).where(here))
    elif rows:
        row = {"release_id": release_id, "held_on": today, "alerts": rows}
        connection.execute(sa.insert(storms).values(row))


def decide(
    state: State, run: str, decision: str, *, who: str | None, reason: str, today: date
) -> int:
    """Let what a run held through, or not; how many alerts that is.

    `run` is the run's number, or its release. Raises SightlineError where it holds nothing.
    """
    who = typed_text.check(who or audit.actor(), "the name")
    reason = typed_text.check(reason, "the reason")
    if not reason:
        raise SightlineError("say why", WRONG_USE)
    with state.begin() as connection:
        release_id = _release(connection, run)
        here = (storms.c.release_id == release_id) & storms.c.decision.is_(None)
        row = connection.execute(sa.select(storms).where(here)).first()
        if row is None:
            raise SightlineError(f"no alerts of run {run} wait for a decision", WRONG_USE)
        values = {
            "decision": decision, "decided_on": today, "who": who, "account": audit.actor(),
            "reason": reason,
        }  # fmt: skip
        connection.execute(sa.update(storms).where(here).values(values))
        audit.record(connection, f"alerts {decision}", row.release_id, reason)
        return len(row.alerts)


def _release(connection: sa.Connection, run: str) -> str:
    if not re.fullmatch(r"\d{1,9}", run):
        return run
    query = sa.select(tables.runs.c.release_id).where(tables.runs.c.number == int(run))
    return connection.execute(query).scalar() or run
