"""The secret that pseudonyms are made with: read, refused where it is weak, and known again.

The key itself is written nowhere but in its file; the state keeps its fingerprint.
"""

import hmac
import shutil
import stat
from itertools import pairwise
from pathlib import Path

import sqlalchemy as sa

from sightline.warehouse.errors import KeyFault
from sightline.warehouse.home import KEY_BYTES, Home
from sightline.warehouse.ledger.state import State, settings
from sightline.warehouse.machine import is_lacking

PINNED = "key_fingerprint"
LABEL = b"fingerprint of a key"
SWAPPED = ("raw", "quarantine")


def read(path: Path) -> bytes:
    """The key in a file; raises KeyFault, with the rule that it breaks and never with the key."""
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as fault:
        if isinstance(fault, OSError) and is_lacking(fault):
            raise
        raise KeyFault(f"{path} cannot be read; without a key no file is taken in") from None
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFault(
            f"{path} can be read by others, so it is no secret any more; if nobody has seen it,"
            f" run: chmod 600 {path}"
        )
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise KeyFault(f"{path} is not written as hexadecimal digits") from None
    if len(key) < KEY_BYTES or len(set(key)) < KEY_BYTES // 4:
        raise KeyFault(f"{path} is too weak: at least {KEY_BYTES} random bytes are needed")
    if _is_sample(key):
        raise KeyFault(f"{path} holds a key as in examples, which anybody can guess")
    return key


def fingerprint(key: bytes) -> str:
    """What a key can be known by without being told."""
    return hmac.digest(key, LABEL, "sha256").hex()[:16]


def in_use(home: Home, state: State) -> bytes:
    """The key of this monitor; raises KeyFault where it is another than at the first use."""
    finish_rotation(home, state)
    key = read(home.key)
    known = pinned(state)
    if known is None:
        with state.begin() as connection:
            pin(connection, key)
    elif known != fingerprint(key):
        raise KeyFault(
            f"{home.key} holds another key than the one that this monitor began with"
            f" (fingerprint {fingerprint(key)}, expected {known}): new files would not link to"
            " earlier ones. Put the old key back, or change keys with: sightline key rotate"
        )
    return key


def pinned(state: State) -> str | None:
    """The fingerprint of the key that the rows on disk were made with."""
    with state.read() as connection:
        query = sa.select(settings.c.value).where(settings.c.name == PINNED)
        value = connection.execute(query).scalar()
    return None if value is None else str(value)


def pin(connection: sa.Connection, key: bytes) -> None:
    connection.execute(settings.delete().where(settings.c.name == PINNED))
    connection.execute(settings.insert(), {"name": PINNED, "value": fingerprint(key)})


def finish_rotation(home: Home, state: State) -> None:
    """Put in place what a change of keys has built, once the state says that it holds.

    Every step can be cut off and run again; before the state says so, nothing here is touched.
    """
    fresh = home.rotation / home.key.name
    if home.rotation.is_dir() and not fresh.is_file():
        shutil.rmtree(home.rotation)
    if not fresh.is_file() or fingerprint(read(fresh)) != pinned(state):
        return
    for name in SWAPPED:
        _put_in_place(home.rotation / name, home.restricted / name)
    for path in (home.warehouse_db, home.work_db):
        path.unlink(missing_ok=True)
    # Its own last step: with the key gone from there, the rest is only to be cleared away.
    fresh.replace(home.key)
    shutil.rmtree(home.rotation)


def _put_in_place(new: Path, old: Path) -> None:
    if new.is_dir():
        if old.is_dir():
            old.rename(new.with_suffix(".old"))
        new.rename(old)


def _is_sample(key: bytes) -> bool:
    """Counts up or down in even steps, or says the same again and again."""
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    return len(steps) == 1 or any(key == key[-n:] + key[:-n] for n in range(1, 17))
