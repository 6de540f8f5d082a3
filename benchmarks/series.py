"""The series of a benchmark folder, and panels like them made from a seed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]

TESTED = 24
FIRST_MONTH = 9  # the panels begin in September
FIRST_WEEK = 575  # of those tested
LAGS = 3


@dataclass(frozen=True)
class Panel:
    """One indicator of one replicate; onset counts from the first tested month."""

    indicator: str
    counts: Array  # areas x months
    event: NDArray[np.object_]
    onset: NDArray[np.int64]
    sign: int
    reported: Array | None = None  # areas x months x lags, NaN where nothing was sent

    @property
    def months(self) -> NDArray[np.int64]:
        return (np.arange(self.counts.shape[1], dtype=np.int64) + FIRST_MONTH - 1) % 12 + 1

    @property
    def clean(self) -> NDArray[np.bool_]:
        """Tested months without an event, before one and of areas that have none."""
        before = np.arange(TESTED)[None, :] < self.onset[:, None]
        return np.asarray((self.event == "none")[:, None] | before)


@dataclass(frozen=True)
class Weekly:
    """Weekly series of one direction, with the first and last week of their event."""

    counts: Array
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    sign: int


def panels(folder: Path, replicates: int) -> list[Panel]:
    truth = pd.read_csv(folder / "d2_truth.csv")
    final = pd.read_csv(folder / "d2_final.csv.gz")
    once = folder / "d2_as_reported.csv.gz"
    early = pd.read_csv(once) if once.exists() else pd.DataFrame(columns=["rep", "indicator"])
    out = []
    for (replicate, indicator), known in truth.groupby(["rep", "indicator"], sort=True):
        if int(str(replicate)) >= replicates:
            continue
        here = final[(final["rep"] == replicate) & (final["indicator"] == indicator)]
        counts = here.iloc[:, 3:].to_numpy(float)
        onset = known["onset_month"].to_numpy(np.int64) - (counts.shape[1] - TESTED + 1)
        sent = early[(early["rep"] == replicate) & (early["indicator"] == indicator)]
        out.append(
            Panel(
                str(indicator),
                counts,
                known["event"].to_numpy(object),
                onset,
                -1 if known["bad_direction"].iloc[0] == "down" else 1,
                _reported(sent, list(here.columns)) if len(sent) else None,
            )
        )
    return out


def _reported(sent: pd.DataFrame, columns: list[str]) -> Array:
    months = columns[3:]
    lags = [
        sent[sent["lag"] == lag].set_index("la").reindex(columns=months).to_numpy(float)
        for lag in range(LAGS)
    ]
    found = np.stack(lags, axis=2)
    return np.where(found >= 0, found, np.nan)


def weekly(folder: Path) -> list[Weekly]:
    truth = pd.read_csv(folder / "d1_truth.csv").set_index("series")
    out = []
    for direction, sign in (("up", 1), ("down", -1)):
        table = pd.read_csv(folder / f"d1_{direction}.csv.gz").set_index("series")
        start, end = (
            truth.loc[table.index, f"{direction}_{side}"].to_numpy(np.int64) - 1
            for side in ("start", "end")
        )
        out.append(Weekly(table.to_numpy(float), start, end, sign))
    return out


def simulated(seed: int, *, areas: int = 153, months: int = 156) -> Panel:
    """A panel without events: levels, slopes and seasons of areas, swings and closed schools."""
    chance = np.random.default_rng(seed)
    t = np.arange(months)
    season = np.array([8, 2, 10, -2, 5, 2, 5, -4, 3, 6, -2, -29]) / 100
    swing = np.zeros((areas, months))
    for month in range(1, months):
        swing[:, month] = 0.5 * swing[:, month - 1] + chance.normal(0, 0.024, areas)
    own_season = chance.normal(0, 0.03, (areas, 12))[:, t % 12]
    level = 5.8 + chance.normal(0, 0.65, (areas, 1)) + chance.normal(0, 0.028, (areas, 1)) * t / 12
    mean = np.exp(level + season[t % 12] + own_season + swing)
    counts = chance.poisson(mean * chance.gamma(400, 1 / 400, mean.shape)).astype(float)
    none = np.full(areas, "none", dtype=object)
    return Panel("simulated", counts, none, np.zeros(areas, dtype=np.int64), -1)
