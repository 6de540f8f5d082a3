"""Open what a sender sent: unpack within a budget, and say what each file is by its bytes."""

import io
import json
import zipfile
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import BinaryIO, cast

from pydantic import ValidationError

from sightline.warehouse.intake.receive.litter import is_litter
from sightline.warehouse.intake.receive.members import check_kind, is_named_workbook, kind_of
from sightline.warehouse.intake.receive.unpacking import (
    MAX_BUNDLE_BYTES,
    MAX_MEMBER_BYTES,
    gunzipped,
    intact,
    is_bomb,
    too_large,
    unpacking,
)
from sightline.warehouse.problems import Refused, escaped, refuse
from sightline.warehouse.submission import (
    BESIDE,
    BLOCK,
    HEAD,
    MANIFEST,
    Bundle,
    Manifest,
    Member,
    Opened,
)

MAX_MEMBERS = 1_000
MAX_WORKBOOK_BYTES = 64 << 20
# By which an OpenDocument file is known: what it says of itself, or else its parts.
OTHER_DOCUMENT = b"application/vnd.oasis.opendocument."
SPREADSHEET = OTHER_DOCUMENT + b"spreadsheet"
OPEN_DOCUMENT = {"content.xml", "META-INF/manifest.xml"}
MAX_WORDS = 100


def open_bundle(opened: Opened, size: int, name: str) -> Bundle:
    """The manifest and the files inside; raises Refused where it cannot be opened safely."""
    with opened() as file:
        is_archive = kind_of(file.read(HEAD)) == "zip"
    if not is_archive:
        return Bundle(members=tuple(_members(opened, name, name)))
    with intact(name):
        archive = zipfile.ZipFile(opened())
    if _kind_of_workbook(archive, name):
        return Bundle(members=tuple(_workbook(opened, name, name)))
    return _from_archive(archive, size, name)


def _from_archive(
    archive: zipfile.ZipFile, size: int, name: str, *, is_inside: bool = False
) -> Bundle:
    """What an archive holds, or the one archive that it holds beside its manifest."""
    files = [info for info in archive.infolist() if not info.is_dir()]
    _check_listing(files, size, name)
    wanted = sorted(filter(_is_wanted, files), key=lambda info: info.filename)
    said = _manifest_of(wanted)
    manifest = Manifest()
    if said:
        with _unzipped(archive, said, name)() as file:
            manifest = read_manifest(file.read(), escaped(_last(said)))
    tables = [info for info in wanted if info is not said]
    if len(tables) == 1 and not is_inside:
        [info] = tables
        if packed := _archive_in(archive, info, name):
            inner = _from_archive(packed, info.file_size, escaped(_last(info)), is_inside=True)
            return Bundle(_both(manifest, inner.manifest), inner.members)
    members: list[Member] = []
    for info in tables:
        members += _members(_unzipped(archive, info, name), escaped(_last(info)), name)
    return Bundle(manifest, tuple(_payload_as_one(members)))


def _payload_as_one(members: list[Member]) -> list[Member]:
    """Records of children as JSON may come in many files, and are one return."""
    parts = [one for one in members if one.kind == "json"]
    if len(parts) < 2:
        return members
    first = replace(parts[0], opened=partial(_one_after_another, parts))
    return [first, *(one for one in members if one.kind != "json")]


def _one_after_another(parts: list[Member]) -> BinaryIO:
    texts = []
    for one in parts:
        with one.opened() as file:
            data = file.read()
        texts.append(data.decode(json.detect_encoding(data), "replace"))
    return io.BytesIO("\n".join(texts).encode())


def _last(info: zipfile.ZipInfo) -> str:
    return info.filename.rpartition("/")[2]


def _manifest_of(wanted: list[zipfile.ZipInfo]) -> zipfile.ZipInfo | None:
    """The manifest by its name, or by that of the one file that it stands beside."""
    for info in reversed(wanted):
        if _last(info) == MANIFEST:
            return info
    if len(wanted) == 2 and wanted[1].filename == wanted[0].filename + BESIDE:
        return wanted[1]
    return None


def _archive_in(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str
) -> zipfile.ZipFile | None:
    """An archive of tables that lies in another beside its manifest; None for any other file."""
    with intact(escaped(_last(info))):
        with archive.open(info) as file:
            if kind_of(file.read(HEAD)) != "zip":
                return None
        # What is only stored is read where it lies, however large: that is how intake packs.
        if info.file_size > MAX_WORKBOOK_BYTES and info.compress_type != zipfile.ZIP_STORED:
            raise _nested(name)
        is_small = info.file_size <= MAX_WORKBOOK_BYTES
        packed = zipfile.ZipFile(io.BytesIO(archive.read(info)) if is_small else archive.open(info))
    return None if _kind_of_workbook(packed, name) else packed


def _both(beside: Manifest, inside: Manifest) -> Manifest:
    """What the manifests beside and inside an archive say; raises Refused where they differ."""
    said, held = (one.model_dump(exclude_unset=True) for one in (beside, inside))
    if any(held.get(key, value) != value for key, value in said.items()):
        message = "it says otherwise than the manifest inside the archive; send one of them"
        raise refuse("MANIFEST", message, file=MANIFEST)
    return Manifest.model_validate(held | said)


def _unzipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Opened:
    """Small files are unpacked once and for all, larger ones each time that they are read."""
    if info.file_size > BLOCK:
        return lambda: unpacking(lambda: cast(BinaryIO, archive.open(info)), name)
    with intact(name):
        return partial(io.BytesIO, archive.read(info))


def _is_wanted(info: zipfile.ZipInfo) -> bool:
    """Left out: hidden files, and what systems and programs leave beside others."""
    parts = info.filename.replace("\\", "/").split("/")
    return not any(part.startswith(".") or is_litter(part) for part in parts)


def _check_listing(files: list[zipfile.ZipInfo], packed: int, name: str) -> None:
    if len(files) > MAX_MEMBERS:
        raise refuse("ARCHIVE", f"it holds more than {MAX_MEMBERS} files", file=name)
    if any(info.flag_bits & 1 for info in files):
        raise refuse("ARCHIVE", "it is encrypted; send it without a password", file=name)
    paths = [info.filename.replace("\\", "/").split("/") for info in files]
    if any(not path[0] or ".." in path for path in paths):
        raise refuse("ARCHIVE", "it holds a path that leads outside itself", file=name)
    total = sum(info.file_size for info in files)
    too_big = any(info.file_size > MAX_MEMBER_BYTES for info in files)
    if total > MAX_BUNDLE_BYTES or too_big or is_bomb(total, packed):
        raise too_large(name)


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
        opened = gunzipped(opened, name)
        name = name.removesuffix(".gz")
        with opened() as file:
            data = file.read(BLOCK + 1)
        kind = kind_of(data)
        if kind == "gzip":
            raise _nested(bundle_name)
    if kind == "zip":
        return _workbook(opened, name, bundle_name)
    check_kind(kind, data, name)
    if len(data) <= BLOCK:
        opened = partial(io.BytesIO, data)
    return [Member(name, kind, data[:HEAD], opened)]


def _workbook(opened: Opened, name: str, bundle_name: str) -> list[Member]:
    """The sheets of a workbook; raises Refused on an archive of another kind."""
    with opened() as file:
        data = file.read(MAX_WORKBOOK_BYTES + 1)
    if len(data) > MAX_WORKBOOK_BYTES:
        raise too_large(name)
    nested = None if is_named_workbook(name) else _nested(bundle_name)
    with intact(name, nested), zipfile.ZipFile(io.BytesIO(data)) as archive:
        kind = _kind_of_workbook(archive, name)
    if kind is None:
        raise _nested(bundle_name)
    # Few bundles hold workbooks, and what reads them takes long to be imported.
    reader = import_module(f"sightline.warehouse.intake.read.{kind}")
    return [*reader.sheets(partial(io.BytesIO, data), name)]


def _kind_of_workbook(archive: zipfile.ZipFile, name: str) -> str | None:
    """The module that reads an archive which is a workbook; raises Refused on another document."""
    names = archive.namelist()
    if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
        return "workbook"
    said = b""
    if "mimetype" in names:
        with intact(name), archive.open("mimetype") as file:
            said = file.read(MAX_WORDS)
    if said.startswith(SPREADSHEET) or (not said and OPEN_DOCUMENT.issubset(names)):
        return "opendocument"
    if said.startswith(OTHER_DOCUMENT):
        message = "it is an OpenDocument file but no spreadsheet; save the tables as .ods or .xlsx"
        raise refuse("TYPE", message, file=name)
    return None


def _nested(name: str) -> Refused:
    message = "it holds an archive inside an archive; only one alone, with its manifest, is read"
    return refuse("ARCHIVE", message, file=name)
