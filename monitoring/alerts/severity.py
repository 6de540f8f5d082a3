"""How serious an episode is: by how many events it is off, for how long, and what else moves.

Size is the sum of what the marked periods are off; a change that is small against what was expected
is never critical, however many events it is in a whole country.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.monitoring.alerts.findings import Finding

GREAT, LARGE, SMALL = 0.25, 0.10, 0.05  # shares of what was expected
MANY, SOME, FEW = 200, 100, 25  # events
LONG, LASTING, TWICE = 6, 3, 2  # marked periods
STRONG = 0.001  # of so extreme a period, or so sustained a change, by chance


@dataclass(frozen=True)
class Size:
    """What the marked periods of an episode come to."""

    events: float
    share: float
    periods: int
    is_strong: bool


def size_of(fired: Sequence[Finding]) -> Size:
    """Events off to the worse in all marked periods, and their share of what was expected."""
    events = sum(finding.excess for finding in fired)
    expected = sum(finding.evidence.get("expected_count") or 0.0 for finding in fired)
    chances = [finding.evidence.get(name) for finding in fired for name in ("p_one", "p_sustained")]
    return Size(
        events=events,
        share=events / expected if expected > 0 else 0.0,
        periods=len(fired),
        is_strong=any(chance is not None and chance <= STRONG for chance in chances),
    )


def severity_of(fired: Sequence[Finding], *, both_sides: bool) -> str:
    """`both_sides`: fewer children are seen while signs of risk rise, in the same area."""
    size, last = size_of(fired), fired[-1]
    if not last.is_of_authority:
        return _of_total(size)
    # more signs of risk alone do not say that fewer children are seen
    says_unseen = last.family != "exposure" or both_sides
    if says_unseen and size.is_strong:
        is_great = size.share >= GREAT and size.events >= MANY and size.periods >= LONG
        is_parting = both_sides and size.share >= LARGE and size.events >= SOME
        if is_great or (is_parting and size.periods >= LASTING):
            return "critical"
    is_large = size.share >= LARGE and size.events >= FEW and size.periods >= TWICE
    return "warning" if is_large or both_sides or size.periods >= LONG else "watch"


def _of_total(size: Size) -> str:
    """Of a region or England."""
    if size.share >= LARGE and size.events >= SOME and size.periods >= LASTING and size.is_strong:
        return "critical"
    return "warning" if size.share >= SMALL and size.periods >= TWICE else "watch"
