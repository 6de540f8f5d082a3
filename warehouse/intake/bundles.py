"""Open what a sender sent: unpack within a budget, and say what each file is by its bytes."""

import gzip
import io
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from warehouse.calendar import Span
from warehouse.contract import SentTable
from warehouse.intake.lines import Lines
from warehouse.intake.problems import Refused, escaped, refuse
from warehouse.intake.text import BLOCK, Opened

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

MANIFEST = "manifest.json"
HEAD = 1 << 16
# Budgets: the largest authority's yearly XML is about 60 MB, its school census about 100 MB.
MAX_MEMBERS = 1_000
MAX_MEMBER_BYTES = 2 << 30
MAX_BUNDLE_BYTES = 4 << 30
MAX_WORKBOOK_BYTES = 64 << 20
UNPACKED_AT_ONCE = 1 << 20
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
    """One file of a bundle: its name escaped, its kind told by how it starts."""

    name: str
    kind: str
    head: bytes
    opened: Opened


@dataclass(frozen=True)
class Sheet(Member):
    """One sheet of a workbook; `head` is its first rows as CSV, `opened` is the workbook."""

    is_hidden: bool
    read: Callable[[SentTable], Iterator[Lines]]


@dataclass(frozen=True)
class Bundle:
    manifest: Manifest = field(default_factory=Manifest)
    members: tuple[Member, ...] = ()


def open_plain(path: Path) -> io.BufferedReader:
    """A regular file; a link, pipe or device is never followed or waited for."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


def check_size(size: int, name: str) -> None:
    """Refuse what is too large to be opened."""
    if size > MAX_BUNDLE_BYTES:
        raise too_large(name)


def too_large(name: str) -> Refused:
    """Larger than is accepted, as it is or unpacked."""
    most = f"{MAX_MEMBER_BYTES >> 30} GB a file and {MAX_BUNDLE_BYTES >> 30} GB in all"
    message = f"it is larger than is accepted, which is {most}; send a shorter period"
    return refuse("TOO_LARGE", message, file=name)


def open_bundle(opened: Opened, size: int, name: str) -> Bundle:
    """The manifest and the files inside; raises Refused where it cannot be opened safely."""
    with opened() as file:
        is_archive = kind_of(file.read(HEAD)) == "zip"
    if not is_archive:
        return Bundle(members=tuple(_members(opened, name, name)))
    try:
        archive = zipfile.ZipFile(opened())
    except UNZIPPING_FAULTS:
        raise damaged(name) from None
    if _is_workbook(archive):
        return Bundle(members=tuple(_workbook(opened, name, name)))
    return _from_archive(archive, size, name)


def _from_archive(archive: zipfile.ZipFile, size: int, name: str) -> Bundle:
    files = [info for info in archive.infolist() if not info.is_dir()]
    _check_listing(files, size, name)
    manifest = Manifest()
    members: list[Member] = []
    for info in sorted(filter(_is_wanted, files), key=lambda info: info.filename):
        shown = escaped(PurePosixPath(info.filename).name)
        opened = _unzipped(archive, info, name)
        if shown == MANIFEST:
            with opened() as file:
                manifest = read_manifest(file.read(), shown)
        else:
            members += _members(opened, shown, name)
    return Bundle(manifest, tuple(members))


def _unzipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Opened:
    """Small files are unpacked once and for all, larger ones each time that they are read."""
    if info.file_size > BLOCK:
        return lambda: _unpacking(lambda: cast(BinaryIO, archive.open(info)), name)
    try:
        return partial(io.BytesIO, archive.read(info))
    except UNZIPPING_FAULTS:
        raise damaged(name) from None


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
    too_big = any(info.file_size > MAX_MEMBER_BYTES for info in files)
    if total > MAX_BUNDLE_BYTES or too_big or is_bomb(total, packed):
        raise too_large(name)


def is_bomb(size: int, packed: int) -> bool:
    """Whether something unpacks to far more than a table ever does."""
    return size > RATIO_COUNTS_FROM and size > MAX_RATIO * packed


def read_manifest(content: bytes, name: str) -> Manifest:
    try:
        return Manifest.model_validate(json.loads(content))
    except ValidationError as fault:
        key = ".".join(str(part) for part in fault.errors()[0]["loc"])
        raise refuse("MANIFEST", f"the value of {key} cannot be read", file=name) from None
    except (ValueError, RecursionError):
        raise refuse("MANIFEST", "it is not valid JSON", file=name) from None


def _members(opened: Opened, name: str, bundle_name: str) -> list[Member]:
    """What a file holds: itself, or the sheets of a workbook."""
    with opened() as file:
        data = file.read(BLOCK + 1)
    kind = kind_of(data)
    if kind == "gzip":
        opened = _gunzipped(opened, name)
        name = name.removesuffix(".gz")
        with opened() as file:
            data = file.read(BLOCK + 1)
        kind = kind_of(data)
        if kind == "gzip":
            raise _nested(bundle_name)
    if kind == "zip":
        return _workbook(opened, name, bundle_name)
    _check_kind(kind, data, name)
    if len(data) <= BLOCK:
        opened = partial(io.BytesIO, data)
    return [Member(name, kind, data[:HEAD], opened)]


def _gunzipped(packed: Opened, name: str) -> Opened:
    def unpacked() -> BinaryIO:
        source = packed()
        return _unpacking(lambda: cast(BinaryIO, gzip.GzipFile(fileobj=source)), name, source)

    return unpacked


class _Unpacking(io.RawIOBase):
    """A packed file being read, within its budget; raises Refused."""

    def __init__(self, file: BinaryIO, packed: BinaryIO | None, name: str) -> None:
        self.file, self.packed, self.name = file, packed, name
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "Buffer") -> int:
        view = memoryview(buffer)
        try:
            data = self.file.read(len(view))
        except UNZIPPING_FAULTS:
            raise damaged(self.name) from None
        view[: len(data)] = data
        self.size += len(data)
        packed = self.packed.tell() if self.packed else self.size
        if self.size > MAX_MEMBER_BYTES or is_bomb(self.size, packed):
            raise too_large(self.name)
        return len(data)

    def close(self) -> None:
        self.file.close()
        super().close()


def _unpacking(opened: Opened, name: str, packed: BinaryIO | None = None) -> BinaryIO:
    try:
        return io.BufferedReader(_Unpacking(opened(), packed, name), UNPACKED_AT_ONCE)
    except UNZIPPING_FAULTS:
        raise damaged(name) from None


def _workbook(opened: Opened, name: str, bundle_name: str) -> list[Member]:
    """The sheets of a workbook; raises Refused on an archive of another kind."""
    with opened() as file:
        data = file.read(MAX_WORKBOOK_BYTES + 1)
    if len(data) > MAX_WORKBOOK_BYTES:
        raise too_large(name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            is_workbook = _is_workbook(archive)
    except UNZIPPING_FAULTS:
        raise (damaged(name) if _is_named_workbook(name) else _nested(bundle_name)) from None
    if not is_workbook:
        raise _nested(bundle_name)
    # Few bundles hold workbooks, and what reads them takes long to be imported.
    from warehouse.intake.workbook import sheets

    return [*sheets(partial(io.BytesIO, data), name)]


def _is_workbook(archive: zipfile.ZipFile) -> bool:
    names = archive.namelist()
    return "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names)


def _nested(name: str) -> Refused:
    return refuse("ARCHIVE", "it holds an archive inside an archive", file=name)


def damaged(name: str) -> Refused:
    """It does not unpack."""
    if _is_named_workbook(name):
        message = "it is named .xlsx but is a damaged archive; send it again"
        return refuse("NOT_XLSX", message, file=name)
    return refuse("ARCHIVE", "it is damaged and cannot be unpacked; send it again", file=name)


def _is_named_workbook(name: str) -> bool:
    return name.lower().endswith((".xlsx", ".xls", ".xlsm", ".xlsb"))


def _check_kind(kind: str, data: bytes, name: str) -> None:
    is_named = _is_named_workbook(name)
    named = f"it is named {name[name.rfind('.') :]} but" if is_named else "it"
    remedy = "save it as .xlsx, or export each table as CSV (UTF-8)"
    words = {
        "html": f"{named} is a web page (HTML); {remedy}",
        "ole": f"{named} is an Office file of before 2007 (.xls); {remedy}",
        "locked": f"{named} is protected by a password; save it without one",
        "binary": f"{named} is not a table: its first bytes are those of another kind of file",
    }
    if kind == "ole" and ENCRYPTED in data:
        kind = "locked"
    if kind in words:
        raise refuse("NOT_XLSX" if is_named else "TYPE", words[kind], file=name)


# The name of the stream that holds a workbook under a password.
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
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
    return "text"
