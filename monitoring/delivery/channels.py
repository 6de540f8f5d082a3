"""Which channels there are: one module each in this folder, found by its name."""

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from sightline.monitoring.messages import Message
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.home import Home
from sightline.warehouse.settings import Settings, said

NO_CHANNELS = ("__init__", "channels", "relay", "failure", "deadline", "http")
KINDS = tuple(
    sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in NO_CHANNELS)
)
FILES = "files"


@dataclass(frozen=True)
class Copy:
    """Whom one copy of a message is for, and what it answers."""

    recipient: str | None = None
    """None where the channel leads to one place."""
    thread: str | None = None
    """The id of the copy with which this recipient was told of the same for the first time."""
    reply_to: str | None = None


Send = Callable[[Message, Copy, float], None]
"""Hands over one copy within so many seconds, or raises DeliveryFailed."""


@dataclass(frozen=True)
class Channel:
    name: str
    recipients: tuple[str, ...]
    """None where the channel leads to one place."""
    seconds: float
    """How long handing over one copy may take."""
    opened: Callable[[], AbstractContextManager[Send]]
    """What sends, for as long as the block goes on: a connection is made once."""


def addressed(settings: Settings) -> list[tuple[str, str | None]]:
    """By channel, each recipient; None where it leads to one place or its block is wrong."""
    return [pair for name, block in _configured(settings) for pair in _addressed(name, block)]


def build(home: Home, settings: Settings) -> dict[str, Channel]:
    """The channels by name whose blocks are right; a wrong one keeps no other from sending."""
    return {
        name: _channel(home, name, *_config(name, block))
        for name, block in _configured(settings)
        if _objection(name, block) is None
    }


def check(settings: Settings) -> None:
    """Raises ConfigurationError, one sentence, for the first block that is wrong."""
    for block in settings.delivery:
        _config(_name(block), block)
    names = [name for name, _ in _blocks(settings)]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigurationError(
            f"sightline.toml: two [[delivery]] blocks are called {repeated[0]!r}; "
            "give each a name of its own"
        )


def objections(home: Home, settings: Settings) -> dict[str, str]:
    """By name, why a channel could send nothing now, told without sending anything."""
    found = {}
    for name, block in _configured(settings):
        module, config = _config(name, block)
        if objection := module.objection(config, home):
            found[name] = objection
    return found


def names(settings: Settings) -> list[str]:
    return [name for name, _ in _configured(settings)]


def _blocks(settings: Settings) -> list[tuple[str, dict[str, Any]]]:
    """Files always, once."""
    blocks = [{"kind": FILES}, *(b for b in settings.delivery if b.get("kind") != FILES)]
    return [(_name(block), block) for block in blocks]


def _configured(settings: Settings) -> list[tuple[str, dict[str, Any]]]:
    """The blocks by their names; of two with one name the first."""
    found: dict[str, dict[str, Any]] = {}
    for name, block in _blocks(settings):
        found.setdefault(name, block)
    return list(found.items())


def _name(block: dict[str, Any]) -> str:
    return str(block.get("name", block.get("kind", "")))


def _addressed(name: str, block: dict[str, Any]) -> list[tuple[str, str | None]]:
    if _objection(name, block):
        return [(name, None)]
    _, config = _config(name, block)
    return [(name, recipient) for recipient in _recipients(config) or (None,)]


def _objection(name: str, block: dict[str, Any]) -> str | None:
    try:
        _config(name, block)
    except ConfigurationError as fault:
        return fault.message
    return None


def _recipients(config: BaseModel) -> tuple[str, ...]:
    return tuple(dict.fromkeys(getattr(config, "recipients", ())))


def _channel(home: Home, name: str, module: Any, config: BaseModel) -> Channel:
    return Channel(
        name, _recipients(config), module.seconds(config), lambda: module.opened(config, home)
    )


def _config(name: str, block: dict[str, Any]) -> tuple[Any, BaseModel]:
    """The module of a block's kind, and the block as that module takes it."""
    kind = block.get("kind")
    if kind not in KINDS:
        given = f"kind = {kind!r} is not" if "kind" in block else "kind is missing: it is"
        raise ConfigurationError(f"sightline.toml: [[delivery]] {given} one of {', '.join(KINDS)}")
    module = importlib.import_module(f"sightline.monitoring.delivery.{kind}")
    model: type[BaseModel] = module.Config
    try:
        return module, model.model_validate(block)
    except ValidationError as fault:
        raise ConfigurationError(
            f"sightline.toml: [[delivery]] {name}: {said(fault, model)}"
        ) from None
