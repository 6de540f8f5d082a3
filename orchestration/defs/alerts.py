"""Which episodes open, go on or end; nothing is written before the release is.

What was decided is handed over in the run, which the release takes as it is: kept by Dagster it
would outlive the figures that it was decided from.
"""

import dagster as dg

from sightline.orchestration import ownership
from sightline.orchestration.defs.signals import SIGNALS
from sightline.orchestration.resources import Monitor
from sightline.orchestration.steps import marts
from sightline.orchestration.steps.order import done


@dg.asset(deps=[SIGNALS], group_name="alerts", kinds={"python"}, owners=ownership.teams())
def alerts(monitor: Monitor) -> dg.MaterializeResult[None]:
    """One alert per episode, decided from the signals and what was already open."""
    return dg.MaterializeResult(metadata=done(monitor.run, marts.decide_alerts).counts())
