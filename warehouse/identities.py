"""Which identifiers mean one child: those that any submission in force names together."""

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array  # type: ignore[import-untyped]
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]

from warehouse import contract as contracts

KEYS = ("person_key", "upn_key", "former_upn_key")


def write_identities(connection: duckdb.DuckDBPyConnection) -> None:
    """Write control.identities: every identifier with the smallest key among those joined to it."""
    held = {
        table: [key for key in KEYS if key in columns]
        for table, columns in contracts.raw_tables().items()
    }
    _run(connection, f"create temp table keys as {_numbered(held)}")
    pairs = connection.execute(_pairs(held)).fetchnumpy()
    [(count,)] = connection.execute("select count(*) from keys").fetchall()
    one, other = (np.asarray(pairs[name], dtype=np.int64) for name in ("one", "other"))
    labels = _components(one, other, count)
    connection.register("labels", {"number": np.arange(count), "label": labels})
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
    connection.unregister("labels")


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
        f"select distinct {one} as one, {other} as other from {_rows(table)}"
        for table, one, other in pairs
    )
    return f"""
        select ones.number as one, others.number as other
        from ({selects}) as pairs
        inner join keys as ones on pairs.one = ones.identifier_key
        inner join keys as others on pairs.other = others.identifier_key
    """


def _rows(table: str) -> str:
    alive = "select submission_id from control.submissions where is_in_force"
    return f"raw.{table} where submission_id in ({alive})"


def _components(one: NDArray[np.int64], other: NDArray[np.int64], count: int) -> NDArray[np.int32]:
    """A label for each number; numbers that are joined, however far apart, share theirs."""
    if not count:
        return np.empty(0, dtype=np.int32)
    links = (np.ones(len(one), dtype=np.int8), (one, other))
    _, labels = connected_components(csr_array(links, shape=(count, count)), directed=False)
    return np.asarray(labels, dtype=np.int32)


def _run(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    connection.execute(query).fetchall()
