"""Judged rows: their faults, the temporary tables that hold them, and how SQL names them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sightline.warehouse.contracts.rules import Across
from sightline.warehouse.contracts.schema import (
    Contract,
    SentTable,
)
from sightline.warehouse.problems import Severity


@dataclass(frozen=True)
class Fault:
    """One way in which a row can be wrong: the condition in SQL, and words for the sender."""

    condition: str
    rule: str
    message: str
    column: str | None = None
    official: str | None = None
    severity: Severity = "error"
    is_beside_others: bool = False
    """Whether the row is wrong only beside others: no sign that the whole file is another kind."""


def first_fault(faults: Iterable[Fault]) -> str:
    """SQL for the place of the first fault that a row has among these, or null."""
    cases = "".join(f" when {fault.condition} then {i}" for i, fault in enumerate(faults))
    return f"case{cases} end" if cases else "cast(null as integer)"


CONFLICT = "CONFLICT"


# Rows that are right, in a table that is set aside because most others of it are not.
TABLE_SET_ASIDE = Fault("", "TABLE_SET_ASIDE", "most other rows of the table are wrong")


# Rows of a table that are of no use here are neither kept nor held against anybody.
PASSED_OVER = Fault(
    "",
    "ROWS_PASSED_OVER",
    "rows of a kind that is of no use here were passed over",
    severity="note",
)


class Form(NamedTuple):
    """How often a submission has values of a column in another form, and where first."""

    submission_id: int
    rule: str
    column: str
    rows: int
    line: int


@dataclass(frozen=True)
class Checked:
    """A temporary table of judged rows; those without a fault are in order."""

    relation: str
    found: str
    """The table of its rows that break a rule, by row and rule."""
    rejects: str
    contract: Contract
    table: str
    header: Sequence[str]
    positions: dict[str, int]
    delimiter: str
    submissions: list[int]
    columns: frozenset[str]
    faults: list[Fault]
    asked: list[str]
    """The columns that hold which of the faults is asked about."""
    forms: list[Form]
    day_first: list[str]
    """The columns of which a day may be read the other way round."""
    raw: str | None
    raw_columns: dict[str, str]


FORMS = {
    "DATE_FORM": "the day is written in another way than asked for; a time of day is left off",
    "CODE_FORM": "the code is written in another way than in the list, or with words behind it",
    "NUMBER_FORM": "a whole number is written with decimals, or with commas between thousands",
    "BLANK_WORD": "a word that stands for nothing was read as blank",
}


SET_ASIDE = {
    "CONTROL_CHAR": "the line holds a control character, such as a NUL",
    "FIELD_TOO_LONG": "the line is longer than any that is accepted",
    "RAGGED_ROW": "the line has more or fewer fields than the header",
    "BAD_QUOTE": "a quote stands inside a field that is not quoted",
    "FORMULA_NO_VALUE": "a formula stands here without its result; open, calculate and save it",
    "ID_PRECISION": "a number of more than 15 digits has lost its last ones in the spreadsheet",
    "TOTAL_ROW": "the line holds totals and not a record; leave it out",
    "CELL_ERROR": "the cell holds an error such as #REF! or #N/A",
}


# Quoted text first, so that nothing inside it is taken for a name; functions are none.
NAMES = re.compile(r"'[^']*'|\b[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?\b(?!\()")


FACTS = {
    "period_start": "facts.window_start",
    "period_end": "facts.window_end",
    "collection_year": "facts.collection_year",
    "received_on": "facts.received_on",
}


class Names:
    """What the names in a rule stand for; remembers which other tables it needs."""

    def __init__(self, contract: Contract, table: str) -> None:
        self.contract = contract
        self.table = contract.tables[table]
        self.related: set[str] = set()

    def resolved(self, text: str) -> str:
        return NAMES.sub(lambda found: self._resolved(found.group()), text)

    def across(self, across: Across) -> Across:
        texts = ("start", "end", "total", "found")
        many = ("by", "order")
        changes = {n: self.resolved(v) for n in texts if (v := getattr(across, n)) is not None}
        lists = {n: tuple(self.resolved(v) for v in getattr(across, n)) for n in many}
        return across.model_copy(update=changes | lists)

    def _resolved(self, name: str) -> str:
        if name in self.table.columns:
            return f"rows.{value_of(self.table, name)}"
        table, _, column = name.partition(".")
        if table in self.contract.tables and column in self.contract.tables[table].columns:
            self.related.add(table)
            return f"{table}.{value_of(self.contract.tables[table], column)}"
        return FACTS.get(name, name)


def value_of(table: SentTable, column: str) -> str:
    """The judged value of a column; of a month the day, which is never kept."""
    return f"d_{column}" if table.columns[column].type == "month" else f"v_{column}"


def sound_rows(checks: Sequence[Checked], checked: Checked, table: str) -> str:
    """Every row without a fault of another table, whichever header it came with."""
    wanted = (checked.contract.name, table)
    return " union all ".join(
        f"select * exclude (fault, row_text) from {one.relation} where fault is null"
        for one in checks
        if (one.contract.name, one.table) == wanted
    )


def own_key(tables: Mapping[str, SentTable], table: str, other: str, by: str | None = None) -> str:
    """The column by which a row names a row of another table: the first identifier of the kind
    that stands in the column `by` of the other, or in its first."""
    kind = tables[other].columns[by or next(iter(tables[other].columns))].kind
    columns = tables[table].columns.items()
    return next(name for name, one in columns if one.type == "id" and one.kind == kind)
