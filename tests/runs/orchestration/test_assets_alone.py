"""What the pages offer for a single asset works: alone, a check alone, and again from a failure."""

import shutil
from collections.abc import Iterator, Sequence

import dagster as dg
import pytest
import sqlalchemy as sa
from support import Ran

from sightline.orchestration import dagster_home
from sightline.orchestration.definitions import definitions
from sightline.orchestration.steps import intake
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State, runs

RAW = dg.AssetKey(["raw", "ssda903"])
SIGNALS = dg.AssetKey(["marts", "fct_signals"])
MODEL = dg.AssetKey(["marts", "dim_areas"])


def refresh() -> dg.JobDefinition:
    return definitions().resolve_job_def("refresh")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, small_home: Ran) -> Iterator[Home]:
    made = Home(tmp_path_factory.mktemp("alone") / "monitor")
    shutil.copytree(small_home.home.root, made.root, symlinks=True)
    patch = pytest.MonkeyPatch()
    patch.setenv("SIGHTLINE_HOME", str(made.root))
    yield made
    patch.undo()


@pytest.fixture
def instance(home: Home) -> Iterator[dg.DagsterInstance]:
    with dagster_home.instance(home, runs_here=True) as found:
        yield found


def alone(instance: dg.DagsterInstance, *keys: dg.AssetKey) -> dg.ExecuteInProcessResult:
    return refresh().execute_in_process(
        instance=instance, asset_selection=keys, raise_on_error=False
    )


def last(home: Home) -> tuple[str, int, list[str]]:
    """How the newest run ended, its exit code, and the steps that it took."""
    with State(home.state_db).read() as connection:
        query = sa.select(runs).order_by(runs.c.number.desc()).limit(1)
        row = connection.execute(query).mappings().one()
    return row["outcome"], row["exit_code"], [step["name"] for step in row["detail"]["steps"]]


def made(result: dg.ExecuteInProcessResult) -> Sequence[dg.AssetKey]:
    return [event.asset_key for event in result.get_asset_materialization_events()]


def test_one_extract_alone_takes_in_and_tells_of_itself(
    home: Home, instance: dg.DagsterInstance
) -> None:
    result = alone(instance, RAW)
    assert result.success
    assert made(result) == [RAW]
    assert last(home) == ("partial", 0, ["intake"])


def test_assets_without_those_between_them_take_all_before_along_once(
    home: Home, instance: dg.DagsterInstance
) -> None:
    result = alone(instance, RAW, MODEL, SIGNALS)
    assert result.success
    assert set(made(result)) == {RAW, MODEL, SIGNALS}
    checks = {event.check_name for event in result.get_asset_check_evaluations()}
    assert {"marts_are_coherent", "referral_rate_is_not_worsening"} <= checks
    outcome, code, steps = last(home)
    assert (outcome, code) == ("partial", 0)
    assert steps[:5] == ["intake", "vital signs", "work file", "models", "signals"]
    assert len(steps) == len(set(steps))


def test_a_run_goes_on_from_where_it_failed(
    home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake.prepare, "prepare", lambda *_: 1 / 0)
    job = dg.reconstructable(refresh)
    failed = dg.execute_job(job, instance, raise_on_error=False)
    assert last(home)[:2] == ("failed", 1)
    monkeypatch.undo()
    monkeypatch.setenv("SIGHTLINE_HOME", str(home.root))
    options = dg.ReexecutionOptions.from_failure(failed.run_id, instance)
    again = dg.execute_job(job, instance, reexecution_options=options)
    assert again.success
    assert last(home)[:2] == ("unchanged", 0)
