"""Releases on disk: put a draft in place, point readers at it, check, recover, prune.

A release folder is never changed once it is in place.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from warehouse.errors import SightlineError
from warehouse.home import Home
from warehouse.publish import DATABASE, LOCKED, MANIFEST, Draft, verify_database
from warehouse.state import State
from warehouse.state import releases as recorded_releases

POINTER = "CURRENT"  # a one-line file, where the file system has no links
DRAFT = ".draft-"
DOOMED = ".pruned-"


@dataclass(frozen=True)
class Release:
    release_id: str
    folder: Path
    as_of: date
    built_at: str
    content_hash: str
    simulated: bool

    @property
    def database(self) -> Path:
        return self.folder / DATABASE


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
    _freeze(draft.folder)
    draft.folder.rename(folder)
    _sync(home.releases)
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
    except OSError:
        fresh.write_text(f"{release_id}\n", encoding="utf-8")
        fresh.replace(home.published / POINTER)
    else:
        fresh.replace(home.current)
        (home.published / POINTER).unlink(missing_ok=True)
    _sync(home.published)


def current(home: Home) -> Release | None:
    """The release that readers see, found afresh on each call."""
    pointer = home.published / POINTER
    if home.current.is_symlink():
        folder = home.releases / home.current.readlink().name
    elif pointer.is_file():
        folder = home.releases / pointer.read_text(encoding="utf-8").strip()
    else:
        return None
    return _read(folder) if (folder / MANIFEST).is_file() else None


def list_releases(home: Home) -> list[Release]:
    """Every release in place, the newest first."""
    found = [_read(path.parent) for path in home.releases.glob(f"[!.]*/{MANIFEST}")]
    return sorted(found, key=lambda one: (one.built_at, one.release_id), reverse=True)


def find(home: Home, release_id: str) -> Release:
    for release in list_releases(home):
        if release.release_id == release_id:
            return release
    raise SightlineError(f"there is no release {release_id}")


def verify(home: Home, release_id: str) -> bool:
    """Whether the published tables still have the content that the manifest states."""
    release = find(home, release_id)
    try:
        return verify_database(release.database)[1] == release.content_hash
    except (SightlineError, duckdb.Error):
        return False


def recover(home: Home, state: State) -> str | None:
    """Sweep what a killed run left, and lead readers to the newest recorded release; its id."""
    for leftover in home.releases.glob(".*"):
        _remove(leftover)
    with state.read() as connection:
        rows = connection.execute(
            sa.select(recorded_releases.c.release_id, recorded_releases.c.is_current).order_by(
                recorded_releases.c.sequence.desc()
            )
        ).all()
    recorded = {row.release_id for row in rows}
    for release in list_releases(home):
        if release.release_id not in recorded:
            _remove(release.folder)
    return _point_at_newest(home, [row.release_id for row in rows if row.is_current])


def prune(home: Home, keep: int) -> list[str]:
    """Remove all but the newest releases; the current one always stays."""
    shown = current(home)
    kept = {release.release_id for release in list_releases(home)[:keep]}
    if shown:
        kept.add(shown.release_id)
    gone = [release for release in list_releases(home) if release.release_id not in kept]
    for release in gone:
        _remove(release.folder)
    return [release.release_id for release in gone]


def open_published(home: Home) -> duckdb.DuckDBPyConnection:
    """The current release, read-only: no file, network or setting can be reached from its SQL."""
    release = current(home)
    if release is None:
        raise SightlineError("nothing is published yet; run: sightline run")
    return duckdb.connect(str(release.database), read_only=True, config=LOCKED)


def _point_at_newest(home: Home, release_ids: list[str]) -> str | None:
    for release_id in release_ids:
        if (home.releases / release_id / MANIFEST).is_file():
            shown = current(home)
            if shown is None or shown.release_id != release_id:
                point(home, release_id)
            return release_id
    return None


def _read(folder: Path) -> Release:
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return Release(
        manifest["release_id"],
        folder,
        date.fromisoformat(manifest["as_of"]),
        manifest["built_at"],
        manifest["content_hash"],
        manifest["simulated"],
    )


def _freeze(folder: Path) -> None:
    """Bring every byte to the disk and take the right to write away."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file():
            _sync(path)
            path.chmod(0o440)
        else:
            _sync(path)
            path.chmod(0o550)
    _sync(folder)
    folder.chmod(0o550)


def _remove(folder: Path) -> None:
    """Out of sight in one step first, so that a reader never meets half a release."""
    doomed = folder.with_name(f"{DOOMED}{folder.name.lstrip('.')}")
    if folder != doomed:
        folder.rename(doomed)
    for path in (doomed, *doomed.rglob("*")):
        if path.is_dir():
            path.chmod(0o700)
    shutil.rmtree(doomed)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
