"""A map of equal hexagons, one an authority, each a link that says what it stands for."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

SIDE = 20.0
ACROSS, DOWN = SIDE * 3**0.5, SIDE * 1.5
SHAPE = "m0-19l16.5 9.5v19l-16.5 9.5-16.5-9.5v-19z"


@dataclass(frozen=True)
class Hexagon:
    column: int
    row: int
    link: str
    name: str
    words: str
    mark: str
    shade: str


def hexagon_map(regions: Sequence[tuple[str, Sequence[Hexagon]]]) -> Markup:
    """Grouped by region, so that reading order is region by region."""
    cells = [cell for _, held in regions for cell in held]
    if not cells:
        return Markup("")
    top = max(cell.row for cell in cells)
    left = min(cell.column for cell in cells)
    width = (max(cell.column for cell in cells) - left + 1.5) * ACROSS + 8
    height = (top - min(cell.row for cell in cells)) * DOWN + 2 * SIDE + 8
    groups = "".join(
        f'<g role="list" aria-label="{escape(name)}">{_cells(held, left, top)}</g>'
        for name, held in regions
    )
    return Markup(  # noqa: S704  names and words are escaped
        f'<svg class="hexmap" viewBox="0 0 {width:.0f} {height:.0f}" role="group" '
        'aria-labelledby="map-title"><title id="map-title">Map of local authorities as equal '
        'hexagons; the table of authorities says the same</title><defs><pattern id="hatch" '
        'width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect class="hatch-ground" width="6" height="6"/><path class="hatch-line" d="M0 0V6"/>'
        f"</pattern></defs>{groups}</svg>"
    )


def short_name(name: str) -> str:
    """Four letters: of one word its first, of two a letter and three, of more their initials."""
    words = [one for one in name.partition(",")[0].split() if one[0].isupper()]
    if len(words) > 2:
        return "".join(one[0] for one in words)[:4]
    return words[0][:4] if len(words) == 1 else words[0][0] + words[1][:3]


def _cells(cells: Sequence[Hexagon], left: int, top: int) -> str:
    return "".join(_cell(cell, left, top) for cell in cells)


def _cell(cell: Hexagon, left: int, top: int) -> str:
    # Row 0 lies in the south; even rows lie half a hexagon further east.
    x = 4 + (cell.column - left + (0.5 if cell.row % 2 else 1.0)) * ACROSS
    y = 4 + SIDE + (top - cell.row) * DOWN
    label = escape(f"{cell.name}: {cell.words}")
    return (
        f'<g role="listitem"><a href="{escape(cell.link)}" aria-label="{label}">'
        f'<title>{label}</title><path class="hex hex-{cell.shade}" d="M{x:.1f} {y:.1f}{SHAPE}"/>'
        f'<g class="hex-text hex-text-{cell.shade}">'
        f'<text x="{x:.1f}" y="{y + (-1 if cell.mark else 4):.1f}">'
        f"{escape(short_name(cell.name))}</text>"
        f'<text class="hex-mark" x="{x:.1f}" y="{y + 12:.1f}">{cell.mark}</text></g></a></g>'
    )
