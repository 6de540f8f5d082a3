"""Unpack within a budget: nothing that a sender sends may fill the memory or the disk."""

import gzip
import hashlib
import io
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from sightline.warehouse.intake.receive.members import ending_of, is_named_workbook
from sightline.warehouse.machine import machine_fault
from sightline.warehouse.problems import Refused, escaped, refuse
from sightline.warehouse.submission import BLOCK, Opened, Pending

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

# Budgets: the largest authority's yearly XML is about 60 MB, its school census about 100 MB.
MAX_MEMBER_BYTES = 2 << 30
MAX_BUNDLE_BYTES = 4 << 30
MAX_RATIO = 200
# Of a workbook: the largest list of the largest authority unpacks to about 20 MB.
MAX_WORKBOOK_UNPACKED = 256 << 20
MAX_PARTS = 1_000
# What may stand before the first element of a part: nothing that declares an entity.
PROLOG = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>)?\s*(?:<!--.*?-->\s*)*<[A-Za-z]", re.S
)
RATIO_COUNTS_FROM = 10 << 20
UNPACKED_AT_ONCE = 1 << 20
UNZIPPING_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


def check_size(size: int, name: str) -> None:
    """Refuse what is too large to be opened."""
    if size > MAX_BUNDLE_BYTES:
        raise too_large(name)


def too_large(name: str) -> Refused:
    """Larger than is accepted, as it is or unpacked."""
    most = f"{MAX_MEMBER_BYTES >> 30} GB a file and {MAX_BUNDLE_BYTES >> 30} GB in all"
    message = f"it is larger than is accepted, which is {most}; send a shorter period"
    return refuse("TOO_LARGE", message, file=name)


def is_bomb(size: int, packed: int) -> bool:
    """Whether something unpacks to far more than a table ever does."""
    return size > RATIO_COUNTS_FROM and size > MAX_RATIO * packed


def check_parts(archive: zipfile.ZipFile, size: int, name: str) -> Iterator[tuple[str, bytes]]:
    """The start of each part of a workbook in XML; raises Refused where none may be parsed."""
    parts = archive.infolist()
    total = sum(part.file_size for part in parts)
    # Deflating never adds more than a few bytes to a block.
    is_lying = any(part.compress_size > 1.01 * part.file_size + 1_000 for part in parts)
    if total > MAX_WORKBOOK_UNPACKED or is_bomb(total, size) or is_lying or len(parts) > MAX_PARTS:
        most = MAX_WORKBOOK_UNPACKED >> 20
        message = f"unpacked it is larger than a workbook may be, {most} MB"
        raise refuse("DECOMPRESSED_SIZE", message, file=name)
    for part in parts:
        if part.filename.endswith((".xml", ".rels", ".rdf")):
            with archive.open(part) as file:
                start = file.read(4_096)
            if not PROLOG.match(start):
                raise refuse("NOT_XLSX", "a part of it declares a document type", file=name)
            yield part.filename, start


def damaged(name: str) -> Refused:
    """It does not unpack."""
    if is_named_workbook(name):
        message = f"it is named {ending_of(name)} but is a damaged archive; send it again"
        return refuse("NOT_XLSX", message, file=name)
    return refuse("ARCHIVE", "it is damaged and cannot be unpacked; send it again", file=name)


@contextmanager
def intact(name: str, otherwise: Refused | None = None) -> Iterator[None]:
    """Raises Refused where an archive does not unpack; what the machine lacks is no damage."""
    try:
        yield
    except UNZIPPING_FAULTS as fault:
        if machine_fault(fault):
            raise
        raise (otherwise or damaged(name)) from None


def gunzipped(packed: Opened, name: str) -> Opened:
    def unpacked() -> BinaryIO:
        source = packed()
        return unpacking(lambda: cast(BinaryIO, gzip.GzipFile(fileobj=source)), name, source)

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
        with intact(self.name):
            data = self.file.read(len(view))
        view[: len(data)] = data
        self.size += len(data)
        packed = self.packed.tell() if self.packed else self.size
        if self.size > MAX_MEMBER_BYTES or is_bomb(self.size, packed):
            raise too_large(self.name)
        return len(data)

    def close(self) -> None:
        self.file.close()
        super().close()


def unpacking(opened: Opened, name: str, packed: BinaryIO | None = None) -> BinaryIO:
    with intact(name):
        return io.BufferedReader(_Unpacking(opened(), packed, name), UNPACKED_AT_ONCE)


def open_plain(path: Path) -> io.BufferedReader:
    """A regular file; a link, pipe or device is never followed or waited for."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


def landed(pending: Pending) -> tuple[Opened, int]:
    """How to open what has landed, and its size; raises Refused where it is not what came."""
    try:
        with open_plain(pending.path) as file:
            size = os.fstat(file.fileno()).st_size
            check_size(size, escaped(pending.name))
            if size > BLOCK:
                digest = hashlib.file_digest(file, "sha256")
                opened: Opened = partial(open_plain, pending.path)
            else:
                data = file.read()
                digest = hashlib.sha256(data)
                opened = partial(io.BytesIO, data)
    except FileNotFoundError:
        raise refuse("UNREADABLE", "its landed bytes are gone; send it again") from None
    if digest.hexdigest() != pending.sha256:
        raise refuse("CHANGED", "it was being written while it was taken in; send it again")
    return opened, size
