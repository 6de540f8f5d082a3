"""Build a release again as it was known at its date, and compare it with what was published."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sightline.orchestration import pipeline
from sightline.orchestration.code_version import code_version
from sightline.warehouse.errors import WRONG_USE, SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import releases
from sightline.warehouse.ledger.state import State, state_of
from sightline.warehouse.release import store
from sightline.warehouse.settings import load_settings, today

# What people decided and said, and when: kept in the state, not derived from what was sent.
RECORDED = ("alerts", "alert_events", "annotations", "changes", "trends_vintages", store.MANIFEST)


@dataclass(frozen=True)
class Comparison:
    """The release that was published, the one built again, and the tables that are not alike."""

    published: str
    rebuilt: str
    differing: list[str]
    is_other_code: bool


def rebuild(home: Home, as_of: date) -> Comparison:
    """Of several releases of one day the last is meant: what is known is known by the day."""
    if as_of >= today(load_settings(home)):
        raise SightlineError("only a day that is over can be looked back at", WRONG_USE)
    with state_of(home) as state:
        former = _published(state, as_of)
        report = pipeline.run(home, as_of=as_of)
        if report.release_id is None:
            raise SightlineError(f"nothing was built: {report.fault or '; '.join(report.gates)}")
        again = releases.find(state, report.release_id) or {}
    differing = [
        name
        for name, found in again["table_hashes"].items()
        if name not in RECORDED and found != former["table_hashes"].get(name)
    ]
    is_other_code = former["code_version"] != code_version()
    return Comparison(former["release_id"], again["release_id"], differing, is_other_code)


def _published(state: State, as_of: date) -> dict[str, Any]:
    row = releases.last_published(state, as_of)
    if row is None or not row["table_hashes"]:
        raise SightlineError(
            f"no release as of {as_of} was published, or before its tables were fingerprinted;"
            f" to look back at that day: sightline run --as-of {as_of}",
            WRONG_USE,
        )
    return row
