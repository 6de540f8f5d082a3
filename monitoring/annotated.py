"""What people recorded of series, as arrays: periods to leave out, and levels to judge anew."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sightline.monitoring.detection.monitor import Judgements

Flags = NDArray[np.bool_]
Names = NDArray[np.object_]

DATA_PROBLEM = "data_problem"
QUERY = """
select indicator, area_code, kind, starts_on, ends_on from control.annotations
order by starts_on, annotation_id
"""


@dataclass(frozen=True)
class Annotations:
    """The annotations of one indicator."""

    rows: tuple[tuple[str, str, date, date | None], ...] = ()

    def problems(self, areas: pd.Index, starts: pd.DatetimeIndex, ends: pd.DatetimeIndex) -> Flags:
        """Periods that somebody said are wrong (areas x periods)."""
        wrong = np.zeros((len(areas), len(starts)), dtype=bool)
        for area, kind, starts_on, ends_on in self.rows:
            if kind == DATA_PROBLEM and area in areas:
                touched = (starts <= pd.Timestamp(ends_on or starts_on)) & (
                    ends >= pd.Timestamp(starts_on)
                )
                wrong[areas.get_loc(area)] |= touched
        return wrong

    def changes(self, areas: pd.Index, ends: pd.DatetimeIndex) -> Iterator[tuple[Flags, Names]]:
        """One layer for each further change of an area, the oldest first.

        Gives the periods from the change on, and the kind of change there (areas x periods).
        """
        by_area: dict[str, list[tuple[date, str]]] = {}
        for area, kind, starts_on, _ in self.rows:
            if kind != DATA_PROBLEM and area in areas:
                by_area.setdefault(area, []).append((starts_on, kind))
        for layer in range(max(map(len, by_area.values()), default=0)):
            since = np.zeros((len(areas), len(ends)), dtype=bool)
            kinds = np.full(since.shape, None, dtype=object)
            for area, changes in by_area.items():
                if layer < len(changes):
                    starts_on, kind = changes[layer]
                    row = areas.get_loc(area)
                    since[row] = ends >= pd.Timestamp(starts_on)
                    kinds[row, since[row]] = kind
            yield since, kinds


def read(connection: duckdb.DuckDBPyConnection) -> dict[str, Annotations]:
    """Annotations in force by indicator."""
    found: dict[str, list[tuple[str, str, date, date | None]]] = {}
    for indicator, *row in connection.execute(QUERY).fetchall():
        found.setdefault(indicator, []).append(tuple(row))
    return {indicator: Annotations(tuple(rows)) for indicator, rows in found.items()}


def merged(old: Judgements, new: Judgements, where: Flags) -> Judgements:
    """Of `new` where the flags stand (areas x judged periods), of `old` elsewhere."""
    changed = {
        field.name: np.where(where, getattr(new, field.name), getattr(old, field.name))
        for field in fields(Judgements)
        if getattr(old, field.name).shape == where.shape
    }
    return replace(old, **changed)
