"""Decide whether a run has anything to do, without opening a file or importing a framework.

A later date alone is nothing to do; what it makes overdue is.
"""

from datetime import date
from typing import Any

from sightline.orchestration import inbox
from sightline.orchestration.code_version import code_version
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import annotations, overview, runs
from sightline.warehouse.ledger import releases as ledger
from sightline.warehouse.ledger.state import State
from sightline.warehouse.release import store as releases
from sightline.warehouse.settings import Settings, load_settings
from sightline.warehouse.settings import fingerprint as settings_fingerprint
from sightline.warehouse.timeline import identity_decisions
from sightline.warehouse.timeline.coverage import coverage_digest
from sightline.warehouse.timeline.in_force import known

WORDS = {
    "code_version": "the code or an indicator has changed",
    "settings": "the settings have changed",
    "submissions": "submissions wait to be published",
    "alerts": "somebody has decided on an alert",
    "warehouse": "the warehouse file has to be built again",
    "backtests": "a back-test has a result",
    "annotations": "somebody has annotated a series",
    "identities": "somebody has decided who is one child",
}
# After a release was rolled back neither a date nor a missing file brings its figures back.
MAY_MEND = ("code_version", "settings", "submissions", "backtests", "annotations", "identities")
OVERDUE = "a day that something was due by has passed"


def fingerprint(home: Home, state: State, as_of: date) -> dict[str, Any]:
    """What a release depends on; the same fingerprint gives the same release.

    `as_of` stands for itself alone: of what it brings, `due` is what readers would be told.
    """
    settings = load_settings(home)
    return {
        **_decided(home, state, settings, as_of),
        "as_of": as_of.isoformat(),
        "due": _due(state, settings, as_of),
    }


def reasons(home: Home, state: State, as_of: date) -> list[str]:
    """Why a run is needed, in words; none when the current release already says everything."""
    last = runs.last_built(state)
    waiting = new_in_inbox(home, last)
    reasons_found = [f"{len(waiting):,} in the inbox"] if waiting else []
    shown = releases.current(home)
    if last is None or shown is None:
        came = reasons_found or overview.by_extract(state)
        return [*reasons_found, "nothing is published yet"] if came else []
    settings = load_settings(home)
    now, then = _decided(home, state, settings, as_of), last["detail"]["fingerprint"]
    if ledger.return_in_force(state):
        return reasons_found + [WORDS[name] for name in MAY_MEND if now[name] != then.get(name)]
    if shown.release_id != last["release_id"]:
        return [*reasons_found, "the newest release is not there"]
    reasons_found += [WORDS[name] for name in now if now[name] != then.get(name)]
    if not reasons_found and as_of.isoformat() != then.get("as_of"):
        return [OVERDUE] if _due(state, settings, as_of) != then.get("due") else []
    return reasons_found


def new_in_inbox(home: Home, last: dict[str, Any] | None) -> list[str]:
    """What waits, but for what the last run could not read and nobody has touched since."""
    left = last["detail"]["left"] if last else {}
    return [name for name, mark in inbox.waiting(home.inbox).items() if left.get(name) != mark]


def _decided(home: Home, state: State, settings: Settings, as_of: date) -> dict[str, Any]:
    """What came, what people decided and what the code is."""
    return {
        "code_version": code_version(),
        "settings": settings_fingerprint(settings),
        **overview.decided(state, as_of),
        "warehouse": home.warehouse_db.exists(),
        "annotations": [annotation.annotation_id for annotation in annotations.known(state, as_of)],
        "identities": [number for number, _ in identity_decisions.known(state, as_of)],
    }


def _due(state: State, settings: Settings, as_of: date) -> str:
    """What a date makes of the ledger: which returns came, are overdue or can be judged."""
    return coverage_digest(known(state, as_of), settings.authorities, as_of)
