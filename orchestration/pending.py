"""Whether a run has anything to do, told without opening a file or importing a framework.

A later date alone is nothing to do; what it makes overdue is.
"""

import hashlib
import json
from datetime import date
from typing import Any

import sqlalchemy as sa

from orchestration import inbox
from orchestration.code_version import code_version
from orchestration.run import last_built
from warehouse.home import Home
from warehouse.ledger import annotations
from warehouse.ledger.state import State, alert_events, alerts, backtests, submissions
from warehouse.release import rollback
from warehouse.release import store as releases
from warehouse.settings import Settings, load_settings
from warehouse.settings import fingerprint as settings_fingerprint
from warehouse.timeline import identity_decisions
from warehouse.timeline.coverage import coverage, expected
from warehouse.timeline.in_force import known, slices

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
    last = last_built(state)
    waiting = new_in_inbox(home, last)
    found = [f"{len(waiting):,} in the inbox"] if waiting else []
    shown = releases.current(home)
    if last is None or shown is None:
        return [*found, "nothing is published yet"]
    settings = load_settings(home)
    now, then = _decided(home, state, settings, as_of), last["detail"]["fingerprint"]
    if rollback.in_force(state):
        return found + [WORDS[name] for name in MAY_MEND if now[name] != then.get(name)]
    if shown.release_id != last["release_id"]:
        return [*found, "the newest release is not there"]
    found += [WORDS[name] for name in now if now[name] != then.get(name)]
    if not found and as_of.isoformat() != then.get("as_of"):
        return [OVERDUE] if _due(state, settings, as_of) != then.get("due") else []
    return found


def new_in_inbox(home: Home, last: dict[str, Any] | None) -> list[str]:
    """What waits, but for what the last run could not read and nobody has touched since."""
    left = last["detail"]["left"] if last else {}
    return [name for name, mark in inbox.waiting(home.inbox).items() if left.get(name) != mark]


def newest(last: dict[str, Any] | None) -> int:
    """The last submission that a good run has judged."""
    rows = last["detail"]["fingerprint"].get("submissions", []) if last else []
    return max((row[3] for row in rows), default=0)


def _decided(home: Home, state: State, settings: Settings, as_of: date) -> dict[str, Any]:
    """What came, what people decided and what the code is."""
    return {
        "code_version": code_version(),
        "settings": settings_fingerprint(settings),
        "submissions": _ledger(state),
        "alerts": [_events(state), _to_be_woken(state, as_of)],
        "warehouse": home.warehouse_db.exists(),
        "backtests": _newest_backtest(state),
        "annotations": [one.annotation_id for one in annotations.known(state, as_of)],
        "identities": [number for number, _ in identity_decisions.known(state, as_of)],
    }


def _due(state: State, settings: Settings, as_of: date) -> str:
    """What a date makes of the ledger: which returns came, are overdue or can be judged."""
    submitted = known(state, as_of)
    senders = expected(submitted, settings.authorities)
    rows = [
        (row.la_code, row.extract, str(row.period.start), row.status, row.period.end <= as_of)
        for row in coverage(submitted, slices(submitted), senders, as_of)
        if row.status != "not_due"
    ]
    told = [[one.submission_id for one in submitted], rows]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _to_be_woken(state: State, as_of: date) -> int:
    """Alerts whose snooze is over."""
    query = sa.select(alerts.c.summary).where(alerts.c.state == "snoozed")
    with state.read() as connection:
        summaries: list[dict[str, Any]] = list(connection.scalars(query))
    until = [summary.get("snoozed_until") for summary in summaries]
    return sum(day is not None and day <= as_of.isoformat() for day in until)


def _ledger(state: State) -> list[Any]:
    query = sa.select(
        submissions.c.status,
        submissions.c.held_reason.is_not(None),
        sa.func.count(),
        sa.func.max(submissions.c.submission_id),
        sa.func.count(submissions.c.overridden_on),
        sa.func.count(submissions.c.withdrawn_on),
    ).group_by(submissions.c.status, submissions.c.held_reason.is_not(None))
    with state.read() as connection:
        return sorted([list(row) for row in connection.execute(query)], key=str)


def _newest_backtest(state: State) -> int:
    with state.read() as connection:
        newest = sa.select(sa.func.coalesce(sa.func.max(backtests.c.backtest_id), 0))
        return int(connection.execute(newest).scalar_one())


def _events(state: State) -> int:
    with state.read() as connection:
        return int(
            connection.execute(sa.select(sa.func.count(alert_events.c.event_id))).scalar_one()
        )
