"""After a killed run: only recorded releases stay, and readers are led to the newest of them."""

import sqlalchemy as sa

from warehouse import releases
from warehouse.home import Home
from warehouse.state import State
from warehouse.state import releases as recorded


def recover(home: Home, state: State) -> str | None:
    """Sweep what a killed run left, and lead readers to the newest recorded release; its id."""
    for leftover in home.releases.glob(".*"):
        releases.remove(leftover)
    with state.read() as connection:
        rows = connection.execute(
            sa.select(recorded.c.release_id, recorded.c.is_current).order_by(
                recorded.c.sequence.desc()
            )
        ).all()
    known = {row.release_id for row in rows}
    for release in releases.list_releases(home):
        if release.release_id not in known:
            releases.remove(release.folder)
    return _point_at_newest(home, [row.release_id for row in rows if row.is_current])


def _point_at_newest(home: Home, release_ids: list[str]) -> str | None:
    for release_id in release_ids:
        if (home.releases / release_id / releases.MANIFEST).is_file():
            shown = releases.current(home)
            if shown is None or shown.release_id != release_id:
                releases.point(home, release_id)
            return release_id
    return None
