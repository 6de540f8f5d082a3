"""Gather the lines of many submissions into one CSV for each kind of table, to be read at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from operator import add
from pathlib import Path
from typing import BinaryIO

from warehouse.contract import Contract
from warehouse.intake.reading import Part, Submission

_numbers: list[bytes] = []


@dataclass
class Spooled:
    """One file of the spool: lines of the same table with the same header."""

    contract: Contract
    table: str
    header: list[str]
    positions: dict[str, int]
    delimiter: str
    path: Path
    file: BinaryIO
    submissions: list[int] = field(default_factory=list)


@dataclass
class Spool:
    folder: Path
    files: dict[tuple[object, ...], Spooled] = field(default_factory=dict)

    def add(self, submission_id: int, submission: Submission) -> None:
        for part in submission.parts:
            if part.lines.records:
                spooled = self._file(submission.contract, part)
                spooled.submissions.append(submission_id)
                _write(spooled, submission_id, part)

    def _file(self, contract: Contract, part: Part) -> Spooled:
        signature = (contract.name, *part.signature)
        if signature not in self.files:
            path = self.folder / f"{len(self.files)}.csv"
            self.files[signature] = Spooled(
                contract,
                part.table,
                part.lines.header,
                part.positions,
                part.delimiter,
                path,
                path.open("wb"),
            )
        return self.files[signature]

    def close(self) -> list[Spooled]:
        for spooled in self.files.values():
            spooled.file.close()
        return list(self.files.values())


def _write(spooled: Spooled, submission_id: int, part: Part) -> None:
    """Each line behind the number of its submission and its own; joined without a Python loop."""
    start = f"{submission_id}{part.delimiter}".encode()
    lines = part.lines
    if lines.numbers is None:
        numbers: Iterable[bytes] = islice(_prefixes(len(lines.records) + 2), 2, None)
    else:
        numbers = (b"%d," % number for number in lines.numbers)
    if part.delimiter != ",":
        numbers = (number.replace(b",", part.delimiter.encode()) for number in numbers)
    spooled.file.write(start)
    spooled.file.write((b"\n" + start).join(map(add, numbers, lines.records)))
    spooled.file.write(b"\n")


def _prefixes(count: int) -> list[bytes]:
    if len(_numbers) < count:
        _numbers.extend(b"%d," % number for number in range(len(_numbers), count))
    return _numbers
