"""Findings, alerts and their changes: what `lifecycle` decides on and what it gives."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sightline.warehouse.alert_terms import LIVE

PENDING = "pending"
ENDED = (
    "resolved", "retracted", "no_longer_supported", "closed_by_reorganisation",
    "closed_by_definition", "dropped",
)  # fmt: skip
STATES = (PENDING, *LIVE, *ENDED)
CLEAR = ("ok", "improving", "short_history")
SIDES = {"exposure": "risk", "identification": "seen", "exploitation": "seen"}
"""By family: whether an indicator tells of signs of risk or of how many children are seen."""

Evidence = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """The judgement on one figure of one area and period.

    `evidence` holds the figure and what was expected, in its unit and as counts of events
    (`count`, `expected_count`), its range and its probabilities.
    """

    indicator: str
    indicator_name: str
    area_code: str
    area_name: str
    area_level: str
    breakdown: str
    direction: str
    period: date
    status: str
    kind: str | None = None
    reason: str | None = None
    family: str = "identification"
    region_code: str | None = None
    evidence: Evidence = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """What the finding is about; the period is not in it."""
        return digest(self.indicator, self.area_code, self.breakdown, self.direction)

    @property
    def is_worsening(self) -> bool:
        return self.status == "worsening"

    @property
    def is_marked(self) -> bool:
        """Whether it worsens by its own evidence, and not for want of a return to the level of
        before: that follows of itself and confirms nothing."""
        return self.is_worsening and self.reason != "not_come_back"

    @property
    def side(self) -> str | None:
        return SIDES.get(self.family)

    @property
    def chance(self) -> float | None:
        """Of so extreme a period, or so sustained a change, where nothing happened."""
        known = [self.evidence.get(name) for name in ("p_one", "p_sustained")]
        tests = [chance for chance in known if chance is not None]
        return min(1.0, 2 * min(tests)) if tests and self.is_assessable else None

    @property
    def is_assessable(self) -> bool:
        return self.is_worsening or (self.status in CLEAR and self.reason != "provisional")

    @property
    def is_of_authority(self) -> bool:
        return self.area_level == "local_authority"

    @property
    def excess(self) -> float:
        """How many events it is off to the worse; none where counts are not known."""
        count, expected = self.evidence.get("count"), self.evidence.get("expected_count")
        if count is None or expected is None:
            return 0.0
        return float(count - expected if self.direction == "up" else expected - count)


@dataclass(frozen=True)
class Alert:
    """One episode: a row of the state's alerts."""

    alert_id: str
    fingerprint: str
    indicator: str
    area_code: str
    area_name: str
    area_level: str
    breakdown: str
    direction: str
    severity: str
    state: str
    opened_period: date
    first_raised_on: date
    last_period: date
    resolved_on: date | None
    release_id: str
    title: str
    summary: Mapping[str, Any]


@dataclass(frozen=True)
class Event:
    """One change of an alert."""

    alert_id: str
    occurred_on: date
    event: str
    old_state: str | None
    new_state: str
    period: date | None
    reason: str
    release_id: str
    evidence: Evidence


Change = tuple[Alert, Event]


@dataclass(frozen=True)
class Decisions:
    """What has to be written: alerts as they are now, and one event for each change.

    `held` are openings that wait for a person, since there are too many at once.
    """

    alerts: tuple[Alert, ...] = ()
    events: tuple[Event, ...] = ()
    held: tuple[Change, ...] = ()

    def counts(self) -> dict[str, int]:
        """By event, how many."""
        counts = dict(Counter(event.event for event in self.events))
        return counts | ({"held": len(self.held)} if self.held else {})


@dataclass(frozen=True)
class Given:
    """What alerts are decided by beside the findings and the alerts that there are.

    `defined` are the indicators that are monitored, none where that does not matter;
    `successors` names, by code of an area that has ended, those that took over from it;
    `confirmed` are fingerprints that a person let through, `discarded` those that a person did not,
    with the period up to which that holds.
    """

    defined: frozenset[str] | None = None
    successors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    confirmed: frozenset[str] = frozenset()
    discarded: Mapping[str, date] = field(default_factory=dict)


def digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
