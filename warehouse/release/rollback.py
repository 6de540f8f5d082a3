"""Lead readers back to an earlier release, and forward again. Nothing is deleted by it.

Each return is an entry of the audit trail and, for the runs after it, a row among the settings of
the state. The ledger says which release is current, so that a killed command is either done or
undone by whoever next takes the lock.
"""

import json
from dataclasses import asdict
from datetime import date

import sqlalchemy as sa

from sightline.warehouse.errors import WRONG_USE, SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger.releases import (
    RETURNS,
    Return,
    manifest_hashes,
    read_returns,
    return_in_force,
)
from sightline.warehouse.ledger.state import State, releases, settings
from sightline.warehouse.release import store


def roll_back(home: Home, state: State, release_id: str | None, reason: str, on: date) -> Return:
    """Make a kept release the current one; without a name the one before it.

    Call it under the lock. Raises SightlineError where the release is not kept, is shown already,
    looks back, is damaged, or was made under other rules of disclosure control.
    """
    shown = store.require_current(home)
    target = store.find(home, release_id) if release_id else store.former(home, shown)
    _check(target, shown, manifest_hashes(state).get(target.release_id))
    before = return_in_force(state)
    made = Return(
        target.release_id,
        shown.release_id,
        before.newest if before else shown.release_id,
        on.isoformat(),
        reason.strip(),
    )
    with state.begin() as connection:
        known = sa.select(releases.c.release_id).where(releases.c.release_id == target.release_id)
        if connection.execute(known).first() is None:
            raise SightlineError(f"the ledger knows no release {target.release_id}")
        audit.record(
            connection, "rollback", f"release {made.former} to {made.release_id}", made.reason
        )
        connection.execute(
            sa.update(releases).values(is_current=releases.c.release_id == target.release_id)
        )
        rows = [*read_returns(connection), asdict(made)]
        connection.execute(sa.delete(settings).where(settings.c.name == RETURNS))
        connection.execute(sa.insert(settings).values(name=RETURNS, value=json.dumps(rows)))
    store.point(home, target.release_id)
    return made


def _check(target: store.Release, shown: store.Release, manifest_hash: str | None) -> None:
    name = target.release_id
    if name == shown.release_id:
        raise SightlineError(f"release {name} is what readers see already", WRONG_USE)
    if target.looks_back:
        raise SightlineError(f"release {name} looks back and was never shown", WRONG_USE)
    if target.rules != shown.rules:
        raise SightlineError(
            f"release {name} was made under other rules of disclosure control, so that showing it"
            " again could give small counts away"
        )
    if not store.is_whole(target.folder, manifest_hash):
        raise SightlineError(f"release {name} is not what was published: sightline releases verify")
