"""How well the detector does on series with known changes, beside the methods in common use.

Thresholds are set on periods without an event, and every method is compared at the same number of
false alarms. What is judged is the code that the product runs.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import measures
import methods
import numpy as np
import pandas as pd
import series
from methods import farrington
from targets import OURS, Result, missed, table

from sightline.monitoring.detection.monitor import judge

DATA = Path(__file__).parents[2] / "shared" / "benchmarks" / "detection"
MORE = """DIR holds d1_up, d1_down, d2_final, d2_as_reported (.csv.gz), d1_truth.csv, d2_truth.csv
and, to compare with R, ref_input_counts and ref_ff_nbPlugin (.csv.gz).

example:
  python benchmarks/detection.py --data ../shared/benchmarks/detection --json result.json
  python benchmarks/detection.py --replicates 2 --only monthly"""
AS_REPORTED = 3  # replicates of which it is known what was known early
INDICATORS, AREAS, REPLAYED = 12, 153, 60


def weekly(folder: Path, _: int) -> Result:
    out: Result = {}
    for given in series.weekly(folder):
        group = "weekly rises" if given.sign > 0 else "weekly drops"
        found = methods.of_weeks(given)
        out[group] = {name: measures.of_weeks(scores, given) for name, scores in found.items()}
    return out


def monthly(folder: Path, replicates: int) -> Result:
    out: Result = {}
    for indicator, panels in _by_indicator(series.panels(folder, replicates)).items():
        out[indicator] = {}
        for method in (methods.sightline, *methods.PEERS):
            started = time.process_time()
            scores = [method(panel) for panel in panels]
            _say(f"{indicator}: {method.__name__}", started)
            for name in scores[0]:
                each = [one[name] for one in scores]
                out[indicator][name] = measures.of_panels(each, panels)
    return out


def reported(folder: Path, replicates: int) -> Result:
    """The same events as they could be seen at the time, delay corrected and not."""
    out: Result = {}
    for indicator, panels in _by_indicator(
        series.panels(folder, min(replicates, AS_REPORTED))
    ).items():
        with_counts = [panel for panel in panels if panel.reported is not None]
        group = out.setdefault(f"{indicator} as reported", {})
        for corrected, words in ((True, ""), (False, ", not corrected")):
            started = time.process_time()
            found = [methods.as_reported(panel, corrected=corrected) for panel in with_counts]
            _say(f"{indicator}: as reported{words}", started)
            for name in found[0]:
                each = [one[name] for one in found]
                group[name + words] = measures.of_panels(each, with_counts) | {
                    f"{kind} within 2": measures.found_within(each, with_counts, kind, 2)
                    for kind in ("drop20", "drop30", "rise30", "rise50")
                    if any((panel.event == kind).any() for panel in with_counts)
                }
    return out


def agreement(folder: Path, _: int) -> Result:
    """Share of rows in which the reference method gives what the R package gives."""
    inputs = pd.read_csv(folder / "ref_input_counts.csv.gz").set_index("series")
    counts = {str(name): row.to_numpy(float) for name, row in inputs.iterrows()}
    rows = pd.read_csv(folder / "ref_ff_nbPlugin.csv.gz")
    settings = farrington.Settings(as_in_r=True)
    ours = [
        farrington.judge(counts[name], week - 1, settings)
        for name, week in zip(rows["series"], rows["t"], strict=True)
    ]
    given = rows["expected"].notna().to_numpy()
    found = {
        name: np.array([getattr(one, name) for one in ours])
        for name in ("expected", "phi", "upper")
    }
    close = {name: np.abs(found[name] / rows[name] - 1) < 1e-4 for name in ("expected", "phi")}
    return {
        "agreement with R": {
            "flexible Farrington": {
                "expected": float(close["expected"][given].mean()),
                "phi": float(close["phi"].mean()),
                "upper": float((found["upper"] == rows["upper"])[given].mean()),
            }
        }
    }


def speed(_: Path, __: int) -> Result:
    """CPU time on one core, on simulated panels of as many indicators as are monitored."""
    panel = series.simulated(1, areas=AREAS, months=96 + REPLAYED)
    recent = panel.counts[:, -96:]
    month = _seconds(lambda: judge(recent, np.ones_like(recent), panel.months[-96:], tested=1))
    replay = _seconds(
        lambda: judge(panel.counts, np.ones_like(panel.counts), panel.months, tested=REPLAYED)
    )
    first = panel.counts.shape[1] - 1
    reference = _seconds(
        lambda: [farrington.judge(row, first, methods.MONTHLY) for row in panel.counts]
    )
    return {
        "speed": {
            OURS: {
                "month": month * INDICATORS,
                "replay": replay * INDICATORS / 60 / 2,
                "milliseconds a test": replay / AREAS / REPLAYED * 1000,
            },
            "flexible Farrington": {
                "month": reference * INDICATORS,
                "replay": reference * REPLAYED * INDICATORS / 60 / 2,
                "milliseconds a test": reference / AREAS * 1000,
            },
        }
    }


PARTS: dict[str, Callable[[Path, int], Result]] = {
    "weekly": weekly,
    "monthly": monthly,
    "reported": reported,
    "agreement": agreement,
    "speed": speed,
}


def _by_indicator(panels: list[series.Panel]) -> dict[str, list[series.Panel]]:
    out: dict[str, list[series.Panel]] = {}
    for panel in panels:
        out.setdefault(panel.indicator, []).append(panel)
    return out


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _say(what: str, started: float) -> None:
    sys.stderr.write(f"{what}: {time.process_time() - started:.0f} CPU seconds\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=MORE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, default=DATA, metavar="DIR", help="default: %(default)s"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measure as JSON")
    parser.add_argument("--replicates", type=int, default=12, metavar="N", help="fewer are quicker")
    parser.add_argument("--only", choices=PARTS, action="append", help="may be given again")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    return parser.parse_args()


def main() -> int:
    given = _arguments()
    if not given.data.is_dir():
        sys.stderr.write(f"There is no folder {given.data}; say where the series are with --data\n")
        return 2
    result: Result = {}
    for name in given.only or PARTS:
        result |= PARTS[name](given.data, given.replicates)
    sys.stdout.write(table(result) + "\n")
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n")
    return 1 if given.check and missed(result) else 0


if __name__ == "__main__":
    sys.exit(main())
