"""Read XML returns safely: streamed, no document type, nothing fetched, all or nothing."""

import csv
import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import IO, BinaryIO, TypeVar

from lxml import etree

from sightline.warehouse.problems import refuse
from sightline.warehouse.submission import Lines

Child = TypeVar("Child")
# So that a return of any size is held a part at a time.
CHILDREN_A_BLOCK = 10_000
# The children of real returns take some 2 kB each.
MOST_HELD = 8 << 20


@dataclass(frozen=True)
class ReturnHeader:
    """What the head of a return says of itself."""

    year: int
    reference_date: date
    authority: str
    line: int


@dataclass
class TableWriter:
    """Collects the rows of one table as numbered lines of CSV."""

    columns: list[str]
    numbers: list[int] = field(default_factory=list)
    text: io.StringIO = field(default_factory=io.StringIO)
    added: int = 0
    """How many rows there have been so far."""

    def __post_init__(self) -> None:
        self.write = csv.writer(self.text, lineterminator="\n").writerow

    def add(self, line: int, *values: str) -> None:
        self.numbers.append(line)
        self.added += 1
        self.write(values)

    def taken(self) -> Lines:
        """The rows since this was last asked."""
        records = self.text.getvalue().encode("utf-8").split(b"\n")[:-1]
        lines = Lines(self.columns, records, self.numbers)
        self.numbers = []
        self.text.seek(0)
        self.text.truncate()
        return lines


Tables = dict[str, TableWriter]


def read_blocks(
    children: Iterable[Child],
    columns: dict[str, list[str]],
    add: Callable[[Tables, Child], None],
) -> Iterator[tuple[str, Lines]]:
    """The rows of each table, in blocks; `add` writes the rows of one child."""
    tables = {table: TableWriter(names) for table, names in columns.items()}
    for number, child in enumerate(children, 1):
        add(tables, child)
        if number % CHILDREN_A_BLOCK == 0:
            yield from [(table, writer.taken()) for table, writer in tables.items()]
    yield from [(table, writer.taken()) for table, writer in tables.items()]


def elements(
    file: BinaryIO,
    name: str,
    root: str,
    tag: str,
    parents: Mapping[str, Collection[str]] | None = None,
) -> Iterator[etree._Element]:
    """Each element of a kind, freed once used; raises Refused on an unsafe or broken file.

    `parents` says below what each element that holds records may stand: elsewhere it would be lost.
    """
    source = Source(file, name, "one child and the next")
    context = parsed(source, (root, tag))
    try:
        for event, element in context:
            if event == "start":
                if element.getparent() is None:
                    _check_no_doctype(element, name)
            elif element.tag == tag:
                for held in (element, *element.itersiblings(preceding=True)):
                    _check_places(held, parents or {}, name)
                yield element
                _free(element)
                source.since_freed = 0
        _check_places(context.root, parents or {}, name)
    except etree.XMLSyntaxError as fault:
        line = fault.position[0] if fault.position else None
        message = "the XML is broken here, so nothing of the file was taken in; send it again"
        raise refuse("XML_NOT_WELL_FORMED", message, file=name, line=line) from None


class Source:
    """A file being parsed, of which only so much is ever held."""

    def __init__(self, file: BinaryIO | IO[bytes], name: str, between: str) -> None:
        self.file, self.name, self.between = file, name, between
        self.since_freed = 0

    def read(self, size: int) -> bytes:
        data = self.file.read(size)
        self.since_freed += len(data)
        if self.since_freed > MOST_HELD:
            message = f"more than {MOST_HELD >> 20} MB stand between {self.between}"
            raise refuse("XML_STRUCTURE", message, file=self.name)
        return data


def parsed(source: Source, tags: tuple[str, ...]) -> etree.iterparse:
    """The starts and ends of elements of these kinds: nothing is fetched and no entity is read."""
    return etree.iterparse(
        source,
        events=("start", "end"),
        tag=tags,
        load_dtd=False,
        no_network=True,
        resolve_entities=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def text_of(element: etree._Element, path: str) -> str:
    """The text below an element, blanks trimmed; empty where there is none."""
    return trimmed(element.findtext(path))


def texts_of(element: etree._Element | None, tags: Iterable[str]) -> list[str]:
    """The text of the first part of each kind right below an element."""
    parts = element if element is not None else ()
    held = {part.tag: part.text for part in reversed(parts)}
    return [trimmed(held.get(tag)) for tag in tags]


def trimmed(text: str | None) -> str:
    return " ".join(text.split()) if text else ""


def _check_no_doctype(root: etree._Element, name: str) -> None:
    info = root.getroottree().docinfo
    if info.doctype or info.internalDTD is not None:
        message = "it declares a document type, which no return needs; remove the DOCTYPE"
        raise refuse("XML_DOCTYPE", message, file=name, line=1)


def _check_places(held: etree._Element, parents: Mapping[str, Collection[str]], name: str) -> None:
    """Refuse a return of which an element stands where nobody would look for it."""
    for element in held.iter(*(f"{{*}}{tag}" for tag in parents)) if parents else ():
        parent = element.getparent()
        if parent is None or parent.tag not in parents.get(element.tag, ()):
            message = "an element stands where it does not belong, so it would be overlooked"
            raise refuse("XML_STRUCTURE", message, file=name, line=element.sourceline)


def _free(element: etree._Element) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
