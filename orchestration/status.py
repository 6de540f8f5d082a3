"""What `sightline status` says: the release, the last run, what waits and what was refused."""

from typing import Any

from sightline.orchestration import inbox
from sightline.orchestration.lock import RUN_LOCK, holder
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import overview, runs
from sightline.warehouse.ledger.state import State
from sightline.warehouse.release import counts
from sightline.warehouse.release import store as releases


def status(home: Home, state: State) -> dict[str, Any]:
    """Read from the state and the release that readers see; no file is opened beside them."""
    last = runs.newest(state)
    shown = releases.current(home)
    in_status = overview.by_status(state)
    return {
        "release": shown.release_id if shown else None,
        "as of": str(shown.as_of) if shown else None,
        "simulated": shown.simulated if shown else None,
        "last run": _ended(home, last) if last else None,
        "waiting in the inbox": len(inbox.waiting(home.inbox)),
        "submissions": in_status["submissions"],
        "returns": counts.returns(home) if shown else {},
        "link conflicts (to ten)": counts.link_conflicts(home) if shown else {},
        "alerts": in_status["alerts"],
        "messages": in_status["messages"],
        "refused or held back": overview.refused_or_held(state),
    }


def _ended(home: Home, run: dict[str, Any]) -> str:
    """How a run ended and when; one that was killed is settled by whichever comes next."""
    if run["finished_at"]:
        return f"{run['outcome']} at {run['finished_at']:%Y-%m-%d %H:%M} UTC"
    goes_on = holder(home.restricted / RUN_LOCK) is not None
    word = "going on since" if goes_on else "killed; began at"
    return f"{word} {run['started_at']:%Y-%m-%d %H:%M} UTC"
