"""What no alert means: how large a worsening may go undetected in an area."""

from sightline.report import words
from sightline.report.data import Point, Row

# The newest periods in which a change that stays is looked for.
RECENT = {"month": "half a year", "term": "two terms"}


def change(point: Point | None) -> str:
    """The smallest change that would be detected, in per cent of what is expected."""
    return _per_cent(point and point.minimum_detectable_change, 0)


def drift(point: Point | None) -> str:
    """The slowest worsening that would be detected, in per cent from each period to the next."""
    return _per_cent(point and point.minimum_detectable_drift, 1)


def undetected(change: float | None, drift: float | None, period_type: str) -> str:
    """Both in a sentence; nothing where years are judged or nothing was."""
    if not change or not drift:
        return ""
    stays, slow = words.number(abs(100 * change)), words.number(abs(100 * drift), 1)
    noun, again = ("fall", "loss") if drift < 0 else ("rise", "rise")
    return (
        f"A {noun} of less than {stays} % that stays may not be detected within"
        f" {RECENT[period_type]}."
        f" A {again} of less than {slow} % a {period_type} may not be detected within a year."
    )


def size(least: float, most: float | None) -> str:
    """The counts a month of the authorities of a back-test."""
    return f"{least:g} to {most:g}" if most else f"{least:g} and more"


def delay(backtest: Row) -> str:
    """After how long planted changes were typically found."""
    median = backtest["median_delay"]
    return words.DASH if median is None else words.count(round(median), backtest["period_type"])


def marks(backtest: Row) -> str:
    """In 100 years of an authority in which nothing was planted."""
    return words.number(backtest["marks_per_100_years"] or 0, 1)


def _per_cent(share: float | None, decimals: int) -> str:
    if share is None:
        return words.DASH
    return f"{'+' if share > 0 else ''}{words.number(100 * share, decimals)} %"
