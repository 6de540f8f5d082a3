"""Open what a sender sent: unpack within a budget, and say what each file is by its bytes."""

import gzip
import io
import json
import os
import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, ValidationError

from warehouse.calendar import Span
from warehouse.intake.problems import Refused, escaped, refuse

MANIFEST = "manifest.json"
# Budgets: the largest authority's yearly XML is about 60 MB, its school census about 100 MB.
# A file is held in memory three times over while its lines are told apart.
MAX_MEMBERS = 1_000
MAX_MEMBER_BYTES = 256 << 20
MAX_BUNDLE_BYTES = 512 << 20
MAX_RATIO = 200
UNZIPPING_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)
# No child-level extract began before 2000, and none is sent for more than ten years at once.
EARLIEST = date(2000, 1, 1)
LONGEST = timedelta(days=3660)
RATIO_COUNTS_FROM = 50 << 20


class Manifest(BaseModel):
    """What a sender may say about a bundle; every key may be left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    extract: str | None = None
    sender: str | None = None
    period_start: date | None = None
    period_end: date | None = None
    prepared_on: date | None = None
    released_on: date | None = None
    sequence: int | None = None
    simulated: bool = False
    source: str | None = None

    @property
    def period(self) -> Span | None:
        """The days that it states, where they can be meant."""
        start, end = self.period_start, self.period_end
        if start is None or end is None or not EARLIEST <= start <= end:
            return None
        return Span(start, end) if end - start <= LONGEST else None


@dataclass(frozen=True)
class Member:
    """One file of a bundle, unpacked: its name escaped, its kind told by its first bytes."""

    name: str
    kind: str
    data: bytes


@dataclass(frozen=True)
class Bundle:
    manifest: Manifest = field(default_factory=Manifest)
    members: tuple[Member, ...] = ()


def read_bytes(path: Path) -> bytes:
    """A regular file's bytes; a link, pipe or device is never followed or waited for."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        return file.read()


def check_size(size: int, name: str) -> None:
    """Refuse what is too large to be opened."""
    if size > MAX_BUNDLE_BYTES:
        raise too_large(name)


def too_large(name: str) -> Refused:
    """Larger than is accepted, as it is or unpacked."""
    most = f"{MAX_MEMBER_BYTES >> 20} MB a file and {MAX_BUNDLE_BYTES >> 20} MB in all"
    message = f"it is larger than is accepted, which is {most}; send a shorter period"
    return refuse("TOO_LARGE", message, file=name)


def open_bundle(data: bytes, name: str) -> Bundle:
    """The manifest and the files inside; raises Refused where it cannot be opened safely."""
    if _kind(data) == "zip" and not _is_workbook(data):
        return _from_archive(data, name)
    return Bundle(members=(_member(data, name, name),))


def _from_archive(data: bytes, name: str) -> Bundle:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = [info for info in archive.infolist() if not info.is_dir()]
            _check_listing(files, len(data), name)
            unpacked = {info.filename: archive.read(info) for info in files if _is_wanted(info)}
    except UNZIPPING_FAULTS:
        raise _damaged(name) from None
    manifest = Manifest()
    members = []
    for path, content in sorted(unpacked.items()):
        shown = escaped(PurePosixPath(path).name)
        if shown == MANIFEST:
            manifest = read_manifest(content, shown)
        else:
            members.append(_member(content, shown, name))
    return Bundle(manifest, tuple(members))


def _is_wanted(info: zipfile.ZipInfo) -> bool:
    """Left out: what a Mac adds to archives, and hidden files."""
    parts = PurePosixPath(info.filename).parts
    return not any(part.startswith((".", "__MACOSX")) for part in parts)


def _check_listing(files: list[zipfile.ZipInfo], packed: int, name: str) -> None:
    if len(files) > MAX_MEMBERS:
        raise refuse("ARCHIVE", f"it holds more than {MAX_MEMBERS} files", file=name)
    if any(info.flag_bits & 1 for info in files):
        raise refuse("ARCHIVE", "it is encrypted; send it without a password", file=name)
    paths = [PurePosixPath(info.filename.replace("\\", "/")) for info in files]
    if any(path.is_absolute() or ".." in path.parts for path in paths):
        raise refuse("ARCHIVE", "it holds a path that leads outside itself", file=name)
    total = sum(info.file_size for info in files)
    is_bomb = total > RATIO_COUNTS_FROM and total > MAX_RATIO * packed
    if total > MAX_BUNDLE_BYTES or is_bomb or any(i.file_size > MAX_MEMBER_BYTES for i in files):
        raise too_large(name)


def read_manifest(content: bytes, name: str) -> Manifest:
    try:
        return Manifest.model_validate(json.loads(content))
    except ValidationError as fault:
        key = ".".join(str(part) for part in fault.errors()[0]["loc"])
        raise refuse("MANIFEST", f"the value of {key} cannot be read", file=name) from None
    except (ValueError, RecursionError):
        raise refuse("MANIFEST", "it is not valid JSON", file=name) from None


def _member(data: bytes, name: str, bundle_name: str) -> Member:
    kind = _kind(data)
    if kind == "gzip":
        data = _gunzip(data, name)
        name = name.removesuffix(".gz")
        kind = _kind(data)
        if kind in ("gzip", "zip"):
            raise refuse("ARCHIVE", "it holds an archive inside an archive", file=bundle_name)
    elif kind == "zip" and not _is_workbook(data):
        if name.lower().endswith(".xlsx"):
            raise refuse("NOT_XLSX", "it is named .xlsx but is a damaged archive", file=name)
        raise refuse("ARCHIVE", "it holds an archive inside an archive", file=bundle_name)
    if len(data) > MAX_MEMBER_BYTES:
        raise too_large(name)
    _check_kind(kind, name)
    return Member(name, kind, data)


def _gunzip(data: bytes, name: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            content = file.read(MAX_MEMBER_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        raise _damaged(name) from None
    is_bomb = len(content) > RATIO_COUNTS_FROM and len(content) > MAX_RATIO * len(data)
    if len(content) > MAX_MEMBER_BYTES or is_bomb:
        raise too_large(name)
    return content


def _damaged(name: str) -> Refused:
    if name.lower().endswith(".xlsx"):
        return refuse("NOT_XLSX", "it is named .xlsx but is a damaged archive", file=name)
    return refuse("ARCHIVE", "it is damaged and cannot be unpacked; send it again", file=name)


def _check_kind(kind: str, name: str) -> None:
    is_named_workbook = name.lower().endswith((".xlsx", ".xls", ".xlsm"))
    remedy = "export each table as CSV (UTF-8) and send that"
    named = f"it is named {name[name.rfind('.') :]} but" if is_named_workbook else "it"
    rule = "NOT_XLSX" if is_named_workbook else "TYPE"
    words = {
        "html": f"{named} is a web page (HTML); {remedy}",
        "ole": f"{named} is an old or password-protected Office file; {remedy}",
        "zip": f"it is an Excel workbook; {remedy}",
        "binary": f"{named} is not a table: its first bytes are those of another kind of file",
    }
    if kind in words:
        raise refuse("TYPE" if kind == "zip" else rule, words[kind], file=name)


def _is_workbook(data: bytes) -> bool:
    return b"[Content_Types].xml" in data[:4096] and b"xl/" in data


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


def _kind(data: bytes) -> str:
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
    return "text"
