"""Read one table of a submission: where each column stands, and its records, block by block."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import BinaryIO, Protocol, cast

from warehouse.contract import Contract, SentTable, compared
from warehouse.intake.lines import Lines, SetAside
from warehouse.intake.members import Sheet
from warehouse.intake.problems import Problem, refuse
from warehouse.intake.recognise import FIGURES, Recognised
from warehouse.intake.text import read_text
from warehouse.intake.xml import ReturnHeader

NO_FIGURES = SentTable(recognise=(), columns={})
# Columns that tell the period, and so are read before any value is judged.
FACTS = {"schoolcensus": ("year", "term", "lea"), FIGURES: ("time_period",)}


@dataclass
class Part:
    """One table of a submission: where each column stands, and how many records there are."""

    table: str
    file: str
    header: list[str]
    positions: dict[str, int]
    delimiter: str = ","
    records: int = 0
    duplicates: int = 0
    refused: list[SetAside] = field(default_factory=list)
    queries: list[Problem] = field(default_factory=list)
    facts: dict[tuple[str, ...], int] = field(default_factory=dict)
    """What rows say of the whole submission, with the first line that says it."""

    @property
    def signature(self) -> tuple[object, ...]:
        return (self.table, self.delimiter, tuple(self.header), tuple(self.positions.items()))

    @property
    def is_empty(self) -> bool:
        return not (self.records or self.duplicates or self.refused)

    def count(self, lines: Lines) -> None:
        self.records += len(lines.records)
        self.duplicates += lines.duplicates
        self.refused += lines.refused
        self.queries += [replace(query, table=self.table) for query in lines.queries]
        if names := FACTS.get(self.table):
            self._note_facts(lines, [self.positions[name] for name in names])

    def _note_facts(self, lines: Lines, places: list[int]) -> None:
        rows = csv.reader(line.decode("utf-8") for line in lines.records)
        for number, row in zip(lines.every_number, rows, strict=True):
            held = tuple(row[place] if place < len(row) else "" for place in places)
            self.facts.setdefault(held, number)


Keep = Callable[[Contract, Part, Lines], None]


class XmlReader(Protocol):
    """What the module `reader` of a contract offers that has a root element.

    `read_header` only where the return says in its head whose it is and for which year.
    """

    def read_header(self, file: BinaryIO, name: str) -> ReturnHeader: ...

    def read_tables(self, file: BinaryIO, name: str) -> Iterator[tuple[str, Lines]]: ...


def reader_of(contract: Contract) -> XmlReader:
    """The code that turns an extract's XML into tables."""
    return cast(XmlReader, import_module(f"warehouse.contracts.{contract.name}.reader"))


def read_parts(one: Recognised, keep: Keep) -> list[Part]:
    """The tables of a file, whose lines go to `keep` as they are read; raises Refused."""
    parts: dict[str, Part] = {}
    for table, lines in _blocks(one):
        if table not in parts:
            positions = _positions(one, table, lines.header)
            parts[table] = Part(table, one.member.name, lines.header, positions, one.delimiter)
        parts[table].count(lines)
        keep(one.contract, parts[table], lines)
    return list(parts.values())


def _blocks(one: Recognised) -> Iterator[tuple[str, Lines]]:
    member = one.member
    if member.kind == "xml":
        with member.opened() as file:
            yield from reader_of(one.contract).read_tables(file, member.name)
        return
    blocks = (
        member.read(one.contract.tables.get(one.table, NO_FIGURES))
        if isinstance(member, Sheet)
        else read_text(member.opened, member.name, one.contract.encodings, one.delimiter)
    )
    for lines in blocks:
        yield one.table, lines


def _positions(one: Recognised, name: str, header: list[str]) -> dict[str, int]:
    """Where each known column stands; a published series is read whole."""
    table = one.contract.tables.get(name, NO_FIGURES)
    file = one.member.name
    spellings = table.headers if name != FIGURES else {h: h for h in map(compared, header)}
    positions: dict[str, int] = {}
    for place, written in enumerate(header):
        meant = spellings.get(compared(written))
        if meant in positions:
            message = "the header names this column twice"
            raise refuse("DUPLICATE_COLUMN", message, file=file, line=1, column=meant)
        if meant:
            positions[meant] = place
    absent = [
        c for c, column in table.columns.items() if c not in positions and not column.optional
    ]
    if absent:
        message = f"a column is missing: {', '.join(absent)}"
        raise refuse("MISSING_COLUMN", message, file=file, line=1, column=absent[0])
    return positions
