"""Say which extract and table a file is, by its headings or its root element.

Its name is asked where its headings fit two tables, and where they fit none.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from sightline.warehouse.contracts import official
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.contracts.schema import (
    Contract,
    SentTable,
    UnreadTable,
    compared,
    figure_name,
)
from sightline.warehouse.intake.read.csv import (
    ends_in_returns,
    fields_of,
    header_of,
    is_blank,
    plain_lines,
    starts_of_lines,
)
from sightline.warehouse.intake.receive.members import title_of
from sightline.warehouse.problems import Refused, refuse
from sightline.warehouse.submission import FIGURES, Member, Recognised

OTHER_DELIMITERS = {";": "semicolon", "\t": "tab", "|": "bar"}
LINES_SEARCHED = 12
# A line above the header is a title, and no record, where it holds no more values than these.
MOST_TITLES = 4
# So many headings of a table have to be there for the name of its sheet to say the rest.
FEWEST_KNOWN = 3
WORD = re.compile(r"[a-z]+|[0-9]+")
ROOT = re.compile(rb"<([A-Za-z_][\w.-]*)")


@dataclass(frozen=True)
class Shape:
    """What a table is told by; headings as they are compared."""

    contract: Contract
    table: str
    telling: tuple[frozenset[str], ...]
    """The headings that tell it, each with its spellings."""
    needed: int
    """How many of those have to be there."""
    headings: frozenset[str]
    own: frozenset[str]
    """Headings that no other table of its extract has."""

    @property
    def is_read(self) -> bool:
        return self.table not in self.contract.not_read

    @property
    def sent(self) -> SentTable | UnreadTable | None:
        """None for a published series."""
        contract = self.contract
        return contract.tables.get(self.table) or contract.not_read.get(self.table)

    @property
    def title(self) -> str:
        title = self.sent.title.rstrip(".") if self.sent else ""
        return title or f"{self.contract.name}, table {self.table}"

    def told_by(self, names: frozenset[str]) -> int:
        return sum(not spellings.isdisjoint(names) for spellings in self.telling)

    def is_called(self, title: str) -> bool:
        """Whether the title of a file or sheet says that it is this table."""
        names = (self.table, *self.sent.named) if self.sent else ()
        return _says(title, names) and not self.is_denied(title)

    def is_numbered(self, title: str) -> bool:
        """Whether it says so by the table's own name, such as List 4, and not by its topic."""
        return _says(title, (self.table,)) and not self.is_denied(title)

    def is_denied(self, title: str) -> bool:
        return isinstance(self.sent, SentTable) and _says(title, self.sent.never_named)


def recognise(member: Member) -> Recognised | None:
    """The table that a file is, or None: also where it is one that is not read."""
    if member.kind == "xml":
        root = root_of(member.head)
        for contract in contracts.load().values():
            if contract.root == root:
                return Recognised(contract, str(contract.root), member)
        return None
    if member.kind == "json":
        head = member.head.replace(b"\0", b"")
        for contract in contracts.load().values():
            if contract.told_by_key and f'"{contract.told_by_key}"'.encode() in head:
                return Recognised(contract, contract.told_by_key, member)
        return None
    return _by_header(member)


def unread(member: Member) -> str | None:
    """The title of the table that a file is, where that belongs to an extract and is not used."""
    if member.kind == "xml":
        return None
    title = title_of(member)
    headers = [
        header_of(line, delimiter)
        for line in _head(member.head).split(b"\n")[:LINES_SEARCHED]
        for delimiter in (",", *OTHER_DELIMITERS)
    ]
    for header in headers:
        if told := _told(tuple(header), title):
            return None if told[0].is_read or len(told) > 1 else told[0].title
    called = [one for one in _shapes() if one.is_called(title)]
    for names in map(_names, headers):
        for shape in called:
            extract = [one for one in _shapes() if one.contract is shape.contract and one.is_read]
            is_other = any(one in called or one.own & names for one in extract)
            is_known = len(shape.headings & names) >= FEWEST_KNOWN
            is_it = not shape.is_read and (is_known or _words(title) == _words(shape.table))
            if is_it and not is_other:
                return shape.title
    return None


def root_of(head: bytes) -> str:
    """The name of an XML file's first element."""
    start = head.replace(b"\0", b"")
    found = ROOT.search(re.sub(rb"<!--.*?-->", b"", start, flags=re.S))
    return found.group(1).decode("ascii", "replace") if found else ""


def _by_header(member: Member) -> Recognised | None:
    head = _head(member.head)
    if b"\0" in head.partition(b"\n")[0]:
        return None
    line = header_line(head)
    above, below = _parted(head, line)
    for delimiter in (",", *OTHER_DELIMITERS):
        header = header_of(below, delimiter)
        found = match(header, title_of(member))
        if found and delimiter in found[0].delimiters and _are_titles(above, header, delimiter):
            return Recognised(*found, member, delimiter, line)
    return None


def header_line(head: bytes) -> int:
    """The first of a file's first lines that is the header of a known table; 1 if none is."""
    for line, start in enumerate(starts_of_lines(head, LINES_SEARCHED), 1):
        is_inside = head.count(b'"', 0, start) & 1
        if not is_inside and any(
            _match(header_of(head[start:], one)) for one in (",", *OTHER_DELIMITERS)
        ):
            return line
    return 1


def _parted(head: bytes, line: int) -> tuple[bytes, bytes]:
    """The first lines above a line, and from it on."""
    start = starts_of_lines(head, line)[-1]
    return head[:start], head[start:]


def _are_titles(above: bytes, header: tuple[str, ...], delimiter: str) -> bool:
    """Whether the lines above a header hold too little for records, which would be lost."""
    return all(
        len(filled) <= MOST_TITLES and 2 * len(filled) < len(header)
        for line in above.split(b"\n")
        for filled in [[one for one in fields_of(line, delimiter) if not is_blank(one)]]
    )


def match(header: Iterable[str], title: str = "") -> tuple[Contract, str] | None:
    """The table that a header fits best, with the title of its file where two fit as well.

    None where there is none, where there are two, and where nothing of it is read.
    """
    told = _told(tuple(header), title)
    if told is None or len(told) > 1 or not told[0].is_read:
        return None
    return told[0].contract, told[0].table


@lru_cache(maxsize=1024)
def _told(header: tuple[str, ...], title: str) -> tuple[Shape, ...] | None:
    """The table that a header tells, or the two between which it cannot; None for none.

    What no other table of an extract has counts most, then the title, then all other headings.
    """
    fits = _match(header)
    if not fits:
        return None
    names = _names(header)

    def rank(shape: Shape) -> tuple[int, bool, bool, int]:
        own = 0 if shape.is_denied(title) else len(shape.own & names)
        by_name = shape.is_numbered(title), shape.is_called(title)
        return own, *by_name, len(shape.headings & names)

    best, *others = sorted(fits, key=rank, reverse=True)
    if best.is_denied(title):
        meant = [one for one in _shapes() if one.contract is best.contract]
        return (best, *([one for one in meant if one.is_called(title)] or others)[:1])
    if others and rank(others[0]) == rank(best):
        return best, others[0]
    return (best,)


@lru_cache(maxsize=1024)
def _match(header: tuple[str, ...]) -> tuple[Shape, ...]:
    """The tables of all extracts that a header may be."""
    names = _names(header)
    return tuple(one for one in _shapes() if one.telling and one.told_by(names) >= one.needed)


def _names(header: Iterable[str]) -> frozenset[str]:
    header = tuple(header)
    return frozenset((*map(compared, header), *map(figure_name, header)))


@cache
def _shapes() -> tuple[Shape, ...]:
    return tuple(shape for contract in contracts.load().values() for shape in _of(contract))


def _of(contract: Contract) -> Iterator[Shape]:
    """The tables of an extract that are told by their headings."""
    if contract.reader == "published":
        telling = tuple(map(frozenset, official.telling(contract)))
        every = frozenset().union(*telling)
        yield Shape(contract, FIGURES, telling, len(telling), every, every)
    if contract.reader != "csv":
        return
    headings = {name: frozenset(t.headers) for name, t in contract.tables.items()}
    headings |= {name: table.headers for name, table in contract.not_read.items()}
    for name, held in headings.items():
        own = held.difference(*(other for one, other in headings.items() if one != name))
        if name in contract.tables:
            telling = _spellings(contract.tables[name])
            yield Shape(contract, name, telling, len(telling), held, own)
        else:
            telling = tuple(frozenset({compared(h)}) for h in contract.not_read[name].recognise)
            yield Shape(contract, name, telling, min(2, len(telling)), held, own)


def _spellings(table: SentTable) -> tuple[frozenset[str], ...]:
    return tuple(
        frozenset(written for written, meant in table.headers.items() if meant == name)
        for name in table.recognise
    )


def _says(title: str, phrases: Iterable[str]) -> bool:
    """Whether a title holds one of these phrases, word by word or written as one word."""
    words = _words(title)
    return any(
        f" {' '.join(phrase)} " in f" {' '.join(words)} " or "".join(phrase) in words
        for phrase in map(_words, phrases)
    )


def _words(title: str) -> list[str]:
    """Words and numbers, also those of names such as EarlyHelp and List_04."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", title).lower()
    return [word.lstrip("0") or "0" for word in WORD.findall(parted)]


def why_not(member: Member, expected: str | None, found: Iterable[Recognised] = ()) -> Refused:
    """The likeliest reason why a file is no table that is known, nor one that was `found`."""
    if member.kind == "xml":
        return _unknown_xml(member)
    if member.kind == "json":
        message = "it is JSON, of which only the payload for the department is known here"
        return refuse("JSON_STRUCTURE", message, file=member.name)
    head = _head(member.head)
    if b"\0" in head:
        message = "it holds NUL bytes, as UTF-16 without its mark does; save it as UTF-8"
        return refuse("ENCODING", message, file=member.name, line=1)
    if ends_in_returns(start := _decoded(member.head)) and b"\n" in start:
        message = "its lines end in carriage returns alone, or in a mixture"
        return refuse("LINE_ENDINGS", message, file=member.name, line=1)
    title = title_of(member)
    line = header_line(head)
    _, below = _parted(head, line)
    told = _told(tuple(header_of(below)), title)
    if told and len(told) > 1:
        return _ambiguous(member, *told)
    for delimiter, word in OTHER_DELIMITERS.items():
        if match(header_of(below, delimiter), title):
            message = f"its columns are parted by {word}s; write it with commas"
            return refuse("DELIMITER", message, file=member.name, line=line)
    if other := _other_form(header_of(below)):
        return refuse("UNKNOWN_EXTRACT", other, file=member.name, line=line)
    if line > 1:
        message = f"the header stands in line {line}; remove the lines above it"
        return refuse("PREAMBLE", message, file=member.name, line=1)
    held = {(one.contract.name, one.table) for one in found}
    starts = starts_of_lines(head, LINES_SEARCHED)
    reasons = [_nearest(member, header_of(head[start:]), expected, held) for start in starts]
    return next((one for one in reasons if one.problems[0].rule == "MISSING_COLUMN"), reasons[0])


def _ambiguous(member: Member, one: Shape, other: Shape) -> Refused:
    if one.is_denied(title_of(member)):
        message = (
            f"its headings are those of {one.title}, and its name is one of {other.title};"
            " correct whichever is wrong"
        )
    else:
        message = (
            f"its headings fit {one.title}, and {other.title} as well, and its name does not"
            " decide; name the file or sheet by its list, or write all headings of the template"
        )
    return refuse("AMBIGUOUS_TABLE", message, file=member.name, line=1)


def _other_form(header: Iterable[str]) -> str | None:
    """What to send in place of a form of a known release that is not read."""
    names = {figure_name(name) for name in header}
    if names.issuperset(map(figure_name, official.DESCRIPTION)):
        return "it describes the columns of an official file; send that file itself"
    for contract in contracts.load().values():
        for form in contract.figures.other_forms:
            if names.issuperset(map(figure_name, form.columns)):
                return form.says
    return None


def _nearest(
    member: Member, header: Iterable[str], expected: str | None, held: set[tuple[str, str]]
) -> Refused:
    names = _names(header)
    title = title_of(member)
    missing, looks_like, best = "", "", 0
    for shape in _shapes():
        table = shape.contract.tables.get(shape.table)
        if table is None or (shape.contract.name, shape.table) in held:
            continue
        absent = [
            name
            for name, spellings in zip(table.recognise, shape.telling, strict=True)
            if spellings.isdisjoint(names)
        ]
        own = len(shape.own & names)
        if absent and own >= best and _is_near(shape, table, names, title):
            best, missing = own, ", ".join(absent)
            looks_like = f"{shape.contract.name}, table {shape.table}"
    if missing:
        message = f"it looks like {looks_like}, but a column is missing: {missing}"
        return refuse("MISSING_COLUMN", message, file=member.name, line=1, column=missing)
    if expected:
        message = f"its first line is not the header of any table of {expected}"
        return refuse("HEADER_MISMATCH", message, file=member.name, line=1)
    message = "its first line is not the header of any extract that is known here"
    return refuse("UNKNOWN_EXTRACT", message, file=member.name, line=1)


def _is_near(shape: Shape, table: SentTable, names: frozenset[str], title: str) -> bool:
    """Whether a header without all that tells a table is likely to be that table all the same."""
    columns = {table.headers[name] for name in shape.headings & names} & set(table.columns)
    if 2 * len(columns) < len(table.columns) or shape.is_denied(title):
        return False
    is_told = 2 * shape.told_by(names) >= len(shape.telling) and bool(shape.own & names)
    return is_told or shape.is_called(title)


def _unknown_xml(member: Member) -> Refused:
    known = sorted(c.root for c in contracts.load().values() if c.root)
    message = f"its root element is not one that is known here: {', '.join(known)}"
    return refuse("XML_STRUCTURE", message, file=member.name, line=1)


def _head(start: bytes) -> bytes:
    """The first lines as UTF-8, however the file is encoded and whatever ends its lines."""
    return plain_lines(_decoded(start))


def _decoded(start: bytes) -> bytes:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return start[: len(start) & ~1].decode("utf-16", "ignore").encode("utf-8")
    return start.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").encode("utf-8")
