"""Faults of a soak: each strikes a monitor, asks whether `health` names it, and is mended."""

import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from monitor import SENT, Monitor

from sightline.warehouse.ledger.state import State, outbox, runs

CONFIGURATION, BUSY, UNDELIVERED, KEY = 3, 6, 7, 8
PAGE = 4096
LONGEST_RUN = 12.0
Fault = Callable[[Monitor, random.Random], None]


def killed(monitor: Monitor, chance: random.Random) -> None:
    """kill -9 at any moment, of the run alone or of all its processes."""
    process = monitor.start("run")
    time.sleep(chance.uniform(0.0, LONGEST_RUN))
    process.kill(with_children=chance.random() < 0.5)
    process.ended()
    if _has_unfinished_run(monitor):
        _named(monitor, "RUN_FAILED")


def disk_short(monitor: Monitor, _chance: random.Random) -> None:
    with monitor.given(SIGHTLINE_LEAST_FREE="900000GB"):
        waits = any(monitor.home.inbox.glob("*/*"))
        ended = monitor.run()
        assert ended.code == (1 if waits else SENT), f"disk short: {ended}"
        _named(monitor, "DISK_SHORT")


def disk_full(monitor: Monitor, chance: random.Random) -> None:
    """No file can grow beyond a size that some step or other needs."""
    waits = any(monitor.home.inbox.glob("*/*"))
    process = monitor.start("run", largest_file=chance.choice([100_000, 400_000, 1_500_000]))
    ended = process.ended()
    assert ended.code in (0, 1, 4, UNDELIVERED), f"disk full: {ended}"
    if ended.code == 1:
        _named(monitor, "RUN_FAILED")
    assert waits or ended.code != 1, f"disk full with nothing to do: {ended}"


def dagster_damaged(monitor: Monitor, chance: random.Random) -> None:
    """A page of Dagster's log of runs: it only tells what was, and is begun anew."""
    path = monitor.home.dagster / "history" / "runs.db"
    kept = path.with_suffix(".kept")
    if not path.is_file():
        return
    _checkpoint(path)
    shutil.copy2(path, kept)
    _spoil(path, chance, first=1)
    _named(monitor, "QUEUE_STUCK")
    if any(monitor.home.inbox.glob("*/*")):
        kept.unlink()
    else:  # nothing that runs now would look at it
        kept.replace(path)


def clock_far_behind(monitor: Monitor, _chance: random.Random) -> None:
    at = monitor.now.replace(year=1970)
    assert monitor.run(at).code == CONFIGURATION
    _named(monitor, "CLOCK_BEHIND", at)


def two_at_once(monitor: Monitor, _chance: random.Random) -> None:
    both = [monitor.start("run"), monitor.start("run")]
    codes = sorted(process.ended().code for process in both)
    assert codes[0] in (0, 4), f"two at once: {codes}"
    assert codes[1] in (0, 4, BUSY), f"two at once: {codes}"


def channel_down(monitor: Monitor, _chance: random.Random) -> None:
    monitor.mailbox.down()
    try:
        monitor.run()
        if _waiting_messages(monitor):
            _named(monitor, "MESSAGE_WAITS", monitor.now + timedelta(hours=2))
    finally:
        monitor.mailbox.up()
    assert monitor.command("deliver", "--retry").code == SENT


def older_state(monitor: Monitor, _chance: random.Random) -> None:
    """An older copy of the state is put back; whoever did so puts the newest back later."""
    older = monitor.home.root / "older-state.db"
    newest = monitor.home.state_db.with_suffix(".newest")
    if not older.exists():
        return
    _checkpoint(monitor.home.state_db)
    before = _everything(monitor)
    shutil.copy2(monitor.home.state_db, newest)
    shutil.copy2(older, monitor.home.state_db)
    is_older = older.read_bytes() != newest.read_bytes() and _knows_less(older, newest)
    if is_older:
        for command in ("run", "status", "retention"):
            assert monitor.command(command).code == CONFIGURATION, command
        _named(monitor, "STATE_OLDER")
        assert _everything(monitor) == before, "something was deleted on an older state's word"
    _put_back(monitor, newest)


def damaged_state(monitor: Monitor, chance: random.Random) -> None:
    _checkpoint(monitor.home.state_db)
    newest = monitor.home.state_db.with_suffix(".newest")
    shutil.copy2(monitor.home.state_db, newest)
    _spoil(monitor.home.state_db, chance)
    assert monitor.run().code == CONFIGURATION
    _named(monitor, "STATE_DAMAGED")
    _put_back(monitor, newest)


def wrong_key(monitor: Monitor, chance: random.Random) -> None:
    right = monitor.home.key.read_text(encoding="ascii")
    monitor.home.key.write_text(chance.randbytes(32).hex(), encoding="ascii")
    waits = any(monitor.home.inbox.glob("*/*"))
    try:
        code = monitor.run().code
        assert code == KEY, f"wrong key: exit code {code}, files waiting: {waits}"
        _named(monitor, "KEY_WRONG")
    finally:
        monitor.home.key.write_text(right, encoding="ascii")


def wrong_settings(monitor: Monitor, _chance: random.Random) -> None:
    right = monitor.home.config.read_text(encoding="utf-8")
    monitor.home.config.write_text(f"{right}recipient = ['x']\n", encoding="utf-8")
    try:
        assert monitor.run().code == CONFIGURATION
        _named(monitor, "SETTINGS_WRONG")
    finally:
        monitor.home.config.write_text(right, encoding="utf-8")


def nobody_runs(monitor: Monitor, _chance: random.Random) -> None:
    """The schedule sleeps for three days; whoever watches hears of it."""
    _named(monitor, "RUN_OVERDUE", monitor.now + timedelta(days=3))


def release_cut_off(monitor: Monitor, _chance: random.Random) -> None:
    path = monitor.home.current / "sightline.duckdb"
    kept = path.with_name("kept")
    path.parent.chmod(0o700)
    path.resolve().rename(kept.resolve())
    path.write_bytes(kept.read_bytes()[:5000])
    _named(monitor, "RELEASE_DAMAGED")
    kept.resolve().replace(path.resolve())
    path.parent.chmod(0o550)


FAULTS: dict[str, Fault] = {
    one.__name__: one
    for one in (
        killed,
        disk_short,
        disk_full,
        dagster_damaged,
        clock_far_behind,
        two_at_once,
        channel_down,
        older_state,
        damaged_state,
        wrong_key,
        wrong_settings,
        nobody_runs,
        release_cut_off,
    )
}


def _named(monitor: Monitor, rule: str, at: datetime | None = None) -> None:
    found = monitor.unhealthy(at)
    assert rule in found, f"{monitor.now}: health names {sorted(found)} and not {rule}"


def _spoil(path: Path, chance: random.Random, first: int = 0) -> None:
    """Write anything over a page of a database, the first one as often as all others together."""
    data = bytearray(path.read_bytes())
    pages = len(data) // PAGE
    page = first if chance.random() < 0.5 else chance.randrange(first, pages)
    data[page * PAGE : (page + 1) * PAGE] = chance.randbytes(PAGE)
    path.write_bytes(data)


def _put_back(monitor: Monitor, newest: Path) -> None:
    for ending in ("-wal", "-shm"):
        monitor.home.state_db.with_name(monitor.home.state_db.name + ending).unlink(missing_ok=True)
    newest.replace(monitor.home.state_db)


def _everything(monitor: Monitor) -> dict[str, int]:
    """Originals, facts and releases by name and size."""
    places = (monitor.home.landing, monitor.home.raw, monitor.home.releases)
    return {
        str(path.relative_to(monitor.home.root)): path.stat().st_size
        for place in places
        for path in place.rglob("*")
        if path.is_file()
    }


def keep_older(monitor: Monitor) -> None:
    """What a careless person has put aside: a copy of the state alone."""
    _checkpoint(monitor.home.state_db)
    shutil.copy2(monitor.home.state_db, monitor.home.root / "older-state.db")


def _checkpoint(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")


def _knows_less(older: Path, newest: Path) -> bool:
    counts = []
    for path in (older, newest):
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
            query = "select (select count(*) from submissions), (select count(*) from releases)"
            counts.append(connection.execute(query).fetchone())
    return counts[0] < counts[1]


def _has_unfinished_run(monitor: Monitor) -> bool:
    return _count(monitor, sa.select(runs.c.run_id).where(runs.c.outcome.is_(None))) > 0


def _waiting_messages(monitor: Monitor) -> int:
    return _count(monitor, sa.select(outbox.c.message_id).where(outbox.c.state != "sent"))


def _count(monitor: Monitor, query: sa.Select[tuple[str]]) -> int:
    if not monitor.home.state_db.exists():
        return 0
    state = State(monitor.home.state_db)
    try:
        with state.read() as connection:
            return len(connection.execute(query).all())
    finally:
        state.close()
