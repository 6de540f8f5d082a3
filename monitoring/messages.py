"""The content and wording of messages, typed: released figures and the indicators' own words.

How it looks is in `rendering`; what must never be in it is checked by `gate`.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from sightline.monitoring import notices
from sightline.monitoring.message_base import SIMULATED, Base, Companions, counted, day
from sightline.monitoring.notices import Notice
from sightline.warehouse.calendar import period_name
from sightline.warehouse.release import evidence
from sightline.warehouse.release.rounding import IN_WORDS

LEVELS = {"local_authority": "local authority", "region": "region", "country": "country"}

Kind = Literal[
    "opened", "reopened", "escalated", "resolved", "retracted", "corrected",
    "no_longer_supported", "closed_by_reorganisation", "closed_by_definition",
]  # fmt: skip
Severity = Literal["info", "watch", "warning", "critical"]
# Why no number is told, in words.
HIDDEN = {
    "c": "The figures are withheld because a count behind them is small.",
    "low": "The figure is low and not told more closely: a share under 5 per cent of fewer than"
    " 1,000, or a count that is small or none.",
    "high": "The share is over 95 per cent of fewer than 1,000 and is not told more closely.",
}


class Figures(evidence.Evidence):
    """Numbers as released; none of them where one is withheld."""

    unit: str = ""
    decimals: int = 1
    is_withheld: bool = False
    marker: Literal["c", "low", "high"] = "c"
    """How a withheld figure is marked."""
    latest: date | None = None
    """The last period in which the alert held; the figures of now are of that one alone."""
    value_now: float | None = None
    expected_now: float | None = None

    @model_validator(mode="after")
    def _nothing_beside_a_withheld_figure(self) -> "Figures":
        numbers = (
            self.value, self.expected, self.lower, self.upper, self.difference, self.change,
            self.newest_value, self.newest_expected, self.value_now, self.expected_now,
        )  # fmt: skip
        if self.is_withheld and any(number is not None for number in numbers):
            raise ValueError("a withheld figure may not be given back by the numbers beside it")
        return self


class Wording(BaseModel):
    """An indicator's own words."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    indicator: str
    name: str
    short_name: str = ""
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
    short_name: str = ""
    """The indicator's, for a subject; none where it is no longer defined."""
    area_name: str
    area_level: Literal["local_authority", "region", "country"]
    direction: Literal["down", "up"]
    pattern: Literal["spike", "sustained"] | None
    period_type: str = "month"
    opened_period: date
    period: date
    periods_seen: int = Field(ge=0)
    """In how many periods it was marked; none where that is not published."""
    periods_passed: int = 0
    """How many periods the episode has lasted; none where that is not published."""
    figures: Figures
    why_it_matters: str
    what_to_check: tuple[str, ...]
    other_explanations: tuple[str, ...]
    owner: str = ""
    told: Figures | None = None
    """Of one that was revised or is not supported any more: what was told of it last."""
    decided: str | None = None
    """Of one that is taken up again: how it had ended."""
    carried_by: tuple[str, ...] = ()
    """Of a region or England: the few authorities that carry half of it or more."""
    driven_by: tuple[str, ...] = ()
    """Of one that lives: what drove it, in sentences as on its page."""
    folded_into: str | None = None
    """Of an authority: the alert on its region or England that names it, told by that area."""
    successors: tuple[str, ...] = ()
    """Of an area that is no more: those that took over from it."""
    companions: Companions = Companions()
    """What other indicators of the area say of the same period."""
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
    lead = LEADS.get(message.kind)
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
    if said := message.companions.said():
        blocks.append(("Other indicators of this area", said))
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
    blocks: list[tuple[str, Sequence[str]]] = [
        ("What we see", [*_seen(message), _history(message), *_beside(message), *message.driven_by])
    ]
    if message.kind in ENDED:
        return [*blocks, ("Reference", reference)]
    owner = [f"Owner of this indicator: {message.owner}."] if message.owner else []
    return [
        *blocks,
        ("Check these simpler explanations first", message.other_explanations),
        ("Why it may matter", [message.why_it_matters]),
        ("What to check", message.what_to_check),
        ("What to do next", [*owner, f"To take it on: sightline alerts ack {message.alert_id}"]),
        ("Reference", reference),
    ]


LEADS = {
    "resolved": "RESOLVED",
    "retracted": "RETRACTED",
    "corrected": "CORRECTED",
    "no_longer_supported": "NO LONGER SUPPORTED",
    "closed_by_reorganisation": "CLOSED",
    "closed_by_definition": "CLOSED",
}
ENDED = {
    "retracted": "Judged with what is known today it would not have been raised: its figures, or"
    " what is expected of them, were revised.",
    "resolved": "It has been back within what was expected for long enough to end the alert.",
    "corrected": "This alert had ended. The figures behind it were revised since: with the new ones"
    " it would not have been raised.",
    "no_longer_supported": "The figures behind this alert are no longer there: a return was taken"
    " back. That says neither that it is over nor that it was wrong.",
    "closed_by_reorganisation": "This authority is no more, so its alert is closed.",
    "closed_by_definition": "This indicator is no longer defined, so its alerts are closed.",
}
REVISED = ("retracted", "corrected")
# Of what ended by these nothing was found to be over, and no figure says so.
WITHOUT_FIGURES = ("no_longer_supported", "closed_by_reorganisation", "closed_by_definition")
WITH_FIGURES_OF_THEN = (*REVISED, *WITHOUT_FIGURES)


def _seen(message: AlertMessage) -> list[str]:
    ended = ENDED.get(message.kind)
    said = [
        *([ended] if ended else []),
        *([f"It is raised again; {message.decided}."] if message.decided else []),
    ]
    if message.kind not in WITHOUT_FIGURES:
        return [*said, *_figures(message)]
    return [*said, *_of_then(message)]


def _beside(message: AlertMessage) -> list[str]:
    """Who carries it, what it is part of, and who took over."""
    carriers, successors = ", ".join(message.carried_by), ", ".join(message.successors)
    return [
        *([f"Half of it or more lies with: {carriers}."] if carriers else []),
        *([f"After it: {successors}."] if successors else []),
        *([f"It is part of the alert on {message.folded_into}."] if message.folded_into else []),
    ]


def _figures(message: AlertMessage) -> list[str]:
    figures, scale = message.figures, scale_of(message)
    if figures.is_withheld:
        return [HIDDEN[figures.marker]]
    if message.kind in REVISED:
        return [*_of_then(message), _of_now(message)]
    if figures.newest is None and figures.value is None:
        return [f"The figure for {named(message, message.period)} is not published."]
    judged = evidence.judged(figures, message.direction, scale, message.period)
    if message.kind in ENDED:
        now = evidence.since(figures, scale)
    else:
        now = evidence.newest(figures, message.direction, scale)
    return [said for said in (judged, now) if said]


def _of_then(message: AlertMessage) -> list[str]:
    """The figures as they were told; nothing where none were."""
    told = message.told
    if told is None or told.last is None or not told.bears_out(message.direction):
        return []
    scale = evidence.Scale(told.unit, told.decimals, message.period_type)
    judged = evidence.judged(told, message.direction, scale, told.last)
    alone = evidence.newest(told, message.direction, scale)
    return [f"It was told as: {judged}", *([f"As it was told: {alone}"] if alone else [])]


def _of_now(message: AlertMessage) -> str:
    figures, when = message.figures, message.figures.latest or message.period
    if figures.value_now is None:
        return f"The figure for {named(message, when)} is not published any more."
    return evidence.now(when, figures.value_now, figures.expected_now, scale_of(message))


def _history(message: AlertMessage) -> str:
    passed = message.periods_passed or message.periods_seen
    lasted = evidence.lasted(
        message.opened_period, passed, message.periods_seen, message.period_type
    )
    return f"{lasted} in this {LEVELS[message.area_level]}."


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


def scale_of(message: AlertMessage) -> evidence.Scale:
    figures = message.figures
    return evidence.Scale(figures.unit, figures.decimals, message.period_type)


def named(message: AlertMessage, period: date) -> str:
    return period_name(message.period_type, period)
