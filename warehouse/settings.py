"""The settings of a monitor, as sightline.toml gives them, and what today is."""

import tomllib
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from warehouse import clock
from warehouse.errors import ConfigurationError
from warehouse.home import Home


class Retention(BaseModel):
    """Months from the day of receipt; an original is kept at least as long as what it was refused.

    Seven years cover the five of the trends, the year before them and the one that is running.
    """

    model_config = ConfigDict(extra="forbid")

    originals_months: int = Field(default=84, ge=1)
    refused_months: int = Field(default=12, ge=1)
    logs_months: int = Field(default=12, ge=1)


EVERY_MORNING = "15 6 * * *"
# The hour from 01:00, in London, happens twice or not at all when the clocks change.
HOUR_OF_CHANGES = 1


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = "Sightline"
    today: date | None = None
    authorities: list[str] | Literal["all"] | None = None
    delivery: list[dict[str, Any]] = Field(default_factory=lambda: [{"kind": "files"}])
    memory_limit: str = Field(default="3GB", pattern=r"^\d+(\.\d+)?\s?(MB|GB|MiB|GiB)$")
    threads: int | None = Field(default=None, ge=1)
    keep_releases: int = Field(default=6, ge=1)
    log_level: Literal["info", "warning", "error"] = "warning"
    retention: Retention = Field(default_factory=Retention)
    schedule: str = EVERY_MORNING
    dagster: dict[str, Any] = Field(default_factory=dict)

    @field_validator("schedule")
    @classmethod
    def _can_be_kept(cls, cron: str) -> str:
        if cron != EVERY_MORNING:
            _check_cron(cron)
        return cron


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


def _check_cron(cron: str) -> None:
    """Raise ValueError unless the scheduler takes this, and it never asks for 01:00 to 01:59."""
    from dagster._utils.schedules import is_valid_cron_string  # slow to import, seldom needed
    from dagster._vendored.croniter import croniter

    if not is_valid_cron_string(cron):
        raise ValueError('not a schedule: five fields as in "15 6 * * *", for 06:15 every day')
    _, hours, *_ = croniter.expand(cron)[0]
    if HOUR_OF_CHANGES in hours or "*" in hours:
        raise ValueError(
            "no run may be due from 01:00 to 01:59, which happens twice or not at all when the"
            ' clocks change; every hour but that is "0 0,2-23 * * *"'
        )
