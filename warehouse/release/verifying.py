"""Whether releases, and what leads readers to them, are as they were published: by the ledger."""

import os

import sqlalchemy as sa

from sightline.warehouse import belonging, database
from sightline.warehouse.errors import WRONG_USE, SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.releases import manifest_hashes
from sightline.warehouse.ledger.state import releases, state_of
from sightline.warehouse.release import store

POINTER = "current"


def results(home: Home, release_id: str | None = None) -> dict[str, bool]:
    """By release whether it is whole, and under `current` whether readers are led to the one that
    the ledger calls so; of a release that is named, that alone.

    Whoever may not read the ledger, as from a copy of published/, learns what the manifests tell.
    """
    names = store.names(home)
    if release_id and release_id not in names:
        raise SightlineError(f"there is no release {release_id}", WRONG_USE)
    current, manifests = _recorded(home)
    chosen = [release_id] if release_id else names
    found = {name: store.verify(home, name, manifests.get(name)) for name in chosen}
    if names and not release_id:
        folder = belonging.pointed_at(home)
        shown = folder.name if folder and folder.is_dir() else None
        found[POINTER] = shown is not None and current in (None, shown)
    return found


def _recorded(home: Home) -> tuple[str | None, dict[str, str]]:
    """The release that readers should see, and the hashes of manifests."""
    may_look = os.access(home.restricted, os.R_OK | os.X_OK)
    if not may_look or database.of(home.state_db).is_missing():
        return None, {}
    with state_of(home) as state:
        with state.read() as connection:
            query = sa.select(releases.c.release_id).where(releases.c.is_current)
            current = connection.execute(query).scalar()
        return current, manifest_hashes(state)
