"""Areas as dots on two axes: a funnel of value against size, and exposure against identification.

Across, all is in per cent of the drawing, so that letters keep their size in a narrow window.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sightline.report.funnel import ALARM, WARNING, Funnel, Measured
from sightline.report.svg import Axis, Scale, apart, axis, named, place, text
from sightline.report.svg import dot as mark

HEIGHT = 260
LABELS_APART = 15
NAMED = 10
TO_THE_LEFT = 60
"""Dots further right than this have their name on the left."""
STEPS = 40
"""So many corners does the line of a limit have."""


@dataclass(frozen=True)
class Words:
    """What a drawing is called and what its axes show."""

    name: str
    title: str
    description: str
    across: str
    up: str


@dataclass(frozen=True)
class Dot:
    name: str
    across: float
    up: float
    is_named: bool = False


def funnel_plot(funnel: Funnel, areas: Sequence[Measured], words: Words, decimals: int) -> Markup:
    """Every area by its size, limits of one in twenty and one in 500, names of those beyond these;
    at most ten, the furthest first."""
    beyond = sorted(
        (area for area in areas if abs(funnel.score(area)) > ALARM),
        key=lambda area: -abs(funnel.score(area)),
    )
    dots = [Dot(one.name, one.size, one.value, one in beyond[:NAMED]) for one in areas]
    sizes = axis([0.0, *(area.size for area in areas)])
    most = 100.0 if funnel.kind == "proportion" else None
    ends = [end for area in areas for end in funnel.limits(area.size)]
    values = axis([area.value for area in areas] + ends, most=most)
    smallest = min(area.size for area in areas)
    steps = [smallest + (sizes.high - smallest) * (at / STEPS) ** 2 for at in range(STEPS + 1)]
    across, up = _scales(sizes, values)
    lines = [
        _curve(f"limit-{kind}", [(size, funnel.limits(size, deviations)[side]) for size in steps],
               across, up)
        for kind, deviations in (("warning", WARNING), ("alarm", ALARM))
        for side in (0, 1)
    ]  # fmt: skip
    middle = up(funnel.target)
    target = f'<line class="beside" x1="0" x2="100%" y1="{middle}" y2="{middle}"/>'
    said = f"all {funnel.target:,.{decimals}f}"
    label = text("end halo", "100%", float(middle) - 5, said)
    return _plot([*lines, target, *_dots(dots, across, up), label], sizes, values, words)


def quadrant(dots: Sequence[Dot], middle: tuple[float, float], words: Words) -> Markup:
    """Exposure across and identification up, divided at `middle`; the corner of those more exposed
    of whom fewer are identified is shaded, and of the dots there those are named that say so."""
    sizes = axis([dot.across for dot in dots] + [middle[0]], from_nought=0.3)
    values = axis([dot.up for dot in dots] + [middle[1]])
    across, up = _scales(sizes, values)
    x, y = across(middle[0]), up(middle[1])
    corner = (
        f'<rect class="corner" x="{x}%" y="{y}" width="{place(100 - float(x))}%" '
        f'height="{place(HEIGHT - float(y))}"/>'
    )
    cross = (
        f'<line class="expected" x1="{x}%" x2="{x}%" y1="0" y2="{HEIGHT}"/>'
        f'<line class="expected" x1="0" x2="100%" y1="{y}" y2="{y}"/>'
    )
    said = text("end halo", "100%", HEIGHT - 8, "more exposed, fewer identified")
    return _plot([corner, cross, *_dots(dots, across, up), said], sizes, values, words)


def _scales(sizes: Axis, values: Axis) -> tuple[Scale, Scale]:
    return Scale(sizes.low, sizes.high, 0, 100), Scale(values.low, values.high, HEIGHT, 0)


def _curve(kind: str, way: Sequence[tuple[float, float]], across: Scale, up: Scale) -> str:
    line = "L".join(f"{across(one)} {up(other)}" for one, other in way)
    return (
        f'<svg width="100%" height="{HEIGHT}" viewBox="0 0 100 {HEIGHT}" '
        f'preserveAspectRatio="none"><path class="{kind}" d="M{line}"/></svg>'
    )


def _dots(dots: Sequence[Dot], across: Scale, up: Scale) -> Iterable[str]:
    """Those that are named come last, so that nothing lies over them, with names on either side."""
    for dot in dots:
        if not dot.is_named:
            yield f'<circle class="area-dot" cx="{across(dot.across)}%" cy="{up(dot.up)}" r="3"/>'
    for is_right in (False, True):
        side = [
            dot
            for dot in dots
            if dot.is_named and (across.at(dot.across) > TO_THE_LEFT) == is_right
        ]
        heights = apart([up.at(dot.up) + 4.5 for dot in side], LABELS_APART, 10, HEIGHT - 4)
        for dot, height in zip(side, heights, strict=True):
            x = across(dot.across)
            yield mark("worse", f"{x}%", up(dot.up))
            kind, shift = ("halo end", -8) if is_right else ("halo", 8)
            yield text(kind, f"{x}%", height, dot.name, shift)


def _plot(parts: Iterable[str], sizes: Axis, values: Axis, words: Words) -> Markup:
    across, up = _scales(sizes, values)
    frame = [
        *(f'<line class="grid" x1="0" x2="100%" y1="{up(one)}" y2="{up(one)}"/>'
          for one in values.ticks),
        *(text("y", -8, up.at(one) + 4.5, values.label(one)) for one in values.ticks),
        *(text("x", f"{across(one)}%", HEIGHT + 20, sizes.label(one))
          for one in sizes.ticks),
        f'<line class="axis" x1="0" x2="100%" y1="{HEIGHT}" y2="{HEIGHT}"/>',
    ]  # fmt: skip
    below = text("right", "100%", HEIGHT + 40, words.across)
    starts = [
        f" The {name} axis starts at {scale.label(scale.low)}, not at 0."
        for name, scale in (("upright", values), ("lower", sizes))
        if scale.low > 0
    ]
    drawn = named("chart scatter", words.name, words.title, words.description,
                  "", [*frame, *parts, below])  # fmt: skip
    return Markup('<p class="unit">{}.{}</p>{}').format(words.up, "".join(starts), drawn)
