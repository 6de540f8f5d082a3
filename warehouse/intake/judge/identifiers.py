"""Pseudonyms of identifiers that a person types, made exactly as intake makes them."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from sightline.warehouse.connection import open_quietly, safe_config
from sightline.warehouse.contracts.schema import Column
from sightline.warehouse.intake.judge import column_rules as rules
from sightline.warehouse.pseudonyms.sql import set_key

# A kind, upn or person, and the text as it was sent.
Identifier = tuple[str, str]


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
