"""What a contract may state of an official series: its periods, its categories, what must hold."""

from datetime import date
from typing import Literal

from pydantic import Field

from warehouse.contract_rules import Strict


class Break(Strict):
    """From when on a series counts something else than before, so that a step is no change."""

    starts_on: date
    says: str


class OtherForm(Strict):
    """A form of the same release that is not read: the columns that tell it, and what to send."""

    columns: tuple[str, ...]
    says: str


class Long(Strict):
    """A table with one figure in a row: the columns that say which, and the figure.

    `measures` are those that are kept, each with the kind of period that its years are;
    `areas` gives the ONS code of each number that is no authority's.
    """

    measure: str
    period: str
    area: str
    value: str
    measures: dict[str, str]
    areas: dict[str, str]


class Figures(Strict):
    """How the figures of a series are read and held against each other."""

    periods: dict[str, str] = Field(default_factory=dict)
    """The kinds of period that are used, each with the kind that it is kept as."""
    years_are: Literal["mid_year", "year_to_date"] | None = None
    """What its years are, where they are not the year that their name says."""
    categories: tuple[str, ...] = ()
    """The categories that models look for, as they are kept; letter case does not part them."""
    totals_of: tuple[str, ...] = ()
    """Further columns that part a series; of them only the rows of the total are used."""
    counts: tuple[str, ...] = ()
    """Measures that add up over areas: England's is never less than an authority's."""
    percentages: tuple[str, ...] = ()
    """Measures, or categories, that are shares of a hundred."""
    averages: tuple[str, ...] = ()
    """Categories that do not add up over areas."""
    parts: dict[str, str] = Field(default_factory=dict)
    """Measures, or categories, that are part of another one, which is never less."""
    breaks: tuple[Break, ...] = ()
    other_forms: tuple[OtherForm, ...] = ()
    long: Long | None = None
