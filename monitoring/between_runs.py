"""What is told though no release is made: troubles, reminders, alerts nobody has taken on."""

from datetime import date

import sqlalchemy as sa

from sightline.monitoring import digests, outbox, routes, troubles
from sightline.monitoring.delivery import channels
from sightline.warehouse.ledger.state import State
from sightline.warehouse.settings import Settings


def tell(state: State, settings: Settings, today: date) -> int:
    """Post what is due by this day; how many rows of the outbox are new."""
    with state.begin() as connection:
        new = outbox.post(connection, troubles.news(connection, settings, today), settings, today)
        return new + _remind(connection, settings, today)


def _remind(connection: sa.Connection, settings: Settings, today: date) -> int:
    new = 0
    for digest, route in digests.compose(connection, settings, today):
        new += outbox.put(connection, digest, outbox.sent_over([route], settings), today)
    for message, route in digests.not_taken_on(connection, settings, today):
        above = routes.Route(
            name=route.name, audience=route.audience, channels=route.escalate_to or [channels.FILES]
        )
        new += outbox.put(connection, message, outbox.sent_over([above], settings), today)
    return new
