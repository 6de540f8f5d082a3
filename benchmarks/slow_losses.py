"""How much of a slow or small loss is found, on simulated nations whose truth is known.

Every version judges the same nations, so their difference has a far smaller standard error than
either; it is that of the mean over replicates. Limits are set at 6 false episodes in 100 years of
an authority. A run of false alarms that is under way in the first tested month did not begin
there: it is left out, and the figures with such runs counted stand beside.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import designs
import knowing
import measures
import numpy as np
from methods import normal
from numpy.typing import NDArray
from series import TESTED, Panel

from sightline.monitoring.detection.monitor import judge
from sightline.monitoring.detection.rhythm import MONTHS, MONTHS_ALONE, Rhythm

Array = NDArray[np.float64]
Method = Callable[[Panel, designs.Truth], Array]

FORMER = replace(
    MONTHS_ALONE, history=72
)  # what detection was until it was given eight years of months and shorter shapes
OURS, BEFORE, TRUTH = "Sightline", "former", "truth"
REPLICATES, QUICK = 40, 4
MORE = f"""Seeds: {designs.TUNING} for tuning, {designs.REPORTING} for reporting. What is chosen by
looking at results is chosen with --tuning; reported figures come from nations never looked at.

example:
  python benchmarks/slow_losses.py --quick
  python benchmarks/slow_losses.py --keep scores --json slow.json  # continues where it ended"""


def with_rhythm(rhythm: Rhythm) -> Method:
    def scores(panel: Panel, _: designs.Truth) -> Array:
        ones = np.ones_like(panel.counts)
        judged = judge(panel.counts, ones, panel.months, tested=TESTED, rhythm=rhythm)
        return normal(judged.p_sustained(panel.sign))

    return scores


def with_knowledge(*known: str) -> Method:
    return lambda panel, truth: knowing.judge(panel, truth, known)


VERSIONS: dict[str, Method] = {OURS: with_rhythm(MONTHS), BEFORE: with_rhythm(FORMER)}
LIMITS: dict[str, Method] = {
    TRUTH: with_knowledge(*knowing.ALL),
    **{part: with_knowledge(part) for part in knowing.PARTS},
}
METHODS = VERSIONS | LIMITS
EVERYTHING = tuple(METHODS)
# The most important first: with the time of a night all is run, with that of an hour the first.
PLAN: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("plain", "referrals", tuple(VERSIONS)),
    ("plain", "missing", tuple(VERSIONS)),
    ("plain", "suspensions", tuple(VERSIONS)),
    ("bending", "referrals", tuple(VERSIONS)),
    ("walking", "referrals", tuple(VERSIONS)),
    ("six years", "referrals", tuple(VERSIONS)),
    ("plain", "referrals", EVERYTHING),
    ("six years", "missing", tuple(VERSIONS)),
    ("six years", "suspensions", tuple(VERSIONS)),
    ("bending", "missing", tuple(VERSIONS)),
    ("bending", "suspensions", tuple(VERSIONS)),
    ("walking", "missing", tuple(VERSIONS)),
    ("walking", "suspensions", tuple(VERSIONS)),
    ("plain", "missing", EVERYTHING),
    ("plain", "suspensions", EVERYTHING),
    ("bending", "referrals", EVERYTHING),
    ("walking", "referrals", EVERYTHING),
    ("six years", "referrals", EVERYTHING),
)


@dataclass(frozen=True)
class Row:
    """One kind of event in one design."""

    design: str
    indicator: str
    kind: str
    within: int  # months
    replicates: int
    events: int
    found: dict[str, float]  # by method
    counted: dict[str, float]  # the same with runs under way counted as false
    error: float  # standard error of what is found
    gain: float | None  # over the former settings
    gain_error: float | None


@dataclass(frozen=True)
class Alarms:
    """Months and runs without an event, of one method in one design."""

    design: str
    indicator: str
    method: str
    native: float  # share of months at a nominal 1 %
    under_way: int  # runs above the limit in the first tested month
    years: float  # of an authority, without an event


def run(
    given: argparse.Namespace, seed: int, replicates: int
) -> Iterator[tuple[list[Row], list[Alarms]]]:
    """Measures of one line of the plan at a time, as soon as it has all its replicates."""
    for design, indicator, methods in PLAN:
        if given.design not in (None, design) or given.indicator not in (None, indicator):
            continue
        names = [name for name in methods if name in VERSIONS or not given.versions_only]
        started = time.process_time()
        panels: list[Panel] = []
        scores: dict[str, list[Array]] = {name: [] for name in names}
        for replicate in range(replicates):
            panel, truth = designs.simulate(design, indicator, replicate, seed)
            panels.append(panel)
            for name in names:
                kept = given.keep / f"{seed}-{design}-{indicator}-{replicate}-{name}.npy" \
                    if given.keep else None  # fmt: skip
                scores[name].append(_scores(METHODS[name], panel, truth, kept))
        seconds = time.process_time() - started
        sys.stderr.write(f"{design}, {indicator}, {', '.join(names)}: {seconds:.0f} CPU seconds\n")
        yield measured(design, indicator, panels, scores)


def _scores(method: Method, panel: Panel, truth: designs.Truth, kept: Path | None) -> Array:
    if kept and kept.exists():
        return np.asarray(np.load(kept), dtype=np.float64)
    scores = method(panel, truth)
    if kept:
        np.save(kept, scores)
    return scores


def measured(
    design: str, indicator: str, panels: list[Panel], scores: dict[str, list[Array]]
) -> tuple[list[Row], list[Alarms]]:
    limits = {name: measures.limit_of(s, panels, under_way=False) for name, s in scores.items()}
    strict = {name: measures.limit_of(s, panels) for name, s in scores.items()}
    rows = []
    for kind in designs.NATURES[indicator].events:
        within = 12 if kind in designs.RATES else 6
        hits = {
            name: [measures.hits(one, panel, kind, within, limits[name])
                   for one, panel in zip(each, panels, strict=True)]
            for name, each in scores.items()
        }  # fmt: skip
        counted = {
            name: float(np.mean(np.concatenate([
                measures.hits(one, panel, kind, within, strict[name])
                for one, panel in zip(each, panels, strict=True)])))
            for name, each in scores.items()
        }  # fmt: skip
        gain: tuple[float | None, float | None] = None, None
        if BEFORE in hits:
            apart = [ours * 1.0 - former for ours, former in
                     zip(hits[OURS], hits[BEFORE], strict=True)]  # fmt: skip
            gain = _mean_and_error(apart)
        found = {name: float(np.mean(np.concatenate(each))) for name, each in hits.items()}
        rows.append(Row(
            design, indicator, kind, within, len(panels), sum(map(len, hits[OURS])), found,
            counted, _mean_and_error([one * 1.0 for one in hits[OURS]])[1], *gain,
        ))  # fmt: skip
    alarms = [
        Alarms(
            design, indicator, name, measures.native_rate(each, panels),
            sum(int(((one[:, 0] > limits[name]) & panel.clean[:, 0]).sum())
                for one, panel in zip(each, panels, strict=True)),
            sum(float(panel.clean.sum()) for panel in panels) / 12,
        )
        for name, each in scores.items()
    ]  # fmt: skip
    return rows, alarms


def _mean_and_error(each: Sequence[NDArray[np.floating]]) -> tuple[float, float]:
    """Mean over events, and its standard error from how replicates differ (ratio estimator)."""
    sums, sizes = np.array([e.sum() for e in each]), np.array([e.size for e in each])
    mean = sums.sum() / max(sizes.sum(), 1)
    apart = sums - mean * sizes
    count = len(each)
    spread = apart.var(ddof=1) if count > 1 else float("nan")
    return float(mean), float(np.sqrt(spread / count) / max(sizes.mean(), 1e-9))


HEAD = ["", "events", "found", "s.e.", "former", "gain", "s.e.", "counted", "former",
        TRUTH, *knowing.PARTS]  # fmt: skip


def table(rows: list[Row], alarms: list[Alarms]) -> str:
    """One line a kind of event in a design, then the false alarms of each method."""
    lines = [HEAD]
    for row in rows:
        of = row.found
        lines.append([
            f"{row.design}: {row.indicator} {row.kind} within {row.within}",
            f"{row.events}/{row.replicates}", _shown(of.get(OURS)), _shown(row.error),
            _shown(of.get(BEFORE)), _signed(row.gain), _shown(row.gain_error),
            _shown(row.counted.get(OURS)), _shown(row.counted.get(BEFORE)),
            *(_shown(of.get(name)) for name in LIMITS),
        ])  # fmt: skip
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEAD))]
    out = ["  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
           for line in lines]  # fmt: skip
    out += ["", "false at a nominal 1 %, and runs under way in the first tested month:"]
    out += [
        f"{one.design}: {one.indicator}, {one.method}: {one.native:.4f}, "
        f"{one.under_way} in {one.years:.0f} years"
        for one in alarms
    ]
    return "\n".join(out)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.3f}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=MORE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replicates", type=int, default=REPLICATES, metavar="N",
                        help="default: %(default)s; fewer tell less apart")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} replicates, versions only")
    parser.add_argument("--tuning", action="store_true", help="the seed for choosing settings")
    parser.add_argument("--design", choices=designs.DESIGNS)
    parser.add_argument("--indicator", choices=designs.NATURES)
    parser.add_argument("--versions-only", action="store_true", help="without the known truth")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep scores, and continue there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measure as JSON")
    return parser.parse_args()


def main() -> int:
    given = _arguments()
    seed = designs.TUNING if given.tuning else designs.REPORTING
    given.versions_only |= given.quick
    replicates = QUICK if given.quick else given.replicates
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
    sys.stdout.write(f"seed {seed}, {replicates} replicates of {designs.AREAS} authorities\n")
    rows: dict[tuple[str, str, str], Row] = {}
    alarms: dict[tuple[str, str, str], Alarms] = {}
    for new_rows, new_alarms in run(given, seed, replicates):
        rows |= {(row.design, row.indicator, row.kind): row for row in new_rows}
        alarms |= {(one.design, one.indicator, one.method): one for one in new_alarms}
        if given.json:
            parts = {"seed": seed, "rows": [vars(row) for row in rows.values()],
                     "alarms": [vars(one) for one in alarms.values()]}  # fmt: skip
            given.json.write_text(json.dumps(parts, indent=2) + "\n")
    sys.stdout.write(table(list(rows.values()), list(alarms.values())) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
