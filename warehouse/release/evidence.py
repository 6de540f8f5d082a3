"""What a release shows of an alert, and the sentences that messages, pages and commands say of it.

The figures are those of `alerts.summary`: of the periods that were judged together, never of one
month in place of them. A number that does not bear the alert out is not told.
"""

import json
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from sightline.warehouse.calendar import period_name

Direction = Literal["down", "up"]
NOT_ALONE = (
    "Several periods stand out as a run; no sum of them that may be told lies beyond what is usual,"
    " so no figure is given."
)
NO_RANGE = (
    "Several periods stand out as a run; no sum of them lies beyond what is usual, so no range is"
    " given."
)


@dataclass(frozen=True)
class Scale:
    """How an indicator's figures are said."""

    unit: str
    decimals: int
    period_type: str


class Evidence(BaseModel):
    """Figures as released; `value` is of the periods from `first` to `last` together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: date | None = None
    last: date | None = None
    periods: int = 1
    value: float | None = None
    expected: float | None = None
    lower: float | None = None
    upper: float | None = None
    difference: int | None = None
    """Events more or fewer than expected, to the nearest five."""
    change: int | None = None
    """The difference in per cent."""
    newest: date | None = None
    newest_value: float | None = None
    newest_expected: float | None = None
    kind: Literal["spike", "sustained"] | None = None
    is_provisional: bool = False

    def bears_out(self, direction: Direction) -> bool:
        """Whether the value lies beyond what was expected, and beyond its range, on this side."""
        if self.value is None or self.expected is None:
            return False
        sign = 1 if direction == "up" else -1
        limit = self.upper if direction == "up" else self.lower
        is_past = sign * (self.value - self.expected) > 0
        return is_past and (limit is None or sign * (self.value - limit) > 0)


def read(summary: str | None) -> Evidence | None:
    """The evidence of a row of `alerts`; None where nothing is shown."""
    if summary is None:
        return None
    return Evidence.model_validate(
        {name: value for name, value in json.loads(summary).items() if value is not None}
    )


def lasted(first: date, passed: int, marked: int | None, period_type: str) -> str:
    """How long an episode has lasted: the one wording of it. Where no period is told as marked, it
    is not told either which was the first."""
    began = period_name(period_type, first)
    if not marked:
        return f"It has lasted since about {began}"
    if passed <= 1:
        return f"Marked in one {period_type} ({began})"
    return f"Marked in {marked} of {passed} {period_type}s since {began}"


def judged(evidence: Evidence, direction: Direction, scale: Scale, last: date) -> str:
    """What was judged: value, range, difference; `last` where the evidence does not say until when.

    Says so where no number may be told that bears the alert out.
    """
    if not evidence.bears_out(direction) or evidence.value is None or evidence.expected is None:
        return NOT_ALONE
    said = (
        f"{number(evidence.value, scale)} {scale.unit} {when(evidence, scale, last)}."
        f" About {number(evidence.expected, scale)} was expected"
    )
    has_range = evidence.lower is not None and evidence.upper is not None
    if has_range and evidence.lower is not None and evidence.upper is not None:
        low, high = number(evidence.lower, scale), number(evidence.upper, scale)
        said += f"; between {low} and {high} would be usual"
    told = [f"{said}.", *_by_how_much(evidence, direction)]
    told += [] if has_range or evidence.periods == 1 else [NO_RANGE]
    told += ["The figure is provisional."] if evidence.is_provisional else []
    return " ".join(told)


def newest_alone(
    evidence: Evidence, direction: Direction, scale: Scale
) -> tuple[str, str, str] | None:
    """The newest period, its figure and what was expected of it: what is low for one month is high
    for another. None where one period was judged, or this one contradicts those that were."""
    when, value, expected = evidence.newest, evidence.newest_value, evidence.newest_expected
    if when is None or value is None or expected is None or evidence.periods == 1:
        return None
    if value <= expected if direction == "up" else value >= expected:
        return None
    return period_name(scale.period_type, when), number(value, scale), number(expected, scale)


def newest(evidence: Evidence, direction: Direction, scale: Scale) -> str | None:
    """The newest figure alone, as a sentence."""
    if told := newest_alone(evidence, direction, scale):
        when, value, expected = told
        return f"In {when} alone: {value} {scale.unit}; about {expected} was expected."
    return None


def since(evidence: Evidence, scale: Scale) -> str | None:
    """What the figure is now, of an alert that is over."""
    if evidence.newest is None or evidence.newest_value is None:
        return None
    return now(evidence.newest, evidence.newest_value, evidence.newest_expected, scale)


def now(period: date, value: float, expected: float | None, scale: Scale) -> str:
    """What the figure of one period is in this release."""
    when = period_name(scale.period_type, period)
    said = f"In {when} it is now {number(value, scale)} {scale.unit}"
    return f"{said}; about {number(expected, scale)} is expected." if expected else f"{said}."


def number(value: float, scale: Scale) -> str:
    return f"{value:,.{scale.decimals}f}"


def when(evidence: Evidence, scale: Scale, last: date) -> str:
    """The periods that were judged together."""
    end = period_name(scale.period_type, evidence.last or last)
    if evidence.periods == 1 or evidence.first is None:
        return f"in {end}"
    first = period_name(scale.period_type, evidence.first)
    return f"in the {evidence.periods} {scale.period_type}s from {first} to {end}"


def _by_how_much(evidence: Evidence, direction: Direction) -> list[str]:
    """In per cent and in number, as far as each is told."""
    more, many = ("more", "more") if direction == "up" else ("less", "fewer")
    said = [f"{abs(evidence.change)}% {more}"] if evidence.change else []
    said += [f"about {abs(evidence.difference):,} {many}"] if evidence.difference else []
    return [f"That is {', '.join(said)}."] if said else []
