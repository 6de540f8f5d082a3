"""Can this monitor run here? Each thing by name, with what is wrong with it or nothing."""

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from orchestration.configuration import checked
from warehouse import belonging, indicators, machine, orphans
from warehouse import home as homes
from warehouse.errors import ConfigurationError, SightlineError
from warehouse.home import Home
from warehouse.intake.write import Files
from warehouse.ledger import audit
from warehouse.ledger import submissions as ledger
from warehouse.ledger.state import State, facts, state_of
from warehouse.pseudonyms import keys
from warehouse.release import store as releases

Progress = Callable[[str, int, int], None]

DUCKDB = "2.0.0"
PYTHONS = ((3, 11), (3, 14))


def examine(
    home: Home, *, is_quick: bool = False, progress: Progress | None = None
) -> Iterator[tuple[str, str | None]]:
    """Each check by name, with its fault or none; `is_quick` leaves out what reads every byte."""
    say = progress or (lambda _stage, _done, _of: None)
    checks: dict[str, Callable[[Home], object]] = {
        f"Python {sys.version.split()[0]}": _python,
        f"DuckDB {version('duckdb')}": _duckdb,
        "settings": checked,
        "folder": homes.check_place,
        "free disk": lambda home: machine.check_room(home, checked(home)),
        "state": _state,
        "what belongs together": belonging.check,
        "pseudonym key": _key,
        "audit trail": _audit,
        "contracts": _contracts,
        "indicator definitions": lambda _: indicators.load(),
        "models": _models,
    }
    if not is_quick:
        checks |= {
            "rows": lambda home: _rows(home, say),
            "originals": lambda home: _originals(home, say),
        }
    checks |= {"orphans": _orphans, "current release": _release}
    for name, check in checks.items():
        yield name, _fault(check, home)


def _fault(check: Callable[[Home], object], home: Home) -> str | None:
    try:
        check(home)
    except SightlineError as fault:
        return fault.message
    except sa.exc.DBAPIError as fault:
        return f"{home.state_db}: {fault.orig}"
    except (OSError, ValueError) as fault:
        return f"{type(fault).__name__}: {fault}"
    return None


def _python(_: Home) -> None:
    if not PYTHONS[0] <= sys.version_info[:2] < PYTHONS[1]:
        raise ConfigurationError("Python 3.11, 3.12 or 3.13 is needed")


def _duckdb(_: Home) -> None:
    if version("duckdb") != DUCKDB:
        raise ConfigurationError(f"{DUCKDB} is needed; install the locked requirements")


def _state(home: Home) -> None:
    """Every page and index, and every reference from one row to another."""
    with belonging.opened(home.state_db) as connection:
        if connection is None:
            return
        for pragma in ("integrity_check(1)", "foreign_key_check"):
            found = connection.execute(f"pragma {pragma}").fetchall()
            if found not in ([], [("ok",)]):
                raise belonging.damaged(home.state_db)
    State(home.state_db).close()


def _key(home: Home) -> None:
    with state_of(home) as state:
        keys.in_use(home, state)


def _audit(home: Home) -> None:
    with state_of(home) as state:
        audit.check(state)


def _contracts(_: Home) -> None:
    from warehouse.contracts import schema as contract

    contract.load()


def _models(home: Home) -> None:
    from orchestration import dbt_runner

    try:
        dbt_runner.parse(home)
    except Exception as fault:
        raise ConfigurationError(f"dbt cannot read its project ({type(fault).__name__})") from None


def _rows(home: Home, say: Progress) -> None:
    """Every file of rows: its footer, its count and its bytes as the ledger has them."""
    with state_of(home) as state, state.read() as connection:
        known = list(connection.execute(sa.select(facts)))
    wrong = []
    for number, row in enumerate(known, 1):
        path = Files(home.raw, home.quarantine).of_table(row.table_name, row.batch)
        try:
            is_whole = pq.read_metadata(path).num_rows == row.rows
            is_whole = is_whole and ledger.sha256_of(path) == row.sha256
        except (OSError, pa.ArrowException):
            is_whole = False
        if not is_whole:
            wrong.append(path.relative_to(home.root))
        _tell(say, "checking rows", number, len(known))
    _refuse(wrong, "not as the ledger has them", "put them back from a copy")


def _originals(home: Home, say: Progress) -> None:
    """Every original that is kept, by its hash."""
    with state_of(home) as state, state.read() as connection:
        kept, _ = ledger.kept_and_gone(connection)
        waiting = {row.sha256 for row in ledger.waiting(connection)}
    wrong = []
    for number, sha256 in enumerate(sorted(kept), 1):
        path = home.original(sha256)
        # What was received and has not landed yet is still in the inbox.
        is_expected = path.exists() or sha256 not in waiting
        if is_expected and not (path.is_file() and ledger.sha256_of(path) == sha256):
            wrong.append(path.relative_to(home.root))
        _tell(say, "checking originals", number, len(kept))
    _refuse(wrong, "missing or not as they came", "put them back from a copy")


def _orphans(home: Home) -> None:
    found = len(orphans.listed(home))
    if found:
        raise ConfigurationError(
            f"{found:,} originals that no ledger knows lie in {home.orphans}; look at them with:"
            " sightline originals list"
        )


def _refuse(wrong: list[Path], what: str, remedy: str) -> None:
    if wrong:
        raise ConfigurationError(f"{len(wrong):,} files are {what}, such as {wrong[0]}; {remedy}")


def _tell(say: Progress, stage: str, done: int, of: int) -> None:
    if done % 500 == 0 or done == of:
        say(stage, done, of)


def _release(home: Home) -> None:
    shown = releases.current(home)
    if shown and not releases.verify(home, shown.release_id):
        raise ConfigurationError(f"{shown.release_id} is not what was published")
