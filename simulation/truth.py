"""What was planted, in words and figures, so that what is found can be judged against it.

Who is who among the simulated children, people tells; it is never saved with the rest.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Event:
    """One planted change. `size` is the share by which the counts change, signed."""

    id: str
    kind: str
    indicators: tuple[str, ...]
    la_codes: tuple[str, ...]
    onset: date
    size: float
    words: str
    direction: str = "none"
    """Which way the indicators move: up, down or none."""
    expects_alert: bool = True
    is_sustained: bool = True
    is_small_area: bool = False
    """In an authority so small that a miss is honest."""
    until: date | None = None
    """Last month of a change that ends."""
    level: str = "local_authority"


@dataclass(frozen=True)
class Truth:
    seed: int
    scenario: str
    start: date
    until: date
    as_of: date
    la_codes: tuple[str, ...]
    events: tuple[Event, ...]
    early_senders: tuple[str, ...]
    """Cut their referrals eight days after the month and send two months each time."""
    census_senders: tuple[str, ...]
    """Send CIN census files and no monthly ones."""
    resubmissions: tuple[str, ...] = ()
    never_sent: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    delivered_twice: tuple[str, ...] = ()
    cases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Ways of their own in which senders tell, in words, with the senders or returns."""
    counts: dict[str, int] = field(default_factory=dict)
    """How many there are of each kind of rare case, in words."""
    totals: dict[str, int] = field(default_factory=dict)

    def save(self, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1, default=date.isoformat) + "\n", "utf-8")
        return path


def load(path: Path) -> Truth:
    raw: dict[str, Any] = json.loads(path.read_text("utf-8"))
    events = tuple(_event(**event) for event in raw.pop("events"))
    for name in ("start", "until", "as_of"):
        raw[name] = date.fromisoformat(raw[name])
    raw["cases"] = {name: tuple(value) for name, value in raw["cases"].items()}
    lists = {name: tuple(value) for name, value in raw.items() if isinstance(value, list)}
    return Truth(events=events, **{**raw, **lists})


def _event(**raw: Any) -> Event:
    raw["onset"] = date.fromisoformat(raw["onset"])
    raw["until"] = raw["until"] and date.fromisoformat(raw["until"])
    return Event(
        **{**raw, "indicators": tuple(raw["indicators"]), "la_codes": tuple(raw["la_codes"])}
    )
