"""The content and wording of messages, typed: released figures and the indicators' own words.

How it looks is in `rendering`; what must never be in it is checked by `gate`.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from monitoring import notices
from monitoring.message_base import SIMULATED, Base, counted, day
from monitoring.notices import Notice
from warehouse.calendar import period_name
from warehouse.release.rounding import IN_WORDS

LEVELS = {"local_authority": "local authority", "region": "region", "country": "country"}

Kind = Literal["opened", "reopened", "escalated", "resolved", "retracted"]
Severity = Literal["info", "watch", "warning", "critical"]
# Why no number is told, in words.
HIDDEN = {
    "c": "The figures are withheld because a count behind them is small.",
    "low": "The figure is low and not told more closely: a share under 5 per cent of fewer than"
    " 1,000, or a count that is small or none.",
    "high": "The share is over 95 per cent of fewer than 1,000 and is not told more closely.",
}


class Figures(BaseModel):
    """Numbers as released; none of them where one is withheld."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float | None = None
    expected: float | None = None
    lower: float | None = None
    upper: float | None = None
    unit: str = ""
    decimals: int = 1
    is_withheld: bool = False
    marker: Literal["c", "low", "high"] = "c"
    """How a withheld figure is marked."""
    is_provisional: bool = False

    @model_validator(mode="after")
    def _nothing_beside_a_withheld_figure(self) -> "Figures":
        if self.is_withheld and any(
            number is not None for number in (self.value, self.expected, self.lower, self.upper)
        ):
            raise ValueError("a withheld figure may not be given back by the numbers beside it")
        return self


class Wording(BaseModel):
    """An indicator's own words."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    indicator: str
    name: str
    unit: str
    decimals: int = 1
    period_type: str = "month"
    why_it_matters: str
    what_to_check: tuple[str, ...]
    other_explanations: tuple[str, ...]
    owner: str = ""


class AlertMessage(Base):
    """One change of one alert."""

    kind: Kind
    alert_id: str
    severity: Severity
    title: str
    indicator: str
    area_name: str
    area_level: Literal["local_authority", "region", "country"]
    direction: Literal["down", "up"]
    pattern: Literal["spike", "sustained"] | None
    period_type: str = "month"
    opened_period: date
    period: date
    periods_seen: int = Field(ge=1)
    figures: Figures
    why_it_matters: str
    what_to_check: tuple[str, ...]
    other_explanations: tuple[str, ...]
    owner: str = ""
    also_open: tuple[str, ...] = ()
    """Other alerts that are open on the same area, without its name."""
    earlier: tuple[str, ...] = ()
    """Former episodes of the same, the newest first."""
    link: str = ""
    """Where its page of evidence is."""


class Digest(Base):
    """One message a release, also when no alert changed with it."""

    kind: Literal["digest"] = "digest"
    new: int = Field(ge=0)
    escalated: int = Field(ge=0)
    ended: int = Field(ge=0)
    open: int = Field(ge=0)
    returns_received: int = Field(ge=0)
    returns_due: int = Field(ge=0)
    newest: tuple[str, ...] = ()
    not_listed: int = 0


class RunFailed(Base):
    """Runs have begun to fail; said once until one ends well again.

    `release_id` is the release that readers still see, empty where nothing was published yet.
    """

    kind: Literal["run_failed"] = "run_failed"
    run: int = Field(ge=1)
    outcome: str
    exit_code: int | None
    started_by: str
    gates: tuple[str, ...] = ()


Message = Annotated[AlertMessage | Digest | RunFailed | Notice, Field(discriminator="kind")]
_adapter: TypeAdapter[AlertMessage | Digest | RunFailed | Notice] = TypeAdapter(Message)


def parse(payload: Mapping[str, object]) -> Message:
    return _adapter.validate_python(payload)


def headline(message: Message) -> str:
    """The subject line."""
    mark = SIMULATED if message.is_simulated else ""
    if isinstance(message, Notice):
        return f"{mark}{notices.headline(message)}"
    if isinstance(message, RunFailed):
        return f"{mark}{message.monitor}: run {message.run} failed"
    if isinstance(message, Digest):
        return f"{mark}{message.monitor}: {counted(message.new, 'new alert')}, {message.open} open"
    lead = {"resolved": "RESOLVED", "retracted": "RETRACTED"}.get(message.kind)
    when = named(message, message.period)
    return f"{mark}{lead or message.severity.upper()} - {message.title} - {when}"


def paragraphs(message: Message) -> list[tuple[str, Sequence[str]]]:
    """Headed blocks in the order in which they are read; a block of several lines is a list."""
    blocks = _blocks(message)
    if isinstance(message, AlertMessage):
        blocks[-1:-1] = _around(message)
    if message.is_simulated:
        blocks.insert(
            0, ("SIMULATED", ["Made from simulated data. It is not about any real area."])
        )
    return blocks


def _around(message: AlertMessage) -> list[tuple[str, Sequence[str]]]:
    """What else is known of the area and the alert, and how to go on."""
    blocks: list[tuple[str, Sequence[str]]] = []
    if message.also_open:
        blocks.append(("Also open in this area", message.also_open))
    if message.earlier:
        blocks.append(("Earlier", message.earlier))
    if message.link:
        answer = "To answer, write to whoever sends you this, and name the alert."
        blocks.append(("Read on", [f"Evidence: {message.link}", answer]))
    return blocks


def _blocks(message: Message) -> list[tuple[str, Sequence[str]]]:
    if isinstance(message, AlertMessage):
        return _alert_blocks(message)
    if isinstance(message, Notice):
        return notices.blocks(message)
    return _digest_blocks(message) if isinstance(message, Digest) else _failed_blocks(message)


def _alert_blocks(message: AlertMessage) -> list[tuple[str, Sequence[str]]]:
    reference = [
        f"Release {message.release_id}, data as of {day(message.as_of)}. Alert {message.alert_id}.",
        *([IN_WORDS] if message.figures.value is not None else []),
    ]
    blocks: list[tuple[str, Sequence[str]]] = [("What we see", [_seen(message), _history(message)])]
    if message.kind in ("resolved", "retracted"):
        return [*blocks, ("Reference", reference)]
    owner = [f"Owner of this indicator: {message.owner}."] if message.owner else []
    return [
        *blocks,
        ("Rule out first", message.other_explanations),
        ("Why it may matter", [message.why_it_matters]),
        ("What to check", message.what_to_check),
        ("What to do next", [*owner, f"To take it on: sightline alerts ack {message.alert_id}"]),
        ("Reference", reference),
    ]


def _seen(message: AlertMessage) -> str:
    if message.kind == "retracted":
        return (
            "The figures behind this alert were revised. "
            "With the new ones it would not have been raised."
        )
    if message.kind == "resolved":
        return "It has been back within what was expected for long enough to end the alert."
    figures = message.figures
    if figures.is_withheld:
        return HIDDEN[figures.marker]
    if figures.value is None or figures.expected is None:
        return f"The figure for {named(message, message.period)} is not published."
    said = f"{number(figures.value, figures)} {figures.unit} in {named(message, message.period)}"
    usual = f"about {number(figures.expected, figures)} was expected"
    interval = ""
    if figures.lower is not None and figures.upper is not None:
        low, high = number(figures.lower, figures), number(figures.upper, figures)
        interval = f" (between {low} and {high} would be usual)"
    provisional = " The figure is provisional." if figures.is_provisional else ""
    return f"{said}; {usual}{interval}{_change(figures)}.{provisional}"


def _change(figures: Figures) -> str:
    if not figures.expected or figures.value is None:
        return ""
    change = figures.value / figures.expected - 1
    return f", that is {abs(change):.0%} {'more' if change > 0 else 'less'}"


def _history(message: AlertMessage) -> str:
    level = LEVELS[message.area_level]
    since = named(message, message.opened_period)
    if message.periods_seen == 1:
        return f"Seen in one {message.period_type} ({since}) in this {level}."
    seen = counted(message.periods_seen, message.period_type)
    return f"Seen in {seen} since {since} in this {level}."


def _digest_blocks(message: Digest) -> list[tuple[str, Sequence[str]]]:
    returns = counted(message.returns_due, "return")
    summary = (
        f"{message.new} new, {message.escalated} more serious, {message.ended} ended, "
        f"{message.open} open; {message.returns_received} of {returns} received; "
        f"release {message.release_id}, data as of {day(message.as_of)}."
    )
    blocks: list[tuple[str, Sequence[str]]] = [("This run", [summary])]
    if message.newest:
        more = [f"and {message.not_listed} more"] if message.not_listed else []
        blocks.append(("New", [*message.newest, *more]))
    return blocks


def _failed_blocks(message: RunFailed) -> list[tuple[str, Sequence[str]]]:
    code = "" if message.exit_code is None else f" (exit code {message.exit_code})"
    happened = (
        f"Run {message.run} of {day(message.as_of)}, started by {message.started_by}, ended as"
        f" {message.outcome.replace('_', ' ')}{code}."
    )
    gates = [f"A gate did not hold: {gate}." for gate in message.gates]
    seen = f"Readers still see release {message.release_id}."
    return [
        ("What happened", [happened, *gates]),
        ("What it means", [seen if message.release_id else "Nothing has been published yet."]),
        (
            "What to do next",
            [
                "Ask the monitor what is wrong: sightline health",
                "No other message comes of it before a run has ended well again.",
            ],
        ),
    ]


def number(value: float, figures: Figures) -> str:
    return f"{value:,.{figures.decimals}f}"


def named(message: AlertMessage, period: date) -> str:
    return period_name(message.period_type, period)
