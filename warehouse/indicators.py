"""The indicator definitions: one YAML file each, for dbt, detection and the report."""

from datetime import date
from pathlib import Path
from typing import Literal

import duckdb
import yaml
from pydantic import BaseModel, ConfigDict

SERIES_TYPES = {
    "scale": "double",
    "denominator_year_lag": "integer",
    "country_limit": "double",
    "region_limit": "double",
}
SEVERAL = {"sources", "published", "exposure", "identification"}
FOLDER = Path(__file__).parents[1] / "dbt_project" / "indicators"


class PublishedSeries(BaseModel):
    """Where an official series gives the same indicator; measures are in DfE's words."""

    model_config = ConfigDict(extra="forbid")

    series: str
    numerator: str
    denominator: str | None = None
    numerator_filter: str
    denominator_filter: str | None = None
    denominator_series: str | None = None
    denominator_year_lag: int = 0
    scale: float
    breakdown: str = "total"
    country_limit: float | None = None
    """Change on the year, as a share, beyond which England is marked; none: it is not judged."""
    region_limit: float | None = None


class Indicator(BaseModel):
    """One indicator: what is counted, per what, which way is worse, and its words."""

    model_config = ConfigDict(extra="forbid")

    indicator: str
    code: str
    family: Literal["identification", "threshold", "exploitation", "exposure", "linkage", "joint"]
    name: str
    definition: str
    numerator: str | None = None
    denominator: str | None = None
    denominator_is_population: bool = False
    without_denominator: Literal["no_denominator", "too_little_history", "partial_roll"] = (
        "no_denominator"
    )
    """The reason to give where nothing was counted below the line."""
    scale: float = 1
    unit: str
    decimals: int = 1
    annualise: bool = False
    bad_direction: Literal["down", "up", "none"]
    period_type: Literal["month", "term", "academic_year"] = "month"
    is_monitored: bool
    minimum_numerator: int = 10
    school_days_only: bool = False
    sources: list[
        Literal[
            "front_door",
            "contacts",
            "referrals",
            "exclusions",
            "absence",
            "alternative_provision",
            "missing",
        ]
    ]
    months_before: Literal[0, 11, 12] = 0
    """How many months before its own a figure looks back on: eleven for a year that ends with the
    month, twelve where each event looks back a year."""
    months_after: int = 0
    asks_whether_known: bool = False
    """Whether it rests on who was known to social care at the time."""
    source: str
    lag_days: int
    why_it_matters: str
    what_to_check: list[str]
    other_explanations: list[str]
    owner: str
    reviewed_on: date
    published: list[PublishedSeries] = []
    exposure: list[str] = []
    """Of a divergence: the indicators whose rise says that more children are at risk."""
    identification: list[str] = []
    """Of a divergence: the indicators whose fall says that fewer children are seen."""


def load() -> list[Indicator]:
    """Every definition, in the order of the catalogue's codes; a wrong one raises ValueError."""
    loaded = [
        Indicator.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        for path in sorted(FOLDER.glob("*.yml"))
    ]
    return sorted(loaded, key=lambda one: (one.code[0], int(one.code[1:])))


def write(connection: duckdb.DuckDBPyConnection) -> None:
    """Write control.indicators, control.indicator_sources and control.indicator_series."""
    definitions = load()
    connection.execute("create schema if not exists control")
    plain = [name for name in Indicator.model_fields if name not in SEVERAL]
    columns = ", ".join(f"{name} {_sql_type(name)}" for name in plain)
    connection.execute(f"create or replace table control.indicators ({columns})")
    connection.executemany(
        f"insert into control.indicators values ({', '.join('?' * len(plain))})",
        [[_cell(getattr(one, name)) for name in plain] for one in definitions],
    )
    connection.execute(
        "create or replace table control.indicator_sources (indicator varchar, source varchar)"
    )
    connection.executemany(
        "insert into control.indicator_sources values (?, ?)",
        [[one.indicator, source] for one in definitions for source in one.sources],
    )
    fields = list(PublishedSeries.model_fields)
    columns = ", ".join(f"{name} {SERIES_TYPES.get(name, 'varchar')}" for name in fields)
    connection.execute(
        f"create or replace table control.indicator_series (indicator varchar, {columns})"
    )
    connection.executemany(
        f"insert into control.indicator_series values (?, {', '.join('?' * len(fields))})",
        [
            [one.indicator, *(getattr(series, name) for name in fields)]
            for one in definitions
            for series in one.published
        ],
    )


def _sql_type(name: str) -> str:
    kinds: dict[object, str] = {Literal[0, 11, 12]: "integer", bool: "boolean", int: "integer", float: "double", date: "date"}
    return kinds.get(Indicator.model_fields[name].annotation, "varchar")


def _cell(value: object) -> object:
    return "\n".join(value) if isinstance(value, list) else value
