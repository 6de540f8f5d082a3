"""How well the detector does on series with known changes, beside the methods in common use.

    python benchmarks/detection.py --data DIR [--json] [--replicates N]

DIR holds d2_final.csv.gz and d2_truth.csv (monthly panels) and, where wanted, d1_*.csv(.gz)
(weekly series). Every method is compared at the same number of false alarms.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special  # type: ignore[import-untyped]

from monitoring.detection import farrington, rules, weekly
from monitoring.detection.monitor import judge

Array = NDArray[np.float64]

TESTED = 24
FALSE_EPISODES = 0.06  # a year and authority
FIRST_MONTH = 9  # the panels begin in September
WASH_OUT = 8
FARRINGTON_MONTHLY = farrington.Settings(half_window=0, seasons=12, left_out=6, per_year=12)


@dataclass(frozen=True)
class Panel:
    """One indicator of one replicate; onset counts from the first tested month."""

    counts: Array
    event: NDArray[np.object_]
    onset: NDArray[np.int64]
    sign: int


Scores = dict[str, Array]  # larger is worse, areas x tested months


def panels(folder: Path, replicates: int) -> dict[str, list[Panel]]:
    truth = pd.read_csv(folder / "d2_truth.csv")
    final = pd.read_csv(folder / "d2_final.csv.gz")
    out: dict[str, list[Panel]] = {}
    for (replicate, indicator), known in truth.groupby(["rep", "indicator"], sort=True):
        if int(str(replicate)) >= replicates:
            continue
        here = (final["rep"] == replicate) & (final["indicator"] == indicator)
        counts = final.loc[here].iloc[:, 3:].to_numpy(float)
        first = counts.shape[1] - TESTED + 1
        sign = -1 if known["bad_direction"].iloc[0] == "down" else 1
        onset = known["onset_month"].to_numpy(np.int64) - first
        panel = Panel(counts, known["event"].to_numpy(object), onset, sign)
        out.setdefault(str(indicator), []).append(panel)
    return out


def of_panel(panel: Panel) -> Scores:
    months = (np.arange(panel.counts.shape[1]) + FIRST_MONTH - 1) % 12 + 1
    judged = judge(panel.counts, np.ones_like(panel.counts), months, tested=TESTED)
    one, sustained = judged.p_one(panel.sign), judged.p_sustained(panel.sign)
    either = np.minimum(1.0, 2 * np.minimum(one, sustained))
    return {
        "Sightline, one month": -special.ndtri(one),
        "Sightline, sustained": -special.ndtri(sustained),
        "Sightline, either": -special.ndtri(either),
    }


def of_farrington(panel: Panel) -> Scores:
    first = panel.counts.shape[1] - TESTED - 6
    scores = np.full(panel.counts.shape, np.nan)
    for row, series in enumerate(panel.counts):
        for now in range(first, series.size):
            judged = farrington.judge(series, now, FARRINGTON_MONTHLY)
            if judged:
                low = special.ndtri(np.clip(judged.p_low, 1e-15, 1 - 1e-15))
                scores[row, now] = panel.sign * low
    return _pair("Farrington", scores)


def of_rule(name: str, rule: Callable[[Array], Array]) -> Callable[[Panel], Scores]:
    return lambda panel: _pair(name, panel.sign * rule(panel.counts))


def _pair(name: str, scores: Array) -> Scores:
    return {
        f"{name}, one month": scores[:, -TESTED:],
        f"{name}, sustained": rules.sustained(scores)[:, -TESTED:],
    }


METHODS: dict[str, Callable[[Panel], Scores]] = {
    "Sightline": of_panel,
    "Farrington": of_farrington,
    "EARS C2": of_rule("EARS C2", rules.ears),
    "z-score": of_rule("z-score", rules.z_score),
    "same month of three years": of_rule("same month of three years", rules.same_month),
    "XmR": of_rule("XmR", rules.xmr),
}


def monthly(folder: Path, replicates: int) -> list[dict[str, Any]]:
    rows = []
    for indicator, replicated in panels(folder, replicates).items():
        for method, judge_panel in METHODS.items():
            started = time.process_time()
            found = [judge_panel(panel) for panel in replicated]
            seconds = (time.process_time() - started) / len(replicated)
            print(f"{indicator}: {method} {seconds:.1f} CPU seconds a panel", file=sys.stderr)  # noqa: T201
            for name in found[0]:
                scores = np.concatenate([one[name] for one in found])
                rows.append(
                    {"indicator": indicator, "method": name, **measured(scores, replicated)}
                )
    return rows


def measured(scores: Array, replicated: list[Panel]) -> dict[str, float]:
    """Native false-positive rate at p < 0.01 and the share found at equal false episodes."""
    event = np.concatenate([panel.event for panel in replicated])
    onset = np.concatenate([panel.onset for panel in replicated])
    clean = (event == "none")[:, None] | (np.arange(TESTED)[None, :] < onset[:, None])
    limit = _limit(scores, clean)
    out = {"native_fpr": float((scores > 2.326)[clean].mean())}
    for kind in sorted(set(event) - {"none"}):
        within = 12 if kind.startswith("drift") else 6
        found = [
            bool((scores[row, onset[row] : onset[row] + within] > limit).any())
            for row in np.flatnonzero(event == kind)
        ]
        out[f"{kind}_{within}"] = float(np.mean(found))
    return out


def _limit(scores: Array, clean: NDArray[np.bool_]) -> float:
    """The limit at which runs of false alarms come as often as agreed."""
    years = clean.sum() / 12
    low, high = -5.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        false = (scores > middle) & clean
        starts = false.copy()
        starts[:, 1:] &= ~false[:, :-1]
        low, high = (middle, high) if starts.sum() / years > FALSE_EPISODES else (low, middle)
    return high


def weeks(folder: Path) -> list[dict[str, Any]]:
    truth = pd.read_csv(folder / "d1_truth.csv").set_index("series")
    rows = []
    for direction, sign in (("up", 1), ("down", -1)):
        table = pd.read_csv(folder / f"d1_{direction}.csv.gz").set_index("series")
        start = truth.loc[table.index, f"{direction}_start"].to_numpy() - 1
        end = truth.loc[table.index, f"{direction}_end"].to_numpy() - 1
        counts = table.to_numpy(float)
        for name, scores in _weekly_scores(counts, sign).items():
            found = weekly_measured(scores, start, end, wash_out=WASH_OUT if sign < 0 else 0)
            rows.append({"direction": direction, "method": name, **found})
    return rows


def _weekly_scores(counts: Array, sign: int) -> Scores:
    tested = np.arange(575, counts.shape[1])
    ours = weekly.judge(counts, tested)
    reference = np.full(counts.shape, np.nan)
    for row, series in enumerate(counts):
        for now in tested:
            judged = farrington.judge(series, int(now), farrington.Settings())
            if judged:
                low = special.ndtri(np.clip(judged.p_low, 1e-15, 1 - 1e-15))
                reference[row, now] = sign * low
    return {
        "Sightline": ours.burst if sign > 0 else ours.fall,
        "Farrington": reference[:, tested],
        "EARS C2": sign * rules.ears(counts)[:, tested],
    }


def weekly_measured(scores: Array, start: Array, end: Array, *, wash_out: int) -> dict[str, float]:
    """Share of events found and F1 over weeks, at a false-positive rate of 1 %."""
    week = np.arange(575, 575 + scores.shape[1])[None, :]
    event = (week >= start[:, None]) & (week <= end[:, None])
    after = (week > end[:, None]) & (week <= end[:, None] + wash_out)
    clean = ~event & ~after
    limit = np.quantile(np.nan_to_num(scores[clean], nan=-9), 0.99)
    alarm = np.nan_to_num(scores, nan=-9) > limit
    true, false = (alarm & event).sum(), (alarm & clean).sum()
    precision, recall = true / max(true + false, 1), true / event.sum()
    return {
        "native_fpr": float((np.nan_to_num(scores, nan=-9) > 2.326)[clean].mean()),
        "found": float((alarm & event).any(1).mean()),
        "f1": float(2 * precision * recall / max(precision + recall, 1e-9)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--replicates", type=int, default=12)
    parser.add_argument("--only", choices=["monthly", "weekly"])
    given = parser.parse_args()
    result: dict[str, list[dict[str, Any]]] = {}
    if given.only != "weekly":
        result["monthly"] = monthly(given.data, given.replicates)
    if given.only != "monthly" and (given.data / "d1_truth.csv").exists():
        result["weekly"] = weeks(given.data)
    sys.stdout.write(json.dumps(result, indent=2) + "\n" if given.json else _table(result))


def _table(result: dict[str, list[dict[str, Any]]]) -> str:
    parts = []
    for name, rows in result.items():
        first = next(iter(rows[0]))
        for group, part in pd.DataFrame(rows).groupby(first, sort=False):
            shown = part.drop(columns=first).dropna(axis=1).set_index("method").round(3)
            parts.append(f"{name}: {group}\n{shown.to_string()}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    main()
