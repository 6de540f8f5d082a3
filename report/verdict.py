"""What is said of an alert on every page: the finding, its size, its length and how sure it is.

All of it comes from `alerts.summary`, in the words of `sightline.warehouse.release.evidence`.
"""

from dataclasses import dataclass
from typing import Literal

from sightline.report.data import Indicator, Row
from sightline.warehouse.release import evidence
from sightline.warehouse.release.evidence import Evidence

Sure = Literal["high", "medium", "low"]
WHY: dict[Sure, str] = {
    "high": "beyond its usual range, on final figures",
    "medium": "beyond its usual range, but figures are provisional",
    "low": "several periods stand out together, but no single figure does",
}


@dataclass(frozen=True)
class Verdict:
    finding: str
    """What was found, with its size where that may be told."""
    off: str
    """The same with the periods judged in place of the name: "15% below expected in July 2026"."""
    concerned: str
    """By how many children or events it is off; empty where that may not be told."""
    lasted: str
    sure: Sure
    size: int
    """The number behind `concerned`, to put alerts in order."""

    @property
    def why(self) -> str:
        return WHY[self.sure]


def of(alert: Row, indicator: Indicator | None) -> Verdict:
    """The verdict on an alert; of an indicator that is no more there is a title alone."""
    shown = evidence.read(alert["summary"])
    is_borne_out = shown is not None and shown.bears_out(alert["direction"])
    told = shown if is_borne_out else None
    name = indicator.name if indicator else alert["title"]
    period_type = indicator.period_type if indicator else "month"
    scale = evidence.Scale("", 0, period_type)
    when = f" {evidence.when(told, scale, alert['last_period'])}" if told else ""
    return Verdict(
        finding=f"{name} {_off(alert, told)}",
        off=f"{_off(alert, told)}{when}",
        concerned=_concerned(indicator, told),
        lasted=evidence.lasted(
            alert["opened_period"], alert["periods_passed"] or 1, alert["periods_marked"],
            period_type,
        ),
        sure=_sure(told),
        size=abs(told.difference or 0) if told else 0,
    )  # fmt: skip


def _off(alert: Row, told: Evidence | None) -> str:
    if told and told.change:
        side = "below" if told.change < 0 else "above"
        return f"{abs(told.change)}% {side} expected"
    side = {"down": "lower", "up": "higher"}.get(alert["direction"], "other")
    return f"{side} than expected"


def _concerned(indicator: Indicator | None, told: Evidence | None) -> str:
    if told is None or not told.difference or indicator is None:
        return ""
    side = "fewer" if told.difference < 0 else "more"
    return f"about {abs(told.difference):,} {side} {indicator.counted or 'events'} than expected"


def _sure(told: Evidence | None) -> Sure:
    if told is None or told.lower is None or told.upper is None:
        return "low"
    return "medium" if told.is_provisional else "high"
