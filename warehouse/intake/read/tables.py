"""Read one table of a submission: where each column stands, and its records, block by block."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from typing import BinaryIO, Protocol, cast

from sightline.warehouse.contracts import official
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.contracts.schema import Contract, SentTable, compared, figure_name
from sightline.warehouse.intake.read.csv import read_text
from sightline.warehouse.intake.read.published_rows import Passing
from sightline.warehouse.intake.read.xml import ReturnHeader
from sightline.warehouse.problems import Problem, Refused
from sightline.warehouse.submission import FIGURES, TREES, Keep, Lines, Part, Recognised, Sheet

NO_FIGURES = SentTable(recognise=(), columns={})
# Columns that tell the period, and so are read before any value is judged.
FACTS = {"schoolcensus": ("year", "term", "lea")}


class TreeReader(Protocol):
    """What the module `reader` of a contract offers that has a root element, or a key of JSON.

    `read_header` only where the return says in its head whose it is and for which year.
    """

    def read_header(self, file: BinaryIO, name: str) -> ReturnHeader: ...

    def read_tables(self, file: BinaryIO, name: str) -> Iterator[tuple[str, Lines]]: ...


def reader_of(contract: Contract) -> TreeReader:
    """The code that turns an extract's XML or JSON into tables."""
    return cast(TreeReader, import_module(f"sightline.warehouse.intake.read.{contract.name}"))


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
        return tuple(map(figure_name, official.facts_of(one.contract)))
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
    written = official.headings(contract, header) if is_figures else [*map(compared, header)]
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
