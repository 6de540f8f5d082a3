"""Under `up`, a message that waits is sent within minutes, and no run is started for it."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta

import dagster as dg
import pytest
import sqlalchemy as sa

from sightline.monitoring.messages import Digest
from sightline.orchestration.defs import outbox as schedules
from sightline.warehouse import clock
from sightline.warehouse import home as homes
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State, outbox

DIGEST = Digest(
    message_id="d1",
    monitor="Sightline",
    release_id="r1",
    as_of=date(2026, 10, 20),
    is_simulated=True,
    new=0,
    escalated=0,
    ended=0,
    open=0,
    returns_received=0,
    returns_due=0,
)


@pytest.fixture
def home(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    made = homes.create(tmp_path / "monitor")
    monkeypatch.setenv("SIGHTLINE_HOME", str(made.root))
    return made


def post(home: Home, **changed: object) -> None:
    row = {
        "message_id": "d1", "kind": "digest", "channel": "files", "state": "pending",
        "payload": DIGEST.model_dump(mode="json"), "created_on": date(2026, 10, 20),
    }  # fmt: skip
    with closing(State(home.state_db)) as state, state.begin() as connection:
        connection.execute(sa.insert(outbox).values(row | changed))


def tick() -> str:
    asked = schedules.messages_wait.evaluate_tick(dg.build_schedule_context())
    assert not asked.run_requests
    return str(asked.skip_message)


def test_a_message_that_is_due_is_sent_and_no_other(home: Home) -> None:
    assert tick() == "No message is due."
    post(home)
    later = clock.now() + timedelta(hours=1)
    post(home, message_id="d2", state="failed", next_attempt_at=later)
    assert tick() == "1 messages sent, 1 still waiting."
    assert tick() == "No message is due."
    assert sorted(path.name for path in home.outbox.glob("*.json")) == ["d1.json"]


def test_it_is_looked_after_every_five_minutes_without_being_turned_on() -> None:
    schedule = schedules.messages_wait
    assert schedule.cron_schedule == "*/5 * * * *"
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
