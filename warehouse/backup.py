"""One consistent copy of a monitor, made while it may be at work; a copy proved and put back.

The state is copied first, in one view of it; then every file that this view names, each held
against its hash. What a run takes away in between makes the copy begin again. The pseudonym key is
never in it, only its fingerprint.
"""

import hashlib
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sightline.warehouse import belonging, clock, database, orphans
from sightline.warehouse import home as homes
from sightline.warehouse.database import File, Server
from sightline.warehouse.errors import WRONG_USE, ConfigurationError, KeyFault, SightlineError
from sightline.warehouse.home import KEY_BYTES, Home, sha256_of
from sightline.warehouse.ledger import releases as ledger_of_releases
from sightline.warehouse.ledger import runs
from sightline.warehouse.ledger import submissions as ledger
from sightline.warehouse.ledger.migrations.upgrade import move_to, snapshot
from sightline.warehouse.ledger.state import State, settings, state_of
from sightline.warehouse.pseudonyms import keys
from sightline.warehouse.release import recovery, vintages
from sightline.warehouse.release import store as releases
from sightline.warehouse.settings import state_url
from sightline.warehouse.timeline import identity_decisions

MANIFEST = "manifest.json"
STATE = "restricted/state.db"
JOURNAL = f"restricted/landing/{orphans.JOURNAL}"
FORMAT = 1
PAUSE = 0.5  # seconds: a run moves what it received in less
TRIES = 5
BLOCK = 1 << 20
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Copy:
    """What the manifest of a copy says."""

    format: int
    made_at: str
    version: str
    monitor: str | None
    key: str | None
    """The fingerprint of the pseudonym key, without which no later file links to earlier ones."""
    numbers: dict[str, int]
    release: dict[str, str] | None
    missing: list[str]
    """What the state names and was not there, or not as it was taken in."""
    files: dict[str, dict[str, Any]]

    @property
    def bytes(self) -> int:
        return sum(int(one["bytes"]) for one in self.files.values())


class _Changed(Exception):
    """A file that the copied state names is another by now, or gone."""


def make(home: Home, folder: Path, progress: Progress) -> Copy:
    """Copy a monitor into a folder that is not there or empty; nothing is left if it fails."""
    target = folder.resolve()
    if target.is_relative_to(home.root.resolve()):
        raise SightlineError("a copy inside the monitor would be lost with it", WRONG_USE)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise SightlineError(f"{folder} is not empty; give a new folder", WRONG_USE)
    State(home.state_db).close()  # of an earlier layout
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        copy = _made(home, unfinished, progress)
        os.sync()
        unfinished.rename(target)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return copy


def read(folder: Path) -> Copy:
    """The manifest of a copy; ConfigurationError where there is none that this version reads."""
    try:
        held = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        copy = Copy(**held)
    except (OSError, ValueError, TypeError):
        raise ConfigurationError(f"{folder} is no copy made by sightline backup") from None
    if copy.format != FORMAT:
        raise ConfigurationError(f"{folder} was copied by another version of Sightline")
    return copy


def faults(folder: Path, copy: Copy, progress: Progress) -> list[str]:
    """What is missing from a copy, not as it was copied, or not of it."""
    found = []
    for number, (name, told) in enumerate(sorted(copy.files.items()), 1):
        path = folder / name
        if not path.is_file():
            found.append(f"{name} is missing")
        elif sha256_of(path) != told["sha256"]:
            found.append(f"{name} is not as it was copied")
        if number % 100 == 0 or number == len(copy.files):
            progress("checking", number, len(copy.files))
    here = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    found += [f"{name} does not belong to it" for name in sorted(here - {MANIFEST, *copy.files})]
    return found


def restore(
    folder: Path, root: Path, progress: Progress, *, key: Path | None = None, replace: bool = False
) -> tuple[Home, list[str]]:
    """Put a copy in the place of a new or empty monitor; what is still to be done by hand.

    With `replace` what stands there is moved aside as a whole, its releases that the copy knows are
    put back, and its originals that the copy does not know become orphans. Call it under the lock
    of a monitor that is there already.
    """
    copy = read(folder)
    wrong = faults(folder, copy, progress)
    if wrong:
        raise SightlineError(f"{folder} is damaged: {wrong[0]} ({len(wrong):,} faults in all)")
    home = homes.at(root)
    is_taken = not _is_empty(home)
    if is_taken and not replace:
        raise ConfigurationError(
            f"{root} holds a monitor already, and what is here would be mixed with the copy; give"
            " a new folder, or --replace to move aside what is here"
        )
    url = state_url(Home(folder))
    server = Server(url) if url else None
    if server is not None and not server.is_empty():
        raise ConfigurationError(f"{server} holds a state already; name an empty database")
    secret = _key_for(home, copy, key)
    home.root.resolve().mkdir(parents=True, exist_ok=True)
    former = _move_aside(home)
    homes.make_folders(home)
    if secret:
        homes.write_secret(home.key, secret)
    # The settings come last: without them there is no monitor yet.
    for number, name in enumerate(sorted(copy.files), 1):
        _put_in_place(folder / name, home, name)
        if number % 100 == 0 or number == len(copy.files):
            progress("restoring", number, len(copy.files))
    if server is not None:
        move_to(server, home.state_db).unlink()
    os.sync()
    left = _joined(home, former)
    if not secret:
        left.append(f"put the key with fingerprint {copy.key} into {home.key}, mode 0600")
    return home, left


@contextmanager
def unpacked(folder: Path, copy: Copy, beside: Path) -> Iterator[Home]:
    """State, rows and settings of a copy as a monitor that can be worked on; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=".sightline-", dir=beside) as work:
        home = homes.at(Path(work))
        homes.make_folders(home)
        for name in copy.files:
            is_rows = name.startswith(("restricted/raw/", "restricted/vintages/"))
            if is_rows or name in (home.config.name, STATE):
                _put_in_place(folder / name, home, name, is_link=is_rows)
        # The originals stay in the copy: they were held against their hashes.
        belonging.write_mark(home.landing, belonging.numbers(File(home.state_db)))
        yield home


def rewind(state: State, release_id: str) -> None:
    """In an unpacked copy, remove what was taken in after a release, on the same day maybe."""
    judged = max((runs.newest_judged(run) for run in runs.of_release(state, release_id)), default=0)
    if judged:
        with state.begin() as connection:
            ledger.remove_after(connection, judged)


def replace_key(home: Home, state: State) -> None:
    """In an unpacked copy, a new key: a run asks for one, and a look back hashes nothing."""
    homes.write_secret(home.key, secrets.token_bytes(KEY_BYTES))
    former, fresh = keys.pinned(state), keys.read(home.key)
    with state.begin() as connection:
        keys.pin(connection, fresh)
        identity_decisions.move_to_key(connection, former, keys.fingerprint(fresh))


def _made(home: Home, target: Path, progress: Progress) -> Copy:
    for _ in range(TRIES):
        try:
            return _copied(home, target, progress, None)
        except _Changed:
            for path in target.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            time.sleep(PAUSE)
    return _copied(home, target, progress, [])


def _copied(home: Home, target: Path, progress: Progress, missing: list[str] | None) -> Copy:
    """What is not there as the state says is listed, or, without a list, raises _Changed."""
    (target / STATE).parent.mkdir(mode=0o700)
    source = database.of(home.state_db)
    if source.is_missing():
        raise ConfigurationError(f"{source} is missing: nothing was taken in yet")
    snapshot(source, target / STATE)
    wanted = _wanted(home, target / STATE)
    for name in (home.config.name, f"restricted/{home.suppression_key.name}"):
        if (home.root / name).is_file():
            wanted[name] = None
    for release in releases.list_releases(home):
        wanted[f"releases/{release.release_id}/{releases.MANIFEST}"] = None
    files = {STATE: _told(target / STATE)}
    for number, (name, expected) in enumerate(sorted(wanted.items()), 1):
        source_path = home.root / (f"published/{name}" if name.startswith("releases/") else name)
        try:
            files[name] = _copy(source_path, target / name, expected)
        except _Changed:
            if missing is None:
                raise
            missing.append(name)
            (target / name).unlink(missing_ok=True)
        if number % 100 == 0 or number == len(wanted):
            progress("copying", number, len(wanted))
    kept = {Path(name).name for name in files}
    lines = [one for one in orphans.journal(home.landing) if one.sha256 in kept]
    _make_folder((target / JOURNAL).parent)
    (target / JOURNAL).write_text("".join(json.dumps(asdict(one)) + "\n" for one in lines))
    files[JOURNAL] = _told(target / JOURNAL)
    copy = _described(target / STATE, files, missing or [])
    (target / MANIFEST).write_text(json.dumps(asdict(copy), indent=2) + "\n", encoding="utf-8")
    return copy


def _wanted(home: Home, state: Path) -> dict[str, str | None]:
    """The files that a copied state names, with their hashes where it knows them.

    Of what was received and has not landed yet, the copy knows nothing: it is still in the inbox.
    """
    wanted: dict[str, str | None] = {}
    with File(state, is_copy=True).written() as connection:
        fresh = home.rotation / home.key.name
        if fresh.is_file() and keys.fingerprint(keys.read(fresh)) == _pinned(connection):
            raise SightlineError("a change of keys is to be finished first: sightline run")
        rows: Any = connection.exec_driver_sql(
            "select submission_id, coalesce(redacted_sha256, sha256), status"
            " from submissions where purged_on is null"
        ).all()
        for number, sha256, status in rows:
            path = f"restricted/landing/{sha256[:2]}/{sha256}"
            if status == "received" and not (home.root / path).is_file():
                connection.exec_driver_sql(
                    f"delete from submissions where submission_id = {number:d}"
                )
            else:
                wanted[path] = sha256
        batches: Any = connection.exec_driver_sql("select distinct batch from submissions").all()
        for (batch,) in batches:
            for found in (
                *home.raw.glob(f"*/{batch}.parquet"),
                home.quarantine / f"{batch}.parquet",
            ):
                if found.is_file():
                    wanted[found.relative_to(home.root).as_posix()] = None
        recorded: Any = connection.exec_driver_sql(
            "select batch, table_name, sha256 from facts"
        ).all()
        for batch, table, sha256 in recorded:
            wanted[f"restricted/raw/{table}/{batch}.parquet"] = sha256
    for history in vintages.files(home):
        wanted[history.relative_to(home.root).as_posix()] = None
    return wanted


def _described(state: Path, files: dict[str, dict[str, Any]], missing: list[str]) -> Copy:
    with File(state).opened() as connection:
        if connection is None:
            raise ConfigurationError(f"{state} is missing")
        row: Any = connection.exec_driver_sql(
            "select release_id, as_of, content_hash from releases where is_current"
        ).first()
        key = _pinned(connection)
    numbers = asdict(belonging.numbers(File(state)))
    return Copy(
        FORMAT,
        clock.now().isoformat(timespec="seconds"),
        version("sightline"),
        numbers.pop("monitor"),
        key,
        numbers,
        dict(zip(("release_id", "as_of", "content_hash"), row, strict=True)) if row else None,
        missing,
        files,
    )


def _make_folder(folder: Path) -> None:
    """With those above it, each for its owner alone."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700)


def _copy(source: Path, target: Path, expected: str | None) -> dict[str, Any]:
    _make_folder(target.parent)
    digest, size = hashlib.sha256(), 0
    try:
        with source.open("rb") as file, target.open("wb") as copy:
            while block := file.read(BLOCK):
                digest.update(block)
                copy.write(block)
                size += len(block)
    except FileNotFoundError:
        raise _Changed(source.name) from None
    if expected not in (None, digest.hexdigest()):
        raise _Changed(source.name)
    target.chmod(0o600)
    return {"sha256": digest.hexdigest(), "bytes": size}


def _told(path: Path) -> dict[str, Any]:
    path.chmod(0o600)
    return {"sha256": sha256_of(path), "bytes": path.stat().st_size}


def _pinned(connection: sa.Connection) -> str | None:
    query = sa.select(settings.c.value).where(settings.c.name == keys.PINNED)
    return connection.execute(query).scalar()


def _is_empty(home: Home) -> bool:
    """A new monitor, to which nothing was sent and in which nobody decided anything."""
    if belonging.has_content(home):
        return False
    state = database.of(home.state_db)
    with state.opened() as connection:
        if connection is None or not belonging.holds_ledger(connection):
            return True
    found = belonging.numbers(state)
    return not (found.submission or found.release or found.run or found.decision)


def _key_for(home: Home, copy: Copy, given: Path | None) -> bytes | None:
    """The key that belongs to a copy: the one given, which must be it, or the one in place."""
    path = given or (home.key if home.key.is_file() else None)
    if path is None:
        return None
    secret = keys.read(path)
    if copy.key in (None, keys.fingerprint(secret)):
        return secret
    if given:
        raise KeyFault(
            f"{path} has fingerprint {keys.fingerprint(secret)}, and the copy belongs to {copy.key}"
        )
    return None


def _move_aside(home: Home) -> Home:
    """What stood here, as a whole; only inbox and messages stay where they are."""
    number = 1
    while (former := home.root / f"former-{number}").exists():
        number += 1
    for path in (home.restricted, home.published, home.config):
        if path.exists():
            former.mkdir(mode=0o700, exist_ok=True)
            path.rename(former / path.name)
    return Home(former)


def _joined(home: Home, former: Home) -> list[str]:
    """Put back what of the former monitor goes with the copy; what is left to be looked at."""
    with state_of(home) as state:
        known = recovery.recorded_releases(state)
        manifests = ledger_of_releases.manifest_hashes(state)
        for folder in sorted(former.releases.glob("[!.]*")):
            is_same = releases.is_readable(folder) and releases.is_whole(
                folder, manifests.get(folder.name)
            )
            if is_same and releases.read(folder).content_hash == known.get(folder.name):
                folder.chmod(0o700)  # a folder can only be moved by who may write to it
                folder.rename(home.releases / folder.name)
                (home.releases / folder.name).chmod(0o550)
        belonging.mark(home, state)
        recovery.recover(home, state)
        with state.read() as connection:
            kept, gone = ledger.kept_and_gone(connection)
    there = [*former.landing.glob("*/*"), *(former.orphans / "originals").glob("*")]
    unknown = [path for path in sorted(there) if path.name not in kept | gone]
    orphans.note(home, [one for one in orphans.journal(former.landing) if one.sha256 not in kept])
    for path in unknown:
        orphans.set_aside(home, path, "originals")
    left = []
    if former.root.exists():
        left.append(f"what was here is in {former.root}; remove it once nothing of it is missed")
    if unknown:
        left.append(
            f"{len(unknown):,} originals came after the copy was made: sightline originals take-in"
        )
    return left


def _put_in_place(source: Path, home: Home, name: str, *, is_link: bool = False) -> None:
    """A file of a copy, at its place in a monitor; release manifests stay in the copy."""
    if name.startswith("releases/"):
        return
    target = home.root / name
    _make_folder(target.parent)
    if is_link:
        try:
            os.link(source, target)
        except OSError:  # another file system, or one without links
            pass
        else:
            return
    shutil.copyfile(source, target)
    is_original = target.parent.parent == home.landing
    target.chmod(0o644 if target == home.config else 0o400 if is_original else 0o600)
