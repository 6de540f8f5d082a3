"""Move what senders dropped into the landing store, by hash; the ledger is told before."""

import errno
import hashlib
import io
import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO

from sightline.warehouse import belonging, orphans
from sightline.warehouse.home import Home
from sightline.warehouse.intake.receive.litter import UNFINISHED_FOLDERS, is_litter, is_unfinished
from sightline.warehouse.intake.receive.unpacking import MAX_BUNDLE_BYTES, open_plain
from sightline.warehouse.ledger import submissions as ledger
from sightline.warehouse.ledger.state import State
from sightline.warehouse.machine import is_lacking
from sightline.warehouse.problems import escaped
from sightline.warehouse.submission import BESIDE, MANIFEST

# The sender of what lies in no sender's folder.
UNKNOWN = "unknown"
CHUNK = 500
COPIED_AT_ONCE = 1 << 20
STAMP = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Entry:
    """One thing in a sender's folder: a file, a file with its manifest beside it, or a folder."""

    sender: str
    path: Path
    manifest: Path | None = None

    @property
    def label(self) -> str:
        return escaped(f"{self.sender}/{self.path.name}")


Mark = tuple[int, ...]


@dataclass(frozen=True)
class Arrival:
    """An entry that was read: its hash, the archive where it had to be packed into one, and by
    which marks each of its files would be known again."""

    entry: Entry
    sha256: str
    packed: Path | None
    marks: dict[Path, Mark]


@dataclass
class Landed:
    """What came of a look into the inbox."""

    new: int = 0
    repeated: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)


class UnsafeError(Exception):
    """Not a plain file, or one that cannot be read or taken away; the text says why."""


@contextmanager
def _from_sender() -> Iterator[None]:
    """Raises UnsafeError for what a sender's file does not allow; what the machine lacks, as it
    is."""
    try:
        yield
    except OSError as fault:
        if is_lacking(fault):
            raise
        reason = os.strerror(fault.errno) if fault.errno else "it cannot be read"
        raise UnsafeError(reason) from None


def land(home: Home, state: State, received_on: date) -> Landed:
    """Empty the inbox into the landing store; bytes that came before only go away."""
    landed = Landed()
    entries = [_entry(sender, path) for sender, path in sent(home.inbox)]
    with state.begin() as connection:
        number = ledger.begin_intake(connection) if entries else 0
    for chunk in _chunks(entries, CHUNK):
        arrivals = list(_read(chunk, home.spool, landed))
        came = [(one.entry.sender, one.sha256, one.entry.path.name) for one in arrivals]
        with state.begin() as connection:
            known = ledger.receive(connection, came, received_on, number)
        orphans.note(home, _lines(arrivals, known, received_on))
        for arrival, before in zip(arrivals, known, strict=True):
            was_there = before == ledger.ERASED or _move(home, arrival)
            _clear(arrival)
            if before in ("accepted", ledger.ERASED) or (before == "received" and was_there):
                landed.repeated.append(arrival.entry.label)
            else:
                landed.new += 1
        belonging.mark(home, state)
    with state.begin() as connection:
        ledger.end_landing(connection)
    if landed.new:
        os.sync()
    return landed


def _lines(
    arrivals: Sequence[Arrival], known: Sequence[str | None], received_on: date
) -> Iterator[orphans.Landing]:
    """What the journal says of bytes that are about to be kept."""
    for arrival, before in zip(arrivals, known, strict=True):
        if before != ledger.ERASED:
            entry = arrival.entry
            yield orphans.Landing(
                arrival.sha256, entry.sender, entry.path.name, received_on.isoformat()
            )


def arrival_of(path: Path, folder: Path) -> Arrival | None:
    """A path outside an inbox, read as if it had been dropped into one; packed into `folder`."""
    return _arrival(_entry("", path), folder)


def sent(inbox: Path) -> Iterator[tuple[str, Path]]:
    """What lies in an inbox for intake, behind the name of its sender's folder; nothing is
    opened."""
    for path in sorted(inbox.iterdir()):
        if not _is_sent(path):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from ((path.name, entry) for entry in sorted(path.iterdir()) if _is_sent(entry))
        else:
            yield UNKNOWN, path


def _entry(sender: str, path: Path) -> Entry:
    beside = path.with_name(path.name + BESIDE)
    try:
        has_manifest = beside.is_file()
    except OSError:  # the name with its ending is longer than a name can be
        has_manifest = False
    return Entry(escaped(sender), path, beside if has_manifest else None)


def _is_sent(path: Path) -> bool:
    name = path.name
    is_beside = name == MANIFEST or name.endswith(BESIDE)
    return not (is_unfinished(name) or is_litter(name) or is_beside)


def _read(entries: Iterable[Entry], folder: Path, landed: Landed) -> Iterator[Arrival]:
    for entry in entries:
        try:
            _check_rights(entry)
            arrival = _arrival(entry, folder)
        except UnsafeError as fault:
            landed.unreadable.append((entry.label, str(fault)))
        else:
            if arrival:
                yield arrival


def _check_rights(entry: Entry) -> None:
    """Raises UnsafeError where it could not be taken away once it has landed."""
    folders = [entry.path.parent]
    if entry.path.is_dir() and not entry.path.is_symlink():
        folders += [Path(base) for base, _, _ in os.walk(entry.path)]
    for folder in folders:
        if not os.access(folder, os.W_OK | os.X_OK):
            inside = escaped(str(folder.relative_to(entry.path.parent.parent)))
            raise UnsafeError(
                f"the account that runs Sightline may not write to {inside}, so it cannot be"
                " taken away; nothing of it was read"
            )


def _arrival(entry: Entry, folder: Path) -> Arrival | None:
    """None where a folder is empty or still being filled."""
    if entry.path.is_dir() and not entry.path.is_symlink():
        with _from_sender():
            files = files_below(entry.path)
            size = sum(file.lstat().st_size for file in files)
        if not is_whole(files):
            return None
        if size > MAX_BUNDLE_BYTES:
            raise UnsafeError(f"it holds more than {MAX_BUNDLE_BYTES >> 30} GB; send less at once")
        content = {str(file.relative_to(entry.path)): file for file in files}
    elif entry.manifest:
        content = {entry.path.name: entry.path, MANIFEST: entry.manifest}
    else:
        with _from_sender():
            digest, mark = _digest(entry.path)
        return Arrival(entry, digest, None, {entry.path: mark})
    packed, marks = _packed(content, folder)
    return Arrival(entry, _digest(packed)[0], packed, marks)


def files_below(folder: Path) -> list[Path]:
    """The files of a bundle, without what programs leave beside them.

    Raises UnsafeError where a folder in it is a link, and OSError where one cannot be read.
    """
    found = []
    for base, folders, names in os.walk(folder, onerror=_fail):
        folders[:] = [name for name in folders if not _is_passed_over(name)]
        if any((Path(base) / name).is_symlink() for name in folders):
            raise UnsafeError("it holds a link; copy the files themselves")
        found += [Path(base) / name for name in names if not is_litter(name)]
    return sorted(found)


def is_whole(files: Sequence[Path]) -> bool:
    """Whether there are files, none of which is still being written."""
    return bool(files) and not any(
        is_unfinished(file.name) or file.parent.name in UNFINISHED_FOLDERS for file in files
    )


def _is_passed_over(folder: str) -> bool:
    is_hidden = folder.startswith(".") and folder not in UNFINISHED_FOLDERS
    return is_hidden or is_litter(folder)


def _fail(fault: OSError) -> None:
    raise fault


def _digest(path: Path) -> tuple[str, Mark]:
    with _opened(path) as file:
        mark = _mark(os.fstat(file.fileno()))
        return hashlib.file_digest(file, "sha256").hexdigest(), mark


def _mark(found: os.stat_result) -> Mark:
    """What is another when a file was replaced or written to."""
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def _is_as_read(path: Path, mark: Mark) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and _mark(found) == mark


def _opened(path: Path) -> io.BufferedReader:
    """A regular file without another name, open; no link is followed, no pipe waited for."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as fault:
        if fault.errno == errno.ELOOP:
            raise UnsafeError("it is a link, not a file; copy the file itself") from None
        raise
    file = os.fdopen(handle, "rb")
    found = os.fstat(handle)
    if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
        return file
    file.close()
    if stat.S_ISREG(found.st_mode):
        raise UnsafeError("it is linked to by another name; copy the file itself")
    raise UnsafeError("it is a device, pipe or socket, not a file; copy the file itself")


def _packed(content: dict[str, Path], folder: Path) -> tuple[Path, dict[Path, Mark]]:
    """A zip whose bytes follow from the names and contents alone, and the marks of its files."""
    handle, name = tempfile.mkstemp(".zip", dir=folder)
    packed = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            marks = _pack(content, out)
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        packed.unlink()
        raise
    return packed, marks


def _pack(content: dict[str, Path], out: BinaryIO) -> dict[Path, Mark]:
    marks = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, path in sorted(content.items()):
            entry = zipfile.ZipInfo(name, STAMP)
            entry.create_system = 3
            with _from_sender():
                file = _opened(path)
            with file:
                found = os.fstat(file.fileno())
                entry.file_size, marks[path] = found.st_size, _mark(found)
                with archive.open(entry, "w") as member:
                    for data in _bytes_of(file):
                        member.write(data)
    return marks


def _bytes_of(file: BinaryIO) -> Iterator[bytes]:
    while True:
        with _from_sender():
            data = file.read(COPIED_AT_ONCE)
        if not data:
            return
        yield data


def _move(home: Home, arrival: Arrival) -> bool:
    """Whether the same bytes were there before.

    What was replaced or taken away since it was read does not land: it stays for the next run.
    """
    target = home.original(arrival.sha256)
    if target.exists():
        return True
    if not target.parent.exists():
        target.parent.mkdir(mode=0o700)
    try:
        _rename(arrival, target)
    except FileNotFoundError:
        if arrival.packed:
            raise
    else:
        if target.exists():
            target.chmod(0o400)
    return False


def _rename(arrival: Arrival, target: Path) -> None:
    path = arrival.entry.path
    try:
        (arrival.packed or path).rename(target)
    except OSError as fault:
        if fault.errno != errno.EXDEV:
            raise
        _copy(arrival, target)
    else:
        if not arrival.packed and not _is_as_read(target, arrival.marks[path]):
            _put_back(target, path)


def _put_back(target: Path, path: Path) -> None:
    """What turned out to be something else, for the next run; beside what took its name."""
    place, number = path, 1
    while os.path.lexists(place):
        number += 1
        place = path.with_name(f"{path.stem} ({number}){path.suffix}")
    target.rename(place)


def _copy(arrival: Arrival, target: Path) -> None:
    unfinished = target.with_suffix(".tmp")
    try:
        with (
            open_plain(arrival.packed or arrival.entry.path) as original,
            unfinished.open("wb") as file,
        ):
            shutil.copyfileobj(original, file, COPIED_AT_ONCE)
            file.flush()
            os.fsync(file.fileno())
        if _digest(unfinished)[0] == arrival.sha256:
            unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _clear(arrival: Arrival) -> None:
    """Take away what is now in the landing store, and nothing that came or changed meanwhile."""
    if arrival.packed:
        arrival.packed.unlink(missing_ok=True)
    for path, mark in arrival.marks.items():
        if _is_as_read(path, mark):
            path.unlink()
    folder = arrival.entry.path
    if folder.is_dir() and not folder.is_symlink():
        for base, folders, _ in os.walk(folder):
            for name in filter(_is_passed_over, folders):
                shutil.rmtree(Path(base) / name, ignore_errors=True)
        for base, _, names in os.walk(folder, topdown=False):
            for name in filter(is_litter, names):
                (Path(base) / name).unlink(missing_ok=True)
            with suppress(OSError):  # something else is in it
                Path(base).rmdir()


def _chunks(entries: Sequence[Entry], size: int) -> Iterator[Sequence[Entry]]:
    for start in range(0, len(entries), size):
        yield entries[start : start + size]
