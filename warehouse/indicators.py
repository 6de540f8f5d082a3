"""The indicator definitions: one YAML file each, for dbt, detection and the report."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import duckdb
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sightline.warehouse import yaml_files
from sightline.warehouse.contracts import schema as contracts

SERIES_TYPES = {
    "scale": "double",
    "denominator_year_lag": "integer",
    "country_limit": "double",
    "region_limit": "double",
}
# Why a figure is not there, or not judged; the report has words for each.
REASONS = (
    "no_return", "not_due", "late", "quarantined", "partly_covered", "partial_coverage",
    "censored", "too_little_history", "gap_in_history", "gap_after", "no_denominator",
    "partial_roll", "marked_in_source",
    "known_rests_on_missing_return", "other_returns_missing", "numbers_changed", "reorganised",
    "without_care_return", "too_few_parts", "parts_awaited", "too_few_neighbours", "no_count",
    "too_few", "too_few_for_one_month", "nothing_expected", "provisional", "rebased",
    "not_come_back",
    "practice_change", "recording_change", "rebaseline", "data_problem", "judged_together",
    "no_former_year", "no_limit_set", "possible_recording_change",
    "break_in_series",
)  # fmt: skip
SEVERAL = {"sources", "published", "exposure", "identification", "relations"}
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


class Relation(BaseModel):
    """How one count of an authority is bound to another by what is counted: it is so for whoever
    reads the figures, and so for whoever works a withheld count out from the others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    measure: str
    kind: Literal[
        "part", "children_of_events", "children_of_children", "mean", "beside_parts", "holds_part"
    ]
    """A `part` is counted among `of` in the same period. `children_of_events` counts once each
    child with events `of` in the twelve months that end with the month, `children_of_children` each
    child that `of` counts in any of them. A `mean` is that of `of` in `months_before`.
    `beside_parts` is counted among `of` and in no other part of its `breakdown`, a dimension;
    `holds_part` holds, together with others that hold it, the part of `of` that `breakdown` names
    as dimension:part."""
    of: str
    months_before: tuple[int, ...] = ()
    breakdown: str = ""

    @model_validator(mode="after")
    def _only_means_look_at_single_months(self) -> "Relation":
        if (self.kind == "mean") != bool(self.months_before):
            raise ValueError(f"{self.measure}: a mean, and nothing else, has months_before")
        return self

    @model_validator(mode="after")
    def _only_ties_to_parts_name_a_breakdown(self) -> "Relation":
        if (self.kind in ("beside_parts", "holds_part")) != bool(self.breakdown):
            raise ValueError(f"{self.measure}: ties to parts, and nothing else, have a breakdown")
        return self


class Indicator(BaseModel):
    """One indicator: what is counted, per what, which way is worse, and its words."""

    model_config = ConfigDict(extra="forbid")

    indicator: str
    code: str
    family: Literal["identification", "threshold", "exploitation", "exposure", "linkage", "joint"]
    kind: Literal["proportion", "rate", "index", "share_of_expected"]
    """What the value is, which decides its checks and how it may be shown.

    A `proportion` is a part of a counted whole, in per cent, and lies from 0 to 100 with its
    limits. A `rate` is counted events or people for so many of a population, an `index` a
    comparison with what is usual elsewhere or before, a `share_of_expected` a count in per cent of
    an estimate; each of these may exceed 100.
    """
    name: str
    """It reads well before "in Leeds"."""
    short_name: str = Field(min_length=1, max_length=26)
    """The same in a few words, for the subject of an e-mail."""
    short_definition: str
    """One sentence for a page's first line."""
    definition: str
    """Exactly what is counted."""
    numerator: str | None = None
    denominator: str | None = None
    denominator_is_population: bool = False
    denominator_is_estimate: bool = False
    """Whether that population comes from the mid-year estimates, which are revised."""
    without_denominator: Literal["no_denominator", "too_little_history", "partial_roll"] = (
        "no_denominator"
    )
    """The reason to give where nothing was counted below the line."""
    scale: float = 1
    counted: str | None = None
    """What one of the numerator is, in the plural; none where nothing is counted."""
    unit: str
    official_unit: str | None = None
    """Unit of the official series where it is another: their years need no "a year"."""
    decimals: int = 1
    annualise: bool = False
    bad_direction: Literal["down", "up", "none"]
    period_type: Literal["month", "term", "academic_year"] = "month"
    is_monitored: bool
    minimum_numerator: int = 10
    school_days_only: bool = False
    sources: list[str]
    """What it is counted from, in the words of the contracts: see their `tells`."""
    months_before: Literal[0, 5, 11, 12] = 0
    """How many months before its own a figure looks back on: five for half a year and eleven for a
    year that end with the month, twelve where each event looks back a year."""
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
    joint: Literal["divergence", "neighbours", "rest", "confidence"] | None = None
    """How an indicator is made of others; none: it is counted."""
    exposure: list[str] = []
    """Of a joint indicator: those whose rise says that more children are at risk."""
    identification: list[str] = []
    """Of a joint indicator: those whose fall says that fewer children are seen."""
    relations: list[Relation] = []
    """What ties its counts to others, beyond the numerator of a proportion being a part of its
    denominator."""

    @property
    def parts(self) -> list[str]:
        """The indicators that a joint one is made of."""
        return [*self.exposure, *self.identification]

    @property
    def adds_up(self) -> bool:
        """Whether its months may be added up: they count events of their own, no child twice."""
        return (
            self.period_type == "month" and self.joint is None and self.numerator is not None
            and self.months_before == 0 and self.kind in ("rate", "proportion")
        )  # fmt: skip

    @model_validator(mode="after")
    def _kind_agrees_with_what_it_is_of(self) -> "Indicator":
        if self.kind == "proportion" and (self.denominator_is_population or self.scale != 100):
            raise ValueError(f"{self.indicator}: a proportion is in per cent of a counted whole")
        if self.denominator_is_estimate and not self.denominator_is_population:
            raise ValueError(f"{self.indicator}: an estimate is one of a population")
        if (self.joint is not None) != (self.family == "joint"):
            raise ValueError(f"{self.indicator}: the family joint says how it is made of others")
        return self


def load() -> list[Indicator]:
    """Every definition, in the order of the catalogue's codes; a wrong one raises ValueError."""
    return list(_loaded(FOLDER))


@cache
def _loaded(folder: Path) -> tuple[Indicator, ...]:
    loaded = [
        Indicator.model_validate(yaml_files.read(path)) for path in sorted(folder.glob("*.yml"))
    ]
    _check_parts({one.indicator: one for one in loaded})
    return tuple(sorted(loaded, key=lambda one: (one.code[0], int(one.code[1:]))))


def _check_parts(by_name: Mapping[str, Indicator]) -> None:
    """A joint indicator cannot be read before the last of its parts can."""
    for one in by_name.values():
        unknown = [part for part in one.parts if part not in by_name]
        if unknown:
            raise ValueError(f"{one.indicator}: no such indicator: {', '.join(unknown)}")
        last = max((by_name[part].lag_days for part in one.parts), default=0)
        if one.lag_days < last:
            raise ValueError(
                f"{one.indicator}: lag_days is {one.lag_days}, but its last part can be read after"
                f" {last} days"
            )


def relations(definitions: Iterable[Indicator]) -> list[Relation]:
    """What ties the counts of our own together, each once and in a fixed order."""
    found = set()
    for one in definitions:
        found |= set(one.relations)
        if one.kind == "proportion" and one.numerator and one.denominator:
            found.add(Relation(measure=one.numerator, kind="part", of=one.denominator))
    return sorted(found, key=lambda relation: (relation.measure, relation.kind, relation.of))


def _check_sources(definitions: Iterable[Indicator]) -> None:
    """What no contract tells would never be covered, without a word."""
    told = {source for contract in contracts.load().values() for source in contract.sources}
    for one in definitions:
        if unknown := set(one.sources) - told:
            raise ValueError(f"{one.indicator}: no contract tells {', '.join(sorted(unknown))}")


def write(connection: duckdb.DuckDBPyConnection) -> None:
    """Write control.indicators and its sources, parts and published series."""
    definitions = load()
    _check_sources(definitions)
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
    connection.execute(
        "create or replace table control.indicator_parts (indicator varchar, part varchar)"
    )
    connection.executemany(
        "insert into control.indicator_parts values (?, ?)",
        [[one.indicator, part] for one in definitions for part in one.parts],
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
    kinds: dict[object, str] = {
        bool: "boolean",
        int: "integer",
        Literal[0, 5, 11, 12]: "integer",
        float: "double",
        date: "date",
    }
    return kinds.get(Indicator.model_fields[name].annotation, "varchar")


def _cell(value: object) -> object:
    return "\n".join(value) if isinstance(value, list) else value
