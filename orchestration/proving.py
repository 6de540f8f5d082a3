"""Prove a copy: build its newest release again from nothing but the copy, and compare the two."""

import json
import os
import secrets
from datetime import date, timedelta
from pathlib import Path

import sqlalchemy as sa

from orchestration import pending, rebuilding
from orchestration.rebuilding import Comparison
from warehouse import backup, belonging
from warehouse import home as homes
from warehouse.backup import Copy
from warehouse.errors import KeyFault
from warehouse.home import KEY_BYTES, Home
from warehouse.ledger import audit, clock_marks
from warehouse.ledger.state import State, identity_decisions, runs, state_of, submissions
from warehouse.pseudonyms import keys
from warehouse.settings import load_settings

TAKEN_OVER = {"name", "authorities", "memory_limit", "threads"}


def prove(folder: Path, copy: Copy, key: Path | None, beside: Path) -> Comparison | None:
    """Compare the newest release with the one built again; none where nothing was published yet.

    Rows are pseudonymised already, so no key is asked for; one that is given must be that of the
    copy. The work is done in a folder `beside` the copy that is gone afterwards.
    """
    if key and copy.key not in (None, found := keys.fingerprint(keys.read(key))):
        raise KeyFault(f"{key} has fingerprint {found}, and the copy belongs to {copy.key}")
    with backup.unpacked(folder, copy, beside) as home:
        belonging.check(home)
        with state_of(home) as state:
            audit.check(state)
            if copy.release is None:
                return None
            _as_it_was(state, copy.release["release_id"])
            _under_a_key_of_its_own(home, state)
            newest = clock_marks.newest(state)
        as_of = date.fromisoformat(copy.release["as_of"])
        _on_the_day(home, max(as_of + timedelta(days=1), newest or as_of))
        return rebuilding.rebuild(home, as_of)


def _as_it_was(state: State, release_id: str) -> None:
    """Without what was taken in since that release, on the same day maybe."""
    query = sa.select(runs).where(runs.c.release_id == release_id)
    with state.begin() as connection:
        details = [row.detail for row in connection.execute(query) if row.detail]
        judged = [pending.newest({"detail": one}) for one in details if one.get("fingerprint")]
        if any(judged):
            late = submissions.c.submission_id > max(judged)
            connection.execute(submissions.delete().where(late))


def _under_a_key_of_its_own(home: Home, state: State) -> None:
    """A run asks for a key, and looking back hashes nothing."""
    homes.write_secret(home.key, secrets.token_bytes(KEY_BYTES))
    former, fresh = keys.pinned(state), keys.read(home.key)
    with state.begin() as connection:
        keys.pin(connection, fresh)
        connection.execute(
            identity_decisions.update()
            .where(identity_decisions.c.key_fingerprint == former)
            .values(key_fingerprint=keys.fingerprint(fresh))
        )


def _on_the_day(home: Home, day: date) -> None:
    """Only a day that is over can be looked back at, and no day before the newest in the records
    can be today.

    Of the settings those are taken over that a release depends on, or that say what may be used,
    and no channel and no storage elsewhere.
    """
    os.environ.pop("SIGHTLINE_TODAY", None)
    chosen = load_settings(home, {}).model_dump(mode="json", include=TAKEN_OVER, exclude_unset=True)
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in chosen.items()]
    text = "\n".join([f"today = {day}", *lines])
    home.config.write_text(f"{text}\n", encoding="utf-8")
