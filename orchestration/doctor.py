"""Can this monitor run here? Each thing by name, with what is wrong with it or nothing."""

import shutil
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version

from orchestration.configuration import checked
from warehouse import audit, indicators, keys, releases
from warehouse.errors import ConfigurationError, SightlineError
from warehouse.home import Home
from warehouse.state import State

LEAST_FREE = 5 * 1024**3  # a national run of ten years spills and keeps less than this
DUCKDB = "2.0.0"
PYTHONS = ((3, 11), (3, 14))


def examine(home: Home) -> Iterator[tuple[str, str | None]]:
    checks: dict[str, Callable[[Home], object]] = {
        f"Python {sys.version.split()[0]}": _python,
        f"DuckDB {version('duckdb')}": _duckdb,
        "settings": checked,
        "pseudonym key": _key,
        "free disk": _free_disk,
        "state": _state,
        "audit trail": _audit,
        "contracts": _contracts,
        "indicator definitions": lambda _: indicators.load(),
        "models": _models,
        "current release": _release,
    }
    for name, check in checks.items():
        yield name, _fault(check, home)


def _fault(check: Callable[[Home], object], home: Home) -> str | None:
    try:
        check(home)
    except SightlineError as fault:
        return fault.message
    except (OSError, ValueError) as fault:
        return f"{type(fault).__name__}: {fault}"
    return None


def _python(_: Home) -> None:
    if not PYTHONS[0] <= sys.version_info[:2] < PYTHONS[1]:
        raise ConfigurationError("Python 3.11, 3.12 or 3.13 is needed")


def _duckdb(_: Home) -> None:
    if version("duckdb") != DUCKDB:
        raise ConfigurationError(f"{DUCKDB} is needed; install the locked requirements")


def _free_disk(home: Home) -> None:
    free = shutil.disk_usage(home.root).free
    if free < LEAST_FREE:
        raise ConfigurationError(f"{free / 1024**3:.1f} GB free, {LEAST_FREE / 1024**3:.0f} wanted")


def _state(home: Home) -> None:
    State(home.state_db).close()


def _key(home: Home) -> None:
    state = State(home.state_db)
    try:
        keys.in_use(home, state)
    finally:
        state.close()


def _audit(home: Home) -> None:
    state = State(home.state_db)
    try:
        audit.check(state)
    finally:
        state.close()


def _contracts(_: Home) -> None:
    from warehouse import contract

    contract.load()


def _models(home: Home) -> None:
    from orchestration import dbt_runner

    try:
        dbt_runner.parse(home)
    except Exception as fault:
        raise ConfigurationError(f"dbt cannot read its project ({type(fault).__name__})") from None


def _release(home: Home) -> None:
    shown = releases.current(home)
    if shown and not releases.verify(home, shown.release_id):
        raise ConfigurationError(f"{shown.release_id} is not what was published")
