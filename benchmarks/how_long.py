"""How long an alert stays open: one that nothing is behind, and one of a change that lasts.

Simulated nations of fourteen years, of which the last five and a half are judged. An alert begins
where an area is named for a sustained worsening, and goes on while that is found to last; those
still open at the end are censored (Kaplan and Meier 1958).
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import designs
import numpy as np
from numpy.typing import NDArray
from series import Panel

from sightline.monitoring.detection.discovery import discoveries
from sightline.monitoring.detection.monitor import judge
from sightline.monitoring.signals import FALSE_DISCOVERIES

LONG = designs.Design(
    "no event in five and a half years", months=168, drawn=168, tested=66, share=0
)
WITH_EVENTS = designs.Design("events that last", months=168, drawn=168, tested=66)
SETTLING = 7  # tested months in which what is open may have begun before
AT = (6, 12, 24, 36)


@dataclass(frozen=True)
class Alert:
    kind: str
    months: int
    is_open: bool  # at the end


def alerts(panel: Panel, tested: int) -> Iterator[Alert]:
    judged = judge(panel.counts, np.ones_like(panel.counts), panel.months, tested=tested)
    one, sustained = judged.p_one(panel.sign), judged.p_sustained(panel.sign)
    p = np.minimum(1.0, 2 * np.minimum(one, sustained))
    named = np.stack([discoveries(month, FALSE_DISCOVERIES) for month in p.T], axis=1)
    marked = named & (sustained <= one * 0.5)
    for area, kind in enumerate(panel.event):
        first = SETTLING if kind == "none" else int(panel.onset[area])
        yield from (
            Alert(str(kind), months, is_open)
            for began, months, is_open in _runs(marked[area], judged.lasts(panel.sign)[area])
            if began >= first
        )


def _runs(marked: NDArray[np.bool_], lasts: NDArray[np.bool_]) -> Iterator[tuple[int, int, bool]]:
    began: int | None = None
    for month in range(marked.size):
        goes_on = marked[month] or (began is not None and lasts[month])
        if goes_on and began is None:
            began = month
        if not goes_on and began is not None:
            yield began, month - began, False
            began = None
    if began is not None:
        yield began, marked.size - began, True


def still_open(found: list[Alert], months: int) -> float:
    """Share of alerts that are open after so many months."""
    lengths = np.array([one.months for one in found])
    ended = np.array([not one.is_open for one in found])
    share = 1.0
    for length in np.unique(lengths[lengths <= months]):
        share *= 1 - ((lengths == length) & ended).sum() / (lengths >= length).sum()
    return float(share)


def quantile(found: list[Alert], share: float) -> str:
    """Months after which this share of the alerts is closed."""
    longest = max(one.months for one in found)
    closed = (m for m in range(1, longest + 1) if still_open(found, m) <= 1 - share)
    return str(next(closed, f"over {longest}"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=8, metavar="N")
    parser.add_argument("--tuning", action="store_true", help="the seed for choosing settings")
    given = parser.parse_args()
    seed = designs.TUNING if given.tuning else designs.REPORTING
    sys.stdout.write(f"seed {seed}, {given.replicates} replicates\n")
    for design, indicators in ((LONG, tuple(designs.NATURES)), (WITH_EVENTS, ("referrals",))):
        found: list[Alert] = []
        for indicator in indicators:
            for replicate in range(given.replicates):
                number = list(designs.NATURES).index(indicator)
                chance = np.random.default_rng([seed, replicate, 0, number])
                found += alerts(designs.draw(design, indicator, chance)[0], design.tested)
        for kind in sorted({one.kind for one in found}):
            held = [one for one in found if one.kind == kind]
            shares = ", ".join(f"{still_open(held, at):.2f} after {at}" for at in AT)
            sys.stdout.write(
                f"{design.says}: {kind}: {len(held)} alerts, half closed after"
                f" {quantile(held, 0.5)} months, nine in ten after {quantile(held, 0.9)};"
                f" open: {shares}\n"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
