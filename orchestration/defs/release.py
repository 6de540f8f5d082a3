"""What leaves: the published tables, the report, the pointer that readers follow, the messages."""

from collections.abc import Iterator

import dagster as dg

from orchestration.checks import asset_check
from orchestration.resources import Monitor
from orchestration.steps import release as steps
from orchestration.steps.order import done


@dg.asset(
    deps=["alerts"],
    check_specs=[
        dg.AssetCheckSpec(
            "release_meets_expectations",
            asset="release",
            blocking=True,
            description="Blocks the release: its tables as readers would see them, on the draft.",
        )
    ],
    group_name="published",
    kinds={"duckdb", "html"},
)
def release(monitor: Monitor) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
    """Published tables and pages, checked, recorded with their alerts and made current at once."""
    yield asset_check(done(monitor.run, steps.meets_expectations))
    yield dg.MaterializeResult(metadata=done(monitor.run, steps.release))


@dg.asset(deps=[release], group_name="published", kinds={"email"})
def delivery(monitor: Monitor) -> dg.MaterializeResult[None]:
    """The outbox, sent; what cannot be sent now is tried again by the next run."""
    return dg.MaterializeResult(metadata=steps.deliver(monitor.run))
