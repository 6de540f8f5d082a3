"""What leaves: the published tables, the report, the pointer that readers follow, the messages."""

import dagster as dg

from orchestration.resources import Monitor
from orchestration.steps import release as steps
from orchestration.steps.order import done


@dg.asset(deps=["alerts"], group_name="published", kinds={"duckdb", "html"})
def release(monitor: Monitor) -> dg.MaterializeResult[None]:
    """Published tables and pages, checked, recorded with their alerts and made current at once."""
    return dg.MaterializeResult(metadata=done(monitor.run, steps.release))


@dg.asset(deps=[release], group_name="published", kinds={"email"})
def delivery(monitor: Monitor) -> dg.MaterializeResult[None]:
    """The outbox, sent; what cannot be sent now is tried again by the next run."""
    return dg.MaterializeResult(metadata=steps.deliver(monitor.run))
