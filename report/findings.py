"""What a chart shows, said in one line above it."""

from itertools import takewhile

from sightline.report import words
from sightline.report.data import Indicator, Point, Series


def finding(series: Series, newest: Point, indicator: Indicator) -> str:
    """How far the figures are from what is expected, or else from a year before: "41% below
    expected in October 2026". Where a move has lasted, of all its periods together: "30% below
    expected over 12 months to October 2026"."""
    period = words.period(series.period_type, newest.period_start, newest.period_end)
    opens = period.startswith(("Week", "Year", "Quarter"))
    when = f"the {period[:1].lower()}{period[1:]}" if opens else period
    if newest.value is None:
        return f"No figure in {when}"
    run = _run(series, newest)
    if len(run) > 1:
        said = _beside_expected(run, indicator)
        lasted = words.count(len(run), series.period_type.replace("_", " "))
        return f"{words.opening(said)} over {lasted} to {when}"
    said = _moved(series, newest, indicator)
    said = said or words.number(newest.value, indicator.decimals)
    return f"{words.opening(said)} in {when}"


def _run(series: Series, newest: Point) -> list[Point]:
    """The newest periods that were marked together as a lasting move, those with figures."""
    if newest.kind != "sustained":
        return []
    before = [one for one in series.points if one.period_start <= newest.period_start]
    marked = takewhile(lambda one: one.status in {newest.status, "not_assessable"}, before[::-1])
    return [
        one
        for one in marked
        if one.status == newest.status and None not in (one.value, one.expected)
    ]


def _beside_expected(points: list[Point], indicator: Indicator) -> str:
    """Of the means over the periods."""
    value = sum(point.value or 0.0 for point in points) / len(points)
    expected = sum(point.expected or 0.0 for point in points) / len(points)
    size = size_of(value, expected, indicator)
    return f"{size} expected" if size else "as expected"


def _moved(series: Series, newest: Point, indicator: Indicator) -> str:
    if newest.value is None:
        return ""
    if newest.expected is not None:
        return _beside_expected([newest], indicator)
    before = year_before(series, newest)
    if before is None:
        return ""
    size = size_of(newest.value, before, indicator, sides=("lower than", "higher than"))
    return f"{size} a year before" if size else "as a year before"


def year_before(series: Series, newest: Point) -> float | None:
    start = newest.period_start
    found = [
        point.value
        for point in series.points
        if (point.period_start.year + 1, point.period_start.month, point.period_start.day)
        == (start.year, start.month, start.day)
    ]
    return found[-1] if found else None


def size_of(
    value: float,
    other: float,
    indicator: Indicator,
    sides: tuple[str, str] = ("below", "above"),
) -> str:
    """How far a value is from another: of a share in points, otherwise in per cent of the other
    where that is above nought; nothing where they are shown alike."""
    by = value - other
    if indicator.kind in ("proportion", "share_of_expected"):
        decimals = min(indicator.decimals, 1)
        size, unit = f"{abs(by):,.{decimals}f}", " points"
        unit = " point" if size == "1" else unit
    elif other > 0 and value >= 0:
        size, unit = f"{abs(100 * by / other):,.0f}", "%"
    else:
        size, unit = f"{abs(by):,.{indicator.decimals}f}", f" {indicator.unit}"
    if not float(size.replace(",", "")):
        return ""
    return f"{size}{unit} {sides[by > 0]}"
