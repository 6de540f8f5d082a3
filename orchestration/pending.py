"""Whether a run has anything to do, told without opening a file or importing a framework."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from orchestration import inbox
from orchestration.code_version import code_version
from orchestration.run import last_good
from warehouse import annotations, identity_decisions, releases
from warehouse.home import Home
from warehouse.state import State, alert_events, backtests, submissions

WORDS = {
    "as_of": "the date has moved on",
    "code_version": "the code or an indicator has changed",
    "settings": "the settings have changed",
    "submissions": "submissions wait to be published",
    "alerts": "somebody has decided on an alert",
    "warehouse": "the warehouse file has to be built again",
    "backtests": "a back-test has a result",
    "annotations": "somebody has annotated a series",
    "identities": "somebody has decided who is one child",
}


def fingerprint(home: Home, state: State, as_of: date) -> dict[str, Any]:
    """What a release depends on; the same fingerprint gives the same release."""
    return {
        "as_of": as_of.isoformat(),
        "code_version": code_version(),
        "settings": home.config.read_text(encoding="utf-8"),
        "submissions": _ledger(state),
        "alerts": _events(state),
        "warehouse": home.warehouse_db.exists(),
        "backtests": _newest_backtest(state),
        "annotations": [one.annotation_id for one in annotations.known(state, as_of)],
        "identities": [number for number, _ in identity_decisions.known(state, as_of)],
    }


def reasons(home: Home, state: State, as_of: date) -> list[str]:
    """Why a run is needed, in words; none when the current release already says everything."""
    last = last_good(state)
    waiting = new_in_inbox(home, last)
    found = [f"{len(waiting):,} in the inbox"] if waiting else []
    if last is None or releases.current(home) is None:
        return [*found, "nothing is published yet"]
    now, then = fingerprint(home, state, as_of), last["detail"]["fingerprint"]
    return found + [WORDS[name] for name in now if now[name] != then.get(name)]


def new_in_inbox(home: Home, last: dict[str, Any] | None) -> list[str]:
    """What waits, but for what the last run could not read and nobody has touched since."""
    left = last["detail"]["left"] if last else {}
    return [name for name, mark in inbox.waiting(home.inbox).items() if left.get(name) != mark]


def newest(last: dict[str, Any] | None) -> int:
    """The last submission that a good run has judged."""
    rows = last["detail"]["fingerprint"].get("submissions", []) if last else []
    return max((row[3] for row in rows), default=0)


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
