"""Ask a database what its tables hold, in SQL that can read and do nothing else.

The file is opened read-only; files, other databases, the network and settings are closed to the
SQL, and a query that grows too large fails for want of memory instead of filling a disk.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from sightline.warehouse.connection import memory_limit, open_quietly, safe_config, threads
from sightline.warehouse.errors import WRONG_USE, SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger.state import State
from sightline.warehouse.settings import Settings

BATCH = 10_000
Kind = duckdb.StatementType
READS = {Kind.SELECT, Kind.EXPLAIN, Kind.MULTI}  # MULTI is PIVOT
CLOSED = {
    Kind.COPY: "writes a file; name one with --output instead",
    Kind.COPY_DATABASE: "writes a database, and none can be written",
    Kind.EXPORT: "writes files; name one with --output instead",
    Kind.ATTACH: "opens another database, and none but this one can be asked",
    Kind.DETACH: "would close the database that is asked",
    Kind.LOAD: "installs or loads an extension, and none can be",
    Kind.SET: "changes a setting, and settings are fixed",
    Kind.VARIABLE_SET: "changes a setting, and settings are fixed",
    Kind.PRAGMA: "is a pragma, and settings are fixed; ask with SELECT, DESCRIBE or SUMMARIZE",
    Kind.CALL: "calls a procedure; ask with SELECT, DESCRIBE or SUMMARIZE",
}
ELSE = "is more than a question: only SELECT and its like, EXPLAIN and temporary tables are taken"
NO_FILES = "reaches for a file, which SQL cannot read or write here"
T = TypeVar("T")


class Refused(Exception):
    """A statement that was not answered; the text says why, to follow "this"."""


@contextmanager
def open_database(path: Path, settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A published or restricted file, read-only and closed to everything but questions."""
    config = safe_config(memory_limit=memory_limit(settings), threads=threads(settings))
    config |= {
        "enable_external_access": "false",
        "python_enable_replacements": "false",
        "temp_directory": "",
    }
    connection = open_quietly(path, config, read_only=True)
    try:
        connection.execute("set lock_configuration = true")
        yield connection
    finally:
        connection.close()


def restricted(home: Home) -> Path:
    """The last run's whole warehouse, which is replaced in one step and never written in place."""
    if not home.warehouse_db.is_file():
        raise SightlineError("there is no warehouse of a run; run: sightline run")
    return home.warehouse_db


def record(state: State, reason: str, statements: int) -> None:
    """Enter in the audit log who is about to read restricted rows and why.

    The statements themselves stay out of it: they may hold a value of a child. SightlineError
    without a reason.
    """
    subject = f"{statements} statement{'s' if statements > 1 else ''} on the restricted warehouse"
    with state.begin() as connection:
        audit.record(connection, "read restricted", subject, reason)


def statements(connection: duckdb.DuckDBPyConnection, text: str) -> list[duckdb.Statement]:
    """The statements of a text; SightlineError where it cannot be read or holds none."""
    try:
        found = connection.extract_statements(text)
    except duckdb.Error as fault:
        raise SightlineError(str(fault), WRONG_USE) from None
    if not found:
        raise SightlineError("there is no statement in it", WRONG_USE)
    return found


def ask(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement) -> None:
    """Run one statement; its rows wait on the connection. Raises Refused."""
    _check(statement)
    _guarded(connection, lambda: connection.execute(statement))


def gives_rows(statement: duckdb.Statement) -> bool:
    return statement.type in READS


def columns(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Names of the columns of what was asked last."""
    return [column[0] for column in connection.description or []]


def rows(connection: duckdb.DuckDBPyConnection) -> Iterator[list[tuple[Any, ...]]]:
    """What the statement that was asked last gives, in batches. Raises Refused."""
    while batch := _guarded(connection, lambda: connection.fetchmany(BATCH)):
        yield batch


def arrow(
    connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement
) -> Iterator[pa.RecordBatch]:
    """The rows of a statement as Arrow batches, at least one. Raises Refused."""
    _check(statement)

    def reader() -> Any:
        relation: Any = connection.sql(statement.query)
        return relation.to_arrow_reader(BATCH)

    held = _guarded(connection, reader)
    yield pa.RecordBatch.from_pylist([], schema=held.schema)
    while batch := _guarded(connection, lambda: next(held, None)):
        yield batch


def _check(statement: duckdb.Statement) -> None:
    if statement.type not in READS and not _is_temporary(statement):
        raise Refused(CLOSED.get(statement.type, ELSE))


def _is_temporary(statement: duckdb.Statement) -> bool:
    """Whether it makes a table, view or macro that is gone with the connection."""
    if statement.type != Kind.CREATE:
        return False
    text = statement.query.encode()
    tokens = duckdb.tokenize(statement.query)
    ends = [place for place, _ in tokens[1:]] + [len(text)]
    said = [
        text[place:end].decode().strip().lower()
        for (place, kind), end in zip(tokens, ends, strict=True)
        if kind != duckdb.token_type.comment
    ]
    rest = [word for word in said[1:4] if word not in ("or", "replace")]
    return rest[:1] in (["temp"], ["temporary"])


def _guarded(connection: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Done in a thread of its own, since the engine does not hear of Ctrl+C while it works."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        try:
            return future.result()
        except duckdb.PermissionException:
            raise Refused(NO_FILES) from None
        except duckdb.Error as fault:
            raise Refused(f"failed: {fault}") from None
        except KeyboardInterrupt:
            connection.interrupt()
            raise
