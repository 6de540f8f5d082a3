"""Records of a table on their way from a file to the spool: lines of CSV with their numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from warehouse.intake.problems import Problem


class SetAside(NamedTuple):
    """A record that was not read: its physical line, the rule it broke and perhaps the column."""

    line: int
    rule: str
    column: str | None = None


@dataclass
class BlankRows:
    """Rows in which nothing stands, such as delimiters alone: no records, but counted."""

    count: int = 0
    first: int | None = None

    def add(self, line: int) -> None:
        self.count += 1
        self.first = self.first or line

    def notes(self, file: str) -> list[Problem]:
        message = "nothing stands in these rows, so they are no records"
        note = Problem("BLANK_ROWS", message, "note", file=file, line=self.first, count=self.count)
        return [note] if self.count else []


def notes_above(header_line: int, file: str) -> list[Problem]:
    """What there is to be said of a header that stands further down."""
    if header_line == 1:
        return []
    message = f"the header stands in line {header_line}; what is above it was passed over"
    above = header_line - 1
    return [Problem("TITLE_ROWS", message, "note", file=file, line=1, count=above)]


@dataclass
class Lines:
    """Records of one file; `numbers` are physical line numbers, None means `first` and on."""

    header: Sequence[str]
    records: list[bytes]
    numbers: list[int] | None = None
    first: int = 2
    duplicates: int = 0
    refused: list[SetAside] = field(default_factory=list)
    queries: list[Problem] = field(default_factory=list)

    @property
    def every_number(self) -> Sequence[int]:
        return (
            range(self.first, self.first + len(self.records))
            if self.numbers is None
            else self.numbers
        )

    def numbered(self) -> Iterable[tuple[int, bytes]]:
        return zip(self.every_number, self.records, strict=True)
