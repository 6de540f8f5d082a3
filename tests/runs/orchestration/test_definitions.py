"""What Dagster loads: assets, checks, the job, its schedule and the watch on the inbox."""

import json
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from orchestration import dagster_home
from orchestration.definitions import definitions
from warehouse import contract
from warehouse import home as homes
from warehouse.home import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return homes.create(tmp_path_factory.mktemp("definitions"))


@pytest.fixture(scope="module")
def loaded(home: Home) -> dg.Definitions:
    patch = pytest.MonkeyPatch()
    patch.setenv("SIGHTLINE_HOME", str(home.root))
    yield definitions()
    patch.undo()


def names(loaded: dg.Definitions) -> set[str]:
    return {key.to_user_string() for key in loaded.resolve_asset_graph().get_all_asset_keys()}


def checks(loaded: dg.Definitions) -> dict[str, bool]:
    graph = loaded.resolve_asset_graph()
    return {
        f"{key.asset_key.to_user_string()}:{key.name}": graph.get_check_spec(key).blocking
        for key in graph.asset_check_keys
    }


def test_every_contract_is_a_raw_asset_with_its_check(loaded: dg.Definitions) -> None:
    for name in contract.load():
        assert f"raw/{name}" in names(loaded)
        assert f"raw/{name}:meets_contract" in checks(loaded)


def test_every_step_is_an_asset(loaded: dg.Definitions) -> None:
    steps = {"control/work_file", "marts/fct_indicator_values", "marts/fct_signals"}
    assert steps | {"alerts", "release", "delivery"} <= names(loaded)


def test_incoherent_marts_block_and_a_worsening_indicator_never_does(
    loaded: dg.Definitions,
) -> None:
    assert checks(loaded)["marts/fct_signals:marts_are_coherent"]
    assert not checks(loaded)["marts/fct_signals:no_indicator_is_worsening"]
    assert not checks(loaded)["marts/fct_signals:counts_agree_with_official"]


def test_dbt_tests_are_checks_on_their_models(loaded: dg.Definitions) -> None:
    assert any(name.startswith("marts/fct_indicator_values:") for name in checks(loaded))


def test_the_job_holds_every_asset(loaded: dg.Definitions) -> None:
    job = loaded.resolve_job_def("refresh")
    assert {key.to_user_string() for key in job.asset_layer.executable_asset_keys} == names(loaded)


def test_a_run_never_starts_in_the_hour_that_clocks_repeat(loaded: dg.Definitions) -> None:
    """Fault 87."""
    schedule = loaded.resolve_schedule_def("every_morning")
    minute, hour, *_ = str(schedule.cron_schedule).split()
    assert schedule.execution_timezone == "Europe/London"
    assert timedelta(hours=int(hour), minutes=int(minute)) >= timedelta(hours=2)


def test_dagster_keeps_everything_in_the_restricted_zone_and_reports_to_nobody(home: Home) -> None:
    with dagster_home.instance(home) as instance:
        assert Path(instance.root_directory) == home.dagster
        assert instance.telemetry_enabled is False
    assert json.loads(json.dumps(dagster_home.environment(home)))["DAGSTER_HOME"].startswith(
        str(home.restricted)
    )
