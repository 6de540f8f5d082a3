"""Keep erased children out: each identifier is remembered as a digest under a key of its own.

The pseudonym key may change, and what is forgotten cannot be derived again; this key never does.
"""

import secrets
from collections.abc import Collection

import sqlalchemy as sa

from sightline.warehouse.home import KEY_BYTES, Home, write_secret
from sightline.warehouse.ledger.state import State, suppressions
from sightline.warehouse.pseudonyms import keys


def suppressed(state: State) -> set[int]:
    with state.read() as connection:
        return _known(connection)


def remember(connection: sa.Connection, found: Collection[int]) -> None:
    new = sorted(set(found) - _known(connection))
    if new:
        connection.execute(suppressions.insert(), [{"digest": str(one)} for one in new])


def _known(connection: sa.Connection) -> set[int]:
    return {int(row.digest) for row in connection.execute(sa.select(suppressions))}


def key_of(home: Home) -> bytes:
    """The key of the digests, made when it is first needed."""
    if not home.suppression_key.exists():
        write_secret(home.suppression_key, secrets.token_bytes(KEY_BYTES))
    return keys.read(home.suppression_key)
