"""Check that state, originals, facts and releases belong together, before anything is touched.

A small mark beside originals, facts and releases holds the highest numbers of the ledger that each
has seen. It is written after the ledger, so that a crash leaves it behind and never ahead: a ledger
below a mark is an older copy. What lies there tells the same where there is no mark yet.
"""

import json
import os
import re
import secrets
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sightline.warehouse import database
from sightline.warehouse.database import REMEDY, Database, StateDamaged
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.home import Home

if TYPE_CHECKING:
    import sqlalchemy as sa

MARK = ".sightline.json"
# In each release: what it says of itself. Beside them, where the file system has no links: a
# one-line file that names the current one.
MANIFEST = "manifest.json"
POINTER = "CURRENT"
# What the state keeps under these names: which monitor this is, what is being erased, and the
# hashes of copies that were replaced.
MONITOR, ERASING, REPLACED = "monitor", "erasing", "replaced"
# How the database engine begins to say that a file, or a block of it, is none of its own.
DAMAGED = ("Corrupt database file", "not a valid DuckDB database", "Could not read enough bytes")
# By number of a mark, the table and column of the ledger that count it; an older layout lacks some.
HIGHEST = {
    "submission": ("submissions", "submission_id"),
    "release": ("releases", "sequence"),
    "run": ("runs", "number"),
    "decision": ("audit", "sequence"),
}
BATCH = re.compile(r"(\d{8})-[0-9a-f]{8}[ab]*")


class Ledger(Protocol):
    """The open state, as far as it is needed here: it asks this module whether it may be opened."""

    def read(self) -> AbstractContextManager[Any]: ...

    def begin(self) -> AbstractContextManager[Any]: ...


class NotTogether(ConfigurationError):
    """The state is missing, older than what lies beside it, or another monitor's."""


@dataclass(frozen=True)
class Numbers:
    """The highest numbers of a ledger: of submissions, releases, runs and decisions."""

    monitor: str | None = None
    submission: int = 0
    release: int = 0
    run: int = 0
    decision: int = 0


def check(home: Home) -> None:
    """Raises StateDamaged or NotTogether in one sentence; reads little and changes nothing."""
    if home.restricted.exists() and not os.access(home.restricted, os.R_OK | os.X_OK):
        return  # who may only read what is published can neither judge the rest nor harm it
    # What a run adds meanwhile must not look like more than the ledger knows: places come first.
    here = _look(home)
    state = database.of(home.state_db)
    with state.opened() as connection:
        known = None if connection is None else _read(connection)
        if connection is None or known is None:
            _refuse_new(state, here)
            return
        is_rewriting = bool(_setting(connection, ERASING)) or home.rotation.exists()
        unknown = here.originals - _hashes(connection)
        has_lost_mark = known.monitor is not None and home.landing not in here.marks
        gone = _kept(connection) - here.originals if has_lost_mark else set()
        lacking = _recorded(connection) - here.facts
    _compare_marks(home, state, known, here.marks)
    # A run that was killed leaves the release that comes next, and leads nobody to it.
    if max(here.newest_release - 1, here.shown) > known.release:
        newest = max(here.newest_release, here.shown)
        _older(state, known.release, "releases", home.releases, newest)
    if here.newest_batch > known.submission:
        _older(state, known.submission, "submissions", home.raw, here.newest_batch)
    if unknown and not is_rewriting:
        raise NotTogether(
            f"{state} is older than {home.landing}, or another monitor's: it does not know"
            f" {len(unknown):,} of the {len(here.originals):,} originals there; {REMEDY}"
        )
    if gone and not is_rewriting:
        raise NotTogether(
            f"{home.landing} lacks {len(gone):,} of the originals that {state} knows;"
            " restore its newest copy. Nothing was changed"
        )
    lost = [] if is_rewriting else [name for name in lacking if not (home.raw / name).exists()]
    if lost:
        raise NotTogether(
            f"{home.raw} is older than {state}: it lacks {len(lost):,} of the files that"
            " the ledger knows; restore its newest copy. Nothing was changed"
        )


def mark(home: Home, state: Ledger) -> None:
    """Tell originals, facts and releases the numbers that the ledger has reached."""
    with state.read() as connection:
        reached = _read(connection) or Numbers()
    monitor = reached.monitor
    if monitor is None:
        monitor = secrets.token_hex(8)
        with state.begin() as connection:
            connection.exec_driver_sql(
                f"insert into settings (name, value) values ('{MONITOR}', '{monitor}')"
            )
        reached = replace(reached, monitor=monitor)
    # What readers see changes with a release alone.
    released = Numbers(monitor, release=reached.release)
    # In this order: a crash leaves the first ahead of the others, never behind them.
    write_mark(home.landing, reached)
    write_mark(home.raw, reached)
    if released.release:
        write_mark(home.published, released)


def write_mark(place: Path, reached: Numbers) -> None:
    """Tell one place the numbers of a ledger."""
    content = json.dumps(asdict(reached)) + "\n"
    place.mkdir(mode=0o700, exist_ok=True)
    path = place / MARK
    if not path.is_file() or path.read_text(encoding="ascii") != content:
        write_whole(path, content)


def marks(home: Home) -> dict[Path, Numbers]:
    """The marks that are there, by place; one that cannot be read counts as none."""
    found = {}
    # The last one written is read first: what is written meanwhile is never behind it.
    for place in reversed(_places(home)):
        try:
            held = json.loads((place / MARK).read_text(encoding="ascii"))
            reached = {name: int(held.get(name, 0)) for name in HIGHEST}
            found[place] = Numbers(str(held["monitor"]), **reached)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def numbers(state: Database) -> Numbers:
    """The highest numbers in a state; StateDamaged where it holds none."""
    with state.opened() as connection:
        found = None if connection is None else _read(connection)
    if found is None:
        raise StateDamaged(f"{state} holds no state")
    return found


def layout(state: Database) -> str | None:
    """The layout of a state, none where there is none yet."""
    with state.opened() as connection:
        if connection is None or not holds_ledger(connection):
            return None
        found = connection.exec_driver_sql("select version_num from alembic_version").scalar()
        return str(found)


def has_content(home: Home) -> bool:
    """Whether anything lies here that a ledger must stand for."""
    here = _look(home)
    return bool(here.marks or here.newest_release or here.facts or here.originals)


def holds_ledger(connection: "sa.Connection") -> bool:
    """Whether the tables of a ledger are there: an empty file is a database without any."""
    table, column = HIGHEST["submission"]
    return column in _columns(connection, table)


def damage_in(fault: BaseException) -> ConfigurationError | None:
    """What to say where a database of the monitor turned out to be damaged; none for other faults.

    The engine quotes no values then, but does not say either which of its files it was.
    """
    one: BaseException | None = fault
    while one is not None:
        if database.is_damage(one):
            return StateDamaged(f"the state is damaged; {REMEDY}")
        is_engine = type(one).__module__ in ("duckdb", "_duckdb")
        if is_engine and any(words in str(one) for words in DAMAGED):
            return ConfigurationError(
                "a release or restricted/warehouse.duckdb is damaged; sightline run sets a damaged"
                " release aside and builds it again; remove warehouse.duckdb if it is still told"
                " then, which is built again too"
            )
        one = one.__cause__ or one.__context__
    return None


def number_of_release(release_id: str) -> int:
    """The sequence at the end of a release's name."""
    found = re.search(r"(\d+)$", release_id)
    return int(found[1]) if found else 0


def first_of_batch(name: str) -> int:
    """The submission that a batch of rows begins with."""
    found = BATCH.match(name)
    return int(found[1]) if found else 0


def write_whole(path: Path, text: str) -> None:
    """A small file, replaced in one step."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _places(home: Home) -> tuple[Path, Path, Path]:
    return (home.landing, home.raw, home.published)


def _read(connection: "sa.Connection") -> Numbers | None:
    """None where no table of a ledger is there: the file was made, and nothing came of it."""
    if not holds_ledger(connection):
        return None
    found = {
        name: _highest(connection, table, column)
        for name, (table, column) in HIGHEST.items()
        if column in _columns(connection, table)
    }
    return Numbers(_setting(connection, MONITOR), **found)


def _highest(connection: "sa.Connection", table: str, column: str) -> int:
    query = f"select max({column}) from {table}"
    return int(connection.exec_driver_sql(query).scalar() or 0)


def _columns(connection: "sa.Connection", table: str) -> set[str]:
    """Those of a table in whatever layout there is; none where it lacks the table."""
    from sqlalchemy import inspect

    found = inspect(connection)
    return {one["name"] for one in found.get_columns(table)} if found.has_table(table) else set()


def _setting(connection: "sa.Connection", name: str) -> str | None:
    query = f"select value from settings where name = '{name}'"
    value = connection.exec_driver_sql(query).scalar()
    return None if value is None else str(value)


def _compare_marks(home: Home, state: Database, known: Numbers, seen: dict[Path, Numbers]) -> None:
    for place, mark_ in seen.items():
        if known.monitor is not None and mark_.monitor != known.monitor:
            raise NotTogether(
                f"{state} is the state of monitor {known.monitor}, but {place} belongs to"
                f" monitor {mark_.monitor}; put back what belongs together. Nothing was changed"
            )
        for name in HIGHEST:
            has_seen = getattr(mark_, name)
            if has_seen > getattr(known, name):
                _older(state, getattr(known, name), f"{name}s", place, has_seen)
        if known.monitor is None:
            raise NotTogether(
                f"{state} is older than {place}: it does not yet know that it belongs to"
                f" monitor {mark_.monitor}; {REMEDY}"
            )
    # Written one after the other: one is never behind the next, unless it is a copy of former days.
    for place, after in pairwise(one for one in _places(home) if one in seen):
        one, other = seen[place], seen[after]
        if any(getattr(one, name) < getattr(other, name) for name in HIGHEST):
            raise NotTogether(
                f"{place} is older than {after}: it has seen {one.submission:,} submissions and"
                f" {one.run:,} runs, {after.name} {other.submission:,} and {other.run:,}; restore"
                " its newest copy. Nothing was changed"
            )


def _older(state: Database, known: int, what: str, place: Path, has_seen: int) -> None:
    raise NotTogether(
        f"{state} is older than {place}: it knows {known:,} {what}, {place.name} has seen"
        f" {has_seen:,}; {REMEDY}"
    )


def _refuse_new(state: Database, here: "Here") -> None:
    """A monitor that nothing was sent to has no state yet; another one has lost it."""
    seen = here.marks.values()
    came = max([here.newest_batch, len(here.originals), *(one.submission for one in seen)])
    released = max([here.newest_release, *(one.release for one in seen)])
    if seen or came or released:
        what = "is empty" if state.is_place() else "is missing"
        raise NotTogether(
            f"{state} {what}, but {came:,} submissions and {released:,} releases were seen"
            f" here; {REMEDY}"
        )


@dataclass(frozen=True)
class Here:
    """What lies beside a state; originals only where no mark tells of them."""

    marks: dict[Path, Numbers]
    newest_release: int
    shown: int
    facts: frozenset[str]
    newest_batch: int
    originals: frozenset[str]


def _look(home: Home) -> Here:
    seen = marks(home)
    in_place = [
        name for name in _names(home.releases) if (home.releases / name / MANIFEST).is_file()
    ]
    facts = frozenset(
        f"{table}/{name}" for table in _names(home.raw) for name in _names(home.raw / table)
    )
    batches = [*(Path(one).name for one in facts), *_names(home.quarantine)]
    landed = [] if home.landing in seen else _names(home.landing)
    originals = {name for folder in landed for name in _names(home.landing / folder)}
    return Here(
        seen,
        max(map(number_of_release, in_place), default=0),
        shown(home),
        facts,
        max(map(first_of_batch, batches), default=0),
        frozenset(name for name in originals if not name.endswith(".tmp")),
    )


def shown(home: Home) -> int:
    """The sequence of the release that readers are led to: it was recorded before they were."""
    folder = pointed_at(home)
    return number_of_release(folder.name) if folder else 0


def pointed_at(home: Home) -> Path | None:
    """The folder of the release that readers are led to, whether it is there or not.

    None where nothing leads them, or to anywhere else than releases/.
    """
    pointer = home.published / POINTER
    try:
        if home.current.is_symlink():
            target = home.published / home.current.readlink()
            is_ours = target.parent.samefile(home.releases)
            return home.releases / target.name if is_ours else None
        name = pointer.read_text(encoding="utf-8", errors="replace").strip()
        is_ours = name == Path(name).name and not name.startswith(".")
        return home.releases / name if is_ours else None
    except (OSError, ValueError):  # a path may hold no zero byte
        return None


def _recorded(connection: "sa.Connection") -> set[str]:
    """The files of facts that the ledger knows; none in a layout that did not say."""
    if not _columns(connection, "facts"):
        return set()
    rows = connection.exec_driver_sql("select table_name, batch from facts").all()
    return {f"{table}/{batch}.parquet" for table, batch in rows}


def _kept(connection: "sa.Connection") -> set[str]:
    """The names of the originals that must be there; one that was only received may still lie in
    the inbox."""
    if not {"redacted_sha256", "purged_on"} <= _columns(connection, "submissions"):
        return set()
    query = (
        "select coalesce(redacted_sha256, sha256) from submissions"
        " where purged_on is null and status <> 'received'"
    )
    return {str(name) for (name,) in connection.exec_driver_sql(query)}


def _hashes(connection: "sa.Connection") -> set[str]:
    """Every hash that the ledger holds, of bytes that are kept or were."""
    found: set[str] = set()
    for column in sorted(_columns(connection, "submissions") & {"sha256", "redacted_sha256"}):
        rows: Any = connection.exec_driver_sql(f"select {column} from submissions")
        found |= {row[0] for row in rows if row[0]}
    return found | set(json.loads(_setting(connection, REPLACED) or "[]"))


def _names(folder: Path) -> list[str]:
    """What lies in a folder but for what is hidden; nothing where there is none."""
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if not entry.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []
