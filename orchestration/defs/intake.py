"""What was sent: one asset per extract, judged by its contract, then put into the work file."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from orchestration.checks import asset_check
from orchestration.resources import Monitor
from orchestration.steps import intake as steps
from orchestration.steps.order import done

EXTRACTS = steps.extracts()


@dg.multi_asset(
    name="extracts",
    specs=[
        dg.AssetSpec(["raw", extract], group_name="raw", kinds={"parquet"}, description=told)
        for extract, told in EXTRACTS.items()
    ],
    check_specs=[
        dg.AssetCheckSpec("meets_contract", asset=["raw", extract]) for extract in EXTRACTS
    ],
    can_subset=True,
)
def extracts(context: dg.AssetExecutionContext, monitor: Monitor) -> Iterator[Any]:
    """Take in all that lies in the inbox; what breaks its contract is refused and named."""
    checked = {check.asset_key for check in context.selected_asset_check_keys}
    for extract, counts in done(monitor.run, steps.take_in).items():
        key = dg.AssetKey(["raw", extract])
        result = steps.meets_contract(counts)
        if key in context.selected_asset_keys:
            yield dg.MaterializeResult(asset_key=key, metadata=result.details)
        if key in checked:
            yield asset_check(result, asset_key=key)


@dg.asset(
    key=["control", "submissions"],
    deps=[["raw", extract] for extract in EXTRACTS],
    group_name="control",
    kinds={"sqlite"},
    check_specs=[dg.AssetCheckSpec("vital_signs_hold", asset=["control", "submissions"])],
)
def submissions(monitor: Monitor) -> Iterator[Any]:
    """Each new submission's vital signs; one that does not hold is held back, the others go on."""
    result = done(monitor.run, steps.judge_submissions)
    yield dg.MaterializeResult(metadata=result.details)
    yield asset_check(result)


@dg.asset(
    key=["control", "work_file"],
    deps=[["control", "submissions"]],
    group_name="control",
    kinds={"duckdb"},
)
def work_file(monitor: Monitor) -> dg.MaterializeResult[None]:
    """A new file with what is in force, who is who, what was due and what is measured."""
    return dg.MaterializeResult(metadata=done(monitor.run, steps.prepare_work_file))
