"""Gather the lines of many submissions into one CSV for each kind of table, to be read at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import add
from pathlib import Path
from typing import BinaryIO

from sightline.warehouse.contracts.schema import Contract
from sightline.warehouse.submission import Lines, Part

# Numbers are written out once for all files; those of longer files as they come.
MOST_PREPARED = 1_000_000
_numbers: list[bytes] = []


@dataclass
class Spooled:
    """One file of the spool: lines of the same table with the same header."""

    contract: Contract
    table: str
    header: Sequence[str]
    positions: dict[str, int]
    delimiter: str
    path: Path
    file: BinaryIO
    submissions: list[int] = field(default_factory=list)


@dataclass
class Spool:
    folder: Path
    files: dict[tuple[object, ...], Spooled] = field(default_factory=dict)

    def draft(self, submission_id: int) -> "Draft":
        return Draft(self, submission_id)

    def file_of(self, contract: Contract, part: Part) -> Spooled:
        signature = (contract.name, *part.signature)
        if signature not in self.files:
            path = self.folder / f"{len(self.files)}.csv"
            self.files[signature] = Spooled(
                contract,
                part.table,
                part.header,
                part.positions,
                part.delimiter,
                path,
                path.open("wb"),
            )
        return self.files[signature]

    def close(self) -> list[Spooled]:
        """What is to be read; files of which every line was taken back are left out."""
        for spooled in self.files.values():
            spooled.file.close()
        return [spooled for spooled in self.files.values() if spooled.submissions]


@dataclass
class Draft:
    """The lines of one submission while it is read, which may yet turn out to be broken."""

    spool: Spool
    submission_id: int
    starts: dict[Path, tuple[Spooled, int]] = field(default_factory=dict)

    def add(self, contract: Contract, part: Part, lines: Lines) -> None:
        if not lines.records:
            return
        spooled = self.spool.file_of(contract, part)
        if spooled.path not in self.starts:
            self.starts[spooled.path] = (spooled, spooled.file.tell())
            spooled.submissions.append(self.submission_id)
        _write(spooled, self.submission_id, lines)

    def take_back(self) -> None:
        """Leave the spool as it was before."""
        for spooled, start in self.starts.values():
            spooled.file.seek(start)
            spooled.file.truncate()
            spooled.submissions.remove(self.submission_id)


def _write(spooled: Spooled, submission_id: int, lines: Lines) -> None:
    """Each line behind the number of its submission and its own; joined without a Python loop."""
    start = f"{submission_id}{spooled.delimiter}".encode()
    numbers = _prefixes(lines)
    if spooled.delimiter != ",":
        numbers = (number.replace(b",", spooled.delimiter.encode()) for number in numbers)
    spooled.file.write(start)
    spooled.file.write((b"\n" + start).join(map(add, numbers, lines.records)))
    spooled.file.write(b"\n")


def _prefixes(lines: Lines) -> Iterable[bytes]:
    end = lines.first + len(lines.records)
    if lines.numbers is not None or end > MOST_PREPARED:
        return (b"%d," % number for number in lines.every_number)
    if len(_numbers) < end:
        _numbers.extend(b"%d," % number for number in range(len(_numbers), end))
    return islice(_numbers, lines.first, None)
