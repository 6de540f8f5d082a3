"""Line charts as small SVG drawings.

Coordinates come from published values alone: what is withheld is not drawn.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from math import ceil, floor, log10

from markupsafe import Markup, escape

from report.data import Point

WIDTH, HEIGHT = 600, 236
LEFT, RIGHT, TOP, BOTTOM = 52, 548, 14, 200
NOTE_HEIGHT = BOTTOM - 6
DIAMOND = "m0-6.5l6.5 6.5-6.5 6.5-6.5-6.5z"


class Scale:
    """A straight line from data to drawing."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.start = low, start
        self.factor = (end - start) / (high - low) if high > low else 0.0

    def __call__(self, value: float) -> str:
        return f"{self.start + (value - self.low) * self.factor:.1f}".removesuffix(".0")


def line_chart(
    points: Sequence[Point],
    labels: Sequence[str],
    *,
    chart_id: str,
    title: str,
    description: str,
    decimals: int,
    changes: Sequence[date] = (),
) -> Markup:
    """Values as a line over the usual range; gaps are lettered, worsening months are diamonds."""
    low, high, step = _axis(
        [v for p in points for v in (p.value, p.lower, p.upper) if v is not None]
    )
    across = Scale(-0.5, max(len(points) - 0.5, 0.5), LEFT, RIGHT)
    up = Scale(low, high, BOTTOM, TOP)
    parts = [
        *_grid(low, high, step, up),
        *_ticks(points, labels, across),
        *_changes(points, changes, across),
        *_band(points, across, up),
        *_lines([(i, p.expected) for i, p in enumerate(points)], across, up, "expected"),
        *_lines([(i, p.value) for i, p in enumerate(points)], across, up, "line"),
        *_marks(points, across, up),
        *_last(points, across, up, decimals),
    ]
    return _drawing(parts, chart_id, title, description)


def _drawing(parts: Iterable[str], chart_id: str, title: str, description: str) -> Markup:
    return Markup(  # noqa: S704  the parts are ours, the words are escaped
        f'<svg class="chart" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'aria-labelledby="{chart_id}-t {chart_id}-d">'
        f'<title id="{chart_id}-t">{escape(title)}</title>'
        f'<desc id="{chart_id}-d">{escape(description)}</desc>{"".join(parts)}</svg>'
    )


def _axis(values: list[float]) -> tuple[float, float, float]:
    """Round ends and step; the axis starts at nothing unless that would flatten the line."""
    high = max(values, default=1.0)
    low = min(values, default=0.0)
    low = 0.0 if 0 <= low < 0.6 * high else low
    if high <= low:
        low, high = (0.0, high) if high > 0 else (0.0, 1.0)
    raw = (high - low) / 4
    magnitude = 10 ** floor(log10(raw))
    step = next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= raw * 0.999)
    return floor(low / step) * step, ceil(high / step - 1e-9) * step, step


def _grid(low: float, high: float, step: float, up: Scale) -> Iterable[str]:
    decimals = max(0, -floor(log10(step) + 1e-9)) + (
        1 if f"{step:.0e}"[0] == "2" and f"{step:g}".endswith("25") else 0
    )
    for index in range(round((high - low) / step) + 1):
        value = low + index * step
        height = up(value)
        yield f'<path class="grid" d="M{LEFT} {height}H{RIGHT}"/>'
        place = f'x="{LEFT - 8}" y="{float(height) + 4.5:g}"'
        yield f'<text class="y" {place}>{value:,.{decimals}f}</text>'


def _ticks(points: Sequence[Point], labels: Sequence[str], across: Scale) -> Iterable[str]:
    """Years under monthly points; otherwise as many labels as fit."""
    starts = [point.period_start for point in points]
    yield f'<path class="axis" d="M{LEFT} {BOTTOM}H{RIGHT}"/>'
    for index in _labelled(starts, len(max(labels, key=len, default=""))):
        text = str(starts[index].year) if _is_monthly(starts) else labels[index]
        yield f'<path class="axis" d="M{across(index)} {BOTTOM}v5"/>'
        yield f'<text class="x" x="{across(index)}" y="{BOTTOM + 21}">{escape(text)}</text>'


def _is_monthly(starts: Sequence[date]) -> bool:
    return len(starts) > 1 and (starts[-1] - starts[0]).days < 40 * (len(starts) - 1)


def _labelled(starts: Sequence[date], characters: int) -> list[int]:
    if _is_monthly(starts):
        return [index for index, start in enumerate(starts) if start.month == 1]
    fitting = max(1, int((RIGHT - LEFT) / (characters * 8 + 14)))
    every = max(1, ceil(len(starts) / fitting))
    return list(range(len(starts) - 1, -1, -every))


def _changes(points: Sequence[Point], changes: Sequence[date], across: Scale) -> Iterable[str]:
    """An upright line before the first period that a recorded change is true of."""
    for day in changes:
        after = next((i for i, point in enumerate(points) if point.period_end >= day), None)
        if after:
            yield f'<path class="change" d="M{across(after - 0.5)} {TOP}V{BOTTOM}"/>'


def _runs(pairs: Iterable[tuple[int, float | None]]) -> list[list[tuple[int, float]]]:
    """Stretches without a gap."""
    grouped = groupby(pairs, key=lambda pair: pair[1] is not None)
    return [[(i, v) for i, v in group if v is not None] for known, group in grouped if known]


def _band(points: Sequence[Point], across: Scale, up: Scale) -> Iterable[str]:
    edges = [(i, p.lower if p.upper is not None else None) for i, p in enumerate(points)]
    for run in _runs(edges):
        upper = [(i, points[i].upper or 0.0) for i, _ in run]
        if len(run) == 1:
            (index, lower), (_, top) = run[0], upper[0]
            yield f'<path class="lone" d="M{across(index)} {up(lower)}V{up(top)}"/>'
            continue
        there = "L".join(f"{across(i)} {up(v)}" for i, v in upper)
        back = "L".join(f"{across(i)} {up(v)}" for i, v in reversed(run))
        yield f'<path class="band" d="M{there}L{back}Z"/>'


def _lines(
    pairs: list[tuple[int, float | None]], across: Scale, up: Scale, kind: str
) -> Iterable[str]:
    for run in _runs(pairs):
        if len(run) == 1:
            index, value = run[0]
            yield f'<circle class="dot-{kind}" cx="{across(index)}" cy="{up(value)}" r="2"/>'
        else:
            steps = "L".join(f"{across(i)} {up(v)}" for i, v in run)
            yield f'<path class="{kind}" d="M{steps}"/>'


# On the axis, in place of a figure.
LETTERS = {"c": "c", "low": "l", "high": "h"}


def _marks(points: Sequence[Point], across: Scale, up: Scale) -> Iterable[str]:
    """Shapes for what was found, letters on the axis for what is not there."""
    for index, point in enumerate(points):
        if point.value is None:
            letter = LETTERS.get(point.marker or "x", "x")
            yield f'<text class="gap" x="{across(index)}" y="{NOTE_HEIGHT}">{letter}</text>'
        elif point.status == "worsening":
            yield f'<path class="worse" d="M{across(index)} {up(point.value)}{DIAMOND}"/>'
        elif point.status == "improving":
            yield f'<circle class="better" cx="{across(index)}" cy="{up(point.value)}" r="4.5"/>'


def _last(points: Sequence[Point], across: Scale, up: Scale, decimals: int) -> Iterable[str]:
    known = [(i, p.value) for i, p in enumerate(points) if p.value is not None]
    if known:
        index, value = known[-1]
        if points[index].status not in {"worsening", "improving"}:
            yield f'<circle class="dot-line" cx="{across(index)}" cy="{up(value)}" r="3"/>'
        yield (
            f'<text class="last" x="{float(across(index)) + 8:g}" y="{float(up(value)) + 4.5:g}">'
            f"{value:,.{decimals}f}</text>"
        )
