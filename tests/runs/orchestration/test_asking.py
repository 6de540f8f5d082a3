"""When a run is asked for: by the inbox, again when it did not happen, and each morning."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test
from support import holder

from sightline.orchestration import attempts, dagster_home, pending
from sightline.orchestration.defs import schedules
from sightline.orchestration.run import opened
from sightline.warehouse import clock
from sightline.warehouse import home as homes
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import runs
from sightline.warehouse.ledger.state import State, submissions

Tick = tuple[dg.SensorResult | dg.SkipReason, str | None]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = homes.create(tmp_path / "monitor", today=date(2026, 10, 20))
    monkeypatch.setenv("SIGHTLINE_HOME", str(made.root))
    State(made.state_db).close()
    (made.inbox / "301").mkdir()
    return made


@pytest.fixture
def instance(home: Home) -> Iterator[dg.DagsterInstance]:
    with dagster_home.instance(home) as found:
        yield found


class Asked:
    """The sensor with its cursor, as the daemon calls it; what it asks for is started here."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.cursor: str | None = None

    def tick(self) -> list[str]:
        """The keys of the runs that it asks for."""
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        result = schedules.inbox_has_files(context)
        self.cursor = getattr(result, "cursor", None) or self.cursor
        return [str(one.run_key) for one in getattr(result, "run_requests", None) or []]

    def run(self, key: str, status: dg.DagsterRunStatus) -> str:
        tags = {schedules.RUN_KEY: key, attempts.BY_SENSOR: "inbox_has_files"}
        return create_run_for_test(self.instance, "refresh", status=status, tags=tags).run_id


def later(monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    then = clock.now() + schedules.timedelta(minutes=minutes)
    monkeypatch.setattr(clock, "now", lambda: then)


def test_a_dropped_file_asks_for_one_run_once_it_no_longer_changes(
    home: Home, instance: dg.DagsterInstance
) -> None:
    asked = Asked(instance)
    assert asked.tick() == []
    (home.inbox / "301" / "a.csv").write_text("a")
    assert asked.tick() == []
    [key] = asked.tick()
    asked.run(key, dg.DagsterRunStatus.SUCCESS)
    assert asked.tick() == []
    (home.inbox / "301" / "a.csv").write_text("changed")
    assert asked.tick() == []
    assert len(asked.tick()) == 1


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.FAILURE, None])
def test_what_did_not_happen_is_asked_for_again_ever_more_seldom(
    home: Home,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    status: dg.DagsterRunStatus | None,
) -> None:
    asked = Asked(instance)
    (home.inbox / "301" / "a.csv").write_text("a")
    assert asked.tick() == []
    keys = set()
    for minutes in (1, 2, 4):
        [key] = asked.tick()
        keys.add(key)
        if status:
            asked.run(key, status)
        assert asked.tick() == []
        later(monkeypatch, minutes)
    assert len(keys) == 3


def received(home: Home) -> None:
    """Something came, and no more was done with it."""
    row = {
        "sender": "301", "received_on": date(2026, 10, 20), "sha256": "0", "status": "pending",
        "original_name": "a.csv", "landing_name": "0",
    }  # fmt: skip
    with State(home.state_db).begin() as connection:
        connection.execute(submissions.insert(), row)


def killed_after_intake(home: Home, instance: dg.DagsterInstance) -> Asked:
    """What was asked for took the file in, and did not come to its end."""
    asked, dropped = Asked(instance), home.inbox / "301" / "a.csv"
    dropped.write_text("a")
    asked.tick()
    [key] = asked.tick()
    asked.run(key, dg.DagsterRunStatus.FAILURE)
    dropped.unlink()
    received(home)
    return asked


def test_a_run_that_was_killed_after_intake_is_asked_for_again(
    home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = killed_after_intake(home, instance)
    later(monkeypatch, 1)
    assert len(asked.tick()) == 1


def test_what_another_run_has_done_since_is_not_asked_for_again(
    home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = killed_after_intake(home, instance)
    monkeypatch.setattr(pending, "reasons", lambda *_: [])
    later(monkeypatch, 1)
    assert asked.tick() == []


def test_what_a_person_stopped_is_not_asked_for_again(
    home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(instance)
    (home.inbox / "301" / "a.csv").write_text("a")
    asked.tick()
    [key] = asked.tick()
    asked.run(key, dg.DagsterRunStatus.CANCELED)
    later(monkeypatch, 600)
    assert asked.tick() == []


def test_nothing_is_asked_for_while_a_run_goes_on_anywhere(
    home: Home, instance: dg.DagsterInstance
) -> None:
    asked = Asked(instance)
    (home.inbox / "301" / "a.csv").write_text("a")
    asked.tick()
    with holder(home.restricted / "run.lock"):
        assert asked.tick() == []
    run_id = asked.run("other", dg.DagsterRunStatus.NOT_STARTED)
    assert asked.tick() == []
    instance.delete_run(run_id)
    assert len(asked.tick()) == 1


def morning(instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    at = datetime(2026, 10, 20, 5, 15, tzinfo=UTC)
    context = dg.build_schedule_context(instance=instance, scheduled_execution_time=at)
    asked = schedules.every_morning("15 6 * * *")
    found = asked(context)
    assert isinstance(found, (dg.RunRequest, dg.SkipReason))
    return found


def test_a_morning_without_news_makes_no_run_and_is_recorded(
    home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    received(home)
    assert isinstance(morning(instance), dg.RunRequest)
    monkeypatch.setattr(pending, "reasons", lambda *_: [])
    assert isinstance(morning(instance), dg.SkipReason)
    with State(home.state_db).read() as connection:
        rows = connection.exec_driver_sql("select outcome, exit_code, started_by from runs").all()
    assert [tuple(row) for row in rows] == [("nothing", 0, "schedule")]


def test_a_morning_before_anything_came_makes_no_run(
    home: Home, instance: dg.DagsterInstance
) -> None:
    """Such a run would have nothing to publish, and tell engineers of a fault."""
    assert isinstance(morning(instance), dg.SkipReason)
    (home.inbox / "301" / "a.csv").write_text("a")
    assert isinstance(morning(instance), dg.RunRequest)


def test_a_morning_asks_for_no_second_run_beside_one_that_waits(
    home: Home, instance: dg.DagsterInstance
) -> None:
    create_run_for_test(instance, "refresh", status=dg.DagsterRunStatus.NOT_STARTED)
    assert isinstance(morning(instance), dg.SkipReason)


def test_a_run_that_could_not_begin_is_recorded_by_what_follows_it(
    home: Home, instance: dg.DagsterInstance
) -> None:
    begun = create_run_for_test(instance, "refresh", status=dg.DagsterRunStatus.FAILURE)
    never = create_run_for_test(
        instance, "refresh", status=dg.DagsterRunStatus.FAILURE, tags={attempts.BY_SCHEDULE: "s"}
    )
    state = State(home.state_db)
    runs.begin(state, begun.run_id, date(2026, 10, 20), "pages")
    for run in (begun, never):
        event = instance.report_run_failed(run)
        schedules.a_run_failed(
            dg.build_run_status_sensor_context(
                sensor_name="a_run_failed",
                dagster_event=event,
                dagster_instance=instance,
                dagster_run=run,
            ).for_run_failure()
        )
    with state.read() as connection:
        rows = connection.exec_driver_sql("select outcome, started_by from runs order by number")
        assert [tuple(row) for row in rows] == [("killed", "pages"), ("failed", "schedule")]
    state.close()


def test_a_run_that_said_itself_how_it_ended_keeps_its_record(
    home: Home, instance: dg.DagsterInstance
) -> None:
    run = create_run_for_test(instance, "refresh", status=dg.DagsterRunStatus.FAILURE)
    with opened(home, run.run_id, "pages") as ours:
        ours.shut("a gate")
    attempts.record(home, run.run_id, "pages", "failed", 1)
    with State(home.state_db).read() as connection:
        rows = connection.exec_driver_sql("select outcome, exit_code from runs").all()
    assert [tuple(row) for row in rows] == [("gate_failed", 5)]
