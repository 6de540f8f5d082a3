"""The changes of alerts alone give every alert back, and a changed or missing one is noticed."""

import random
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from released_figures import FALL, Released
from test_record import judged

from sightline.monitoring.alerts import acts, history, people
from sightline.monitoring.alerts.findings import ENDED, Alert, Change, Finding
from sightline.monitoring.alerts.lifecycle import decide
from sightline.monitoring.alerts.record import record
from sightline.orchestration import doctor
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State, alert_events, alerts, audit
from sightline.warehouse.settings import Settings

pytestmark = pytest.mark.slow

HISTORIES = 10_000
STATUSES = ("ok", "ok", "worsening", "worsening", "not_assessable")


def month(index: int) -> date:
    return date(2025 + index // 12, index % 12 + 1, 1)


def random_history(chance: random.Random) -> Iterator[list[Change]]:
    """What a few runs decide on figures that come and are revised, and what people do between."""
    known: dict[str, Alert] = {}
    found: list[Finding] = []
    today = date(2025, 1, 21)
    for step in range(chance.randrange(2, 5)):
        today += timedelta(days=30)
        for index in range(chance.randrange(1, 4)):
            status = chance.choice(STATUSES)
            finding = replace(
                FALL, period=month(len(found)), status=status,
                evidence={"value": float(chance.randrange(9))},
            )  # fmt: skip
            found.append(finding)
            if index and chance.random() < 0.2:
                place = chance.randrange(len(found))
                found[place] = replace(found[place], status="ok", evidence={"value": 99.0})
        decided = decide(found, known.values(), today, f"r{step}")
        changes = list(zip(decided.alerts, decided.events, strict=True))
        known |= {alert.alert_id: alert for alert, _ in changes}
        yield changes
        for act in chance.sample(sorted(acts.STATES), 1):
            for alert in list(known.values()):
                how: dict[str, Any] = (
                    {"until": today + timedelta(days=40)} if act == "snoozed" else {}
                )
                how |= {"reason": chance.choice(acts.REASONS[:-1])} if act == "resolved" else {}
                try:
                    change = acts.acted(alert, act, today, who="Ada", note="?", **how)
                except SightlineError:
                    continue
                known[alert.alert_id] = change[0]
                yield [change]


def test_events_rebuild_the_table_after_every_history() -> None:
    chance = random.Random(15)  # noqa: S311 (no secret)
    ended = 0
    for _ in range(HISTORIES):
        rows: list[dict[str, Any]] = []
        known: dict[str, Alert] = {}
        for changes in random_history(chance):
            for alert, event in changes:
                known[alert.alert_id] = alert
                row = {"event_id": len(rows), **asdict(event), "alert": history.snapshot(alert)}
                rows.append(row)
        assert history.rebuilt(rows) == known
        ended += any(alert.state in ENDED for alert in known.values())
    assert ended > HISTORIES / 20


@pytest.fixture
def told(state: State, released: Released, settings: Settings) -> State:
    with state.begin() as connection:
        record(connection, judged(FALL), released, settings)
    said = {"who": "Ada", "note": "called", "today": date(2026, 11, 22)}
    people.act(state, [people.list_alerts(state)[0]["alert_id"]], "acknowledged", **said)
    return state


def test_each_change_stands_in_the_audit_trail_with_its_account(told: State) -> None:
    history.check(told)
    with told.read() as connection:
        actions = list(connection.scalars(sa.select(audit.c.action)))
        accounts = list(connection.scalars(sa.select(alert_events.c.account)))
    assert actions == ["alert opened", "alert acknowledged"]
    assert all(accounts)


TAMPERED = {
    "changed": sa.update(alert_events).values(reason="nothing"),
    "name changed": sa.update(alert_events).values(evidence={"who": "Eve"}),
    "account changed": sa.update(alert_events).values(account="eve"),
    "missing": sa.delete(alert_events).where(alert_events.c.event_id == 2),
    "unsigned": sa.update(alert_events).values(digest=None),
    "alert changed": sa.update(alerts).values(state="resolved"),
    "alert missing": sa.delete(alerts),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_changed_or_missing_event_is_found(told: State, how: str) -> None:
    with told.begin() as connection:
        connection.execute(TAMPERED[how])
    with pytest.raises(SightlineError):
        history.check(told)


def test_an_event_that_nobody_recorded_is_found(told: State) -> None:
    with told.begin() as connection:
        row = dict(connection.execute(sa.select(alert_events)).mappings().first() or {})
        connection.execute(sa.insert(alert_events).values(row | {"event_id": 7}))
    with pytest.raises(SightlineError, match="7"):
        history.check(told)


def test_the_doctor_fails_on_it(told: State, home: Home, monkeypatch) -> None:
    monkeypatch.setattr(doctor, "_models", lambda _: None)
    assert dict(doctor.examine(home, is_quick=True))["alerts"] is None
    with told.begin() as connection:
        connection.execute(TAMPERED["changed"])
    assert "alert" in (dict(doctor.examine(home, is_quick=True))["alerts"] or "")
