"""Line charts as small SVG drawings.

Coordinates come from published values alone: what is withheld is not drawn. A narrow window shows
the newest end of a chart beside its axis; what is older is cut off and stands in the table.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise
from math import ceil

from markupsafe import Markup

from sightline.report.data import Point
from sightline.report.svg import Axis, Scale, apart, axis, named, place, stretches, text
from sightline.report.words import opening

WIDTH, HEIGHT = 476, 232
LEFT, RIGHT, TOP, BOTTOM = 48, 396, 10, 186
NOTE_HEIGHT = BOTTOM - 6
LABELS_APART = 15
NEAR = 3
"""So many periods before the newest are near enough to lie under its value."""
FEW = 24
"""So many periods have a dot each; of more there is a line."""
# At these widths of the drawing labels of years are hidden, the oldest first; see style.css.
WIDTHS = range(120, 480, 20)
DIAMOND = "m0-6l6 6-6 6-6-6z"
SQUARE = "m-4-4h8v8h-8z"
WHOLE = ' width="100%" height="100%"'


@dataclass(frozen=True)
class Beside:
    """Another line to compare with, with the word that stands at its end."""

    label: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Paper:
    """Where a value of a period is drawn."""

    points: Sequence[Point]
    across: Scale
    up: Scale

    def dot(self, index: int, value: float) -> str:
        return f"{self.across(index)} {self.up(value)}"


def line_chart(
    points: Sequence[Point],
    labels: Sequence[str],
    *,
    chart_id: str,
    title: str,
    description: str,
    unit: str,
    periods: str,
    decimals: int,
    most: float | None = None,
    changes: Sequence[date] = (),
    beside: Sequence[Beside] = (),
    dashed: Sequence[bool] = (),
) -> Markup:
    """Values as a line over the usual range; gaps are lettered, worsening months are diamonds.

    Provisional points are hollow, the line is dashed where `dashed` says so of either end, `most`
    is what no value can exceed. Nothing where there is no figure.
    """
    if all(point.value is None for point in points):
        return Markup("")
    own = [v for p in points for v in (p.value, p.lower, p.upper, p.expected) if v is not None]
    other = [v for line in beside for v in line.values if v is not None]
    scale = axis([*own, *other], most=most)
    across = Scale(-0.5, max(len(points) - 0.5, 0.5), LEFT, RIGHT)
    paper = Paper(points, across, Scale(scale.low, scale.high, BOTTOM, TOP))
    parts = [
        f'<svg{WHOLE} viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="xMaxYMin slice">',
        *_grid(scale, paper.up),
        *_ticks(points, labels, across),
        text("right", RIGHT, BOTTOM + 40, periods),
        *_changes(points, changes, across),
        *_band(paper),
        *_line(paper, [point.expected for point in points], "expected"),
        *(part for line in beside for part in _line(paper, line.values, "beside")),
        *_line(paper, [point.value for point in points], "line", dashed),
        *_marks(paper),
        *_ends(paper, beside, decimals),
        f'</svg><svg{WHOLE} viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="xMinYMin slice">',
        f'<path class="cover" d="M0 0H{LEFT}V{BOTTOM + 6}H0z"/>',
        *_heights(scale, paper.up),
        "</svg>",
    ]
    starts = f" The axis starts at {scale.label(scale.low)}, not at 0." if scale.low > 0 else ""
    return Markup('<p class="unit">{}{}</p>{}').format(
        f"{opening(unit)}.",
        starts,
        named("chart", chart_id, title, description, "", parts),
    )


def _grid(scale: Axis, up: Scale) -> Iterable[str]:
    for value in scale.ticks:
        kind = "nought" if value == 0 and scale.low < 0 else "grid"
        yield f'<path class="{kind}" d="M{LEFT} {up(value)}H{RIGHT}"/>'


def _heights(scale: Axis, up: Scale) -> Iterable[str]:
    for value in scale.ticks:
        yield text("y", LEFT - 8, up.at(value) + 4.5, scale.label(value))


def _ticks(points: Sequence[Point], labels: Sequence[str], across: Scale) -> Iterable[str]:
    """Years under monthly points; otherwise as many labels as fit."""
    starts = [point.period_start for point in points]
    yield f'<path class="axis" d="M{LEFT} {BOTTOM}H{RIGHT}"/>'
    longest = len(max(labels, key=len, default=""))
    years = [index for index, start in enumerate(starts) if start.month == 1]
    is_by_year = bool(years) and _is_monthly(starts)
    for index in years if is_by_year else _fitting(len(starts), longest):
        said = str(starts[index].year) if is_by_year else labels[index]
        middle = across.at(index)
        yield f'<path class="axis" d="M{place(middle)} {BOTTOM}v5"/>'
        yield text(f"x {_hidden_at(middle)}", middle, BOTTOM + 20, said)


def _hidden_at(middle: float) -> str:
    """The class of a label: about the width of drawing at which its place on the axis is hidden."""
    return f"at{max(width for width in WIDTHS if width <= WIDTH - middle + LEFT)}"


def _is_monthly(starts: Sequence[date]) -> bool:
    return len(starts) > 1 and (starts[-1] - starts[0]).days < 40 * (len(starts) - 1)


def _fitting(count: int, characters: int) -> list[int]:
    fitting = max(1, int((RIGHT - LEFT) / (characters * 7.5 + 14)))
    every = max(1, ceil(count / fitting))
    return list(range(count - 1, -1, -every))


def _changes(points: Sequence[Point], changes: Sequence[date], across: Scale) -> Iterable[str]:
    """An upright line before the first period that a recorded change is true of."""
    for day in changes:
        after = next((i for i, point in enumerate(points) if point.period_end >= day), None)
        if after:
            yield f'<path class="change" d="M{across(after - 0.5)} {TOP}V{BOTTOM}"/>'


def _band(paper: Paper) -> Iterable[str]:
    for run in stretches(p.lower if p.upper is not None else None for p in paper.points):
        upper = [(i, paper.points[i].upper or 0.0) for i, _ in run]
        if len(run) == 1:
            (index, lower), (_, top) = run[0], upper[0]
            yield f'<path class="lone" d="M{paper.dot(index, lower)}V{paper.up(top)}"/>'
            continue
        there = "L".join(paper.dot(i, v) for i, v in upper)
        back = "L".join(paper.dot(i, v) for i, v in reversed(run))
        yield f'<path class="band" d="M{there}L{back}Z"/>'


def _line(
    paper: Paper, values: Sequence[float | None], kind: str, dashed: Sequence[bool] = ()
) -> Iterable[str]:
    for run in stretches(values):
        if len(run) == 1:
            index, value = run[0]
            yield _circle(f"dot-{kind}", paper, index, value, 2)
        for is_dashed, steps in groupby(pairwise(run), key=_dash(dashed)):
            pairs = list(steps)
            way = "L".join(paper.dot(*one) for one in (pairs[0][0], *(end for _, end in pairs)))
            yield f'<path class="{kind}{" part" if is_dashed else ""}" d="M{way}"/>'


def _dash(dashed: Sequence[bool]) -> Callable[[tuple[tuple[int, float], tuple[int, float]]], bool]:
    """Whether either end of a step is a figure of which too little is in."""
    return lambda step: any(dashed[index] for index, _ in step if index < len(dashed))


# On the axis, in place of a figure.
LETTERS = {"c": "c", "low": "L", "high": "H"}


def _marks(paper: Paper) -> Iterable[str]:
    """Shapes for what was found, hollow if provisional; letters for what is not there."""
    known = [index for index, point in enumerate(paper.points) if point.value is not None]
    for index, point in enumerate(paper.points):
        hollow = " hollow" if point.is_provisional else ""
        if point.value is None:
            letter = LETTERS.get(point.marker or "x", "x")
            yield text("gap", paper.across.at(index), NOTE_HEIGHT, letter)
        elif point.status == "worsening":
            yield f'<path class="worse{hollow}" d="M{paper.dot(index, point.value)}{DIAMOND}"/>'
        elif point.status == "improving":
            yield f'<path class="better{hollow}" d="M{paper.dot(index, point.value)}{SQUARE}"/>'
        elif hollow or len(paper.points) <= FEW or index == known[-1]:
            yield _circle(f"dot-line{hollow}", paper, index, point.value, 3)


def _circle(kind: str, paper: Paper, index: int, value: float, radius: float) -> str:
    middle = f'cx="{paper.across(index)}" cy="{paper.up(value)}"'
    return f'<circle class="{kind}" {middle} r="{radius:g}"/>'


def _ends(paper: Paper, beside: Sequence[Beside], decimals: int) -> Iterable[str]:
    """Every line says what it is where it ends."""
    index, value = [(i, p.value) for i, p in enumerate(paper.points) if p.value is not None][-1]
    shown = f"{value:,.{decimals}f}".replace("-", "\u2212")
    lines = [("last", shown, value)] if index == len(paper.points) - 1 else []
    if not lines:
        before = [
            p.value for p in paper.points[max(index - NEAR, 0) : index] if p.value is not None
        ]
        is_falling = bool(before) and sum(before) / len(before) > value
        below = paper.up.at(value) + 20
        # where the line has not been, and nothing else is written
        height = below if is_falling and below <= NOTE_HEIGHT - 12 else below - 30
        yield text("last above", paper.across.at(index), height, shown)
    expected = [point.expected for point in paper.points]
    others: list[tuple[str, Sequence[float | None]]] = [("expected", expected)]
    others += [(line.label, line.values) for line in beside]
    for label, values in others:
        known = [one for one in values if one is not None]
        lines += [("end", label, known[-1])] if known else []
    heights = [paper.up.at(one) + 4.5 for _, _, one in lines]
    placed = apart(heights, LABELS_APART, TOP + 4.5, BOTTOM + 4.5)
    for (kind, said, _), height in zip(lines, placed, strict=True):
        yield text(kind, RIGHT + 7, height, said)
