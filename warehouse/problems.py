"""What can be wrong with a submission, in words for its sender."""

from dataclasses import dataclass
from typing import Literal

from sightline.warehouse.calendar import Span

Severity = Literal["error", "query", "note"]
"""What keeps a row or a file out, what its sender is asked, what was only read in another form."""
MOST_PROBLEMS = 200


@dataclass(frozen=True)
class Problem:
    """A rule that is broken, where first and how often; never with a value."""

    rule: str
    message: str
    severity: Severity = "error"
    table: str | None = None
    file: str | None = None
    line: int | None = None
    column: str | None = None
    count: int = 1
    official: str | None = None
    """The number of the rule in the official validation rules of the return."""

    def __str__(self) -> str:
        where = [part for part in (self.file or self.table,) if part]
        where += [f"line {self.line}"] if self.line else []
        where += [f"column {self.column}"] if self.column else []
        rows = f" ({self.count} rows)" if self.count > 1 else ""
        number = f" (official rule {self.official})" if self.official else ""
        start = f"{', '.join(where)}{': ' if where else ''}"
        return f"{start}{self.rule}{number}: {self.message}{rows}"


@dataclass(frozen=True)
class BadRow:
    """One row at fault, or to be looked at; `value` only where its sender asked to see it."""

    problem: Problem
    header: str | None = None
    """The column as the sender's own header spells it."""
    letter: str | None = None
    """Where the column stands in the sender's own file, as spreadsheets count: A, B, ... AA."""
    expected: str = ""
    value: str | None = None


class Refused(Exception):
    """A whole submission cannot be taken in; says everything that is known to be wrong with it."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems[0].rule)
        self.problems = problems
        self.extract: str | None = None
        self.period: Span | None = None


def refuse(
    rule: str,
    message: str,
    *,
    file: str | None = None,
    line: int | None = None,
    column: str | None = None,
    table: str | None = None,
) -> Refused:
    """One reason to refuse a submission, ready to be raised."""
    return Refused(Problem(rule, message, "error", table, file, line, column))


def escaped(name: str) -> str:
    """A sender's file name as plain characters, so that it can be shown and stored anywhere."""
    shown = name
    if not (name.isascii() and name.isprintable()):
        shown = name.encode("ascii", "backslashreplace").decode("ascii")
        shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in shown)
    return shown if len(shown) <= 160 else f"{shown[:120]}...{shown[-30:]}"
