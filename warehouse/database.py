"""Where the state is kept: a file of SQLite, or a PostgreSQL database that the settings name.

Everything in which the two differ is here; all other code speaks SQLAlchemy to either.
"""

import os
import shutil
import socket
import sqlite3
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sightline.warehouse import clock
from sightline.warehouse.errors import Busy, ConfigurationError, MachineFault
from sightline.warehouse.home import Home

if TYPE_CHECKING:
    import sqlalchemy as sa

PATIENCE = 30  # seconds, for a writer to come to its end
CORRUPT, NOT_A_DATABASE = 11, 26
REMEDY = (
    "restore the newest copy of the state (sightline restore); where there is none, go on with"
    " what is here: sightline adopt. Nothing was changed"
)
BLOCK = 5_000  # rows
DRIVER = "postgresql+psycopg2"
CONNECTING = 10  # seconds
# Of a session whose machine is gone, so that the server ends it and its locks within a minute.
SILENCE = {"tcp_keepalives_idle": 20, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 4}
DAGSTER = {"search_path": "dagster", "synchronous_commit": "off"}
"""Of Dagster's sessions: its tables have names that ours have too, and are a log of runs."""
LONGEST_NAME = 63  # bytes, of a session
NO_TABLE, NO_COLUMN, LOCK_TIMEOUT, NO_RIGHT = "42P01", "42703", "55P03", "42501"
# How a server says that the settings are at fault, and no machine.
REFUSED = ("authentication", "does not exist", "pg_hba", "permission denied", "no password")
# One writer at a time, as with a file: what is numbered or chained need not look for another.
READING = "set transaction isolation level repeatable read, read only"
WRITING = (
    f"set local lock_timeout = '{PATIENCE}s'",
    "select pg_advisory_xact_lock(hashtextextended(current_schema() || ' writer', 0))",
)
TAKE = "select pg_try_advisory_lock(hashtextextended(current_schema() || ' ' || :name, 0))"
HELD_BY = """
select application_name, backend_start
from pg_locks inner join pg_stat_activity using (pid)
where locktype = 'advisory' and granted and objsubid = 1
    and database = (select oid from pg_database where datname = current_database())
    and (classid::bigint << 32) | objid::bigint
        = hashtextextended(current_schema() || ' ' || :name, 0)
"""
# Texts have to stand in the order of their bytes, as they do in SQLite.
SUITS = "select current_setting('server_encoding') = 'UTF8' and 'B' < 'a'"
MAY_WRITE = (
    "select not pg_is_in_recovery()"
    " and (to_regclass('outbox') is null or has_table_privilege('outbox', 'update'))"
)
NUMBERED = """
select table_name, column_name from information_schema.columns
where table_schema = current_schema() and left(column_default, 8) = 'nextval('
"""
NEXT_NUMBER = (
    "select setval(pg_get_serial_sequence('{table}', '{column}'),"
    " (select coalesce(max({column}), 0) + 1 from {table}), false)"
)


class StateDamaged(ConfigurationError):
    """The state cannot be read, or not all of it."""


class Unreachable(MachineFault):
    """The server that keeps the state does not answer, or does not let us in."""


class Database(ABC):
    """A place for a state; as a text, what people call it."""

    @abstractmethod
    def is_place(self) -> bool:
        """Whether the file or database itself is there, whatever it holds."""

    @abstractmethod
    def is_missing(self) -> bool:
        """Whether no state was ever begun here."""

    @abstractmethod
    def is_writable(self) -> bool:
        """Whether this account may change it, or begin it."""

    @abstractmethod
    def engine(self, held: ExitStack) -> "sa.Engine":
        """To work with: a transaction that `writes` has no other beside it, all others have one
        unchanging view. What it needs besides is closed with `held`."""

    @abstractmethod
    def opened(self) -> "AbstractContextManager[sa.Connection | None]":
        """To look at it as it lies there, in any layout; none where there is none. StateDamaged
        where it cannot be read."""

    @abstractmethod
    def snapshot(self, target: Path, begin: "Callable[[sa.Engine], None]") -> None:
        """One view of it, while others may write, as a file of SQLite of its own; `begin` gives an
        empty one the same layout."""

    @abstractmethod
    def check(self) -> None:
        """Raises StateDamaged where any page, index or reference of it is not whole."""

    @abstractmethod
    def compact(self, engine: "sa.Engine") -> None:
        """Rewrite it, so that what was deleted is in no byte of it."""

    def check_suits(self) -> None:  # noqa: B027 (not every place has to)
        """Raises ConfigurationError where a new state would work otherwise than it should."""

    def keep_to_owner(self) -> None:  # noqa: B027 (not every place has to)
        """Close it to other accounts, where it is for us to say."""

    @contextmanager
    def working(self) -> "Iterator[sa.Engine]":
        """An engine for as long as the block lasts."""
        with ExitStack() as held:
            engine = self.engine(held)
            held.callback(engine.dispose)
            yield engine

    @contextmanager
    def written(self) -> "Iterator[sa.Connection]":
        """One transaction on a state as it lies there, whatever its layout."""
        if not self.is_place():
            raise StateDamaged(f"{self} holds no state")
        with (
            self.working() as engine,
            engine.execution_options(writes=True).begin() as connection,
        ):
            yield connection


class File(Database):
    """A file of SQLite; one that is a copy keeps no log beside it."""

    def __init__(self, path: Path, *, is_copy: bool = False) -> None:
        self.path, self._journal = path, "delete" if is_copy else "wal"

    def __str__(self) -> str:
        return str(self.path)

    def is_place(self) -> bool:
        return self.path.is_file()

    def is_missing(self) -> bool:
        return not self.path.exists()

    def is_writable(self) -> bool:
        if not self.path.exists():
            return True
        return os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)

    def engine(self, held: ExitStack) -> "sa.Engine":
        import sqlalchemy as sa

        if self.is_writable():
            url = sa.URL.create("sqlite", database=str(self.path))
            engine = sa.create_engine(url, connect_args={"timeout": PATIENCE})
            sa.event.listen(engine, "connect", self._prepare)
        else:
            engine = _read_only(*held.enter_context(self._reachable()))
            sa.event.listen(engine, "connect", _leave_transactions_to_us)
        sa.event.listen(engine, "begin", _begin_in_file)
        sa.event.listen(engine, "handle_error", self._tell)
        return engine

    @contextmanager
    def opened(self) -> "Iterator[sa.Connection | None]":
        import sqlalchemy as sa

        if not self.is_place():
            yield None
            return
        try:
            with self._reachable() as place, _read_only(*place).connect() as connection:
                faults = connection.exec_driver_sql("pragma quick_check(1)").fetchall()
                if faults != [("ok",)]:
                    raise self.damaged()
                yield connection
        except sa.exc.DatabaseError as fault:
            if is_damage(fault):
                raise self.damaged() from None
            raise

    def snapshot(self, target: Path, begin: "Callable[[sa.Engine], None]") -> None:  # noqa: ARG002
        with self.opened() as known:
            if known is None:
                return
            with _as_one_file(target) as unfinished, closing(sqlite3.connect(unfinished)) as copy:
                source: Any = known.connection.driver_connection
                source.backup(copy)
                copy.execute("pragma journal_mode = delete")

    def check(self) -> None:
        with self.opened() as connection:
            if connection is None:
                return
            for pragma in ("integrity_check(1)", "foreign_key_check"):
                rows = connection.exec_driver_sql(f"pragma {pragma}").fetchall()
                if rows not in ([], [("ok",)]):
                    raise self.damaged()

    def compact(self, engine: "sa.Engine") -> None:
        with engine.connect() as connection:
            connection.rollback()
            for statement in ("vacuum", "pragma wal_checkpoint(truncate)"):
                connection.connection.execute(statement)

    def keep_to_owner(self) -> None:
        if self.is_writable():
            self.path.chmod(0o600)

    def _prepare(self, connection: Any, record: Any) -> None:
        _leave_transactions_to_us(connection, record)
        journal = f"journal_mode = {self._journal}"
        for pragma in (journal, "synchronous = full", "foreign_keys = on"):
            connection.execute(f"pragma {pragma}")

    def damaged(self) -> StateDamaged:
        return StateDamaged(f"{self} is damaged; {REMEDY}")

    def _tell(self, context: "sa.engine.ExceptionContext") -> None:
        if is_damage(context.original_exception):
            raise self.damaged() from None

    @contextmanager
    def _reachable(self) -> Iterator[tuple[Path, str]]:
        """Where to read it and how to open it there, so that nothing is written to it.

        SQLite reads a database with its log only where it may write beside it: elsewhere from a
        copy.
        """
        path, log = self.path, self.path.with_name(self.path.name + "-wal")
        if self.is_writable():
            # Without a log a plain connection leaves no file behind; with one nothing is written
            # back.
            yield path, "mode=ro" if log.exists() else "mode=rw"
        elif log.exists() and log.stat().st_size:
            with tempfile.TemporaryDirectory() as folder:
                for one in (path, log):
                    shutil.copyfile(one, Path(folder) / one.name)
                yield Path(folder) / path.name, "mode=rw"
        else:
            yield path, "immutable=1"


class Server(Database):
    """A PostgreSQL database. Who we are to it and how that is proved is told as to its own
    programs: by the URL without its password, by variables such as PGPASSWORD, by a password file.
    """

    def __init__(self, url: str, **options: str) -> None:
        """`options` are settings of its sessions."""
        import sqlalchemy as sa

        told = sa.make_url(url).set(drivername=DRIVER)
        ours = {f"-c{name}={value}": None for name, value in {**SILENCE, **options}.items()}
        given = dict.fromkeys(str(told.query.get("options", "")).split())
        self.url = told.update_query_dict({"options": " ".join(given | ours)})

    def __str__(self) -> str:
        return self.url.set(drivername="postgresql", query={}).render_as_string()

    def is_place(self) -> bool:
        return True

    def is_missing(self) -> bool:
        with self.opened() as connection:
            return connection is None

    def is_empty(self) -> bool:
        """Whether no state was begun here, or none of its tables holds a row."""
        import sqlalchemy as sa

        with self.opened() as connection:
            if connection is None:
                return True
            rows = (sa.select(sa.literal(1)).select_from(one) for one in _tables(connection))
            return not any(connection.execute(query.limit(1)).first() for query in rows)

    def is_writable(self) -> bool:
        with self._connected() as connection:
            return bool(connection.exec_driver_sql(MAY_WRITE).scalar())

    def engine(self, held: ExitStack) -> "sa.Engine":  # noqa: ARG002
        import sqlalchemy as sa

        engine = self._engine("state")
        sa.event.listen(engine, "begin", _begin_on_server)
        return engine

    @contextmanager
    def opened(self) -> "Iterator[sa.Connection | None]":
        import sqlalchemy as sa

        with self.working() as engine, engine.connect() as connection:
            is_begun = sa.inspect(connection).has_table("alembic_version")
            yield connection if is_begun else None

    def snapshot(self, target: Path, begin: "Callable[[sa.Engine], None]") -> None:
        with self.opened() as source:
            if source is None:
                return
            with (
                _as_one_file(target) as unfinished,
                File(unfinished, is_copy=True).working() as engine,
            ):
                begin(engine)
                with engine.execution_options(writes=True).begin() as copy:
                    _copy_rows(source, copy, _tables(source))

    def take_over(self, source: Path, begin: "Callable[[sa.Engine], None]") -> None:
        """All rows of a state in a file, into this database, which must hold none yet; `begin`
        gives it the same layout."""
        with self.working() as engine, File(source).opened() as known:
            begin(engine)
            with engine.execution_options(writes=True).begin() as connection:
                tables = _tables(connection)
                if known is not None:
                    _copy_rows(known, connection, tables)
                for table, column in connection.exec_driver_sql(NUMBERED).all():
                    connection.exec_driver_sql(NEXT_NUMBER.format(table=table, column=column))

    def check(self) -> None:
        """What the server keeps is for it to check: here, whether each row can be read."""
        import sqlalchemy as sa

        with self.opened() as connection:
            if connection is None:
                return
            for table in _tables(connection):
                connection.execute(sa.select(sa.func.count()).select_from(table)).scalar()

    def compact(self, engine: "sa.Engine") -> None:  # noqa: ARG002
        with self._connected() as connection:
            for table in _tables(connection):
                connection.exec_driver_sql(f'vacuum full "{table.name}"')

    def check_suits(self) -> None:
        with self._connected() as connection:
            suits = connection.exec_driver_sql(SUITS).scalar()
        if not suits:
            raise ConfigurationError(
                f"{self} keeps texts in another encoding or order; make the database with:"
                " create database NAME owner ROLE template template0 encoding 'UTF8' locale 'C'"
            )

    def for_dagster(self) -> "Server":
        """The same database, with the tables of Dagster."""
        return Server(self.as_url(), **DAGSTER)

    def as_url(self) -> str:
        """With its options; who else reads it finds no password in it."""
        return self.url.render_as_string(hide_password=False)

    def make_schema(self, name: str) -> None:
        """Unless it is there: who may not make one may be given one."""
        import sqlalchemy as sa

        with self._connected() as connection:
            if not sa.inspect(connection).has_schema(name):
                connection.exec_driver_sql(f'create schema if not exists "{name}"')

    def lock(self, name: str) -> "Lock":
        """A lock that all machines see, of the sessions that work on this state."""
        return Lock(self, name)

    @contextmanager
    def _connected(self) -> "Iterator[sa.Connection]":
        engine = self._engine("looks")
        try:
            with engine.connect() as connection:
                yield connection.execution_options(isolation_level="AUTOCOMMIT")
        finally:
            engine.dispose()

    def _engine(self, what: str) -> "sa.Engine":
        import sqlalchemy as sa

        how = {"application_name": session(what), "connect_timeout": CONNECTING}
        try:
            engine = sa.create_engine(self.url, connect_args=how, pool_pre_ping=True)
        except ModuleNotFoundError:
            raise ConfigurationError(
                f"the state is kept at {self}, and the driver for it is not installed:"
                ' pip install "sightline[postgres]"'
            ) from None
        sa.event.listen(engine, "handle_error", self._tell)
        return engine

    def _tell(self, context: "sa.engine.ExceptionContext") -> None:
        fault = context.original_exception
        code = getattr(fault, "pgcode", None)
        if code == LOCK_TIMEOUT:
            raise Busy("another process has been writing to the state; try again") from None
        if code == NO_RIGHT:
            raise ConfigurationError(f"{self}: {_first_line(fault)}") from None
        if context.connection is None or context.is_disconnect:
            reason = _first_line(fault)
            is_refused = any(words in reason for words in REFUSED)
            raise Unreachable(
                f"{self} cannot be reached: {reason}",
                ConfigurationError.exit_code if is_refused else None,
            ) from None


class Lock:
    """A lock of one session on the server, which is free again once that session has ended."""

    def __init__(self, server: Server, name: str) -> None:
        self._engine, self.name = server._engine(name), name
        self._session: sa.Connection | None = None

    def taken(self) -> bool:
        """Whether it could be taken now."""
        import sqlalchemy as sa

        if self._session is None:
            self._session = self._connected()
        return bool(self._session.execute(sa.text(TAKE), {"name": self.name}).scalar())

    def holder(self) -> tuple[str, int] | None:
        """Who holds it, for people, and its process; 0 on another machine. None when it is free."""
        import sqlalchemy as sa

        with self._connected() as connection:
            row = connection.execute(sa.text(HELD_BY), {"name": self.name}).first()
        if row is None:
            return None
        _, host, process, *_ = f"{row[0]} ? ?".split(" ")
        since = row[1].astimezone(clock.LONDON)
        words = f"process {process} on {host} since {since:%d %B %Y %H:%M}"
        return words, int(process) if host == machine_name() and process.isdigit() else 0

    def check(self) -> None:
        """Raises Unreachable where the session that holds it has ended."""
        if self._session is None:
            return
        if self._session.invalidated:  # it would begin another, without the lock
            raise Unreachable(f"the session that held {self.name} has ended")
        self._session.exec_driver_sql("select 1")

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
        self._engine.dispose()

    def _connected(self) -> "sa.Connection":
        return self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")


def of(path: Path) -> Database:
    """Where the state of a monitor is kept, by its place in the folder: there, unless the settings
    name a server. Raises ConfigurationError where they do so wrongly."""
    home = Home(path.parent.parent)
    if path != home.state_db or not home.may_name_a_server:
        return File(path)
    from sightline.warehouse.settings import state_url  # slow to import, and seldom needed

    url = state_url(home)
    return Server(url) if url else File(path)


def insert_new(connection: "sa.Connection", table: "sa.Table", row: dict[str, Any]) -> int:
    """Insert a row unless one with its key is there; how many are new."""
    from sqlalchemy.dialects import postgresql, sqlite

    inserts: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    insert = inserts[connection.dialect.name](table).values(row)
    key = [*table.primary_key.columns]
    return int(connection.execute(insert.on_conflict_do_nothing(index_elements=key)).rowcount)


def is_damage(fault: BaseException) -> bool:
    """Whether SQLite says that a file, or one of its pages, is none of its own."""
    code = getattr(getattr(fault, "orig", fault), "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (CORRUPT, NOT_A_DATABASE)


def is_of_another_layout(fault: BaseException) -> bool:
    """Whether a query asked for a table or column that is not there."""
    original = getattr(fault, "orig", fault)
    is_missing = getattr(original, "pgcode", None) in (NO_TABLE, NO_COLUMN)
    return is_missing or (isinstance(original, sqlite3.Error) and "no such" in str(original))


def session(what: str) -> str:
    """The name of a session on a server: what it is for, the machine and the process."""
    return f"sightline-{what} {machine_name()} {os.getpid()}"


def machine_name() -> str:
    """The name of this machine, as other machines are told it."""
    return socket.gethostname().replace(" ", "-")[:30]


def _first_line(fault: BaseException) -> str:
    """What the server or its driver says, which quotes no password."""
    lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
    return lines[0] if lines else type(fault).__name__


def _leave_transactions_to_us(connection: Any, _record: Any) -> None:
    # The driver would commit before each change of layout; we say BEGIN ourselves.
    connection.isolation_level = None


def _begin_in_file(connection: "sa.Connection") -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("begin immediate" if writes else "begin")


def _begin_on_server(connection: "sa.Connection") -> None:
    writes = connection.get_execution_options().get("writes", False)
    for statement in WRITING if writes else (READING,):
        connection.exec_driver_sql(statement)


def _read_only(path: Path, how: str) -> "sa.Engine":
    import sqlalchemy as sa

    uri = f"{path.resolve().as_uri()}?{how}"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(uri, uri=True, timeout=PATIENCE, check_same_thread=False)

    return sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool)


@contextmanager
def _as_one_file(target: Path) -> Iterator[Path]:
    """A file to write a database to, which becomes the target once it is whole."""
    unfinished = target.with_name(f"{target.name}.tmp")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(0o600)
    yield unfinished
    unfinished.replace(target)


def _tables(connection: "sa.Connection") -> "list[sa.Table]":
    """The tables of a state on a server, with their types."""
    import sqlalchemy as sa

    found = sa.MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def _copy_rows(
    source: "sa.Connection", target: "sa.Connection", tables: "Iterable[sa.Table]"
) -> None:
    import sqlalchemy as sa

    for table in tables:
        # As both drivers take them: what a server calls json is a text in a file.
        columns = [sa.Column(one.name, one.type.as_generic()) for one in table.columns]
        plain = sa.Table(table.name, sa.MetaData(), *columns)
        rows = source.execute(sa.select(plain)).mappings()
        while block := rows.fetchmany(BLOCK):
            target.execute(plain.insert(), [dict(row) for row in block])
