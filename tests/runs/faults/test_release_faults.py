"""Releases placed, shown and pruned while readers look and the machine fails: one whole release at
any time, and in the end the same as if nothing had happened."""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from sightline.warehouse import home as homes
from sightline.warehouse.errors import MachineFault, SightlineError
from sightline.warehouse.home import Home, sha256_of
from sightline.warehouse.ledger.state import State, runs
from sightline.warehouse.ledger.state import releases as recorded
from sightline.warehouse.release import store, verifying, vintages
from sightline.warehouse.release.recovery import recover, set_aside_damaged

RELEASES, KEPT, ROWS = 50, 4, 500
AS_OF = date(2026, 10, 20)
RULES = {"region": {"base": 10}}


class Killed(BaseException):
    """What no handler of ours catches, as little as SIGKILL."""


def draft(home: Home, number: int) -> store.Draft:
    """A release with as much in it as readers need to tell it from any other."""
    name = f"{AS_OF}.{number}"
    folder = home.releases / f".draft-{name}"
    (folder / "report").mkdir(parents=True)
    (folder / "report" / "index.html").write_text(f"<p>{name}</p>")
    columns = ", ".join(f"{one} {kind}" for one, kind in vintages.COLUMNS.items())
    with duckdb.connect(str(folder / store.DATABASE)) as connection:
        connection.execute(f"create table release as select '{name}' as release_id")
        connection.execute(f"create table trends as select {number} as n from range({ROWS})")
        connection.execute(f"create table trends_vintages ({columns})")
        connection.execute(f"copy trends to '{folder}/trends.parquet'")
    manifest = {
        "release_id": name, "as_of": AS_OF.isoformat(), "built_at": "2026-10-20",
        "content_hash": f"{number:064}", "simulated": True, "code_version": "1",
    }  # fmt: skip
    (folder / store.MANIFEST).write_text(json.dumps(manifest))
    return described(home, number)


def described(home: Home, number: int) -> store.Draft:
    name, built_at = f"{AS_OF}.{number}", datetime(2026, 10, 20, tzinfo=UTC)
    folder = home.releases / f".draft-{name}"
    return store.Draft(name, folder, AS_OF, built_at, "1", True, f"{number:064}", {})


def copied(home: Home, number: int, folder: Path) -> store.Draft:
    made = described(home, number)
    shutil.copytree(folder, made.folder)
    return made


def release(home: Home, state: State, number: int) -> None:
    """What the last step of a run does with a draft."""
    made = draft(home, number)
    publish(home, state, made, number)


def publish(home: Home, state: State, made: store.Draft, number: int) -> None:
    store.note(made.folder, rules=RULES)
    about = vintages.About(RULES, [(made.release_id, AS_OF.isoformat())], 0)
    vintages.keep(home, made.release_id, made.database, about)
    store.commit(home, made, lambda: record(home, state, made, number))
    vintages.sweep(home, state)


def record(home: Home, state: State, made: store.Draft, number: int) -> None:
    manifest_hash = sha256_of(home.releases / made.release_id / store.MANIFEST)
    row = {
        "release_id": made.release_id, "sequence": number, "built_at": made.built_at,
        "as_of": AS_OF, "content_hash": made.content_hash, "code_version": "1",
        "simulated": True, "is_current": True,
        "table_hashes": {store.MANIFEST: manifest_hash},
    }  # fmt: skip
    run = {
        "run_id": made.release_id, "number": number, "started_at": made.built_at,
        "as_of": AS_OF, "outcome": "released", "release_id": made.release_id, "detail": {},
    }  # fmt: skip
    with state.begin() as connection:
        connection.execute(sa.update(recorded).values(is_current=False))
        connection.execute(sa.insert(recorded).values(row))
        connection.execute(sa.insert(runs).values(run))


def shown(home: Home) -> str | None:
    found = store.current(home)
    return found.release_id if found else None


def bytes_of(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A monitor that has published one release."""
    home = homes.create(tmp_path_factory.mktemp("ready") / "monitor")
    release(home, State(home.state_db), 1)
    return home.root


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the draft of the release after it."""
    return draft(homes.create(tmp_path_factory.mktemp("second") / "monitor"), 2).folder


@pytest.fixture
def home(tmp_path: Path, ready: Path) -> Home:
    shutil.copytree(ready, tmp_path / "monitor", symlinks=True)
    return Home(tmp_path / "monitor")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, ready: Path, second: Path) -> Path:
    """A monitor that has published two releases."""
    root = tmp_path_factory.mktemp("two") / "monitor"
    shutil.copytree(ready, root, symlinks=True)
    home = Home(root)
    publish(home, State(home.state_db), copied(home, 2, second), 2)
    return root


@pytest.fixture
def after_two(tmp_path: Path, two: Path) -> Home:
    shutil.copytree(two, tmp_path / "monitor", symlinks=True)
    return Home(tmp_path / "monitor")


READER = f"""
import sys, time
from pathlib import Path
import duckdb
from sightline.warehouse.home import Home
from sightline.warehouse.release import store

home, how, stop = Home(Path(sys.argv[1])), sys.argv[2], Path(sys.argv[3])
ASK = "select min(n), max(n), count(*), (from release) from trends"

def opened():
    if how == "by the pointer":
        return duckdb.connect(str(home.current / store.DATABASE), read_only=True)
    return store.open_published(home)

seen, before = [], None
while not stop.exists():
    with opened() as connection:
        first = connection.execute(ASK).fetchall()
        time.sleep(0.05 if how == "held" else 0.01)
        assert connection.execute(ASK).fetchall() == first, "another release under an open hand"
    [(least, most, rows, release)] = first
    assert (least, rows) == (most, {ROWS}), "two releases at once"
    assert release.endswith(f".{{most}}"), "the name of another release"
    assert before is None or most >= before, "back to a former release"
    before = most
    seen.append(most)
print(len(seen), len(set(seen)))
"""


def test_readers_that_open_hold_and_reopen_see_one_whole_release(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults 63, 70 and 85: fifty releases are made and pruned under readers, none of whom meets an
    error, two releases at once or a former one again; what is kept does not grow."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # nothing is cut off here
    stop = home.root / "stop"
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(home.root), how, str(stop)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for how in ("by the pointer", "by the store", "held")
    ]
    try:
        state = State(home.state_db)
        with store.open_published(home) as oldest:
            for number in range(2, RELEASES + 1):
                release(home, state, number)
                for old in store.list_releases(home)[KEPT:]:
                    store.remove(old.folder)
            assert oldest.execute("select distinct n from trends").fetchall() == [(1,)]
    finally:
        stop.touch()
        said = [reader.communicate(timeout=60) for reader in readers]
    assert [(reader.returncode, err) for reader, (_, err) in zip(readers, said, strict=True)] == [
        (0, "")
    ] * len(readers)
    assert all(int(out.split()[1]) > 3 for out, _ in said), said
    assert len(list(home.releases.iterdir())) == KEPT
    assert len(vintages.files(home)) == vintages.KEPT


STEPS = {
    os: ("fsync",),
    Path: ("rename", "replace", "symlink_to", "write_text", "chmod", "unlink"),
    store: ("manifest_of",),
}


@contextmanager
def failing(
    at: int, fault: Callable[[], BaseException], monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """Raise before the n-th thing that changes the disk, and before every one after it."""
    done: list[str] = []

    def watched(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object, **more: object) -> object:
            done.append(name)
            if len(done) >= at:
                raise fault()
            return real(*given, **more)

        return call

    with monkeypatch.context() as patched:
        for place, names in STEPS.items():
            for name in names:
                patched.setattr(place, name, watched(name, getattr(place, name)))
        yield done


@pytest.mark.parametrize(
    "fault",
    [Killed, lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))],
    ids=["killed", "disk full"],
)
def test_at_each_step_of_placing_readers_keep_a_whole_release(
    tmp_path: Path,
    ready: Path,
    second: Path,
    fault: Callable[[], BaseException],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Faults 71 and 81: killed, or without room, before each step that changes the disk, readers
    see the former release byte by byte or the new one whole, and the next try ends as if nothing
    had been."""
    expected = None
    former = bytes_of(ready / "published" / "releases")
    for at in range(1, 200):
        root = tmp_path / str(at)
        shutil.copytree(ready, root, symlinks=True)
        home = Home(root)
        state = State(home.state_db)
        made = copied(home, 2, second)
        with failing(at, fault, monkeypatch) as done, suppress(Killed, OSError):
            publish(home, state, made, 2)
        was = shown(home)
        assert was in (f"{AS_OF}.1", f"{AS_OF}.2")
        assert store.is_whole(home.releases / was)
        assert former.items() <= bytes_of(home.releases).items()
        if recover(home, state) == f"{AS_OF}.1":
            publish(home, state, copied(home, 2, second), 2)
        assert shown(home) == f"{AS_OF}.2"
        state.close()
        found = sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))
        found = [name for name in found if not name.startswith("restricted/state.db")]
        expected = expected or found
        assert found == expected
        assert all(store.is_whole(home.releases / name) for name in store.names(home))
        shutil.rmtree(root)
        if len(done) < at:
            assert at > 15
            return
    pytest.fail("placing a release takes more steps than were tried")


def flip(path: Path) -> None:
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 1
    overwrite(path, bytes(held))


def overwrite(path: Path, held: bytes) -> None:
    path.parent.chmod(0o700)
    if path.exists():
        path.chmod(0o600)
    path.write_bytes(held)


def opened_up(folder: Path) -> Path:
    folder.chmod(0o700)
    return folder


def by_a_link(path: Path) -> None:
    """The same bytes, and no longer under the roof of the release."""
    elsewhere = path.parents[4] / "elsewhere"
    opened_up(path.parent)
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def told_otherwise(folder: Path) -> None:
    """A manifest that can be read and agrees with every file."""
    manifest = json.loads((folder / store.MANIFEST).read_text()) | {"simulated": False}
    overwrite(folder / store.MANIFEST, json.dumps(manifest).encode())


DAMAGE = {
    "a bit of the database": lambda folder: flip(folder / store.DATABASE),
    "a bit of a table": lambda folder: flip(folder / "trends.parquet"),
    "a bit of a page": lambda folder: flip(folder / "report" / "index.html"),
    "a log that is not its own": lambda folder: overwrite(folder / f"{store.DATABASE}.wal", b"x"),
    "a file that is gone": lambda folder: (opened_up(folder) / "trends.parquet").unlink(),
    "a file too many": lambda folder: overwrite(folder / "report" / ".more", b"x"),
    "a link too many": lambda folder: (opened_up(folder) / "more").symlink_to("/etc"),
    "a pipe too many": lambda folder: os.mkfifo(opened_up(folder) / "more"),
    "a link in the place of a file": lambda folder: by_a_link(folder / "trends.parquet"),
    "a link in the place of a folder": lambda folder: by_a_link(folder / "report"),
    "a link in the place of the release": by_a_link,
    "another manifest": told_otherwise,
    "a manifest with a blank more": lambda folder: overwrite(
        folder / store.MANIFEST, (folder / store.MANIFEST).read_bytes() + b" "
    ),
    "no manifest": lambda folder: (opened_up(folder) / store.MANIFEST).unlink(),
    "a manifest without end": lambda folder: overwrite(folder / store.MANIFEST, b"[" * 100_000),
    "an empty manifest": lambda folder: overwrite(folder / store.MANIFEST, b""),
    "half a manifest": lambda folder: overwrite(
        folder / store.MANIFEST, (folder / store.MANIFEST).read_bytes()[:90]
    ),
    "a manifest of another kind": lambda folder: overwrite(folder / store.MANIFEST, b"[]"),
}


UNREADABLE = {kind for kind in DAMAGE if "manifest" in kind} - {
    "another manifest",
    "a manifest with a blank more",
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_release_is_refused_set_aside_and_the_former_shown(
    after_two: Home, kind: str
) -> None:
    """Faults 74, 75 and 76."""
    home, state = after_two, State(after_two.state_db)
    DAMAGE[kind](home.releases / f"{AS_OF}.2")
    assert verifying.results(home)[f"{AS_OF}.2"] is False
    assert store.is_whole(home.releases / f"{AS_OF}.1")
    if "database" in kind or kind in UNREADABLE:
        with pytest.raises(SightlineError, match="sightline run"):
            store.open_published(home)
    assert recover(home, state) == f"{AS_OF}.1"
    assert shown(home) == f"{AS_OF}.1"
    assert [path.name for path in (home.orphans / "releases").iterdir()] == [f"{AS_OF}.2"]


@pytest.mark.parametrize("kind", ["a bit of the database", "another manifest", "no manifest"])
def test_a_damaged_release_that_is_only_kept_stops_no_run(after_two: Home, kind: str) -> None:
    """Fault 76: the next run compares its figures with every release that is kept."""
    state = State(after_two.state_db)
    DAMAGE[kind](after_two.releases / f"{AS_OF}.1")
    assert set_aside_damaged(after_two, state) == [f"{AS_OF}.1"]
    assert store.names(after_two) == [shown(after_two)] == [f"{AS_OF}.2"]
    assert set_aside_damaged(after_two, state) == []


@pytest.mark.parametrize("name", [store.DATABASE, "trends.parquet", store.MANIFEST])
def test_a_file_that_is_cut_off_anywhere_is_seen(after_two: Home, name: str) -> None:
    """Fault 73: as a power cut leaves it, at lengths from nothing to all but the last byte."""
    path = after_two.releases / f"{AS_OF}.2" / name
    held = path.read_bytes()
    told = sha256_of(path.parent / store.MANIFEST)
    lengths = {*range(0, len(held), max(1, len(held) // 16)), len(held) - 1}
    for length in sorted(lengths):
        overwrite(path, held[:length])
        assert not store.is_whole(path.parent, told), length
    overwrite(path, held)
    assert store.is_whole(path.parent, told)


def to(target: str | Path) -> Callable[[Home], None]:
    def point(home: Home) -> None:
        home.current.unlink()
        home.current.symlink_to(target, target_is_directory=True)

    return point


def to_elsewhere(home: Home) -> None:
    elsewhere = home.root.parent / "elsewhere" / f"{AS_OF}.2"
    shutil.copytree(home.current, elsewhere)
    to(elsewhere)(home)


def as_a_folder(home: Home) -> None:
    """As a copy leaves it that follows links."""
    copy = home.root / "copy"
    shutil.copytree(home.current, copy)
    home.current.unlink()
    copy.rename(home.current)


def as_a_file(home: Home) -> None:
    home.current.unlink()
    home.current.write_text(f"releases/{AS_OF}.2")


def by_a_file(text: str) -> Callable[[Home], None]:
    def point(home: Home) -> None:
        home.current.unlink()
        (home.published / store.POINTER).write_text(text, encoding="latin-1")

    return point


POINTERS = {
    "to a release that is not there": to("releases/gone"),
    "to a release of the same name elsewhere": to_elsewhere,
    "to itself": to("current"),
    "above the releases": to("releases"),
    "a folder in its place": as_a_folder,
    "a file in its place": as_a_file,
    "a file that leads out": by_a_file("../releases/gone"),
    "a file of other bytes": by_a_file("\x00\xe9"),
    "an empty file": by_a_file(""),
    "a file cut off": by_a_file(f"{AS_OF}"),
    "no pointer": lambda home: home.current.unlink(),
}


@pytest.mark.parametrize("kind", POINTERS)
def test_a_broken_pointer_is_told_and_mended(after_two: Home, kind: str) -> None:
    """Fault 75."""
    home, state = after_two, State(after_two.state_db)
    POINTERS[kind](home)
    with pytest.raises(SightlineError, match="led to no release"):
        store.open_published(home)
    assert verifying.results(home)[verifying.POINTER] is False
    assert recover(home, state) == f"{AS_OF}.2"
    assert shown(home) == f"{AS_OF}.2"
    assert all(verifying.results(home).values())
    assert home.current.readlink() == Path("releases") / f"{AS_OF}.2"
    assert not (home.published / store.POINTER).exists()


def test_leftovers_of_any_kind_are_gone_after_recovery(home: Home) -> None:
    """Fault 74: a draft, half a pruned release and half a pointer."""
    state = State(home.state_db)
    draft(home, 2)
    shutil.copytree(home.releases / f"{AS_OF}.1", home.releases / ".pruned-2026-10-19.1")
    (home.published / ".current").write_text("half")
    assert recover(home, state) == f"{AS_OF}.1"
    assert [path.name for path in home.releases.iterdir()] == [f"{AS_OF}.1"]
    release(home, state, 2)
    assert sorted(path.name for path in home.published.iterdir()) == ["current", "releases"]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EMFILE, errno.ENOMEM, errno.ESTALE])
def test_what_cannot_be_read_now_is_no_damage(
    after_two: Home, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults 77 and 83: a release is not set aside for what the machine or the account lacks."""

    def refused(path: Path) -> str:
        raise OSError(code, os.strerror(code), str(path))

    state = State(after_two.state_db)
    with monkeypatch.context() as broken:
        broken.setattr(store, "sha256_of", refused)
        with pytest.raises(OSError, match=os.strerror(code)):
            recover(after_two, state)
        with pytest.raises(MachineFault):
            verifying.results(after_two)
    assert all(verifying.results(after_two).values())


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.EIO])
def test_where_published_cannot_be_written_to_readers_keep_what_they_have(
    home: Home, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 83: no second kind of pointer is begun beside the link that is there."""
    state = State(home.state_db)
    made = draft(home, 2)

    def refused(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as broken:
        broken.setattr(Path, "symlink_to", refused)
        with pytest.raises(OSError, match=os.strerror(code)):
            publish(home, state, made, 2)
    assert shown(home) == f"{AS_OF}.1"
    assert not (home.published / store.POINTER).exists()
    assert recover(home, state) == f"{AS_OF}.2"


def test_a_file_is_told_with_its_hash_its_size_and_its_rows(home: Home) -> None:
    manifest = json.loads((home.current / store.MANIFEST).read_text())
    rows = {name: told.get("rows") for name, told in manifest["files"].items()}
    assert rows == {"report/index.html": None, store.DATABASE: ROWS + 1, "trends.parquet": ROWS}
    assert manifest["rules"] == RULES
    assert all(len(told["sha256"]) == 64 for told in manifest["files"].values())
