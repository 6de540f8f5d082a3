"""Check whether this monitor can run here: each check by name, with its fault or none."""

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version

from sightline.orchestration import spark
from sightline.orchestration.configuration import checked
from sightline.warehouse import belonging, database, indicators, integrity, machine
from sightline.warehouse import home as homes
from sightline.warehouse.errors import ConfigurationError, SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger.state import StateFault, state_of
from sightline.warehouse.pseudonyms import keys
from sightline.warehouse.release import store as releases
from sightline.warehouse.release import verifying

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
        "folder": _folder,
        "free disk": lambda home: machine.check_room(home, checked(home)),
        "state": integrity.check_state,
        "what belongs together": belonging.check,
        "pseudonym key": _key,
        "audit trail": _audit,
        "alerts": _alerts,
        "contracts": _contracts,
        "indicator definitions": lambda _: indicators.load(),
        "engine": _engine,
        "models": _models,
    }
    if not is_quick:
        checks |= {
            "rows": lambda home: integrity.check_rows(home, say),
            "originals": lambda home: integrity.check_originals(home, say),
        }
    checks |= {"orphans": integrity.check_orphans, "current release": _release}
    for name, check in checks.items():
        yield name, _fault(check, home)


def _fault(check: Callable[[Home], object], home: Home) -> str | None:
    try:
        check(home)
    except SightlineError as fault:
        return fault.message
    except StateFault as fault:
        return f"{database.of(home.state_db)}: {getattr(fault, 'orig', fault)}"
    except (OSError, ValueError) as fault:
        return f"{type(fault).__name__}: {fault}"
    return None


def _python(_: Home) -> None:
    if not PYTHONS[0] <= sys.version_info[:2] < PYTHONS[1]:
        raise ConfigurationError("Python 3.11, 3.12 or 3.13 is needed")


def _duckdb(_: Home) -> None:
    if version("duckdb") != DUCKDB:
        raise ConfigurationError(f"{DUCKDB} is needed; install the locked requirements")


def _folder(home: Home) -> None:
    homes.check_place(home, may_be_shared=checked(home).state.url is not None)


def _key(home: Home) -> None:
    with state_of(home) as state:
        keys.in_use(home, state)


def _audit(home: Home) -> None:
    with state_of(home) as state:
        audit.check(state)


def _alerts(home: Home) -> None:
    from sightline.monitoring.alerts import history

    with state_of(home) as state:
        history.check(state)


def _contracts(_: Home) -> None:
    from sightline.warehouse.contracts import schema as contract

    contract.load()


def _engine(home: Home) -> None:
    if checked(home).engine == "spark":
        spark.check()


def _models(home: Home) -> None:
    from sightline.orchestration import dbt_runner

    try:
        dbt_runner.parse(home)
    except Exception as fault:
        raise ConfigurationError(f"dbt cannot read its project ({type(fault).__name__})") from None


def _release(home: Home) -> None:
    shown = releases.current(home)
    if shown and not all(verifying.results(home, shown.release_id).values()):
        raise ConfigurationError(f"{shown.release_id} is not what was published")
