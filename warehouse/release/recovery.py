"""After a killed run: only recorded releases are shown, and readers are led to the current one.

What the ledger does not know and what is damaged is set aside, never deleted on its word alone.
"""

import logging

import duckdb
import sqlalchemy as sa

from sightline.warehouse import belonging, orphans
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import releases as ledger
from sightline.warehouse.ledger.state import State, runs
from sightline.warehouse.ledger.state import releases as recorded
from sightline.warehouse.release import store as releases
from sightline.warehouse.release import vintages

logger = logging.getLogger("sightline")


def recover(home: Home, state: State) -> str | None:
    """Sweep what a killed run left, and lead readers to the release that the ledger calls current,
    or to the newest before it that is whole; its id."""
    for leftover in home.releases.glob(".*"):
        releases.remove(leftover)
    with state.read() as connection:
        rows = connection.execute(
            sa.select(recorded.c.release_id, recorded.c.sequence, recorded.c.is_current).order_by(
                recorded.c.sequence.desc()
            )
        ).all()
    known = {row.release_id for row in rows}
    following = max((row.sequence for row in rows), default=0) + 1
    shown = belonging.pointed_at(home)
    if home.current.is_dir() and not home.current.is_symlink():
        # Copied by something that follows links; no link can take its place.
        orphans.set_aside(home, home.current, "releases")
    for folder in sorted(home.releases.glob("[!.]*")):
        if folder.name in known and releases.is_readable(folder):
            continue
        # A run places a release, records it, then leads readers to it: killed in between it leaves
        # one with the number that comes next.
        is_next = belonging.number_of_release(folder.name) == following
        if is_next and folder.name not in known | {shown.name if shown else None}:
            releases.remove(folder)
        else:
            orphans.set_aside(home, folder, "releases")
    _drop_damaged_warehouse(home)
    vintages.sweep(home, state)
    current = [row for row in rows if row.is_current]
    # What is newer than the current one was rolled back.
    before = min((row.sequence for row in current), default=following)
    return _point_at_newest(
        home,
        [row.release_id for row in current] + _former(state, before),
        ledger.manifest_hashes(state),
    )


def recorded_releases(state: State) -> dict[str, str]:
    """The releases that the ledger knows, with their content hashes."""
    with state.read() as connection:
        rows = connection.execute(sa.select(recorded.c.release_id, recorded.c.content_hash))
        return {row.release_id: row.content_hash for row in rows}


def _former(state: State, before: int) -> list[str]:
    """Releases that readers were led to before one, the newest first; never one that looks back."""
    query = (
        sa.select(recorded.c.release_id)
        .join(runs, runs.c.release_id == recorded.c.release_id)
        .where(runs.c.outcome == "released", recorded.c.sequence < before)
        .order_by(recorded.c.sequence.desc())
    )
    with state.read() as connection:
        return list(connection.scalars(query))


def _point_at_newest(home: Home, release_ids: list[str], manifests: dict[str, str]) -> str | None:
    """Of those that are recorded and still what was published."""
    for release_id in release_ids:
        folder = home.releases / release_id
        if not folder.is_dir():
            continue
        if not releases.is_whole(folder, manifests.get(release_id)):
            logger.warning("release %s is damaged and is set aside", release_id)
            orphans.set_aside(home, folder, "releases")
            continue
        shown = releases.current(home)
        if shown is None or shown.release_id != release_id:
            releases.point(home, release_id)
        return release_id
    return None


def set_aside_damaged(home: Home, state: State) -> list[str]:
    """Set aside what is damaged of the releases that readers are not led to; their names.

    Every byte of them is read. Whoever compares a release with those that are kept could else
    never come to an end.
    """
    shown = belonging.pointed_at(home)
    manifests = ledger.manifest_hashes(state)
    found = []
    for name in releases.names(home):
        folder = home.releases / name
        if folder != shown and not releases.is_whole(folder, manifests.get(name)):
            logger.warning("release %s is damaged and is set aside", name)
            orphans.set_aside(home, folder, "releases")
            found.append(name)
    return found


def _drop_damaged_warehouse(home: Home) -> None:
    """The warehouse file holds nothing that a run does not build again."""
    if not home.warehouse_db.exists():
        return
    try:
        duckdb.connect(str(home.warehouse_db), read_only=True).close()
    except duckdb.Error as fault:
        if "lock" not in str(fault):
            logger.warning("%s is damaged and is built again", home.warehouse_db.name)
            home.warehouse_db.unlink()
