"""Change the key: every pseudonym is derived again from the landing store, all or nothing.

The new rows are built beside the old ones and can be built on after a crash. One transaction says
that the new key holds; `keys.finish_rotation` then puts key and rows in place.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from sightline.warehouse.errors import KeyFault, SightlineError
from sightline.warehouse.home import Home, write_secret
from sightline.warehouse.intake.batch import Workshop
from sightline.warehouse.intake.reread import Batches, batches_of, read_again
from sightline.warehouse.intake.write import Files
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger import submissions as ledger
from sightline.warehouse.ledger.state import State, submissions
from sightline.warehouse.pseudonyms import keys
from sightline.warehouse.settings import Settings

Progress = Callable[[str, int, int], None]


def rotate(
    home: Home, state: State, settings: Settings, new_key: Path, reason: str, say: Progress
) -> str:
    """Derive all history again under the key in a file; the new fingerprint."""
    old, new = keys.in_use(home, state), keys.read(new_key)
    if new == old:
        raise KeyFault(f"{new_key} holds the key that is in use already")
    _refuse_purged(state)
    done = _begin(home, new)
    batches = batches_of(home, state)
    _build(home, settings, new, batches, done, say)
    _drop_others(home, batches)
    with state.begin() as connection:
        audit.record(connection, "rotate", f"key {keys.fingerprint(new)}", reason)
        for batch in batches:
            ledger.set_counts(connection, json.loads((done / batch).read_text(encoding="ascii")))
        ledger.record_facts(connection, home.rotation / "raw", list(batches))
        keys.pin(connection, new)
    keys.finish_rotation(home, state)
    return keys.fingerprint(new)


def _refuse_purged(state: State) -> None:
    query = sa.select(sa.func.count()).where(
        submissions.c.status == "accepted", submissions.c.purged_on.is_not(None)
    )
    with state.read() as connection:
        gone = connection.execute(query).scalar_one()
    if gone:
        raise SightlineError(
            f"the originals of {gone:,} submissions are gone by the retention policy, so their"
            " rows cannot be derived under another key; start a new monitor, or keep this key"
        )


def _begin(home: Home, new: bytes) -> Path:
    """The folder of finished batches: that of a rotation to the same key, or an empty one."""
    fresh, done = home.rotation / home.key.name, home.rotation / "done"
    if fresh.is_file() and keys.read(fresh) == new:
        return done
    shutil.rmtree(home.rotation, ignore_errors=True)
    for folder in (home.rotation, done, *(home.rotation / name for name in keys.SWAPPED)):
        folder.mkdir(mode=0o700)
    unfinished = home.rotation / "key"
    write_secret(unfinished, new)
    unfinished.rename(fresh)
    return done


def _build(
    home: Home, settings: Settings, new: bytes, batches: Batches, done: Path, say: Progress
) -> None:
    missing = [batch for batch in batches if not (done / batch).exists()]
    files = Files(home.rotation / "raw", home.rotation / "quarantine")
    workshop = Workshop(home.spool, new, files)
    say("deriving again", 0, len(missing))
    for number, (batch, outcomes) in enumerate(read_again(workshop, settings, batches, missing), 1):
        counts = json.dumps(ledger.counts_of(outcomes))
        unfinished = done / f".{batch}"
        unfinished.write_text(counts, encoding="ascii")
        unfinished.rename(done / batch)
        say("deriving again", number, len(missing))


def _drop_others(home: Home, batches: Batches) -> None:
    """Rows of batches that were read anew since the rotation began."""
    for path in (*home.rotation.glob("raw/*/*"), *home.rotation.glob("quarantine/*")):
        if path.stem not in batches:
            path.unlink()
