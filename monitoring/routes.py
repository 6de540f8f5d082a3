"""Who gets which message: the [[route]] blocks of the settings, the first that matches.

Without any, every channel gets the digest of the whole country and the engineers' messages.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sightline.monitoring.delivery import channels
from sightline.monitoring.delivery.smtp import Address
from sightline.monitoring.messages import Severity
from sightline.warehouse import areas
from sightline.warehouse.alert_terms import SEVERITIES
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.settings import Settings, nearest, said

AT_ONCE = "critical"
"""From this severity on an alert travels alone, whatever its route says of others."""


class Route(BaseModel):
    """One [[route]] block: whom it is for, what matches, where it leads."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)

    name: str = ""
    audience: Literal["national", "region", "authority", "engineers"]
    regions: list[str] = []
    authorities: list[str] = []
    indicators: list[str] = []
    severity: Severity = "info"
    """The least that matches."""
    channels: list[str] = Field(min_length=1)
    when: Literal["at once", "digest"] = "digest"
    goes_on: bool = Field(default=False, alias="continue")
    """Whether later routes may match too."""
    fallback: bool = False
    """Whether it gets what no other route does."""
    escalate_to: list[str] = []
    reply_to: Address | None = None

    @property
    def has_conditions(self) -> bool:
        narrows = self.regions or self.authorities or self.indicators
        return bool(narrows) or self.severity != "info"


@dataclass(frozen=True)
class Subject:
    """What a route is matched against."""

    indicator: str
    severity: str
    area_level: str
    area_code: str

    @property
    def authority(self) -> str | None:
        """The three-digit code of an authority."""
        return areas.numbers().get(self.area_code)

    @property
    def region(self) -> str | None:
        return _regions().get(self.area_code)


@dataclass(frozen=True)
class Match:
    """A route that takes a subject, and why, in words."""

    route: Route
    why: str


def load(settings: Settings) -> list[Route]:
    """The routes in their order, checked; raises ConfigurationError, one sentence."""
    routes = [_route(number, block) for number, block in enumerate(settings.route, 1)]
    if not routes:
        return _usual(settings)
    _check_names(routes)
    for route in routes:
        _check(route, channels.names(settings))
    fallbacks = [route for route in routes if route.fallback]
    if len(fallbacks) != 1:
        raise ConfigurationError(
            "sightline.toml: one [[route]] has to be the fallback: fallback = true, for what no"
            f" other route takes; {len(fallbacks) or 'none'} is"
        )
    return routes


def matching(routes: Iterable[Route], subject: Subject) -> list[Match]:
    """The routes for an alert: the first that matches, and those after it where it says so."""
    found, fallback = [], None
    for route in routes:
        if route.audience == "engineers":
            continue
        if route.fallback:
            fallback = route
        elif why := _why(route, subject):
            found.append(Match(route, why))
            if not route.goes_on:
                return found
    if fallback and not found:
        return [Match(fallback, "no other route matches")]
    return found


def all_matching(routes: list[Route], subject: Subject) -> list[Route]:
    """Also those that matched while the alert was less serious: who was told of it hears on."""
    names = SEVERITIES[: SEVERITIES.index(subject.severity) + 1]
    earlier = [Subject(subject.indicator, n, subject.area_level, subject.area_code) for n in names]
    found = {m.route.name: m.route for one in earlier for m in matching(routes, one)}
    return [route for route in routes if route.name in found]


def of_engineers(routes: list[Route]) -> list[Route]:
    """The engineers' routes; else the fallback, so that somebody hears."""
    return [r for r in routes if r.audience == "engineers"] or [r for r in routes if r.fallback]


def load_or_usual(settings: Settings) -> list[Route]:
    """Those that hold; where they are wrong everybody hears, also that they are."""
    try:
        return load(settings)
    except ConfigurationError:
        return _usual(settings)


def looks_at(route: Route, subject: Subject) -> bool:
    """Whether an area is one of those of a route."""
    return _why_area(route, subject) is not None


def _usual(settings: Settings) -> list[Route]:
    return [
        Route(
            name="everybody",
            audience="national",
            channels=channels.names(settings),
            fallback=True,
        )
    ]


def _route(number: int, block: dict[str, Any]) -> Route:
    try:
        route = Route.model_validate(block)
    except ValidationError as fault:
        where = block.get("name") or f"number {number}"
        raise ConfigurationError(
            f"sightline.toml: [[route]] {where}: {said(fault, Route)}"
        ) from None
    return route if route.name else route.model_copy(update={"name": f"{route.audience} {number}"})


def _check_names(routes: list[Route]) -> None:
    names = [route.name for route in routes]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigurationError(f"sightline.toml: two [[route]] blocks are called {repeated[0]!r}")


def _check(route: Route, known_channels: list[str]) -> None:
    def refuse(what: str) -> ConfigurationError:
        return ConfigurationError(f"sightline.toml: [[route]] {route.name}: {what}")

    for key, values, known in (
        ("channels", route.channels, known_channels),
        ("escalate_to", route.escalate_to, known_channels),
        ("regions", route.regions, [*_region_codes(), *_region_codes().values()]),
        ("authorities", route.authorities, list(areas.authorities())),
    ):
        for value in values:
            if value not in known:
                raise refuse(f"{key}: there is no {value!r}: {nearest(value, known)}")
    if route.indicators:
        from sightline.warehouse import indicators  # slow to import, and seldom needed

        monitored = [one.indicator for one in indicators.load() if one.is_monitored]
        for value in route.indicators:
            if value not in monitored:
                raise refuse(f"indicators: there is no {value!r}: {nearest(value, monitored)}")
    if route.fallback and (route.has_conditions or route.audience == "engineers"):
        raise refuse("the fallback takes whatever comes, and is no engineers'")
    if route.audience == "engineers" and route.has_conditions:
        raise refuse("engineers' messages are of the monitor: they have no areas or indicators")
    if route.audience == "authority" and not (route.authorities or route.regions):
        raise refuse("authorities: say which, by their three-digit codes")


def _why(route: Route, subject: Subject) -> str | None:
    """Why a route takes it, None where it does not."""
    if SEVERITIES.index(subject.severity) < SEVERITIES.index(route.severity):
        return None
    if route.indicators and subject.indicator not in route.indicators:
        return None
    area = _why_area(route, subject)
    if area is None:
        return None
    least = [f"at least {route.severity}"] if route.severity != "info" else []
    return ", ".join([area, *(["its indicator"] if route.indicators else []), *least])


def _why_area(route: Route, subject: Subject) -> str | None:
    if route.audience == "authority" and subject.area_level != "local_authority":
        return None
    if route.audience == "region" and subject.area_level == "country":
        return None
    if not route.authorities and not route.regions:
        return f"{route.audience}: any area"
    if subject.authority in route.authorities:
        return f"authority {subject.authority}"
    names = {subject.region, _region_codes().get(subject.region or "")}
    if subject.region and names & set(route.regions):
        return f"region {_region_codes()[subject.region]}"
    return None


@cache
def _regions() -> dict[str, str]:
    """The region's code by the code of each area in it, and of itself."""
    rows = areas.seed("areas.csv")
    return {row["area_code"]: row["region_code"] for row in rows if row["region_code"]}


@cache
def _region_codes() -> dict[str, str]:
    """Names of regions by their codes."""
    rows = areas.seed("areas.csv")
    return {row["area_code"]: row["area_name"] for row in rows if row["area_level"] == "region"}
