"""What was checked of the pages by machine, as the last check wrote it down."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

FILE = Path(__file__).parent / "accessibility.json"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """`pages` are kinds of page, `rules` how many rules had something to look at."""

    checked_on: date
    axe: str
    pages: tuple[str, ...]
    rules: int
    widths: tuple[int, ...]


def statement() -> Statement:
    held = json.loads(FILE.read_text(encoding="utf-8"))
    return Statement(
        checked_on=date.fromisoformat(held["checked_on"]),
        axe=held["axe"],
        pages=tuple(held["pages"]),
        rules=held["rules"],
        widths=tuple(held["widths"]),
    )
