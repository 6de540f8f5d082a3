"""Runs that Dagster believes to be going on are ended once their process is gone."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.events import EngineEventData
from dagster._core.remote_origin import (
    GrpcServerCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    TickData,
    TickStatus,
)
from dagster._core.test_utils import create_run_for_test

from sightline.orchestration import attempts, dagster_home, orphaned_runs
from sightline.warehouse import clock
from sightline.warehouse import home as homes
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State

STARTED, STARTING = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING
SCHEDULE, SKIPPED = InstigatorType.SCHEDULE, TickStatus.SKIPPED
FAILED, CANCELED = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = homes.create(tmp_path / "monitor", today=date(2026, 10, 20))
    State(made.state_db).close()
    return made


@pytest.fixture
def instance(home: Home) -> Iterator[dg.DagsterInstance]:
    with dagster_home.instance(home) as found:
        yield found


def begun(
    instance: dg.DagsterInstance,
    status: dg.DagsterRunStatus,
    process: int | None = None,
    by: str = "pages",
) -> str:
    """A run that stands so in Dagster's storage, made by this process where one is named."""
    tags = {attempts.BY_TAG: by}
    run = create_run_for_test(instance, "refresh", status=status, tags=tags)
    if process is not None:
        instance.report_engine_event("made", run, EngineEventData.in_process(process))
    return run.run_id


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def recorded(home: Home) -> list[tuple[str, str]]:
    with State(home.state_db).read() as connection:
        rows = connection.exec_driver_sql("select run_id, outcome from runs order by number")
        return [tuple(row) for row in rows]


@pytest.fixture
def worker(home: Home) -> Iterator[int]:
    """A process of this monitor that lives."""
    command = [sys.executable, "-c", "print(1, flush=True); import time; time.sleep(60)"]
    environment = os.environ | {"SIGHTLINE_HOME": str(home.root)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


def test_a_killed_run_of_the_command_line_is_ended(
    home: Home, instance: dg.DagsterInstance
) -> None:
    """Faults 66 and 80."""
    for stage in (STARTED, dg.DagsterRunStatus.NOT_STARTED):
        run_id = begun(instance, stage, by=attempts.COMMAND_LINE)
        assert orphaned_runs.settle(instance, home) == [run_id]
        assert status(instance, run_id) is FAILED
        assert recorded(home)[-1] == (run_id, "killed")
    assert orphaned_runs.settle(instance, home) == []


def test_the_run_that_settles_goes_on(home: Home, instance: dg.DagsterInstance) -> None:
    run_id = begun(instance, STARTED)
    assert orphaned_runs.settle(instance, home, mine=run_id) == []
    assert status(instance, run_id) is STARTED


def test_a_run_whose_process_lives_goes_on(
    home: Home, instance: dg.DagsterInstance, worker: int
) -> None:
    run_id = begun(instance, STARTED, worker)
    assert orphaned_runs.settle(instance, home, nobody_starts=True) == []
    assert status(instance, run_id) is STARTED


def test_a_number_that_now_is_of_another_process_does_not_keep_a_run_alive(
    home: Home, instance: dg.DagsterInstance
) -> None:
    """Faults 65 and 80."""
    run_id = begun(instance, STARTED, os.getppid())
    assert orphaned_runs.settle(instance, home) == [run_id]


def test_a_run_that_is_being_started_is_given_time(
    home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = begun(instance, STARTING)
    assert orphaned_runs.settle(instance, home) == []
    now = clock.stamp()
    monkeypatch.setattr(clock, "stamp", lambda: now + dagster_home.START_TIMEOUT + 60)
    assert orphaned_runs.settle(instance, home) == [run_id]


def test_a_run_that_nobody_is_left_to_start_is_ended_at_once(
    home: Home, instance: dg.DagsterInstance
) -> None:
    run_id = begun(instance, STARTING)
    assert orphaned_runs.settle(instance, home, nobody_starts=True) == [run_id]


def test_a_run_that_was_being_stopped_is_stopped(home: Home, instance: dg.DagsterInstance) -> None:
    run_id = begun(instance, STARTED)
    run = instance.get_run_by_id(run_id)
    assert run is not None
    instance.report_run_canceling(run)
    assert orphaned_runs.settle(instance, home) == [run_id]
    assert status(instance, run_id) is CANCELED


@pytest.mark.parametrize(
    "name", ["history/runs.db", "history/runs/index.db", "schedules/schedules.db"]
)
@pytest.mark.parametrize("damage", ["page", "text", "folder"])
def test_damaged_storage_is_moved_aside(home: Home, name: str, damage: str) -> None:
    """Fault 76."""
    with dagster_home.instance(home) as instance:
        for _ in range(30):
            begun(instance, dg.DagsterRunStatus.SUCCESS)
    path = home.dagster / name
    for beside in path.parent.glob(f"{path.name}-*"):
        beside.unlink()
    if damage == "page":
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xa5" * 4096)
    else:
        path.unlink()
        path.mkdir() if damage == "folder" else path.write_bytes(b"no database " * 1000)
    with dagster_home.ready(home) as instance:
        run_id = begun(instance, STARTED)
        assert status(instance, run_id) is STARTED
    assert (home.restricted / "dagster-damaged-1").is_dir()
    assert not (home.restricted / "dagster-damaged-2").exists()


def test_events_of_an_old_run_that_cannot_be_read_stop_nothing(home: Home) -> None:
    with dagster_home.instance(home) as instance:
        run_id = begun(instance, STARTED)
    (home.dagster / "history" / "runs" / f"{run_id}.db").write_bytes(b"no database " * 1000)
    with dagster_home.ready(home) as instance:
        assert instance.get_runs(dg.RunsFilter(statuses=[STARTED])) == []


def test_storage_of_an_older_dagster_is_brought_to_the_layout_of_now(home: Home) -> None:
    """Fault 129: what an older one lacks is made, and its runs stay."""
    with dagster_home.instance(home) as instance:
        run_id = begun(instance, dg.DagsterRunStatus.SUCCESS)
    path = home.dagster / "history" / "runs" / "index.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("drop table asset_check_executions")
        connection.execute("update alembic_version set version_num = '701913684cb4'")
    check = dg.AssetCheckKey(dg.AssetKey("a"), "b")
    with dagster_home.ready(home) as instance:
        storage = instance.event_log_storage
        assert storage.get_asset_check_execution_history(check, limit=1) == []
        assert status(instance, run_id) is dg.DagsterRunStatus.SUCCESS


def test_storage_of_a_newer_dagster_stops_no_run(home: Home, caplog) -> None:
    """Fault 129."""
    with dagster_home.instance(home):
        pass
    path = home.dagster / "history" / "runs.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update alembic_version set version_num = 'ffffffffffff'")
    with dagster_home.ready(home) as instance:
        assert instance.get_runs() == []
    assert "of a newer Dagster" in caplog.text


def test_storage_that_another_holds_is_waited_for_and_no_damage(home: Home) -> None:
    """Fault 69."""
    with dagster_home.instance(home):
        pass
    path = home.dagster / "history" / "runs.db"
    with closing(sqlite3.connect(path, check_same_thread=False)) as other:
        other.execute("begin exclusive")
        release = threading.Timer(1, other.rollback)
        release.start()
        with dagster_home.ready(home) as instance:
            run_id = begun(instance, STARTED)
            assert not release.is_alive()
            assert status(instance, run_id) is STARTED
        release.join()
    assert not (home.restricted / "dagster-damaged-1").exists()


def decided(home: Home, text: str) -> None:
    with home.config.open("a", encoding="utf-8") as file:
        file.write(text)


def test_what_a_person_decided_for_dagster_is_kept(home: Home) -> None:
    decided(home, "\n[dagster.run_monitoring]\nmax_runtime_seconds = 7200\n")
    for _ in range(2):
        with dagster_home.instance(home) as instance:
            assert instance.run_monitoring_max_runtime_seconds == 7200
            assert instance.run_monitoring_enabled


def test_telemetry_stays_off_whatever_is_decided(home: Home) -> None:
    decided(home, "\n[dagster.telemetry]\nenabled = true\n[dagster.nux]\nenabled = true\n")
    with dagster_home.instance(home) as instance:
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled


def test_another_class_takes_none_of_our_arguments(home: Home) -> None:
    decided(
        home,
        '\n[dagster.compute_logs]\nclass = "NoOpComputeLogManager"\n'
        'module = "dagster._core.storage.noop_compute_log_manager"\n',
    )
    with dagster_home.instance(home) as instance:
        assert type(instance.compute_log_manager).__name__ == "NoOpComputeLogManager"


def test_what_dagster_does_not_take_is_a_fault_of_the_settings(home: Home) -> None:
    decided(home, "\n[dagster.run_monitoring]\nno_such_word = 1\n")
    with pytest.raises(ConfigurationError, match="no_such_word"):
        dagster_home.instance(home)


def test_what_was_noted_while_the_clock_was_ahead_is_forgotten(
    home: Home, instance: dg.DagsterInstance
) -> None:
    now = clock.stamp()
    ahead, before = now + 400 * 86_400, now - 86_400
    for at in (before, ahead):
        instance.create_tick(TickData("o", "every_morning", SCHEDULE, SKIPPED, at, selector_id="s"))
    data = ScheduleInstigatorData("15 6 * * *", before, ahead)
    origin = RemoteInstigatorOrigin(
        RemoteRepositoryOrigin(
            GrpcServerCodeLocationOrigin("localhost", socket="s", location_name="l"), "r"
        ),
        "every_morning",
    )
    instance.add_instigator_state(
        InstigatorState(origin, SCHEDULE, InstigatorStatus.DECLARED_IN_CODE, data)
    )
    orphaned_runs.forget_the_future(instance)
    assert [tick.timestamp for tick in instance.get_ticks("o", "s")] == [before]
    [state] = instance.all_instigator_state()
    assert isinstance(state.instigator_data, ScheduleInstigatorData)
    assert state.instigator_data.start_timestamp == before
    assert now <= (state.instigator_data.last_iteration_timestamp or 0) < now + 60
