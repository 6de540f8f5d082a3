"""Releases on disk: put a draft in place, point readers at it, check, prune.

A release folder is never changed once it is in place.
"""

import csv
import errno
import json
import os
import platform
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from sightline.warehouse import belonging
from sightline.warehouse.errors import WRONG_USE, ConfigurationError, GateFailed, SightlineError
from sightline.warehouse.filesystems import sync
from sightline.warehouse.home import Home, sha256_of
from sightline.warehouse.machine import LACKS, REFUSES, machine_fault
from sightline.warehouse.quoting import quoted
from sightline.warehouse.release.tables import (
    content_hash,
    news_hashes,
    published_tables,
    row_counts,
    table_hashes,
    undescribed,
)

DATABASE = "sightline.duckdb"
MANIFEST, POINTER = belonging.MANIFEST, belonging.POINTER
LOCKED: dict[str, Any] = {"enable_external_access": "false", "lock_configuration": "true"}
DRAFT = ".draft-"
DOOMED = ".pruned-"
# Nobody reads a release that looks back but whoever asked for it, and it can be built again.
LOOK_BACKS = 3
# Why a link cannot be made though there are links here.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES)
# Why something cannot be read that may be whole; a fault of the disk itself is damage.
OUT_OF_REACH = (LACKS | REFUSES) - {errno.EIO}
# What shapes the figures and the files beside our own code.
SHAPED_BY = ("duckdb", "dbt-core", "dbt-duckdb", "dagster", "great-expectations")
# What readers are told of one figure; of which figure it is one in a release.
FIGURE = ("numerator", "denominator", "value", "marker")
KEY = ("indicator", "area_code", "period_type", "source", "breakdown", "period_start")


@dataclass(frozen=True)
class Release:
    release_id: str
    folder: Path
    as_of: date
    built_at: str
    content_hash: str
    simulated: bool
    code_version: str = ""
    looks_back: bool = False
    rules: dict[str, Any] = field(default_factory=dict, hash=False)
    """Of disclosure control, by level of area."""

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    @property
    def sequence(self) -> int:
        """Its number, at the end of its name: what came after what, whatever the clock said."""
        number = re.search(r"\d+$", self.release_id)
        return int(number[0]) if number else 0


@dataclass(frozen=True)
class Draft:
    """A release that nobody can see yet."""

    release_id: str
    folder: Path
    as_of: date
    built_at: datetime
    code_version: str
    simulated: bool
    content_hash: str
    rows: dict[str, int]

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    @property
    def report(self) -> Path:
        return self.folder / "report"


def commit(
    home: Home, draft: Draft, record: Callable[[], None], *, make_current: bool = True
) -> Path:
    """Put the draft in place, have it recorded in the state, then show it to readers.

    A crash before the record leaves a folder that `recover` removes; a crash after it, a pointer
    that `recover` moves.
    """
    folder = place(home, draft)
    record()
    if make_current:
        point(home, draft.release_id)
    return folder


def place(home: Home, draft: Draft) -> Path:
    folder = home.releases / draft.release_id
    if folder.exists():
        raise SightlineError(f"release {draft.release_id} exists already and is never rewritten")
    _fingerprint(draft.folder)
    _freeze(draft.folder)
    draft.folder.rename(folder)
    sync(home.releases)
    return folder


def point(home: Home, release_id: str) -> None:
    """Make `published/current` lead to the release, in one step."""
    target = Path("releases") / release_id
    if not (home.published / target).is_dir():
        raise SightlineError(f"there is no release {release_id}")
    fresh = home.published / ".current"
    fresh.unlink(missing_ok=True)
    try:
        fresh.symlink_to(target, target_is_directory=True)
    except OSError as fault:
        if home.current.is_symlink() or fault.errno in NO_ROOM:
            raise
        fresh.write_text(f"{release_id}\n", encoding="utf-8")
        sync(fresh)
        fresh.replace(home.published / POINTER)
    else:
        fresh.replace(home.current)
        (home.published / POINTER).unlink(missing_ok=True)
    sync(home.published)


def current(home: Home) -> Release | None:
    """The release that readers see, found afresh on each call."""
    folder = belonging.pointed_at(home)
    return read(folder) if folder and (folder / MANIFEST).is_file() else None


def names(home: Home) -> list[str]:
    """What stands in the place of releases, readable or not."""
    return sorted(path.name for path in home.releases.glob("[!.]*"))


def list_releases(home: Home) -> list[Release]:
    """Every release in place that says what it is, the newest first."""
    found = filter(None, (_readable(home.releases / name) for name in names(home)))
    return sorted(found, key=lambda one: (one.sequence, one.release_id), reverse=True)


def table_hashes_of(path: Path) -> dict[str, str]:
    """The content of each table of a published file, as a hash."""
    with opened(path) as connection:
        return table_hashes(connection)


def is_whole(folder: Path, manifest_hash: str | None = None) -> bool:
    """Whether every file of a release is, byte by byte, what was published, its manifest too where
    the ledger has its hash.

    Of one from before its files were fingerprinted it is only seen whether it opens. Raises OSError
    where the machine or the account is at fault and not the release.
    """
    try:
        manifest = manifest_of(read(folder))
        is_another = manifest["release_id"] != folder.name or folder.is_symlink()
        if is_another or manifest_hash not in (None, sha256_of(folder / MANIFEST)):
            return False
        if "files" in manifest:
            return _files(folder) == {
                name: {"sha256": one["sha256"], "bytes": one["bytes"]}
                for name, one in manifest["files"].items()
            }
        opened(folder / DATABASE).close()
    except OSError as fault:
        if fault.errno in OUT_OF_REACH:
            raise
        return False
    except (SightlineError, LookupError, TypeError, AttributeError, duckdb.Error):
        return False
    return True


def is_readable(folder: Path) -> bool:
    """Whether a release says what it is. Raises OSError as `is_whole` does."""
    try:
        read(folder)
    except OSError as fault:
        if fault.errno in OUT_OF_REACH:
            raise
        return False
    except SightlineError:
        return False
    return True


def _readable(folder: Path) -> Release | None:
    try:
        return read(folder)
    except (SightlineError, OSError):
        return None


def _files(folder: Path) -> dict[str, dict[str, Any]]:
    """Hash and size of every file but the manifest, by its path in the release.

    What is no file, as a link or a pipe, has neither.
    """
    found: dict[str, dict[str, Any]] = {}
    for base, folders, names in os.walk(folder, onerror=_raise):
        links = [name for name in folders if (Path(base) / name).is_symlink()]
        for path in (Path(base) / name for name in (*names, *links)):
            if path == folder / MANIFEST:
                continue
            name = path.relative_to(folder).as_posix()
            is_file = path.is_file() and not path.is_symlink()
            found[name] = {
                "sha256": sha256_of(path) if is_file else None,
                "bytes": path.stat().st_size if is_file else None,
            }
    return dict(sorted(found.items()))


def _raise(fault: OSError) -> None:
    raise fault


def _fingerprint(folder: Path) -> None:
    """Write hash, size and rows of every file into the manifest, if there is one."""
    if (folder / MANIFEST).is_file():
        files = _files(folder)
        for name, rows in _rows_in(folder, files):
            files[name]["rows"] = rows
        note(folder, files=files)


def _rows_in(folder: Path, names: Collection[str]) -> Iterator[tuple[str, int]]:
    """How many rows each file of tables holds; pages and documents have none."""
    with duckdb.connect(":memory:") as connection:
        for name in names:
            path = quoted(folder / name)
            if name.endswith(".parquet"):
                counts = f"select num_rows as n from parquet_file_metadata({path})"
            elif name == DATABASE:
                connection.execute(f"attach {path} as release (read_only)")
                tables = connection.execute(
                    "select table_name from duckdb_tables() where database_name = 'release'"
                ).fetchall()
                counts = " union all ".join(
                    f'select count(*) as n from release."{table}"' for (table,) in tables
                )
            else:
                continue
            [(rows,)] = connection.execute(f"select sum(n)::bigint from ({counts})").fetchall()
            yield name, rows
    for name in names:
        if name.endswith(".csv"):
            with (folder / name).open(encoding="utf-8", newline="") as lines:
                yield name, sum(1 for _ in csv.reader(lines)) - 1


def note(folder: Path, **known: Any) -> None:
    """Add to the manifest of a draft what is known of it by now."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8")) | known
    text = json.dumps(manifest, indent=2, default=str) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def versions() -> dict[str, str]:
    """What a release is made with beside our own code."""
    return {"python": platform.python_version()} | {name: version(name) for name in SHAPED_BY}


def manifest_of(release: Release) -> dict[str, Any]:
    """All that a release says of itself."""
    found: dict[str, Any] = json.loads((release.folder / MANIFEST).read_text(encoding="utf-8"))
    return found


def former(home: Home, release: Release) -> Release:
    """The release that was published before this one, of those that are kept."""
    for one in list_releases(home):
        if not one.looks_back and one.sequence < release.sequence:
            return one
    raise SightlineError(f"no release from before {release.release_id} is kept")


def same_figures(one: Path, other: Path) -> bool:
    """Whether two published files give the same figures, whatever they say of them beside."""
    columns = ", ".join((*KEY, *FIGURE))
    with both(one, other) as connection:
        given, shown = (f"select {columns} from {name}.trends" for name in ("old", "new"))
        query = "select not exists ({} except all {}) and not exists ({} except all {})"
        found = connection.execute(query.format(given, shown, shown, given)).fetchone()
    return bool(found and found[0])


def says_the_same(shown: Release, draft: Draft) -> bool:
    """Whether the draft, by the same code, tells readers nothing that the release did not.

    A later date is no news, nor is what comes with it alone.
    """
    if shown.code_version != draft.code_version:
        return False
    return shown.content_hash == draft.content_hash or _news(shown) == _news(draft)


def _news(one: Release | Draft) -> dict[str, str]:
    with opened(one.database) as connection:
        return news_hashes(connection)


def find(home: Home, release_id: str) -> Release:
    for release in list_releases(home):
        if release.release_id == release_id:
            return release
    raise SightlineError(f"there is no release {release_id}", WRONG_USE)


def verify_database(path: Path) -> tuple[dict[str, int], str]:
    """Open a published file as a reader would: its row counts and its content hash."""
    if path.with_name(path.name + ".wal").exists():
        raise GateFailed(f"{path.name} was not closed: a write-ahead log stands beside it")
    with opened(path) as connection:
        tables = {table.name: table for table in published_tables()}
        found = connection.execute("select table_name from duckdb_tables()").fetchall()
        if {name for (name,) in found} != set(tables) or undescribed(connection):
            raise GateFailed(f"{path.name} does not hold exactly the published tables, described")
        counts = row_counts(connection)
        if counts["release"] != 1 or not counts["trends"]:
            raise GateFailed(f"{path.name} holds no trends or does not say which release it is")
        return counts, content_hash(connection)


def verify(home: Home, release_id: str, manifest_hash: str | None = None) -> bool:
    """Whether every file, and the content of the published tables, is what the manifest states, and
    the manifest what the ledger has.

    Of a release that another version made, with other tables or columns, the files alone tell.
    Raises MachineFault where it cannot be read.
    """
    if release_id not in names(home):
        raise SightlineError(f"there is no release {release_id}", WRONG_USE)
    folder = home.releases / release_id
    try:
        release = read(folder)
        if not is_whole(folder, manifest_hash):
            return False
        if not _has_the_columns_of_now(release.database):
            return True
        return verify_database(release.database)[1] == release.content_hash
    except (SightlineError, OSError, duckdb.Error) as fault:
        is_damage = isinstance(fault, OSError) and fault.errno not in OUT_OF_REACH
        if not is_damage and (ours := machine_fault(fault, home.published)):
            raise ours from fault
        return False


def _has_the_columns_of_now(path: Path) -> bool:
    with opened(path) as connection:
        query = "select table_name, column_name from duckdb_columns() where not internal"
        views = "select view_name from duckdb_views() where not internal"
        of_views = {name for (name,) in connection.execute(views).fetchall()}
        found = connection.execute(query).fetchall()
    expected = {(table.name, column) for table in published_tables() for column in table.columns}
    return {one for one in found if one[0] not in of_views} == expected


def superfluous(
    home: Home, keep: int, since: date, until: date, linked: Collection[str] = ()
) -> list[Release]:
    """Releases that need not be kept.

    Kept are the newest `keep`, the last of each month between the two dates, those that messages
    lead to and the current one; of those that look back, the newest few, counted apart.
    """
    shown = current(home)
    published = [one for one in list_releases(home) if not one.looks_back]
    kept = {one.release_id for one in (*published[:keep], shown) if one} | set(linked)
    months = set()
    for one in published:
        month = (one.as_of.year, one.as_of.month)
        if since <= one.as_of <= until and month not in months:
            months.add(month)
            kept.add(one.release_id)
    return [one for one in published if one.release_id not in kept] + superfluous_look_backs(home)


def superfluous_look_backs(home: Home) -> list[Release]:
    """Releases that look back, but for the newest few."""
    return [one for one in list_releases(home) if one.looks_back][LOOK_BACKS:]


def opened(path: Path) -> duckdb.DuckDBPyConnection:
    """A published file, read-only: no file, network or setting can be reached from its SQL."""
    return duckdb.connect(str(path), read_only=True, config=LOCKED)


@contextmanager
def both(old: Path, new: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Two published files at once, as `old` and `new`."""
    with duckdb.connect(":memory:") as connection:
        for name, path in (("old", old), ("new", new)):
            connection.execute(f"attach {quoted(path)} as {name} (read_only)")
        yield connection


def require_current(home: Home) -> Release:
    """The release that readers see; SightlineError where there is none."""
    release = current(home)
    if release is None:
        is_lost = home.current.is_symlink() or bool(names(home))
        why = "readers are led to no release" if is_lost else "nothing is published yet"
        raise SightlineError(f"{why}; run: sightline run")
    return release


def published_file(home: Home) -> Path:
    """The database that readers see.

    Raises ConfigurationError where it is not, to the byte, what was published.
    """
    release = require_current(home)
    try:
        told = manifest_of(release).get("files", {}).get(DATABASE)
        if told is None or told["sha256"] == sha256_of(release.database):
            return release.database
    except OSError:
        if not _is_pruned(home, release.database):
            raise
        return published_file(home)
    raise ConfigurationError(
        f"{release.database} is not what was published; sightline run sets it aside and leads"
        " readers to one that is"
    )


def open_published(home: Home) -> duckdb.DuckDBPyConnection:
    """The database that readers see, open for them; raises what `published_file` does."""
    path = published_file(home)
    try:
        return opened(path)
    except duckdb.IOException:
        if not _is_pruned(home, path):
            raise
        return open_published(home)


def _is_pruned(home: Home, database: Path) -> bool:
    """Whether a file is gone since readers were led on just now."""
    newer = current(home)
    return newer is not None and newer.database != database


def read(folder: Path) -> Release:
    """A release from its manifest; ConfigurationError where that does not say what it is."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return Release(
            manifest["release_id"],
            folder,
            date.fromisoformat(manifest["as_of"]),
            manifest["built_at"],
            manifest["content_hash"],
            manifest["simulated"],
            manifest["code_version"],
            manifest.get("looks_back", False),
            manifest.get("rules", {}),
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ConfigurationError(
            f"{folder / MANIFEST} is damaged; sightline run sets this release aside"
        ) from None


def _freeze(folder: Path) -> None:
    """Bring every byte to the disk and take the right to write away."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file():
            sync(path)
            path.chmod(0o440)
        else:
            sync(path)
            path.chmod(0o550)
    sync(folder)
    folder.chmod(0o550)


def remove(folder: Path) -> None:
    """Out of sight in one step first, so that a reader never meets half a release."""
    doomed = folder.with_name(f"{DOOMED}{folder.name.lstrip('.')}")
    if folder != doomed:
        folder.rename(doomed)
    for path in (doomed, *doomed.rglob("*")):
        if path.is_dir():
            path.chmod(0o700)
    shutil.rmtree(doomed)
