"""When an authority took over from others: what is known of them is not known of it."""

from collections.abc import Iterable
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sightline.warehouse.areas import seed


@cache
def taken_over() -> dict[str, date]:
    """The day of the newest succession of each authority, by its three-digit number."""
    days: dict[str, date] = {}
    for row in seed("area_successions.csv"):
        day = date.fromisoformat(row["effective_date"])
        days[row["la_code_to"]] = max(day, days.get(row["la_code_to"], day))
    return days


def successors(number: str) -> set[str]:
    """The numbers of the authorities that took over from one."""
    return {
        row["la_code_to"] for row in seed("area_successions.csv") if row["la_code_from"] == number
    }


def first_year(
    numbers: Iterable[object], starts: pd.DatetimeIndex, ends: pd.DatetimeIndex
) -> NDArray[np.bool_]:
    """Periods that touch the twelve months from an authority's succession (areas x periods)."""
    days = taken_over()
    began = pd.DatetimeIndex([days.get(str(number), pd.NaT) for number in numbers])
    over = began + pd.DateOffset(years=1)
    since = ends.to_numpy()[None, :] >= began.to_numpy()[:, None]
    return np.asarray(since & (starts.to_numpy()[None, :] < over.to_numpy()[:, None]))
