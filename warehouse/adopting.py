"""Go on with the state that is here, where no better copy is left: a decision of a person.

What this state does not know is set aside in restricted/orphans/; nothing is deleted.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from sightline.warehouse import belonging, database, orphans
from sightline.warehouse.belonging import MARK
from sightline.warehouse.database import StateDamaged
from sightline.warehouse.errors import WRONG_USE, SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger import submissions as ledger
from sightline.warehouse.ledger.state import releases, state_of
from sightline.warehouse.release.store import current


def adopt(home: Home, reason: str) -> Counter[str]:
    """Set aside what the state does not know, and a state that is damaged; how many of what.

    Without a state a new one is begun. Call it under the lock; cut off, it can be run again.
    """
    if not reason.strip():
        raise SightlineError("say why no better copy is left", WRONG_USE)
    found: Counter[str] = Counter()
    for kind, path in _foreign(home):
        orphans.set_aside(home, path, kind)
        found[kind.partition("/")[0]] += 1
    for place in (home.landing, home.raw, home.published):
        (place / MARK).unlink(missing_ok=True)
    # Readers led to a release that is set aside would look like one that the state has lost.
    if belonging.shown(home) and current(home) is None:
        home.current.unlink(missing_ok=True)
        (home.published / belonging.POINTER).unlink(missing_ok=True)
    with state_of(home) as state:
        with state.begin() as connection:
            told = ", ".join(f"{count:,} {what}" for what, count in sorted(found.items()))
            audit.record(connection, "adopt", told or "nothing set aside", reason)
        belonging.mark(home, state)
    belonging.check(home)
    return found


def _foreign(home: Home) -> Iterator[tuple[str, Path]]:
    """Everything that the state does not stand for, and what kind of thing it is."""
    try:
        with database.of(home.state_db).opened() as connection:
            is_state = connection is not None and belonging.holds_ledger(connection)
    except StateDamaged:
        is_state = False
    if not is_state:
        for path in sorted(home.restricted.glob(f"{home.state_db.name}*")):
            yield "state", path
    hashes, batches, recorded = _known(home, is_state=is_state)
    for path in sorted(home.landing.glob("*/*")):
        if path.name not in hashes:
            yield "originals", path
    for path in sorted(home.raw.glob("*/*")):
        if path.stem not in batches:
            yield f"raw/{path.parent.name}", path
    for path in sorted(home.quarantine.glob("*")):
        if path.stem not in batches:
            yield "quarantine", path
    for path in sorted(home.releases.glob("[!.]*")):
        if path.name not in recorded:
            yield "releases", path


def _known(home: Home, *, is_state: bool) -> tuple[set[str], set[str], set[str]]:
    """The hashes, batches and releases that the state stands for."""
    if not is_state:
        return set(), set(), set()
    with state_of(home) as state, state.read() as connection:
        kept, gone = ledger.kept_and_gone(connection)
        recorded = {row.release_id for row in connection.execute(sa.select(releases))}
        return kept | gone, ledger.batches(connection), recorded
