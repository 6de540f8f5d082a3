"""What every drawing shares: scales, axes whose labels are what they stand at, and its frame."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import ceil, floor, log10

from markupsafe import Markup, escape

DIAMOND = "m0-4.5l4.5 4.5-4.5 4.5-4.5-4.5z"
PARTS = 4
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


class Scale:
    """A straight line from data to drawing; what lies beyond an end is drawn at it."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high, self.start = low, high, start
        self.factor = (end - start) / (high - low) if high > low else 0.0

    def at(self, value: float) -> float:
        within = min(max(value, self.low), self.high)
        return self.start + (within - self.low) * self.factor

    def __call__(self, value: float) -> str:
        return place(self.at(value))


def place(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True)
class Axis:
    """Round ends and step; `decimals` are those that the step needs."""

    low: float
    high: float
    step: float
    decimals: int

    @property
    def ticks(self) -> list[float]:
        return [self.low + index * self.step for index in range(round(self.width / self.step) + 1)]

    @property
    def width(self) -> float:
        return self.high - self.low

    def label(self, value: float) -> str:
        said = f"{value:,.{self.decimals}f}"
        return said.replace("-", "\u2212") if float(said.replace(",", "")) else said.lstrip("-")


def axis(values: Sequence[float], *, most: float | None = None, from_nought: float = 0.6) -> Axis:
    """It starts at nought unless values take less than the upper part, from this share of the
    highest on, and that would flatten them; it ends at `most` at the latest."""
    high = max(values, default=1.0)
    low = min(values, default=0.0)
    low = 0.0 if 0 <= low < from_nought * high else low
    if most is not None:
        low, high = min(low, most), min(high, most)
    if high <= low:
        low, high = (0.0, high) if high > 0 else (low, 0.0) if low < 0 else (0.0, 1.0)
    raw = (high - low) / PARTS
    exponent = floor(log10(raw))
    multiple = next(one for one in STEPS if one * 10.0**exponent >= raw * 0.999)
    step = multiple * 10.0**exponent
    decimals = max(0, (1 if multiple == 2.5 else 0) - exponent - (multiple == 10))
    return Axis(floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step, step, decimals)


def stretches(values: Iterable[float | None]) -> list[list[tuple[int, float]]]:
    """Stretches without a gap, of places and values."""
    grouped = groupby(enumerate(values), key=lambda pair: pair[1] is not None)
    return [[(i, v) for i, v in group if v is not None] for known, group in grouped if known]


def text(kind: str, across: float | str, down: float, said: str, shift: int = 0) -> str:
    """Words at a place, which may be in per cent, moved aside by so much."""
    x = across if isinstance(across, str) else place(across)
    aside = f' dx="{shift}"' if shift else ""
    return f'<text class="{kind}" x="{x}"{aside} y="{place(down)}">{escape(said)}</text>'


def dot(kind: str, x: str, y: str) -> str:
    """A circle; where it is worse a diamond, in a drawing of its own: a path knows no per cent."""
    if kind.startswith("worse"):
        return f'<svg class="at" x="{x}" y="{y}"><path class="{kind}" d="M0 0{DIAMOND}"/></svg>'
    return f'<circle class="{kind}" cx="{x}" cy="{y}" r="3"/>'


def apart(wanted: Sequence[float], gap: float, first: float, last: float) -> list[float]:
    """Places as near as may be to those wanted, in the same order, at least `gap` apart."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    placed = [min(max(one, first), last) for one in wanted]
    for before, after in pairwise(order):
        placed[after] = max(placed[after], placed[before] + gap)
    limit = last
    for index in reversed(order):
        placed[index] = min(placed[index], limit)
        limit = placed[index] - gap
    return placed


def named(
    kind: str, name: str, title: str, description: str, view: str, parts: Iterable[str]
) -> Markup:
    """A drawing with a name and a description for those who do not see it."""
    return Markup(  # noqa: S704  the parts are ours, the words are escaped
        f'<svg class="{kind}" role="img" aria-labelledby="{name}-t {name}-d"{view}>'
        f'<title id="{name}-t">{escape(title)}</title>'
        f'<desc id="{name}-d">{escape(description)}</desc>{"".join(parts)}</svg>'
    )
