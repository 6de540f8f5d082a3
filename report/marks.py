"""Small drawings for the cells of a table: the figures stand beside them, so they are not read out.

Those of one column share a scale; across they are as wide as their cell.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sightline.report.data import Point
from sightline.report.svg import Scale, dot, place, stretches
from sightline.report.words import DASH, WITHHELD

SPARK, LARGE_SPARK, SPARK_EDGE = (96, 24), (120, 40), 4
BAR_HEIGHT = 18


def sparkline(points: Sequence[Point], *, is_large: bool = False) -> Markup:
    """The course of a series with its newest figure, a large one over its range; nothing is drawn
    of a single one."""
    values = [point.value for point in points]
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    width, height = LARGE_SPARK if is_large else SPARK
    ranges = [(p.lower, p.upper) if is_large else (None, None) for p in points]
    known += [value for ends in ranges for value in ends if value is not None]
    across = Scale(0, len(values) - 1, SPARK_EDGE, width - SPARK_EDGE)
    up = Scale(min(known), max(known), height - SPARK_EDGE, SPARK_EDGE)
    parts = list(_range(ranges, across, up))
    for run in stretches(values):
        way = "L".join(f"{across(index)} {up(value)}" for index, value in run)
        # A line of no length has round ends, and so is a dot.
        parts.append(f'<path class="line" d="M{way}{"h0" if len(run) == 1 else ""}"/>')
    last = next(at for at in range(len(points) - 1, -1, -1) if values[at] is not None)
    newest = points[last]
    kind = "worse" if newest.status == "worsening" else "dot-line"
    kind += " hollow" if newest.is_provisional else ""
    end = dot(kind, across(last), up(newest.value or 0.0))
    frame = f'width="{width}" height="{height}"'
    return _hidden("spark", frame, [*parts, end])


def _range(
    ranges: Sequence[tuple[float | None, float | None]], across: Scale, up: Scale
) -> Iterable[str]:
    for run in stretches([lower for lower, _ in ranges]):
        there = "L".join(f"{across(index)} {up(lower)}" for index, lower in run)
        ends = [(index, ranges[index][1]) for index, _ in reversed(run)]
        back = "L".join(
            f"{across(index)} {up(upper)}" for index, upper in ends if upper is not None
        )
        yield f'<path class="band" d="M{there}L{back}Z"/>'


@dataclass(frozen=True)
class Ranked:
    value: float | None
    lower: float | None = None
    upper: float | None = None
    is_worse: bool = False
    is_provisional: bool = False


def ranked_dots(rows: Iterable[Ranked], reference: float | None = None) -> list[Markup]:
    """A dot and its range for each row, with an upright line at the reference (England, say)."""
    held = list(rows)
    ends = [v for row in held for v in (row.value, row.lower, row.upper) if v is not None]
    if not ends:
        return [Markup("") for _ in held]
    ends += [reference] if reference is not None else []
    across = Scale(min(ends), max(ends), 3, 97)
    line = [_upright("beside", across(reference))] if reference is not None else []
    return [_hidden("dots", f'height="{BAR_HEIGHT}"', [*line, *_ranked(row, across)])
            if row.value is not None else Markup("") for row in held]  # fmt: skip


def _ranked(row: Ranked, across: Scale) -> Iterable[str]:
    middle = BAR_HEIGHT / 2
    if row.lower is not None and row.upper is not None:
        ends = f'x1="{across(row.lower)}%" x2="{across(row.upper)}%"'
        yield f'<line class="range" {ends} y1="{place(middle)}" y2="{place(middle)}"/>'
    kind = "worse" if row.is_worse else "dot-line"
    kind += " hollow" if row.is_provisional else ""
    yield dot(kind, f"{across(row.value or 0.0)}%", place(middle))


def contribution_bars(amounts: Iterable[float | None]) -> list[Markup]:
    """A bar for each amount, from nought to the left or to the right; none where it is withheld."""
    held = list(amounts)
    known = [amount for amount in held if amount is not None]
    across = Scale(min([0.0, *known]), max([0.0, *known]), 1, 99)
    nought = across.at(0)
    drawn = []
    for amount in held:
        if amount is None:
            drawn.append(Markup(""))
            continue
        end = across.at(amount)
        kind = "fall" if amount < 0 else "rise"
        bar = (
            f'<rect class="{kind}" x="{place(min(nought, end))}%" y="3" '
            f'width="{place(abs(end - nought))}%" height="{BAR_HEIGHT - 6}"/>'
        )
        frame = f'height="{BAR_HEIGHT}"'
        drawn.append(_hidden("bars", frame, [bar, _upright("axis", place(nought))]))
    return drawn


@dataclass(frozen=True)
class Heat:
    """How a figure stands in a cell of a heat map: its letter and what the letter means."""

    letter: str
    kind: str
    words: str


HEAT = (
    Heat("W", "lasting", "worse than usual for several periods"),
    Heat("w", "once", "worse than usual in this period"),
    Heat("b", "better", "better than usual"),
    Heat("\u00b7", "usual", "inside its usual range"),
    Heat("c", "withheld", "withheld, or told as low or high"),
    Heat(DASH, "untested", "not tested: for context"),
    Heat("?", "unjudged", "cannot be judged"),
    Heat("x", "absent", "not available"),
)
_BY_KIND = {one.kind: one for one in HEAT}


def heat(point: Point | None) -> Heat:
    """One of `HEAT`, which is also the legend."""
    return _BY_KIND[_heat(point)]


def heat_cell(point: Point | None) -> Markup:
    """A cell of a heat map: a letter as well as a colour."""
    one = heat(point)
    return Markup('<td class="heat-{}">{}</td>').format(one.kind, one.letter)


def _heat(point: Point | None) -> str:
    if point is None:
        return "absent"
    if point.status == "worsening":
        return "lasting" if point.kind == "sustained" else "once"
    if point.value is None and point.status != "ok":
        return "withheld" if point.marker in WITHHELD else "absent"
    judged = {"improving": "better", "ok": "usual", None: "untested"}
    return judged.get(point.status, "unjudged")


def _upright(kind: str, x: str) -> str:
    return f'<line class="{kind}" x1="{x}%" x2="{x}%" y1="0" y2="{BAR_HEIGHT}"/>'


def _hidden(kind: str, frame: str, parts: Iterable[str]) -> Markup:
    drawn = "".join(parts)
    return Markup(f'<svg class="mark {kind}" aria-hidden="true" {frame}>{drawn}</svg>')  # noqa: S704  numbers and our own words
