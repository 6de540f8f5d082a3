"""A file of a bundle, and what kind it is by how it starts."""

import re
from pathlib import PurePosixPath

from sightline.warehouse.problems import refuse
from sightline.warehouse.submission import HEAD, Member, Sheet

# The name of the stream that holds a workbook under a password.
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# The root of a spreadsheet that is not packed.
FLAT = re.compile(rb"<office:document[\s>]")
MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"MZ", "binary"),
    (b"\x7fELF", "binary"),
    (b"%PDF", "binary"),
    (b"\x89PNG", "binary"),
    (b"\xff\xd8\xff", "binary"),
    (b"GIF8", "binary"),
    (b"Rar!", "binary"),
    (b"7z\xbc\xaf", "binary"),
    (b"PAR1", "binary"),
)


def title_of(member: Member) -> str:
    """What a sender called a table: the name of its sheet, else of its file without its ending."""
    if isinstance(member, Sheet):
        return member.name.rpartition(", sheet ")[2]
    return PurePosixPath(member.name).stem


def kind_of(data: bytes) -> str:
    for magic, kind in MAGIC:
        if data.startswith(magic):
            return kind
    start = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not start:
        return "empty" if not data.strip() else "text"
    if start.startswith((b"<!doctype html", b"<html")):
        return "html"
    if start.startswith(b"<"):
        return "xml"
    if start.startswith((b"\xff\xfe<\x00", b"\xfe\xff\x00<")):
        return "xml"
    if start.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").lstrip(b"\0")[:1] in (b"{", b"["):
        return "json"
    return "text"


def check_kind(kind: str, data: bytes, name: str) -> None:
    is_named = is_named_workbook(name)
    named = f"it is named {ending_of(name)} but" if is_named else "it"
    remedy = "save it as .xlsx, or export each table as CSV (UTF-8)"
    words = {
        "html": f"{named} is a web page (HTML); {remedy}",
        "ole": f"{named} is an Office file of before 2007 (.xls); {remedy}",
        "locked": f"{named} is protected by a password; save it without one",
        "flat": f"{named} is a flat OpenDocument file (.fods); save it as .ods or .xlsx",
        "binary": f"{named} is not a table: its first bytes are those of another kind of file",
    }
    if kind == "ole" and ENCRYPTED in data:
        kind = "locked"
    if kind == "xml" and FLAT.search(data[:HEAD]):
        kind = "flat"
    if kind in words:
        raise refuse("NOT_XLSX" if is_named else "TYPE", words[kind], file=name)


def is_named_workbook(name: str) -> bool:
    return ending_of(name).lower() in (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".ots", ".fods")


def ending_of(name: str) -> str:
    """Such as .xlsx."""
    return name[name.rfind(".") :]
