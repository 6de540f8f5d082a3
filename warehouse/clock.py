"""The one clock: whatever asks for the time asks here.

It dates what happens and says how long ago something was; it never orders anything.
"""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def now() -> datetime:
    """The time in UTC without a zone, as the state keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


def in_london() -> datetime:
    """The time as people here read it from the wall."""
    return now().replace(tzinfo=UTC).astimezone(LONDON)


def day() -> date:
    """The date in London."""
    return in_london().date()


def stamp() -> float:
    """The time in seconds since 1970, as others keep it."""
    return now().replace(tzinfo=UTC).timestamp()
