"""What leaves: the published tables, the report, the pointer that readers follow, the messages."""

from collections.abc import Iterator

import dagster as dg

from sightline.orchestration import ownership
from sightline.orchestration.checks import asset_check
from sightline.orchestration.resources import Monitor
from sightline.orchestration.steps import release as steps
from sightline.orchestration.steps.order import done
from sightline.warehouse.release.tables import published_tables

# What is wrong with figures is not put right by doing it again: only sending is tried again, where
# the machine was busy. A message that its channel did not take is no fault of the step: the outbox
# tries it again, minutes later.
SENT_AGAIN = dg.RetryPolicy(max_retries=3, delay=1, backoff=dg.Backoff.EXPONENTIAL)


@dg.asset(
    deps=["alerts", *(["published", table.name] for table in published_tables())],
    check_specs=[
        dg.AssetCheckSpec(
            "release_meets_expectations",
            asset="release",
            blocking=True,
            description="Blocks the release: its tables as readers would see them, on the draft.",
        )
    ],
    group_name="published",
    kinds={"duckdb", "html", "parquet"},
    owners=ownership.teams(),
)
def release(monitor: Monitor) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
    """Published tables and pages, checked, recorded with their alerts and made current at once."""
    yield asset_check(done(monitor.run, steps.meets_expectations))
    yield dg.MaterializeResult(metadata=done(monitor.run, steps.release))


@dg.asset(
    deps=[release],
    group_name="published",
    kinds={"email"},
    owners=ownership.teams(),
    retry_policy=SENT_AGAIN,
)
def delivery(monitor: Monitor) -> dg.MaterializeResult[None]:
    """The outbox, sent; what cannot be sent now is tried again by the next run."""
    return dg.MaterializeResult(metadata=steps.deliver(monitor.run))
