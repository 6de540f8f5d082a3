"""What a contract may state of rows, of rows beside each other, and of a whole submission."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

RULE = re.compile(r"[A-Z][A-Z0-9_]*")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Years(Strict):
    """The collection years, each named by its end, in which a thing is part of a return."""

    first_year: int | None = Field(default=None, alias="from")
    last_year: int | None = Field(default=None, alias="to")


class Parent(Strict):
    """The row of another table of the same bundle that a row belongs to.

    It names that row by its own first column, or by the column `also_by`, or by what is left of
    `column` without the text of `without` at its front: whichever fits most rows of a submission,
    since case systems differ in the number that they mean.
    """

    table: str
    column: str
    also_by: str | None = None
    without: str | None = None
    official: str | None = None


class Across(Strict):
    """Rows of one submission seen together, that are alike in `by`.

    Of those, `twice` finds all but the first in the `order`; `overlap` those that start
    before an earlier one ended; `not_ended` those without an end though a later one started;
    `sum_at_most` all, where `total` adds up to more than `most`; `not_alone` those of which
    `found` holds.
    """

    kind: Literal["twice", "overlap", "not_ended", "sum_at_most", "not_alone"]
    by: tuple[str, ...]
    order: tuple[str, ...] = ()
    start: str | None = None
    end: str | None = None
    total: str | None = None
    most: float | None = None
    found: str | None = None

    @model_validator(mode="after")
    def is_complete(self) -> Self:
        needed = {
            "twice": (self.by,),
            "overlap": (self.start, self.end),
            "not_ended": (self.start, self.end),
            "sum_at_most": (self.total, self.most),
            "not_alone": (self.found,),
        }
        if not self.by or not all(needed[self.kind]):
            raise ValueError(f"{self.kind} lacks a part")
        return self


class Rule(Years):
    """What must not be so in a table.

    Conditions are SQL over the names of its columns, of the columns of related tables as
    table.column, and of `period_start`, `period_end`, `collection_year` and
    `received_on`. A related row is one with the identifier that its table begins with. With
    `lacks`, rows are found that have no related row in that table for which `matching` holds.
    """

    rule: str
    official: str | None = None
    severity: Literal["error", "query"]
    column: str
    says: str
    when: str | None = None
    across: Across | None = None
    lacks: str | None = None
    matching: str | None = None

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if not (self.when or self.across or self.lacks):
            raise ValueError(f"{self.rule} needs `when`, `across` or `lacks`")
        if not RULE.fullmatch(self.rule):
            raise ValueError("rules are named in capitals")
        return self


class Event(Strict):
    """The column with the day of what a row tells.

    Where it may have begun in an earlier period and be going on: the column with the day on which
    it ended, blank while it goes on, and one that is true of what was over at once. A return that
    does not list what is still open from before (`lists_open`) may tell of its end all the same,
    and lists it where it is a snapshot of more than a quarter.

    `source` is what the extract tells by it, and `counted_as` names the model that counts it,
    without its `int_`: by them every row taken in is accounted for. A table without them stands
    beside events and goes with its submission.
    """

    day: str
    until: str | None = None
    is_over: str | None = None
    lists_open: bool = True
    source: str | None = None
    counted_as: str | None = None

    @model_validator(mode="after")
    def is_counted_for_a_source(self) -> Self:
        if (self.source is None) != (self.counted_as is None):
            raise ValueError("source and counted_as belong together")
        return self

    @property
    def columns(self) -> list[str]:
        return [name for name in (self.day, self.until, self.is_over) if name]


class CarriedOver(Strict):
    """What was open in one return is in the next: rows by these raw columns, open while blank."""

    by: tuple[str, ...]
    open_while_blank: str
    official: str | None = None


class Beside(Strict):
    """What rows of a table usually have, in the row itself or in a row of another table.

    Of the rows for which `when` holds, those for which `has` does, or to which a row of `table`
    belongs, by its column `by`, for which `matching` holds. Conditions are written as in rules.
    """

    when: str | None = None
    has: str | None = None
    table: str
    by: str
    matching: str | None = None

    def columns(self, own: Iterable[str]) -> list[str]:
        """Of a table's own columns those that `has` asks for."""
        words = set(re.findall(r"\w+", self.has or ""))
        return [name for name in own if name in words]


class VitalSign(Strict):
    """What a submission as a whole is held to, and what that limit rests on."""

    sign: str
    reason: str
    least: float | None = None
    most: float | None = None
    is_needed: bool = False
    evidence: str = Field(min_length=20)

    def holds(self, value: float) -> bool:
        """Whether a value keeps to the limit."""
        is_low = self.least is not None and value < self.least
        return not (is_low or (self.most is not None and value > self.most))


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
