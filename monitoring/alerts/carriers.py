"""Which authorities carry the movement of a region or of England."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sightline.monitoring.alerts.findings import Finding

HALF = 0.5
NAMED = 5  # more than these together are no few
ALONE = 0.8  # of a movement: more than this in one authority is its own, and no region's

Excess = Mapping[tuple[str, str, date], Sequence[Finding]]


def excesses(findings: Iterable[Finding]) -> dict[tuple[str, str, date], list[Finding]]:
    """By indicator, breakdown and period, the authorities that are off to the worse."""
    found: dict[tuple[str, str, date], list[Finding]] = {}
    for finding in findings:
        if finding.is_of_authority and finding.excess > 0:
            key = (finding.indicator, finding.breakdown, finding.period)
            found.setdefault(key, []).append(finding)
    return found


def shares(fired: Sequence[Finding], authorities: Excess) -> list[tuple[str, str, float]]:
    """Code, name and share of each authority in what the marked periods of a region are off.

    The largest first; nothing where the counts are not known.
    """
    total = sum(finding.excess for finding in fired)
    if total <= 0:
        return []
    by_area: dict[tuple[str, str], float] = {}
    for one in fired:
        for finding in authorities.get((one.indicator, one.breakdown, one.period), ()):
            if one.area_level == "country" or finding.region_code == one.area_code:
                key = (finding.area_code, finding.area_name)
                by_area[key] = by_area.get(key, 0.0) + finding.excess
    ordered = sorted(by_area.items(), key=lambda item: (-item[1], item[0]))
    return [(code, name, excess / total) for (code, name), excess in ordered]


def half_of(carried: Sequence[tuple[str, str, float]]) -> list[tuple[str, str]]:
    """The fewest authorities that together carry half of it or more; none where it takes many."""
    named: list[tuple[str, str]] = []
    so_far = 0.0
    for code, name, share in carried[:NAMED]:
        named.append((code, name))
        so_far += share
        if so_far >= HALF:
            return named
    return []
