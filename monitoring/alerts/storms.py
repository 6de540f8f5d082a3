"""Too many new alerts at once are held: a broken table moves everywhere on the same day."""

from collections import Counter
from collections.abc import Iterable, Sequence

from sightline.monitoring.alerts.findings import Change, Finding, Given

AT_ONCE = 60  # new alerts in one run
SHARE = 1 / 3  # of the authorities judged for one indicator
FEWEST = 10  # authorities that are no storm whatever their share
OPENING = ("opened", "reopened")


def parted(
    changes: Sequence[Change], series: Iterable[Sequence[Finding]], given: Given
) -> tuple[list[Change], list[Change]]:
    """Changes to write, and openings to hold: all where too many open, or those of an indicator.

    What a person has let through is neither counted nor held.
    """
    openings = [
        one for one in changes
        if one[1].event in OPENING and one[0].fingerprint not in given.confirmed
    ]  # fmt: skip
    if len(openings) > AT_ONCE:
        held = openings
    else:
        crowded = _crowded(openings, series)
        held = [one for one in openings if one[0].indicator in crowded]
    numbers = {alert.alert_id for alert, _ in held}
    return [one for one in changes if one[0].alert_id not in numbers], held


def _crowded(openings: Sequence[Change], series: Iterable[Sequence[Finding]]) -> set[str]:
    """Indicators of which too large a share of the authorities opens an alert."""
    judged = Counter(
        found[0].indicator for found in series
        if found[0].is_of_authority and any(finding.is_assessable for finding in found)
    )  # fmt: skip
    opening = Counter(
        alert.indicator for alert, _ in openings if alert.area_level == "local_authority"
    )
    return {
        indicator for indicator, count in opening.items()
        if count > FEWEST and count > SHARE * judged[indicator]
    }  # fmt: skip
