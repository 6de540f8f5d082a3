"""Find the records of one child in a submission, and write the submission without them.

A redacted copy holds what intake reads and nothing more, each record in its old line. Lines that
could not be read are left out: nobody can tell whose they are.
"""

import csv
import io
import re
import zipfile
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from xml.parsers import expat

from sightline.warehouse.calendar import Span
from sightline.warehouse.contracts.schema import Contract
from sightline.warehouse.intake.judge.identifiers import Identifier
from sightline.warehouse.intake.judge.judged import own_key
from sightline.warehouse.intake.read.bundles import open_bundle
from sightline.warehouse.intake.read.recognise import recognise
from sightline.warehouse.intake.read.tables import read_parts
from sightline.warehouse.intake.receive.unpacking import landed
from sightline.warehouse.problems import Refused, escaped
from sightline.warehouse.submission import (
    MANIFEST,
    Bundle,
    Lines,
    Member,
    Part,
    Pending,
    Recognised,
)

STAMP = (1980, 1, 1, 0, 0, 0)
ENCODING = re.compile(r'(<\?xml[^>]*?)\s+encoding=["\'][^"\']*["\']')
WORD = "A-Za-z0-9"


@dataclass
class Table:
    """The records of one table of a submission, as text, with their physical lines."""

    contract: Contract
    part: Part
    rows: list[list[str]] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    @cached_property
    def people(self) -> list[tuple[str, int]]:
        """The columns that name a child: their kind, and where they stand."""
        sent = self.contract.tables.get(self.part.table)
        columns = sent.columns if sent else {}
        return [
            (str(column.kind or column.type), self.part.positions[name])
            for name, column in columns.items()
            if name in self.part.positions and (column.type == "upn" or column.kind == "person")
        ]

    def identifiers(self, row: int) -> set[Identifier]:
        return {(kind, self.rows[row][place]) for kind, place in self.people}

    def texts(self, column: str, rows: Collection[int]) -> set[str]:
        place = self.part.positions.get(column)
        return set() if place is None else {_plain(self.rows[row][place]) for row in rows}

    def parts(self, column: str, front: str | None, rows: Collection[int]) -> set[str]:
        """What is left of a joined number without the one at its front."""
        places = [self.part.positions.get(name or "") for name in (column, front)]
        if None in places:
            return set()
        texts = [[_plain(self.rows[row][place or 0]) for place in places] for row in rows]
        return {whole.removeprefix(first) for whole, first in texts if whole.startswith(first)}


@dataclass
class Contents:
    """What could be read of a submission, and the files that could not."""

    bundle: Bundle
    tables: list[Table]
    returns: list[Recognised]
    """XML files, which are cut as they stand."""
    unread: list[Member]

    @property
    def has_lost_lines(self) -> bool:
        return bool(self.unread) or any(table.part.refused for table in self.tables)

    def identifiers(self) -> set[Identifier]:
        found = (table.identifiers(row) for table in self.tables for row in range(len(table.rows)))
        return {one for some in found for one in some if one[1]}


Found = list[set[int]]


def contents_of(pending: Pending) -> Contents | None:
    """None where the landed bytes cannot be opened at all."""
    try:
        bundle = open_bundle(*landed(pending), escaped(pending.name))
    except (Refused, ValueError, RecursionError):
        return None
    contents = Contents(bundle, [], [], [])
    for member in bundle.members:
        one = recognise(member)
        try:
            if one:
                contents.tables += _tables(one)
        except (Refused, ValueError, LookupError, RecursionError):
            one = None
        if one is None:
            contents.unread.append(member)
        elif member.kind == "xml":
            contents.returns.append(one)
    return contents


def records_of(contents: Contents, wanted: Collection[Identifier]) -> Found:
    """The rows of each table that name a child, and the rows that hang on those."""
    found: Found = [
        {row for row in range(len(table.rows)) if not table.identifiers(row).isdisjoint(wanted)}
        for table in contents.tables
    ]
    before = -1
    while before != (before := sum(map(len, found))):
        for table, rows in zip(contents.tables, found, strict=True):
            rows |= _hanging(table, contents, found)
    return found


def without(contents: Contents, found: Found, period: Span | None) -> bytes:
    """The redacted copy, as an archive that intake reads."""
    files = {
        f"{table.part.table}.csv": _lines(table, gone)
        for table, gone in zip(contents.tables, found, strict=True)
        if table.contract.reader != "xml"
    }
    for one in contents.returns:
        files[f"{one.contract.name}.xml"] = _cut(one, _elements(one, contents, found))
    said = {"period_start": period.start, "period_end": period.end} if period else {}
    manifest = contents.bundle.manifest.model_copy(update=said)
    files[MANIFEST] = manifest.model_dump_json(exclude_none=True).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, STAMP), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def mentions(data: bytes, texts: Collection[str]) -> bool:
    """Whether any of these stands in bytes as a word of its own, in any encoding that is read."""
    pattern = "|".join(re.escape(text) for text in texts)
    whole = re.compile(f"(?<![{WORD}])({pattern})(?![{WORD}])", re.IGNORECASE)
    encodings = ("latin-1", "utf-16-le", "utf-16-be")
    return bool(texts) and any(whole.search(data.decode(one, "ignore")) for one in encodings)


def _tables(one: Recognised) -> list[Table]:
    found: dict[str, Table] = {}

    def keep(contract: Contract, part: Part, lines: Lines) -> None:
        table = found.setdefault(part.table, Table(contract, part))
        texts = (record.decode("utf-8") for record in lines.records)
        table.rows += list(csv.reader(texts, delimiter=part.delimiter))
        table.records += lines.records
        table.numbers += lines.every_number

    read_parts(one, keep)
    return list(found.values())


def _hanging(table: Table, contents: Contents, found: Found) -> set[int]:
    """Rows whose parent, in a table of the same submission, is the child's."""
    sent = table.contract.tables.get(table.part.table)
    if sent is None or sent.parent is None:
        return set()
    gone: set[str] = set()
    for other, rows in zip(contents.tables, found, strict=True):
        if other.part.table == sent.parent.table:
            gone |= other.texts(sent.parent.column, rows)
            gone |= other.parts(sent.parent.column, sent.parent.without, rows)
    own = own_key(table.contract.tables, table.part.table, sent.parent.table)
    names = (own, sent.parent.also_by or "")
    places = [table.part.positions[name] for name in names if name in table.part.positions]
    return {
        row
        for row, values in enumerate(table.rows)
        if not gone.isdisjoint({_plain(values[place]) for place in places} - {""})
    }


def _plain(text: str) -> str:
    return text.replace(" ", "").upper()


def _lines(table: Table, gone: set[int]) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=table.part.delimiter, lineterminator="").writerow(table.part.header)
    lines = [out.getvalue().encode()]
    for row, (number, record) in enumerate(zip(table.numbers, table.records, strict=True)):
        lines += [b""] * (number - len(lines) - 1)
        lines.append(b"" if row in gone else record)
    return b"\n".join(lines) + b"\n"


def _elements(one: Recognised, contents: Contents, found: Found) -> set[int]:
    """Which of a return's elements go: its first table has a row for each of them."""
    first = next(iter(one.contract.tables))
    for table, rows in zip(contents.tables, found, strict=True):
        if table.contract is one.contract and table.part.table == first:
            return rows
    return set()


def _cut(one: Recognised, gone: set[int]) -> bytes:
    """The return without these elements; line feeds stand in their place."""
    with one.member.opened() as file:
        data = file.read()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = ENCODING.sub(r"\1", data.decode("utf-16"), count=1).encode()
    name = import_module(f"sightline.warehouse.intake.read.{one.contract.name}").ELEMENT
    spans = [span for place, span in enumerate(_spans(data, name)) if place in gone]
    for start, end in reversed(spans):
        data = data[:start] + b"\n" * data.count(b"\n", start, end) + data[end:]
    return data


def _spans(data: bytes, name: str) -> list[tuple[int, int]]:
    """Where each element of a kind begins and ends, in bytes."""
    parser = expat.ParserCreate()
    starts: list[int] = []
    spans: list[tuple[int, int]] = []

    def begin(tag: str, _attributes: object) -> None:
        if tag == name:
            starts.append(parser.CurrentByteIndex)

    def finish(tag: str) -> None:
        if tag == name:
            spans.append((starts.pop(), data.index(b">", parser.CurrentByteIndex) + 1))

    parser.StartElementHandler, parser.EndElementHandler = begin, finish
    parser.Parse(data, True)
    return spans
