"""Whose an asset is: the owners of the indicators that rest on it, as their definitions name them.

A model belongs to the indicators that are counted in it, or in what it is made of or made into.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sightline.warehouse import indicators
from sightline.warehouse.contracts.schema import Contract
from sightline.warehouse.indicators import Indicator

COUNTS = "int_measures__"
"""How the models are called in which something is counted."""


@cache
def defined() -> tuple[Indicator, ...]:
    return tuple(indicators.load())


def teams(found: Iterable[Indicator] | None = None) -> list[str]:
    """The owners of some indicators, or of all, as Dagster knows teams."""
    chosen = defined() if found is None else found
    return sorted({f"team:{indicator.owner}" for indicator in chosen})


def of_extract(contract: Contract) -> Sequence[Indicator]:
    """The indicators that rest on an extract; all, where it serves none in particular."""
    told = set(contract.tells or [contract.family])
    return [
        indicator
        for indicator in defined()
        if told.intersection(indicator.sources)
        or contract.name in {series.series for series in indicator.published}
    ] or defined()


def of_model(manifest: Mapping[str, Any], unique_id: str) -> Sequence[Indicator]:
    """The indicators that rest on a model or seed of dbt; all, where it serves none in
    particular."""
    about = {
        unique_id,
        *_reached(manifest["parent_map"], unique_id),
        *_reached(manifest["child_map"], unique_id),
    }
    nodes = manifest["nodes"]
    found = {one.indicator for name in about & nodes.keys() for one in counted_in(nodes[name])}
    return [one for one in defined() if one.indicator in found] or defined()


def counted_in(node: Mapping[str, Any]) -> list[Indicator]:
    """The indicators of which a model counts the numerator or the denominator."""
    if not node["name"].startswith(COUNTS):
        return []
    sql = node["raw_code"]
    return [
        indicator
        for indicator in defined()
        if f"'{indicator.numerator}'" in sql or f"'{indicator.denominator}'" in sql
    ]


def _reached(neighbours: Mapping[str, list[str]], start: str) -> set[str]:
    """All that can be reached from a node in one direction."""
    found, waiting = set[str](), [start]
    while waiting:
        new = set(neighbours.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return found
