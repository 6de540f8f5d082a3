"""Which identifiers mean one child: those that any submission in force names together.

Where one submission gives a UPN to several children, or several UPNs to one, nobody can say which
is right: that identifier then links nothing at its sender, and the conflict is counted.
"""

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from warehouse import contract as contracts

PERSON, UPN, FORMER = KEYS = ("person_key", "upn_key", "former_upn_key")
# A child who lived in six authorities, each with its own number, and had a UPN anew in each.
MOST_IDENTIFIERS = 24


def write_identities(connection: duckdb.DuckDBPyConnection) -> None:
    """Write control.identities: every identifier with the smallest key among those joined to it.

    And control.link_conflicts: by sender and extract, how many identifiers were not followed.
    """
    held = {
        table: [key for key in KEYS if key in columns]
        for table, columns in contracts.raw_tables().items()
    }
    _run(
        connection,
        "create temp view alive as"
        " select submission_id, sender, extract from control.submissions where is_in_force",
    )
    _run(connection, f"create temp table keys as {_numbered(held)}")
    _run(connection, f"create temp table conflicts as {_conflicts(held)}")
    pairs = connection.execute(_pairs(held)).fetchnumpy()
    [(count,)] = connection.execute("select count(*) from keys").fetchall()
    one, other = (np.asarray(pairs[name], dtype=np.int64) for name in ("one", "other"))
    labels, is_cut = _without_giants(_components(one, other, count))
    connection.register("labels", {"number": np.arange(count), "label": labels, "is_cut": is_cut})
    _run(
        connection,
        """
        create table control.identities as
        select
            keys.identifier_key,
            min(keys.identifier_key) over (partition by labels.label) as child_key
        from keys
        inner join labels on keys.number = labels.number
        """,
    )
    _run(connection, f"create table control.link_conflicts as {_counted(held)}")
    connection.unregister("labels")


def _conflicts(held: dict[str, list[str]]) -> str:
    """Identifiers that go with several of what they should go with one of, by sender and extract.

    In each table a row stands for a local number, or for a UPN where there is none.
    """
    found = []
    for table, keys in held.items():
        claims = [key for key in keys if key != PERSON]
        if not claims or len(keys) == 1:
            continue
        anchor = keys[0]
        union = " union all ".join(
            f"select sender, extract, submission_id, {anchor} as anchor, {key} as claim"
            f" from {_rows(table)} where {key} is not null"
            for key in claims
        )
        found.append(_several("upn_of_several_children", "claim", "anchor", union))
        if anchor == PERSON:
            is_current = " and not coalesce(is_former, false)" if _tells_former(table) else ""
            rows = (
                f"select sender, extract, submission_id, {PERSON}, {UPN}"
                f" from {_rows(table)} where {UPN} is not null{is_current}"
            )
            found.append(_several("child_with_several_upns", PERSON, UPN, rows))
    return " union ".join(found)


def _tells_former(table: str) -> bool:
    return "is_former" in contracts.raw_tables()[table]


def _several(kind: str, one: str, other: str, rows: str) -> str:
    """Few go with several at any time; only of those it is asked whether in one submission."""
    return f"""
        select distinct '{kind}' as kind, sender, extract, {one} as identifier_key
        from ({rows})
        where {one} in (
            select {one} from ({rows}) group by {one} having min({other}) <> max({other})
        )
        group by sender, extract, submission_id, {one}
        having min({other}) <> max({other})
    """


def _counted(held: dict[str, list[str]]) -> str:
    rows = " union ".join(
        f"select sender, extract, {key} as identifier_key from {_rows(table)}"
        for table, keys in held.items()
        for key in keys
    )
    return f"""
        select sender, extract, kind, count(*) as identifiers
        from conflicts
        group by all
        union all
        select sender, extract, 'joined_to_too_many' as kind, count(*) as identifiers
        from ({rows}) as rows
        inner join keys on rows.identifier_key = keys.identifier_key
        inner join labels on keys.number = labels.number
        where labels.is_cut
        group by all
        order by all
    """


def _numbered(held: dict[str, list[str]]) -> str:
    columns = [(table, key) for table, keys in held.items() for key in keys]
    selects = " union all ".join(
        f"select distinct {key} as identifier_key from {_rows(table)}" for table, key in columns
    )
    return f"""
        select identifier_key, row_number() over () - 1 as number
        from (select distinct identifier_key from ({selects}) where identifier_key is not null)
    """


def _pairs(held: dict[str, list[str]]) -> str:
    pairs = [
        (table, one, other)
        for table, keys in held.items()
        for i, one in enumerate(keys)
        for other in keys[i + 1 :]
    ]
    selects = " union all ".join(
        f"select distinct sender, {one} as one, {other} as other from {_rows(table)}"
        for table, one, other in pairs
    )
    return f"""
        select distinct ones.number as one, others.number as other
        from ({selects}) as pairs
        inner join keys as ones on pairs.one = ones.identifier_key
        inner join keys as others on pairs.other = others.identifier_key
        where (sender, one) not in (select sender, identifier_key from conflicts)
            and (sender, other) not in (select sender, identifier_key from conflicts)
    """


def _rows(table: str) -> str:
    return f"(select * from raw.{table} inner join alive using (submission_id))"


def _components(one: NDArray[np.int64], other: NDArray[np.int64], count: int) -> NDArray[np.int32]:
    """A label for each number; numbers that are joined, however far apart, share theirs."""
    if not count:
        return np.empty(0, dtype=np.int32)
    links = (np.ones(len(one), dtype=np.int8), (one, other))
    _, labels = connected_components(csr_array(links, shape=(count, count)), directed=False)
    return np.asarray(labels, dtype=np.int32)


def _without_giants(labels: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """No child has so many identifiers: those of such a knot stand alone; which they are."""
    if not len(labels):
        return labels, np.empty(0, dtype=np.bool_)
    is_cut = np.bincount(labels)[labels] > MOST_IDENTIFIERS
    alone = labels.max() + 1 + np.arange(len(labels), dtype=np.int32)
    return np.where(is_cut, alone, labels), is_cut


def _run(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    connection.execute(query).fetchall()
