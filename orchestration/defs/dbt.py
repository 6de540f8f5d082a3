"""The models: every dbt seed and model is an asset, every dbt test a check on one.

Definitions, code references, columns and selection are dagster-dbt's, from the project and its
manifest. Running dbt is ours, in `dbt_runner` and `steps.models`, since `DbtCliResource`

- runs dbt as another process, which imports and parses everything once more (ten seconds, here
  two) and writes what it prints, values too, to files that nobody closes to others;
- streams each result as it comes, though a check that fails on the rows of a submission has that
  submission held back and all of it built again: only the last build is what happened.

Lineage of columns is left out: dagster-dbt derives it for events of its own dbt process alone, and
only Dagster's paid pages show it. Which columns a model reads stands in its SQL, which the code
references lead to.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from sightline.orchestration import dbt_runner, ownership
from sightline.orchestration.checks import key_of, table_metadata
from sightline.orchestration.defs.signals import SIGNALS
from sightline.orchestration.resources import Monitor, home_in_use
from sightline.orchestration.steps import models as steps
from sightline.orchestration.steps import published
from sightline.orchestration.steps.built import Built
from sightline.orchestration.steps.order import done
from sightline.warehouse.errors import GateFailed

WORK_FILE = dg.AssetKey(["control", "work_file"])
# The sources that are not there from the start, by the step that makes them.
WRITTEN_BY = {"detection": SIGNALS, "state": dg.AssetKey("alerts")}
UNIQUE_ID = "dagster_dbt/unique_id"
MADE = {"success"}


class Translator(DagsterDbtTranslator):
    """Groups by schema; what the models read is the prepared work file, or what a step made since.
    Owners and tags are those of the indicators that rest on a model."""

    def __init__(self, settings: DagsterDbtTranslatorSettings, manifest: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._manifest = manifest

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return WRITTEN_BY.get(dbt_resource_props["source_name"], WORK_FILE)
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["alias"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return str(dbt_resource_props["schema"])

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        if dbt_resource_props["resource_type"] == "source":
            return None
        found = ownership.of_model(self._manifest, dbt_resource_props["unique_id"])
        return ownership.teams(found)

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        counted = ownership.counted_in(dbt_resource_props)
        return {f"indicator/{indicator.indicator}": "" for indicator in counted}


@dg.definitions
def models() -> dg.Definitions:
    """One asset for each node of the manifest, made by one build before detection and one after."""
    home = home_in_use()
    project = dbt_runner.project(home)
    # Not `project.prepare()`, which would parse in another process, and twice where two load at
    # once; a run goes on with what is parsed here.
    dbt_runner.parse(home)
    manifest = json.loads(project.manifest_path.read_text(encoding="utf-8"))
    settings = DagsterDbtTranslatorSettings(
        enable_code_references=True, enable_duplicate_source_asset_keys=True
    )

    shared = {
        "manifest": manifest,
        "project": project,
        "dagster_dbt_translator": Translator(settings, manifest),
    }

    @dbt_assets(name="dbt_models", exclude=dbt_runner.PUBLISHED, **shared)
    def dbt_models(context: dg.AssetExecutionContext, monitor: Monitor) -> Iterator[Any]:
        yield from _told(context, done(monitor.run, steps.build))

    @dbt_assets(name="published_models", select=dbt_runner.PUBLISHED, **shared)
    def published_models(context: dg.AssetExecutionContext, monitor: Monitor) -> Iterator[Any]:
        yield from _told(context, done(monitor.run, published.build))

    return dg.Definitions(assets=[dbt_models, published_models])


def _told(context: dg.AssetExecutionContext, built: Built) -> Iterator[Any]:
    """What was asked for of a build; GateFailed where it did not hold."""
    wanted = context.selected_asset_keys | context.selected_asset_check_keys
    yield from (event for event in _events(context.assets_def, built) if key_of(event) in wanted)
    if built.fault:
        raise GateFailed(built.fault)


def _events(definition: dg.AssetsDefinition, built: Built) -> Iterator[Any]:
    """What Dagster shows, in the order in which dbt ran, which it insists on.

    A check that held submissions back has not passed, though the last build did without them.
    """
    assets = {spec.metadata[UNIQUE_ID]: spec.key for spec in definition.specs}
    checks = {spec.metadata[UNIQUE_ID]: spec for spec in definition.check_specs}
    for result in built.results:
        unique_id, status = result.node.unique_id, str(result.status)
        seconds = {"seconds": round(result.execution_time, 2)}
        held = built.held.get(unique_id, 0)
        if unique_id in assets and status in MADE:
            table = built.tables.get((result.node.schema, result.node.alias))
            yield dg.MaterializeResult(
                asset_key=assets[unique_id], metadata=seconds | table_metadata(table)
            )
        elif unique_id in checks and status != "skipped":
            yield dg.AssetCheckResult(
                asset_key=checks[unique_id].asset_key,
                check_name=checks[unique_id].name,
                passed=status == "pass" and not held,
                severity=_severity("warn" if held and status == "pass" else status),
                metadata=seconds | {"failing_rows": result.failures or 0, "held_back": held},
            )


def _severity(status: str) -> dg.AssetCheckSeverity:
    return dg.AssetCheckSeverity.WARN if status == "warn" else dg.AssetCheckSeverity.ERROR
