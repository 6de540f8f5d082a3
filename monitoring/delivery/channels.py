"""Which channels there are: one module each in this folder, found by its name."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from monitoring.messages import Message
from warehouse.errors import ConfigurationError
from warehouse.home import Home
from warehouse.settings import Settings, said

KINDS = tuple(
    sorted(
        path.stem
        for path in Path(__file__).parent.glob("*.py")
        if path.stem not in ("__init__", "channels", "relay", "failure")
    )
)


@dataclass(frozen=True)
class Channel:
    name: str
    send: Callable[[Message], None]


def names(settings: Settings) -> list[str]:
    """The channels that every message goes to; files always, once."""
    return [name for name, _ in _configured(settings)]


def build(home: Home, settings: Settings) -> dict[str, Channel]:
    """The channels by name, their settings checked; raises ConfigurationError."""
    for block in settings.delivery:
        _config(str(block.get("name", block.get("kind", ""))), block)
    return {name: _channel(home, name, block) for name, block in _configured(settings)}


def objections(home: Home, settings: Settings) -> dict[str, str]:
    """By name, why a channel could send nothing now, told without sending anything."""
    found = {}
    for name, block in _configured(settings):
        module, config = _config(name, block)
        if objection := module.objection(config, home):
            found[name] = objection
    return found


def _configured(settings: Settings) -> list[tuple[str, dict[str, Any]]]:
    blocks = [{"kind": "files"}, *(b for b in settings.delivery if b.get("kind") != "files")]
    found = [(str(block.get("name", block.get("kind", ""))), block) for block in blocks]
    repeated = {name for name, _ in found if [n for n, _ in found].count(name) > 1}
    if repeated:
        raise ConfigurationError(
            f"sightline.toml: two [[delivery]] blocks are called {sorted(repeated)[0]!r}; "
            "give each a name of its own"
        )
    return found


def _channel(home: Home, name: str, block: dict[str, Any]) -> Channel:
    module, config = _config(name, block)

    def send(message: Message) -> None:
        module.send(config, message, home)

    return Channel(name, send)


def _config(name: str, block: dict[str, Any]) -> tuple[Any, BaseModel]:
    """The module of a block's kind, and the block as that module takes it."""
    kind = block.get("kind")
    if kind not in KINDS:
        given = f"kind = {kind!r} is not" if "kind" in block else "kind is missing: it is"
        raise ConfigurationError(f"sightline.toml: [[delivery]] {given} one of {', '.join(KINDS)}")
    module = importlib.import_module(f"monitoring.delivery.{kind}")
    model: type[BaseModel] = module.Config
    try:
        return module, model.model_validate(block)
    except ValidationError as fault:
        raise ConfigurationError(
            f"sightline.toml: [[delivery]] {name}: {said(fault, model)}"
        ) from None
