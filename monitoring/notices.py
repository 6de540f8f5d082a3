"""Messages that are not about one change of one alert: digests, reminders, engineers' messages.

They hold names of areas, returns and indicators, days and counts, and no figure of a child's life.
"""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sightline.monitoring.message_base import Base, counted, day
from sightline.warehouse.alert_terms import SEVERITIES

Blocks = list[tuple[str, Sequence[str]]]
Change = Literal[
    "new", "more_serious", "waiting", "corrected", "ended", "pending", "woken", "taken_on",
    "put_off",
]  # fmt: skip
WORDS: dict[Change, str] = {
    "new": "New",
    "more_serious": "More serious",
    "waiting": "Not yet taken on",
    "corrected": "Corrected",
    "ended": "Ended",
    "pending": "Seen, not confirmed yet",
    "woken": "No longer put off",
    "taken_on": "Taken on",
    "put_off": "Put off",
}
LEVELS = ("country", "region", "local_authority")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Entry(_Part):
    """One alert in a digest, and what is new about it."""

    change: Change
    alert_id: str
    area_name: str
    area_level: Literal["local_authority", "region", "country"]
    severity: Literal["info", "watch", "warning", "critical"]
    title: str
    said: tuple[str, ...] = ()


class AudienceDigest(Base):
    """What one audience is told with a release, grouped by area, the worst first."""

    kind: Literal["audience_digest"] = "audience_digest"
    audience: str
    route: str
    entries: tuple[Entry, ...] = ()
    folded: int = 0
    """Changes of alerts on authorities that are told by the one on their region or England."""
    open: int = Field(ge=0)
    """How many alerts of this audience are open."""
    late: tuple[str, ...] = ()
    """The senders whose returns are missing, by name."""
    events_until: int = 0
    """The last event of any alert that this and former digests speak of."""


class NotTakenOn(Base):
    """A critical alert that nobody has taken on in time, for those above."""

    kind: Literal["not_taken_on"] = "not_taken_on"
    alert_id: str
    severity: Literal["critical"] = "critical"
    area_name: str
    title: str
    raised_on: date
    working_days: int


class Trouble(_Part):
    """One thing that engineers have to look at, or that is over."""

    key: str
    is_over: bool = False
    title: str
    said: tuple[str, ...] = ()


class Troubles(Base):
    """What has begun to need an engineer, and what does no more."""

    kind: Literal["trouble"] = "trouble"
    changes: tuple[Trouble, ...] = Field(min_length=1)


Notice = AudienceDigest | NotTakenOn | Troubles


def headline(message: Notice) -> str:
    """The subject, without the mark of simulated data."""
    if isinstance(message, NotTakenOn):
        return f"{message.area_name}: critical alert that nobody has taken on"
    if isinstance(message, Troubles):
        return f"{message.monitor}: {_of_troubles(message.changes)}"
    return f"{message.monitor}: {_of_digest(message)}"


def blocks(message: Notice) -> Blocks:
    """Headed blocks in the order in which they are read."""
    if isinstance(message, NotTakenOn):
        return _not_taken_on(message)
    if isinstance(message, Troubles):
        return [
            (_marked(change), change.said or ("No more is known.",)) for change in message.changes
        ]
    return _digest(message)


def _of_troubles(changes: Sequence[Trouble]) -> str:
    if len(changes) == 1:
        return _marked(changes[0])
    begun = sum(not change.is_over for change in changes)
    parts = [f"{counted(begun, 'thing')} to look at"] if begun else []
    return ", ".join(
        [*parts, *([f"{len(changes) - begun:,} over"] if begun < len(changes) else [])]
    )


def _marked(change: Trouble) -> str:
    return f"{change.title} - over" if change.is_over else change.title


def _of_digest(message: AudienceDigest) -> str:
    new = sum(entry.change == "new" for entry in message.entries)
    if not message.entries:
        return f"nothing new, {counted(message.open, 'alert')} open"
    told = counted(new, "new alert") if new else counted(len(message.entries), "change")
    return f"{told}, {message.open:,} open"


def _digest(message: AudienceDigest) -> Blocks:
    counts = [
        f"{sum(entry.change == change for entry in message.entries):,} {word[0].lower()}{word[1:]}"
        for change, word in WORDS.items()
        if any(entry.change == change for entry in message.entries)
    ]
    summary = ", ".join([*counts, f"{message.open:,} open"])
    found: Blocks = [
        ("In short", [f"{summary}. Data as of {day(message.as_of)}.", *_folded(message)])
    ]
    ordered = sorted(message.entries, key=_order)
    areas = {entry.area_name: None for entry in ordered}  # the area of the worst first
    by_area = sorted(ordered, key=lambda entry: list(areas).index(entry.area_name))
    for area, entries in groupby(by_area, key=lambda entry: entry.area_name):
        found.append((area, [_line(entry) for entry in entries]))
    if message.late:
        found.append(("Returns that are missing", message.late))
    found.append(("Reference", [_reference(message)]))
    return found


def _folded(message: AudienceDigest) -> list[str]:
    if not message.folded:
        return []
    which = counted(message.folded, "more alert")
    return [f"{which} on authorities that an alert on their region or England names."]


def _reference(message: AudienceDigest) -> str:
    return f"Release {message.release_id}. You get this as {message.route}."


def _order(entry: Entry) -> tuple[int, int, int, str]:
    return (
        -SEVERITIES.index(entry.severity),
        list(WORDS).index(entry.change),
        LEVELS.index(entry.area_level),
        entry.title,
    )


def _line(entry: Entry) -> str:
    title = entry.title.removesuffix(f": {entry.area_name}")
    head = f"{WORDS[entry.change]}, {entry.severity}: {title}."
    return " ".join([head, *entry.said, f"Alert {entry.alert_id}."])


def _not_taken_on(message: NotTakenOn) -> Blocks:
    days = counted(message.working_days, "working day")
    return [
        ("What we ask", [f"{message.title}. Raised on {day(message.raised_on)}: after {days} nobody"
                         " has taken it on. Please see that somebody does."]),
        ("How to answer", [f"sightline alerts ack {message.alert_id}, or a line to whoever runs the"
                           " monitor."]),
    ]  # fmt: skip
