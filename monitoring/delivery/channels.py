"""Which channels there are: one module each in this folder, found by its name."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from monitoring.messages import AlertMessage, Digest
from warehouse.errors import ConfigurationError
from warehouse.home import Home
from warehouse.settings import Settings

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
    send: Callable[[AlertMessage | Digest], None]


def names(settings: Settings) -> list[str]:
    """The channels that every message goes to; files always, once."""
    return [name for name, _ in _configured(settings)]


def build(home: Home, settings: Settings) -> dict[str, Channel]:
    """The channels by name, their settings checked."""
    return {name: _channel(home, name, block) for name, block in _configured(settings)}


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
    kind = block.get("kind")
    if kind not in KINDS:
        raise ConfigurationError(
            f"sightline.toml: [[delivery]] kind = {kind!r} is not one of {', '.join(KINDS)}"
        )
    module = importlib.import_module(f"monitoring.delivery.{kind}")
    try:
        config: BaseModel = module.Config.model_validate(block)
    except ValidationError as fault:
        first = fault.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "settings"
        raise ConfigurationError(
            f"sightline.toml: [[delivery]] {name}: {key}: {first['msg']}"
        ) from None

    def send(message: AlertMessage | Digest) -> None:
        module.send(config, message, home)

    return Channel(name, send)
