"""Verify a backup: rebuild its newest release from the copy alone, and compare the two."""

import json
import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sightline.orchestration import rebuilding
from sightline.orchestration.rebuilding import Comparison
from sightline.warehouse import backup, belonging
from sightline.warehouse.backup import Copy
from sightline.warehouse.errors import KeyFault
from sightline.warehouse.home import STATE_VARIABLE, Home
from sightline.warehouse.ledger import audit, clock_marks
from sightline.warehouse.ledger.state import state_of
from sightline.warehouse.pseudonyms import keys
from sightline.warehouse.settings import load_settings

TAKEN_OVER = {"name", "authorities", "memory_limit", "threads"}


def prove(folder: Path, copy: Copy, key: Path | None, beside: Path) -> Comparison | None:
    """Compare the newest release with the one built again; none where nothing was published yet.

    Rows are pseudonymised already, so no key is asked for; one that is given must be that of the
    copy. The work is done in a folder `beside` the copy that is gone afterwards.
    """
    if key and copy.key not in (None, found := keys.fingerprint(keys.read(key))):
        raise KeyFault(f"{key} has fingerprint {found}, and the copy belongs to {copy.key}")
    with backup.unpacked(folder, copy, beside) as home:
        # Of the settings those are taken over that a release depends on, or that say what may be
        # used; no channel, and no storage elsewhere: least of all the state that was copied.
        os.environ.pop(STATE_VARIABLE, None)
        known = load_settings(home, {}).model_dump(
            mode="json", include=TAKEN_OVER, exclude_unset=True
        )
        _settle(home, known)
        belonging.check(home)
        with state_of(home) as state:
            audit.check(state)
            if copy.release is None:
                return None
            backup.rewind(state, copy.release["release_id"])
            backup.replace_key(home, state)
            newest = clock_marks.newest(state)
        as_of = date.fromisoformat(copy.release["as_of"])
        # Only a day that is over can be looked back at, and no day before the newest in the
        # records can be today.
        os.environ.pop("SIGHTLINE_TODAY", None)
        day = max(as_of + timedelta(days=1), newest or as_of)
        _settle(home, known, f"today = {day}")
        return rebuilding.rebuild(home, as_of)


def _settle(home: Home, known: dict[str, Any], *more: str) -> None:
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in known.items()]
    home.config.write_text("\n".join([*more, *lines]) + "\n", encoding="utf-8")
