"""What the machine or the account lacks: memory, disk, file handles, rights. It is our fault, to be
mended by whoever keeps the machine, and never a sender's."""

import contextlib
import errno
import os
import re
import resource
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from sightline.warehouse.errors import MachineFault, SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.quotas import memory
from sightline.warehouse.settings import Settings, bytes_of

# Faults that reading a file never has by itself.
LACKS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EROFS}
)
# Those that our own folders may have besides.
REFUSES = frozenset({errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE, errno.ENODEV})
# Those that whoever set up the folders has to mend.
RIGHTS = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
CONFIGURATION = 3
SPILL = "max_temp_directory_size"
# How engines and libraries say the same; their words may quote data and are never shown.
WORDS = {
    "no space left on device": errno.ENOSPC,
    "database or disk is full": errno.ENOSPC,
    SPILL: errno.ENOSPC,
    "disk quota exceeded": errno.EDQUOT,
    "file too large": errno.EFBIG,
    "too many open files in system": errno.ENFILE,
    "too many open files": errno.EMFILE,
    "read-only file system": errno.EROFS,
    "readonly database": errno.EROFS,
    "permission denied": errno.EACCES,
    "operation not permitted": errno.EPERM,
    "input/output error": errno.EIO,
    "disk i/o error": errno.EIO,
    "out of memory": errno.ENOMEM,
    "cannot allocate memory": errno.ENOMEM,
    "could not allocate": errno.ENOMEM,
    "failed to allocate": errno.ENOMEM,
    "bad_alloc": errno.ENOMEM,
    "bad allocation": errno.ENOMEM,
    "failed to map segment": errno.ENOMEM,
    "can't start new thread": errno.ENOMEM,
    "thread constructor failed": errno.ENOMEM,
    "resource temporarily unavailable": errno.ENOMEM,
    "error -4 while": errno.ENOMEM,
    "unable to open database file": errno.EACCES,
}
# Faults of engines and of Python whose words are those of the machine; others quote what was read.
MAY_SAY_SO = (
    "IOException", "OutOfMemoryException", "TransactionException", "FatalException",
    "InternalException", "HTTPException", "OperationalError", "DbtDatabaseError", "RuntimeError",
    "ImportError", "SystemError", "error", "ExpatError", "XMLSyntaxError",
)  # fmt: skip
# The same in the words of the engine.
ENGINE_SAYS = ("Out of Memory", "IO", "TransactionContext", "FATAL", "INTERNAL")
PATH = re.compile(r'"(/[^"\n]+)"')
ENGINE_LIMIT = re.compile(r"\d[\d.]* [KMGT]?i?B/(\d[\d.]* [KMGT]?i?B) used")
# What must still be there for a fault that nobody foresaw to be one of the file being read.
ROOM_BYTES, ROOM_FILES, ROOM_ON_DISK = 64 << 20, 16, 1 << 20
NOTHING_LOST = "nothing is lost, and the next run goes on with what waits"


def is_lacking(fault: OSError) -> bool:
    """Whether the machine is at its end, and not the file that was to be read."""
    return fault.errno in LACKS


def machine_fault(fault: BaseException, *folders: Path) -> MachineFault | None:
    """What the machine lacked when this was raised, as one sentence; None where it was no such
    fault. Of the folders the one that is named is that which the fault is about, or the first."""
    for one in _chain(fault):
        if isinstance(one, MachineFault):
            return one
        if isinstance(one, SightlineError):
            return None
        if isinstance(one, BrokenProcessPool):
            return worker_lost()
        if number := _number(one):
            code = CONFIGURATION if number in RIGHTS else None
            return MachineFault(f"{_sentence(number, one, folders)}; {NOTHING_LOST}", code)
    return None


def said_in(text: str, *folders: Path) -> MachineFault | None:
    """The same of the words that dbt keeps of a fault of the database engine."""
    is_engines = any(f"{kind} Error" in text for kind in ENGINE_SAYS)
    return machine_fault(RuntimeError(text), *folders) if is_engines else None


def no_room(folder: Path) -> MachineFault | None:
    """What to say of any fault that comes up where there is no room for ordinary work."""
    if has_room(folder):
        return None
    return MachineFault(
        f"memory, disk or file handles ran out: {size(free_in(folder))} are free in {folder};"
        f" {NOTHING_LOST}"
    )


def worker_lost() -> MachineFault:
    """A process that was reading has been killed from outside."""
    return MachineFault(
        "the system ended a process that was reading, most likely for want of memory:"
        f" {_size(memory())} were there for this account; {NOTHING_LOST}"
    )


def has_room(folder: Path) -> bool:
    """Whether there still is memory, disk in a folder and file handles for ordinary work."""
    try:
        bytearray(ROOM_BYTES)
        with contextlib.ExitStack() as files:
            for _ in range(ROOM_FILES):
                files.enter_context(Path(os.devnull).open("rb"))
            written = files.enter_context(tempfile.TemporaryFile(dir=folder))
            written.write(bytes(ROOM_ON_DISK))
            written.flush()
    except (MemoryError, OSError):
        return False
    return True


def free_in(folder: Path) -> int:
    """Bytes that this account may still write there, or in the nearest folder that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def check_room(home: Home, settings: Settings) -> None:
    """Raises MachineFault where a run may fill a disk: before it has touched anything."""
    wanted: dict[int, int] = {}
    folder_on: dict[int, Path] = {}
    for folder, need in _needs(home):
        disk = folder.stat().st_dev
        wanted[disk] = wanted.get(disk, 0) + need
        folder_on.setdefault(disk, folder)
    for disk, need in wanted.items():
        folder, free = folder_on[disk], free_in(folder_on[disk])
        if free < (need := need + bytes_of(settings.least_free)):
            raise MachineFault(
                f"the disk is too full for a run: {size(free)} free in {folder}, {size(need)}"
                f" needed; {NOTHING_LOST}"
            )


def _needs(home: Home) -> Iterator[tuple[Path, int]]:
    """How much a run may add below each folder: measured at most about twice what waits, the work
    file beside the last one, and a release beside the last."""
    yield home.restricted, 2 * _held_in(home.inbox) + 2 * _size_of(home.warehouse_db)
    yield home.published, 2 * _held_in(home.current) if home.current.exists() else 0


def _held_in(folder: Path) -> int:
    names = ((base, name) for base, _, files in os.walk(folder) for name in files)
    return sum(_size_of(Path(base) / name) for base, name in names)


def _size_of(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def size(count: int) -> str:
    """Bytes as people say them."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= unit / 10:
            return f"{count / unit:.1f} {name}"
    return f"{count} bytes"


def _chain(fault: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        yield fault
        fault = fault.__cause__ or fault.__context__


def _number(fault: BaseException) -> int | None:
    if isinstance(fault, MemoryError):
        return errno.ENOMEM
    if isinstance(fault, OSError) and fault.errno in LACKS | REFUSES:
        return fault.errno
    if type(fault).__name__ not in MAY_SAY_SO:
        return None
    text = str(fault).lower()
    return next((number for words, number in WORDS.items() if words in text), None)


def _sentence(number: int, fault: BaseException, folders: tuple[Path, ...]) -> str:
    folder = _place(fault, folders)
    match number:
        case errno.ENOMEM:
            if limit := ENGINE_LIMIT.search(str(fault)):
                return (
                    f"the database engine needed more memory than it may use, {limit[1]}; give the"
                    " machine more, or raise memory_limit in sightline.toml"
                )
            return f"memory ran out: {_size(memory())} were there for this account"
        case errno.EMFILE:
            most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            return f"too many files are open: a process of this account may open {most} (ulimit -n)"
        case errno.ENFILE:
            return "too many files are open on this machine"
        case errno.EFBIG:
            most = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
            told = "" if most < 0 else f", {size(most)} (ulimit -f)"
            return f"a file in {folder} grew beyond what this account may write{told}"
        case errno.EDQUOT:
            return f"the quota of this account in {folder} is used up"
        case errno.ENOSPC if SPILL in str(fault):
            limit = ENGINE_LIMIT.search(str(fault))
            return (
                "the database engine needed more disk beside its memory than it may use,"
                f" {limit[1] if limit else 'as settings say'}: {size(free_in(folder))} are free in"
                f" {folder}; free some, or raise memory_limit in sightline.toml"
            )
        case errno.ENOSPC:
            return f"the disk is full: {size(free_in(folder))} are free in {folder}"
        case errno.EIO:
            # Which SQLite says of a full disk too.
            return f"{folder}, where {size(free_in(folder))} are free, cannot be read or written"
        case errno.EROFS:
            return f"{folder} cannot be written to: its file system is mounted for reading alone"
        case _:
            return f"{folder} cannot be read or written ({os.strerror(number).lower()})"


def _place(fault: BaseException, folders: tuple[Path, ...]) -> Path:
    """Which of the folders a fault is about. Its own path may hold a name that a sender chose."""
    named = getattr(fault, "filename", None)
    found = PATH.search(str(fault))
    path = Path(os.fsdecode(named) if isinstance(named, str | bytes) else found[1] if found else "")
    within = [one for one in folders if path.is_relative_to(one)]
    if within:
        return max(within, key=lambda one: len(one.parts))
    return folders[0] if folders else Path(tempfile.gettempdir())


def _size(count: int | None) -> str:
    return size(count) if count else "an unknown amount"
