"""A map of equal hexagons, one an authority, each a link that says what it stands for."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from sightline.report.svg import place

SIDE = 20.0
ACROSS, DOWN = SIDE * 3**0.5, SIDE * 1.5
HALF = ACROSS / 2
SHAPE = "m0-19.3l16.7 9.65v19.3l-16.7 9.65-16.7-9.65v-19.3z"
DIAMOND = "m0-18.5l4.5 4.5-4.5 4.5-4.5-4.5z"
PATTERNS = (
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect class="pattern-ground" width="6" height="6"/>'
    '<path class="hatch-line" d="M0 0V6"/></pattern>'
    '<pattern id="dots" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect class="pattern-ground" width="6" height="6"/>'
    '<circle class="dots-dot" cx="3" cy="3" r="1"/></pattern>'
)


@dataclass(frozen=True)
class Hexagon:
    """`mark` is what stands below the letters of its name; `words` say all that is known of it."""

    column: int
    row: int
    link: str
    name: str
    words: str
    mark: str
    shade: str
    is_flagged: bool = False


def hexagon_map(
    regions: Sequence[tuple[str, Sequence[Hexagon]]], title: str, labels: dict[str, str]
) -> Markup:
    """Grouped by region, so that reading order is region by region; nothing without a hexagon."""
    cells = [cell for _, held in regions for cell in held]
    if not cells:
        return Markup("")
    frame = _Frame(min(one.column for one in cells), max(one.row for one in cells))
    width = (max(one.column for one in cells) - frame.left + 1.5) * ACROSS + 8
    height = (frame.top - min(one.row for one in cells)) * DOWN + 2 * SIDE + 8
    groups = "".join(
        f'<g role="list" aria-label="{escape(name)}">'
        f"{''.join(_cell(cell, frame, labels[cell.name]) for cell in held)}</g>"
        for name, held in regions
        if held
    )
    edges = "".join(_edge(held, frame) for _, held in regions)
    return Markup(  # noqa: S704  names and words are escaped
        f'<svg class="hexmap" viewBox="0 0 {width:.0f} {height:.0f}" role="group" '
        f'aria-labelledby="map-title"><title id="map-title">{escape(title)}</title>'
        f'<defs>{PATTERNS}</defs>{groups}<path class="border" d="{edges}"/></svg>'
    )


@dataclass(frozen=True)
class _Frame:
    left: int
    top: int

    def centre(self, column: int, row: int) -> tuple[float, float]:
        """Row 0 lies in the south; even rows lie half a hexagon further east."""
        x = 4 + (column - self.left + (0.5 if row % 2 else 1.0)) * ACROSS
        return x, 4 + SIDE + (self.top - row) * DOWN


def around(column: int, row: int) -> list[tuple[int, int]]:
    """The six places beside one, from the east on, against the clock."""
    west = column - 1 if row % 2 else column
    east = west + 1
    return [
        (column + 1, row), (east, row + 1), (west, row + 1),
        (column - 1, row), (west, row - 1), (east, row - 1),
    ]  # fmt: skip


# The ends of the side that lies towards each of the six.
CORNERS = (
    (HALF, SIDE / 2), (HALF, -SIDE / 2), (0.0, -SIDE),
    (-HALF, -SIDE / 2), (-HALF, SIDE / 2), (0.0, SIDE),
)  # fmt: skip


def _edge(cells: Sequence[Hexagon], frame: _Frame) -> str:
    """The border of a region: the sides behind which another region or nothing lies."""
    held = {(cell.column, cell.row) for cell in cells}
    lines = []
    for column, row in sorted(held):
        x, y = frame.centre(column, row)
        for side, beside in enumerate(around(column, row)):
            if beside not in held:
                (a, b), (c, d) = CORNERS[side], CORNERS[(side + 1) % 6]
                lines.append(f"M{place(x + a)} {place(y + b)}L{place(x + c)} {place(y + d)}")
    return "".join(lines)


def _cell(cell: Hexagon, frame: _Frame, label: str) -> str:
    x, y = frame.centre(cell.column, cell.row)
    at = f"{place(x)} {place(y)}"
    seen = f"{label} {cell.mark}".strip()
    said = f"{seen}: {cell.name}, {cell.words}" if seen != cell.name else f"{seen}: {cell.words}"
    flag = f'<path class="hex-flag" d="M{at}{DIAMOND}"/>' if cell.is_flagged else ""
    lines = [(label, 4.0)] if not cell.mark else [(label, -1.0), (cell.mark, 10.5)]
    words = " ".join(
        f'<text x="{place(x)}" y="{place(y + down)}">{escape(line)}</text>' for line, down in lines
    )
    return (
        f'<g role="listitem"><a href="{escape(cell.link)}" aria-label="{escape(said)}">'
        f'<path class="hex hex-{cell.shade}" d="M{at}{SHAPE}"/>{flag}'
        f'<g class="hex-text hex-text-{cell.shade}">{words}</g></a></g>'
    )


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Four letters for each name, no two alike; the shorter of two names has the first choice."""
    found: dict[str, str] = {}
    for name in sorted(set(names), key=lambda name: (len(name), name)):
        taken = set(found.values())
        found[name] = next(one for one in _shorter(name) if one not in taken)
    return found


def _shorter(name: str) -> Iterator[str]:
    """Of one word its first four letters, of two a letter and three, of more their initials; where
    another has these, others that can be read as the name, in the last case with a number."""
    words = [one for one in name.partition(",")[0].split() if one[0].isupper()]
    first = words[0]
    if len(words) > 2:
        yield "".join(one[0] for one in words)[:4]
    elif len(words) == 2:
        yield first[0] + words[1][:3]
        yield first[:2] + words[1][:2]
    yield first[:4]
    if first.endswith("shire"):
        yield f"{first[:3]}s"
    yield first[0] + "".join(one for one in first[1:] if one not in "aeiou")[:3]
    yield from (f"{first[:3]}{number}" for number in range(2, 1000))
