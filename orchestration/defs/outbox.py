"""What waits in the outbox is sent between runs, within minutes of its channel's return."""

from datetime import timedelta

import dagster as dg

from sightline.monitoring.delivery import relay
from sightline.orchestration.configuration import checked
from sightline.orchestration.resources import home_in_use
from sightline.warehouse import clock
from sightline.warehouse.ledger.state import state_of

EVERY_FIVE_MINUTES = "*/5 * * * *"
# Dagster waits a minute for a schedule; what is left then is sent by the next one.
AT_MOST = timedelta(seconds=20)


@dg.schedule(
    target=dg.AssetSelection.assets("delivery"),
    cron_schedule=EVERY_FIVE_MINUTES,
    execution_timezone="Europe/London",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def messages_wait(_context: dg.ScheduleEvaluationContext) -> dg.SkipReason:
    """Sends the messages that are due by itself: a run would wait behind a long one."""
    home = home_in_use()
    with state_of(home) as state:
        if not relay.is_due(state, clock.now()):
            return dg.SkipReason("No message is due.")
        done = relay.deliver(home, checked(home), state, clock.now(), within=AT_MOST)
    return dg.SkipReason(f"{done.sent:,} messages sent, {done.pending:,} still waiting.")
