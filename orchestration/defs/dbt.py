"""The models: every dbt seed and model is an asset, every dbt test a check on one."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets

from orchestration import dbt_runner
from orchestration.resources import Monitor, home_in_use
from orchestration.steps import models as steps
from orchestration.steps.order import done
from warehouse.errors import GateFailed

WORK_FILE = dg.AssetKey(["control", "work_file"])
UNIQUE_ID = "dagster_dbt/unique_id"
MADE = {"success"}


class Translator(DagsterDbtTranslator):
    """Groups by schema; all that the models read is one asset, the prepared work file."""

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        properties = self.get_resource_props(manifest, unique_id)
        if properties["resource_type"] == "source":
            return spec.replace_attributes(key=WORK_FILE)
        layer = properties["schema"]
        return spec.replace_attributes(
            key=dg.AssetKey([layer, properties["name"]]), group_name=layer
        )


@dg.definitions
def models() -> dg.Definitions:
    """One asset for each node of the manifest, all made by one build."""
    home = home_in_use()
    dbt_runner.parse(home)

    @dbt_assets(
        name="dbt_models",
        manifest=dbt_runner.manifest_path(home),
        dagster_dbt_translator=Translator(
            DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)
        ),
    )
    def dbt_models(context: dg.AssetExecutionContext, monitor: Monitor) -> Iterator[Any]:
        built = done(monitor.run, steps.build)
        wanted = context.selected_asset_keys | context.selected_asset_check_keys
        yield from (one for one in _events(context.assets_def, built) if _key(one) in wanted)
        if built.fault:
            raise GateFailed(built.fault)

    return dg.Definitions(assets=[dbt_models])


def _events(definition: dg.AssetsDefinition, built: steps.Built) -> Iterator[Any]:
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
            yield dg.MaterializeResult(asset_key=assets[unique_id], metadata=seconds)
        elif unique_id in checks and status != "skipped":
            yield dg.AssetCheckResult(
                asset_key=checks[unique_id].asset_key,
                check_name=checks[unique_id].name,
                passed=status == "pass" and not held,
                severity=_severity("warn" if held and status == "pass" else status),
                metadata=seconds | {"failing_rows": result.failures or 0, "held_back": held},
            )


def _key(event: Any) -> dg.AssetKey | dg.AssetCheckKey | None:
    if isinstance(event, dg.AssetCheckResult) and event.asset_key and event.check_name:
        return dg.AssetCheckKey(event.asset_key, event.check_name)
    return event.asset_key if isinstance(event, dg.MaterializeResult) else None


def _severity(status: str) -> dg.AssetCheckSeverity:
    return dg.AssetCheckSeverity.WARN if status == "warn" else dg.AssetCheckSeverity.ERROR
