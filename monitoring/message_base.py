"""What every message holds, and how days and counts are written in it."""

from collections.abc import Sequence
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


MOST_NAMED = 6


class Companions(BaseModel):
    """Names of indicators by what they say: that something worsens, that nothing does, nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agree: tuple[str, ...] = ()
    disagree: tuple[str, ...] = ()
    not_judged: tuple[str, ...] = ()

    def said(self) -> list[str]:
        lists = (
            ("Worsening too", self.agree),
            ("Not worsening", self.disagree),
            ("Cannot be judged", self.not_judged),
        )
        return [f"{head}: {_named(names)}." for head, names in lists if names]


def day(moment: date) -> str:
    return f"{moment.day} {moment:%B %Y}"


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def cut(words: str, most: int) -> str:
    """At most so many characters, with dots in the place of the last words."""
    if len(words) <= most:
        return words
    kept = words[: most - 2].rpartition(" ")[0] or words[: most - 3]
    return kept.rstrip(" ,;:") + "..."


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return "; ".join(names[:MOST_NAMED]) + more
