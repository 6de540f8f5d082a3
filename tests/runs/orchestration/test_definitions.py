"""What Dagster loads: assets, checks, the job, its schedule and the watch on the inbox."""

import json
import warnings
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from sightline.orchestration import dagster_home
from sightline.orchestration.definitions import definitions
from sightline.warehouse import home as homes
from sightline.warehouse import indicators
from sightline.warehouse.contracts import schema as contract
from sightline.warehouse.home import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return homes.create(tmp_path_factory.mktemp("definitions"))


@pytest.fixture(scope="module")
def loaded(home: Home) -> dg.Definitions:
    patch = pytest.MonkeyPatch()
    patch.setenv("SIGHTLINE_HOME", str(home.root))
    with warnings.catch_warnings():
        # What is said here is said at each run, and cron writes a mail of it.
        warnings.simplefilter("error", dg.PreviewWarning)
        found = definitions()
    yield found
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
    monitored = {one.indicator for one in indicators.load() if one.is_monitored}
    worsening = {
        name: checks(loaded)[f"marts/fct_signals:{name}_is_not_worsening"] for name in monitored
    }
    assert worsening == dict.fromkeys(monitored, False)
    assert not checks(loaded)["marts/fct_signals:counts_agree_with_official"]


def test_dbt_tests_are_checks_on_their_models(loaded: dg.Definitions) -> None:
    assert any(name.startswith("marts/fct_indicator_values:") for name in checks(loaded))


def test_an_extract_is_fresh_by_its_contract(loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()
    found = {
        key.path[-1]: graph.get(key).freshness_policy
        for key in graph.get_all_asset_keys()
        if key.path[0] == "raw"
    }
    assert {name for name, policy in found.items() if policy} == {
        name for name, one in contract.load().items() if one.due
    }
    assert found["ssd"].deadline_cron.startswith("0 0 21 1,2,3,")
    assert found["ssd"].lower_bound_delta == timedelta(days=21)


def test_every_asset_has_an_owner_and_a_kind(loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        assert graph.get(key).owners, key
        assert any(tag.startswith("dagster/kind/") for tag in graph.get(key).tags), key


def test_what_is_counted_in_a_model_says_whose_it_is(loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()
    counts = graph.get(dg.AssetKey(["intermediate", "int_measures__exclusions"]))
    assert set(counts.owners) == {
        "team:Lead for school exclusions",
        "team:Lead for education data",
    }
    assert "indicator/suspension_rate" in counts.tags
    below = graph.get(dg.AssetKey(["staging", "stg_exclusions"]))
    assert set(counts.owners) < set(below.owners)
    assert "team:Lead for children in care" not in below.owners


def test_columns_and_code_are_told_before_anything_has_run(loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()
    raw = graph.get(dg.AssetKey(["raw", "ssd"])).metadata["dagster/column_schema"]
    columns = {column.name: column for column in raw.columns}
    assert columns["ssd_persons.person_key"].type == "bigint"
    values = graph.get(dg.AssetKey(["marts", "fct_indicator_values"])).metadata
    types = {column.name: column.type for column in values["dagster/column_schema"].columns}
    assert types["period_start"] == "date"
    for key in graph.get_all_asset_keys():
        assert graph.get(key).metadata["dagster/code_references"].code_references, key


def test_sending_alone_is_tried_again(loaded: dg.Definitions) -> None:
    retried = [
        op.name
        for assets in loaded.resolve_asset_graph().assets_defs
        for op in [assets.node_def]
        if op.retry_policy  # type: ignore[union-attr]
    ]
    assert retried == ["delivery"]


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
