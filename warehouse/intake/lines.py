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
