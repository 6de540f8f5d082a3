"""Read one table of a submission: where each column stands, and its records, block by block."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import import_module
from typing import Any, BinaryIO, Protocol, cast

from warehouse import contract as contracts
from warehouse.contract import Contract, SentTable, compared, figure_name
from warehouse.intake import published
from warehouse.intake.lines import Lines, SetAside
from warehouse.intake.members import Sheet
from warehouse.intake.problems import Problem, Refused, refuse
from warehouse.intake.published_rows import Passing
from warehouse.intake.recognise import FIGURES, Recognised
from warehouse.intake.text import read_text
from warehouse.intake.xml import ReturnHeader

# Files that hold all tables of a return at once.
TREES = ("xml", "json")
NO_FIGURES = SentTable(recognise=(), columns={})
# More than any return has rows: beyond, most of them have to be in order.
MOST_SET_ASIDE = 1_000_000
# Columns that tell the period, and so are read before any value is judged.
FACTS = {"schoolcensus": ("year", "term", "lea")}


@dataclass
class Part:
    """One table of a submission: where each column stands, and how many records there are."""

    table: str
    file: str
    header: tuple[str, ...]
    positions: dict[str, int]
    delimiter: str = ","
    header_line: int = 1
    records: int = 0
    duplicates: int = 0
    refused: list[SetAside] = field(default_factory=list)
    queries: list[Problem] = field(default_factory=list)
    told_by: tuple[str, ...] = ()
    """Columns that say something of the whole submission."""
    facts: dict[tuple[str, ...], int] = field(default_factory=dict)
    """What rows say in them, with the first line that says it."""
    container: str = "csv"
    """What kind of file it came in: csv, xlsx, ods, xml or json."""

    @property
    def signature(self) -> tuple[object, ...]:
        return (self.table, self.delimiter, self.header, tuple(self.positions.items()))

    @property
    def is_empty(self) -> bool:
        return not (self.records or self.duplicates or self.refused)

    def form(self, table: SentTable) -> dict[str, Any]:
        """Its container, and of its headings, as they stand, those that the contract knows.

        Others are the sender's own, and are not kept; those of a tree are its reader's.
        """
        header = () if self.container in TREES else self.header
        known = [" ".join(one.split()) for one in header if compared(one) in table.headers]
        return {"container": self.container, "headings": known}

    def count(self, lines: Lines) -> None:
        self.records += len(lines.records)
        self.duplicates += lines.duplicates
        self.refused += lines.refused
        if len(self.refused) > max(MOST_SET_ASIDE, self.records):
            self._give_up()
        self.queries += [replace(query, table=self.table) for query in lines.queries]
        if self.told_by:
            self._note_facts(lines, [self.positions[name] for name in self.told_by])

    def _give_up(self) -> None:
        """A file of which hardly any line can be read would fill the memory with their numbers."""
        first = self.refused[0]
        message = f"more than {MOST_SET_ASIDE:,} rows, and most of all, cannot be read"
        raise refuse(
            "TOO_MANY_BAD_ROWS",
            f"{message}; the first reason is {first.rule}",
            table=self.table,
            file=self.file,
            line=first.line,
        )

    def _note_facts(self, lines: Lines, places: list[int]) -> None:
        rows = csv.reader(line.decode("utf-8") for line in lines.records)
        for number, row in zip(lines.every_number, rows, strict=True):
            held = tuple(row[place] if place < len(row) else "" for place in places)
            self.facts.setdefault(held, number)


Keep = Callable[[Contract, Part, Lines], None]


class TreeReader(Protocol):
    """What the module `reader` of a contract offers that has a root element, or a key of JSON.

    `read_header` only where the return says in its head whose it is and for which year.
    """

    def read_header(self, file: BinaryIO, name: str) -> ReturnHeader: ...

    def read_tables(self, file: BinaryIO, name: str) -> Iterator[tuple[str, Lines]]: ...


def reader_of(contract: Contract) -> TreeReader:
    """The code that turns an extract's XML or JSON into tables."""
    return cast(TreeReader, import_module(f"warehouse.contracts.{contract.name}.reader"))


def read_parts(one: Recognised, keep: Keep) -> list[Part]:
    """The tables of a file, whose lines go to `keep` as they are read; raises Refused."""
    parts: dict[str, Part] = {}
    passing: Passing | None = None
    for table, lines in _blocks(one):
        if table not in parts:
            header = tuple(lines.header)
            positions, fault = _positions(one.contract.name, table, header)
            if fault:
                raise Refused(replace(fault, file=one.member.name, line=one.header_line))
            parts[table] = Part(
                table,
                one.member.name,
                header,
                positions,
                one.delimiter,
                one.header_line,
                told_by=_facts(one, table),
                container="csv" if one.member.kind == "text" else one.member.kind,
            )
            if table == FIGURES:
                passing = Passing(one.contract, header)
        used = passing.without(lines) if passing else lines
        parts[table].count(used)
        keep(one.contract, parts[table], used)
    if passing:
        parts[FIGURES].queries += passing.told(FIGURES, one.member.name)
    return list(parts.values())


def _facts(one: Recognised, table: str) -> tuple[str, ...]:
    if table == FIGURES:
        return tuple(map(figure_name, published.facts_of(one.contract)))
    return FACTS.get(table, ())


def _blocks(one: Recognised) -> Iterator[tuple[str, Lines]]:
    member = one.member
    if member.kind in TREES:
        with member.opened() as file:
            yield from reader_of(one.contract).read_tables(file, member.name)
        return
    for lines in lines_of(one):
        yield one.table, lines


def lines_of(one: Recognised) -> Iterator[Lines]:
    """The records of a table in a text file or a sheet, block by block."""
    member, contract, line = one.member, one.contract, one.header_line
    if isinstance(member, Sheet):
        return member.read(contract.tables.get(one.table, NO_FIGURES), line)
    return read_text(member.opened, member.name, contract.encodings, one.delimiter, line)


@lru_cache(maxsize=256)
def _positions(
    extract: str, name: str, header: tuple[str, ...]
) -> tuple[dict[str, int], Problem | None]:
    """Where each known column stands, and what is wrong with that; all of a published series is
    read. Thousands of files share a few headers."""
    contract = contracts.load()[extract]
    table = contract.tables.get(name, NO_FIGURES)
    is_figures = name == FIGURES
    written = published.headings(contract, header) if is_figures else [*map(compared, header)]
    spellings = {one: one for one in written if one} if is_figures else table.headers
    for heading, meant in spellings.items():
        if written.count(heading) > 1:
            message = "the header names this column twice"
            return {}, Problem("DUPLICATE_COLUMN", message, line=1, column=meant)
    # Where two headings say one column, such as "Gender" and "Sex", the contract's first is read.
    positions: dict[str, int] = {}
    for heading, meant in spellings.items():
        if heading in written:
            positions.setdefault(meant, written.index(heading))
    absent = [
        c for c, column in table.columns.items() if c not in positions and not column.optional
    ]
    if absent:
        message = f"a column is missing: {', '.join(absent)}"
        return {}, Problem("MISSING_COLUMN", message, line=1, column=absent[0])
    return positions, None
