"""The settings of a monitor, as sightline.toml gives them, and what today is."""

import tomllib
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from warehouse import clock
from warehouse.errors import ConfigurationError
from warehouse.home import Home

# As the database engine reads it.
SIZE = r"^\d+(\.\d+)?\s?(MB|GB|MiB|GiB)$"


class Retention(BaseModel):
    """Months from the day of receipt; an original is kept at least as long as what it was refused.

    Seven years cover the five of the trends, the year before them and the one that is running.
    """

    model_config = ConfigDict(extra="forbid")

    originals_months: int = Field(default=84, ge=1)
    refused_months: int = Field(default=12, ge=1)
    logs_months: int = Field(default=12, ge=1)


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = "Sightline"
    today: date | None = None
    authorities: list[str] | Literal["all"] | None = None
    delivery: list[dict[str, Any]] = Field(default_factory=lambda: [{"kind": "files"}])
    memory_limit: str | None = Field(default=None, pattern=SIZE)
    threads: int | None = Field(default=None, ge=1)
    keep_releases: int = Field(default=6, ge=1)
    retention: Retention = Field(default_factory=Retention)


def load_settings(home: Home) -> Settings:
    try:
        return Settings.model_validate(tomllib.loads(home.config.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigurationError(f"{home.config} does not exist") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ConfigurationError(f"{home.config} is not valid TOML: {fault}") from None
    except ValidationError as fault:
        first = fault.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{home.config}: {key}: {first['msg']}") from None


def today(settings: Settings) -> date:
    return settings.today or clock.day()
