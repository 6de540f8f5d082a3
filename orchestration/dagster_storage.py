"""Dagster's own databases, where its interface does not reach: damage, ticks, results of checks.

They are a log of runs and no more. This is the only module of this package that speaks SQL: the
tables are Dagster's, and no other package knows Dagster.
"""

import io
import logging
import os
import re
import sqlite3
from contextlib import closing, redirect_stdout
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from sightline.warehouse import database
from sightline.warehouse.database import DAGSTER, Database, File, Server
from sightline.warehouse.home import Home

if TYPE_CHECKING:
    from dagster import DagsterInstance

log = logging.getLogger("sightline")

StorageFault = sa.exc.SQLAlchemyError
StorageDamaged = sa.exc.DatabaseError
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What tells a busy or full disk from a damaged file: SQLITE_BUSY, LOCKED, IOERR and FULL.
NOT_DAMAGE = {5, 6, 10, 13}
RUNS = sa.table("runs", sa.column("status"), sa.column("update_timestamp", sa.DateTime))
UNFINISHED = ("QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING")
STUCK = sa.select(sa.func.count(), sa.func.min(RUNS.c.update_timestamp)).where(
    RUNS.c.status.in_(UNFINISHED)
)


def damaged(home: Home) -> Path | None:
    """The first of Dagster's databases that cannot be read, or None.

    The events of a single run are in a file of their own, without which only its page is missing.
    """
    for path in sorted(home.dagster.rglob("*.db")):
        if UUID.fullmatch(path.stem):
            continue
        try:
            with closing(sqlite3.connect(path, timeout=10)) as connection:
                [first, *_] = connection.execute("pragma quick_check(1)").fetchall()
        except sqlite3.Error as fault:
            if is_damage(fault):
                return path
        else:
            if first != ("ok",):
                return path
    return None


def is_damage(fault: Exception) -> bool:
    """Whether a database is at fault, and not that it is busy or the disk full."""
    original = fault.orig if isinstance(fault, sa.exc.DBAPIError) else fault
    code = getattr(original, "sqlite_errorcode", None)
    return isinstance(original, sqlite3.DatabaseError) and (code or 0) & 0xFF not in NOT_DAMAGE


def runs_database(home: Home) -> Database:
    """Where Dagster keeps its runs, unless [dagster] says otherwise."""
    state = database.of(home.state_db)
    if isinstance(state, Server):
        return state.for_dagster()
    return File(home.dagster / "history" / "runs.db")


def unfinished_since(home: Home, before: datetime) -> tuple[int, str]:
    """How many runs have been unfinished since before a moment, and since when the oldest; UTC.

    Raises StateDamaged or StorageFault where the database cannot be read.
    """
    with runs_database(home).opened() as connection:
        if connection is None:
            return 0, ""
        found: Any = connection.execute(STUCK.where(RUNS.c.update_timestamp < before)).one()
    return int(found[0]), str(found[1] or "")


def make_place(home: Home) -> None:
    """Where a server keeps the state, a schema of its own for Dagster's tables."""
    state = database.of(home.state_db)
    if isinstance(state, Server):
        state.make_schema(DAGSTER["search_path"])


def do_not_wait_for_the_disk() -> None:
    """From now on, in this process: Dagster commits several times an event. Its log of runs may be
    lost with the power; our own state may not, and keeps waiting."""
    if not sa.event.contains(sa.Engine, "connect", _be_quick):
        sa.event.listen(sa.Engine, "connect", _be_quick)


def bring_up_to_date(instance: "DagsterInstance", home: Home) -> None:
    """Give Dagster's databases the layout of the Dagster that is installed now.

    Nobody else may be at work on them. Where somebody keeps them on a server of their own, they
    are told instead.
    """
    from alembic.util import CommandError
    from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

    keeps = (instance.run_storage, instance.event_log_storage, instance.schedule_storage)
    versions = {keep.alembic_version() for keep in keeps if keep is not None}
    if all(version is None or version[0] == version[1] for version in versions):
        return
    try:
        is_ours = isinstance(database.of(home.state_db), Server)
        if not is_ours and not isinstance(instance.event_log_storage, SqliteEventLogStorage):
            log.warning("Dagster's databases are of another Dagster: dagster instance migrate")
            return
        with redirect_stdout(io.StringIO()):
            instance.upgrade()
        log.warning("Dagster's log of runs was brought to the layout of the Dagster installed now")
    except CommandError:
        log.warning("Dagster's log of runs is of a newer Dagster than the one installed now")


def forget_ticks_after(instance: "DagsterInstance", moment: datetime) -> None:
    """Take away what schedules and sensors wrote down for later than a moment."""
    from dagster._core.storage.schedules.schema import JobTickTable
    from dagster._core.storage.schedules.sql_schedule_storage import SqlScheduleStorage

    storage = instance.schedule_storage
    if isinstance(storage, SqlScheduleStorage):
        with storage.connect() as connection:
            connection.execute(sa.delete(JobTickTable).where(JobTickTable.c.timestamp > moment))


def delete_run(home: Home, instance: "DagsterInstance", run_id: str) -> None:
    """A run with its output, the results of its checks and the emptied file of its events, which
    Dagster leaves."""
    from dagster._core.storage.event_log import SqlEventLogStorage
    from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable as Checks

    instance.delete_run(run_id)
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):
        with storage.index_connection() as connection:
            connection.execute(Checks.delete().where(Checks.c.run_id == run_id))
    for path in (home.dagster / "history" / "runs").glob(f"{run_id}.db*"):
        path.unlink()


def _be_quick(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    # SQLite gives the path without links, and it need not be text.
    query = "select cast(file as blob) from pragma_database_list"
    [(path,), *_] = connection.execute(query).fetchall()
    folder = os.environ.get("DAGSTER_HOME")
    if path and folder and Path(os.fsdecode(path)).is_relative_to(os.path.realpath(folder)):
        connection.execute("pragma synchronous = off")
