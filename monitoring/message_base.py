"""What every message holds, and how days and counts are written in it."""

from datetime import date

from pydantic import BaseModel, ConfigDict

FOOTER = (
    "Aggregate statistics. Not about any individual child. Do not infer individuals. "
    "If a child is at risk follow local safeguarding procedures."
)
SIMULATED = "[SIMULATED] "
"""What the subject of a message begins with that is made from simulated data."""


class Base(BaseModel):
    """`release_id` is the release that readers see, empty where nothing was published yet."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    message_id: str
    monitor: str
    release_id: str
    as_of: date
    is_simulated: bool
    footer: str = FOOTER


def day(moment: date) -> str:
    return f"{moment.day} {moment:%B %Y}"


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
