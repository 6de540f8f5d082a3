"""What messages say of the monitor itself, and how they get their ids."""

import hashlib
import json
from datetime import date
from typing import Any

import sqlalchemy as sa

from sightline.warehouse.ledger.state import releases, submissions
from sightline.warehouse.settings import Settings


def identifier(*parts: str) -> str:
    """The same for the same parts, so that nothing is told twice."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


def about(connection: sa.Connection, settings: Settings, today: date) -> dict[str, Any]:
    """Monitor, the release that readers see, the day, and whether anything is simulated."""
    shown = connection.execute(
        sa.select(releases.c.release_id, releases.c.as_of).where(releases.c.is_current)
    ).first()
    simulated = sa.select(sa.exists().where(submissions.c.simulated))
    return {
        "monitor": settings.name,
        "release_id": shown.release_id if shown else "",
        "as_of": shown.as_of if shown else today,
        "is_simulated": bool(connection.execute(simulated).scalar()),
    }
