"""A run that fails reaches the outbox, however it was started, and once for a row of failures."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from sightline.orchestration import attempts, dagster_home, pipeline
from sightline.orchestration.defs import intake, schedules
from sightline.orchestration.resources import Monitor
from sightline.warehouse import home as homes
from sightline.warehouse.errors import ConfigurationError, KeyFault
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = homes.create(tmp_path / "monitor", today=date(2026, 10, 20))
    monkeypatch.setenv("SIGHTLINE_HOME", str(made.root))
    State(made.state_db).close()
    return made


def told(home: Home) -> list[dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in home.outbox.glob("*.json")]
    assert {message["kind"] for message in found} <= {"run_failed"}
    return found


def test_from_the_command_line(home: Home) -> None:
    home.key.write_text("short\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(KeyFault):
            pipeline.run(home)
    [message] = told(home)
    about = (message["run"], message["outcome"], message["started_by"], message["release_id"])
    assert about == (1, "key", "command line", "")


def test_with_settings_that_cannot_be_read(home: Home) -> None:
    home.config.write_text("keep_releases = 0\n", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        pipeline.run(home)
    assert [message["outcome"] for message in told(home)] == ["configuration"]


def test_by_a_button_in_the_pages(home: Home) -> None:
    home.key.write_text("short\n", encoding="utf-8")
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [intake.extracts],
            resources={"monitor": Monitor()},
            instance=instance,
            raise_on_error=False,
        )
    assert not result.success
    assert [message["started_by"] for message in told(home)] == ["pages"]


def test_by_the_schedule_before_it_could_begin(home: Home) -> None:
    with dagster_home.instance(home) as instance:
        run = create_run_for_test(
            instance,
            "refresh",
            status=dg.DagsterRunStatus.FAILURE,
            tags={attempts.BY_SCHEDULE: "every_morning"},
        )
        for _ in range(2):
            schedules.a_run_failed(
                dg.build_run_status_sensor_context(
                    sensor_name="a_run_failed",
                    dagster_event=instance.report_run_failed(run),
                    dagster_instance=instance,
                    dagster_run=run,
                ).for_run_failure()
            )
    assert [message["started_by"] for message in told(home)] == ["schedule"]


def test_a_fault_in_telling_hides_no_other(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from sightline.monitoring import failed_runs

    def broken(*_: object) -> int:
        raise OSError("no room")

    monkeypatch.setattr(failed_runs, "tell", broken)
    home.key.write_text("short\n", encoding="utf-8")
    with pytest.raises(KeyFault):
        pipeline.run(home)
