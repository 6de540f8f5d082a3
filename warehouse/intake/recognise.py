"""Say which extract and table a file is, by its header or root element and never by its name."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from warehouse import contract as contracts
from warehouse.contract import Contract, SentTable, compared
from warehouse.intake import published
from warehouse.intake.members import Member
from warehouse.intake.problems import Refused, refuse
from warehouse.intake.text import header_of

OTHER_DELIMITERS = {";": "semicolon", "\t": "tab", "|": "bar"}
FIGURES = "figures"
LINES_SEARCHED = 12
ROOT = re.compile(rb"<([A-Za-z_][\w.-]*)")


@dataclass(frozen=True)
class Recognised:
    """A file that is a table of an extract."""

    contract: Contract
    table: str
    member: Member
    delimiter: str = ","


def recognise(member: Member) -> Recognised | None:
    """The table that a file is, or None."""
    if member.kind == "xml":
        root = root_of(member.head)
        for contract in contracts.load().values():
            if contract.root == root:
                return Recognised(contract, str(contract.root), member)
        return None
    return _by_header(member)


def root_of(head: bytes) -> str:
    """The name of an XML file's first element."""
    start = head.replace(b"\0", b"")
    found = ROOT.search(re.sub(rb"<!--.*?-->", b"", start, flags=re.S))
    return found.group(1).decode("ascii", "replace") if found else ""


def _by_header(member: Member) -> Recognised | None:
    head = _head(member.head)
    for delimiter in (",", *OTHER_DELIMITERS):
        found = match(header_of(head, delimiter))
        if found and delimiter in found[0].delimiters:
            return Recognised(*found, member, delimiter)
    return None


def match(header: Iterable[str]) -> tuple[Contract, str] | None:
    """The most particular table whose telling columns all stand in a header."""
    return _match(tuple(compared(name) for name in header))


@lru_cache(maxsize=1024)
def _match(header: tuple[str, ...]) -> tuple[Contract, str] | None:
    names = set(header)
    fits = [
        (len(telling), contract, table)
        for contract in contracts.load().values()
        for table, telling in _telling(contract)
        if all(spellings & names for spellings in telling)
    ]
    _, contract, table = max(fits, key=lambda fit: fit[0], default=(0, None, ""))
    return (contract, table) if contract else None


def _telling(contract: Contract) -> list[tuple[str, list[set[str]]]]:
    """The columns that give each table of an extract away, each with its spellings."""
    if contract.reader == "published":
        return [(FIGURES, published.telling(contract))]
    if contract.reader == "xml":
        return []
    return [(name, _spellings(table)) for name, table in contract.tables.items()]


def _spellings(table: SentTable) -> list[set[str]]:
    return [
        {written for written, meant in table.headers.items() if meant == name}
        for name in table.recognise
    ]


def why_not(member: Member, expected: str | None, found: Iterable[Recognised] = ()) -> Refused:
    """The likeliest reason why a file is no table that is known, nor one that was `found`."""
    if member.kind == "xml":
        return _unknown_xml(member)
    head = _head(member.head)
    if b"\0" in head:
        message = "it holds NUL bytes, as UTF-16 without its mark does; save it as UTF-8"
        return refuse("ENCODING", message, file=member.name, line=1)
    if b"\r" in head.partition(b"\n")[0].rstrip(b"\r"):
        message = "its lines end in carriage returns alone, or in a mixture"
        return refuse("LINE_ENDINGS", message, file=member.name, line=1)
    for delimiter, word in OTHER_DELIMITERS.items():
        if match(header_of(head, delimiter)):
            message = f"its columns are parted by {word}s; write it with commas"
            return refuse("DELIMITER", message, file=member.name, line=1)
    if other := _other_form(header_of(head)):
        return refuse("UNKNOWN_EXTRACT", other, file=member.name, line=1)
    lines = head.split(b"\n")[:LINES_SEARCHED]
    for number, line in enumerate(lines[1:], 2):
        if match(header_of(line)):
            message = f"the header stands in line {number}; remove the lines above it"
            return refuse("PREAMBLE", message, file=member.name, line=1)
    return _nearest(
        member, header_of(head), expected, {(one.contract.name, one.table) for one in found}
    )


def _other_form(header: Iterable[str]) -> str | None:
    """What to send in place of a form of a known release that is not read."""
    names = {compared(name) for name in header}
    if names.issuperset(map(compared, published.DESCRIPTION)):
        return "it describes the columns of an official file; send that file itself"
    for contract in contracts.load().values():
        for form in contract.figures.other_forms:
            if names.issuperset(map(compared, form.columns)):
                return form.says
    return None


def _nearest(
    member: Member, header: Iterable[str], expected: str | None, held: set[tuple[str, str]]
) -> Refused:
    names = {compared(name) for name in header}
    best, missing, title = 0.5, "", ""
    for contract in contracts.load().values():
        for name, table in contract.tables.items():
            known = set(table.headers)
            share = len(names & known) / max(len(known), 1)
            absent = [column for column in table.recognise if column not in names]
            is_held = (contract.name, name) in held
            if share >= best and contract.reader == "csv" and absent and not is_held:
                best, missing, title = share, ", ".join(absent), f"{contract.name}, table {name}"
    if missing:
        message = f"it looks like {title}, but a column is missing: {missing}"
        return refuse("MISSING_COLUMN", message, file=member.name, line=1, column=missing)
    if expected:
        message = f"its first line is not the header of any table of {expected}"
        return refuse("HEADER_MISMATCH", message, file=member.name, line=1)
    message = "its first line is not the header of any extract that is known here"
    return refuse("UNKNOWN_EXTRACT", message, file=member.name, line=1)


def _unknown_xml(member: Member) -> Refused:
    known = sorted(c.root for c in contracts.load().values() if c.root)
    message = f"its root element is not one that is known here: {', '.join(known)}"
    return refuse("XML_STRUCTURE", message, file=member.name, line=1)


def _head(start: bytes) -> bytes:
    """The first lines as UTF-8, however the file is encoded."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return start[: len(start) & ~1].decode("utf-16", "ignore").encode("utf-8")
    return start.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").encode("utf-8")
