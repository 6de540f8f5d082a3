"""Children who were erased stay so: each identifier is remembered as a digest under its own key.

The pseudonym key may change, and what is forgotten cannot be derived again; this key never does.
"""

import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from warehouse import keys
from warehouse.connection import open_quietly, safe_config
from warehouse.contract import Column
from warehouse.home import KEY_BYTES, Home, write_secret
from warehouse.intake import rules
from warehouse.intake.pseudonyms import set_key
from warehouse.intake.redaction import Identifier
from warehouse.state import State, suppressions

Digests = Callable[[str | None, Collection[Identifier]], dict[Identifier, int]]


@contextmanager
def digests(key: bytes) -> Iterator[Digests]:
    """A function from identifiers of a sender to their pseudonyms, made exactly as intake does.

    What is no valid identifier has none.
    """
    upn = rules.judgement(Column(type="upn"))
    person = rules.judgement(Column(type="id", kind="person"))
    query = f"""
        with given as (
            select unnest($1::varchar[]) as kind, unnest($2::varchar[]) as text, $3 as sender
        )
        select kind, text, {upn.values["v"]} as digest
        from {upn.over("(from given where kind = 'upn')")}
        union all
        select kind, text, {person.values["v"]} as digest
        from {person.over("(from given where kind <> 'upn')")}
    """
    connection = open_quietly(None, safe_config(memory_limit="500MB"))
    set_key(connection, key)

    def digest(sender: str | None, identifiers: Collection[Identifier]) -> dict[Identifier, int]:
        kinds, texts = [one[0] for one in identifiers], [one[1] for one in identifiers]
        rows = connection.execute(query, [kinds, texts, sender or ""]).fetchall()
        return {(kind, text): found for kind, text, found in rows if found is not None}

    try:
        yield digest
    finally:
        connection.close()


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
