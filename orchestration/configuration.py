"""The settings with all that they name: what every start asks for before it reads anything else."""

from typing import Any

from sightline.monitoring import routes
from sightline.monitoring.delivery import channels
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.home import Home
from sightline.warehouse.settings import EVERY_MORNING, Settings, load_settings

# In London it happens twice or not at all when the clocks change.
HOUR_OF_CHANGES = 1


def checked(home: Home) -> Settings:
    """The settings, with channels, routes, the schedule and Dagster's own; raises
    ConfigurationError, one sentence."""
    settings = load_settings(home)
    channels.check(settings)
    routes.load(settings)
    if settings.schedule != EVERY_MORNING:
        _check_schedule(settings.schedule)
    if settings.dagster:
        _check_dagster(settings.dagster)
    return settings


def _check_dagster(given: dict[str, Any]) -> None:
    """Dagster has to take what the table says; what it would take instead fills a page."""
    from dagster._config import resolve_to_config_type, validate_config  # slow, seldom needed
    from dagster._core.instance.config import dagster_instance_config_schema

    schema = resolve_to_config_type(dagster_instance_config_schema())
    for fault in validate_config(schema, given).errors or []:
        told = fault.message.partition(" Expected:")[0].replace("root:", "").replace(":", ".")
        raise ConfigurationError(f"[dagster] in sightline.toml: {told}")


def _check_schedule(cron: str) -> None:
    """The scheduler has to take it, and it may never ask for 01:00 to 01:59."""
    from dagster._utils.schedules import is_valid_cron_string  # slow to import, seldom needed
    from dagster._vendored import croniter

    if not is_valid_cron_string(cron):
        raise ConfigurationError(
            f"schedule: {cron!r} is none; it takes five fields as in {EVERY_MORNING!r}, for 06:15"
            " every day"
        )
    hours = croniter.croniter.expand(cron)[0][1]  # type: ignore[attr-defined,no-untyped-call]  # no types
    if HOUR_OF_CHANGES in hours or "*" in hours:
        raise ConfigurationError(
            "schedule: no run may be due from 01:00 to 01:59, which happens twice or not at all"
            " when the clocks change; every hour but that is '0 0,2-23 * * *'"
        )
