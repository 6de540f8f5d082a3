"""What Dagster is told of single steps: a real run of a few assets, on what steps have found."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from sightline.expectations.runner import CheckResult
from sightline.monitoring.alerts.findings import Decisions
from sightline.monitoring.delivery import relay
from sightline.orchestration.defs import alerts, intake, release
from sightline.orchestration.resources import Monitor
from sightline.orchestration.run import Run
from sightline.orchestration.steps import marts, order
from sightline.orchestration.steps.built import Built
from sightline.warehouse import home as homes
from sightline.warehouse.contracts.schema import load
from sightline.warehouse.ledger.state import State
from sightline.warehouse.settings import Settings

TODAY = date(2026, 11, 21)
NOTHING = {"submissions": 0, "submissions_refused": 0, "rows_accepted": 0, "rows_refused": 0}


def prepared(run: Run) -> Monitor:
    """A monitor whose run is given, and neither opened nor recorded."""

    class Prepared(Monitor):
        @contextmanager
        def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Monitor]:
            self._run = run
            yield self

    return Prepared()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A run that has taken in one return of SSD, and refused one of Annex A and one of SSD."""
    home = homes.create(tmp_path / "monitor", today=TODAY)
    state = State(home.state_db)
    found = Run("r1", home, Settings(name="Sightline"), state, TODAY, 1)
    came = {name: dict(NOTHING) for name in load()}
    came["ssd"] |= {"submissions": 2, "submissions_refused": 1, "rows_accepted": 12}
    came["annex_a"] |= {"submissions": 1, "submissions_refused": 1}
    found.results = {
        "intake": came,
        "vital signs": CheckResult("vital_signs_hold", True, "warning", 1, 0),
        "work file": {"submissions": 1},
    }
    yield found
    state.close()


def made(result: dg.ExecuteInProcessResult) -> set[str]:
    events = result.get_asset_materialization_events()
    return {str(event.asset_key.to_user_string()) for event in events}


ASSETS: list[Any] = [intake.extracts, intake.work_file]


def test_an_extract_of_which_nothing_is_new_is_not_made_and_stops_nothing(run: Run) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(ASSETS, resources={"monitor": prepared(run)}, instance=instance)
    assert made(result) == {"raw/ssd", "control/submissions", "control/work_file"}


def test_an_extract_that_is_asked_for_alone_is_made(run: Run) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            ASSETS,
            resources={"monitor": prepared(run)},
            instance=instance,
            selection=["raw/ssda903"],
        )
    assert made(result) == {"raw/ssda903"}


def test_who_is_late_is_told_on_the_extract(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    late = [intake.steps.overdue.Overdue("383", "ssda903", None, TODAY)] * 2  # type: ignore[arg-type]
    monkeypatch.setattr(intake.steps.overdue, "of", lambda *_: late)
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(ASSETS, resources={"monitor": prepared(run)}, instance=instance)
    found = {
        event.asset_key.path[-1]: (event.passed, event.severity)
        for event in result.get_asset_check_evaluations()
        if event.check_name == "returns_are_on_time"
    }
    assert found["ssda903"] == (False, dg.AssetCheckSeverity.WARN)
    assert found["ssd"][0]
    assert set(found) == {name for name, contract in load().items() if contract.due}


def test_sending_is_tried_again_and_a_run_in_which_that_helped_went_well(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.released, tries = "released", []

    def deliver(*_args: object) -> relay.Delivered:
        tries.append(run.exit_code)
        if len(tries) < 2:
            raise OSError("the machine was busy")
        return relay.Delivered(sent=1)

    monkeypatch.setattr(relay, "deliver", deliver)
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [release.delivery], resources={"monitor": prepared(run)}, instance=instance
        )
    assert result.success
    assert len(tries) == 2
    assert [(step.name, step.found["sent"]) for step in run.steps] == [("delivery", 1)]
    assert (run.outcome, run.exit_code) == ("released", 0)


def test_alerts_are_decided_once_and_released_as_they_were_decided(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided, drafted, recorded = [], [], []

    def decide(run: Run) -> marts.Decided:
        decided.append(marts.Decided(None, Decisions()))
        return decided[-1]

    def hand_over(run: Run) -> Built:
        drafted.append(run.results["alerts"])
        return Built()

    def commit(_run: Run, _draft: object, given: marts.Decided) -> None:
        recorded.append(given)
        raise LookupError

    monkeypatch.setattr(marts, "_decided", decide)
    monkeypatch.setitem(order.ORDER, "published", hand_over)
    draft = SimpleNamespace(database=None, report=None)
    monkeypatch.setitem(order.ORDER, "draft", lambda _: draft)
    monkeypatch.setattr(release.steps, "_commit", commit)
    monkeypatch.setattr(release.steps.site, "build_site", lambda *_, **__: 0)
    before = ("models", "signals", "worsening", "official counts", "coherence", "disclosure")
    run.results |= dict.fromkeys(before, None)
    run.results["expectations"] = CheckResult("release_meets_expectations", True, "error", 1, 0)
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [alerts.alerts, release.release],
            resources={"monitor": prepared(run)},
            instance=instance,
            raise_on_error=False,
        )
    assert not result.success
    assert len(decided) == len(drafted) == len(recorded) == 1
    assert drafted[0] is decided[0]
    assert recorded[0] is decided[0]


def test_a_release_that_breaks_an_expectation_is_told_of_by_its_check_and_not_made(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_run: Run) -> CheckResult:
        counts = {"failed_one_row_each_of_trends": 2}
        return CheckResult("release_meets_expectations", False, "error", 80, 1, counts)

    monkeypatch.setattr(release.steps, "meets_expectations", breaks)
    monkeypatch.setitem(order.ORDER, "expectations", breaks)
    run.results |= dict.fromkeys([*order.ORDER][: [*order.ORDER].index("expectations")])
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [release.release, release.delivery],
            resources={"monitor": prepared(run)},
            instance=instance,
            raise_on_error=False,
        )
    [check] = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed, check.blocking) == (
        "release_meets_expectations", False, True
    )  # fmt: skip
    assert check.metadata["failed_one_row_each_of_trends"].value == 2
    assert made(result) == set()
    assert run.outcome == "gate_failed"
