"""What the pages show to people: blocks of code, and the commands to type."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:\.venv/bin/)?sightline [^`]+)`")
COMMENT = re.compile(r"\s{2,}#.*")


@dataclass(frozen=True)
class Shown:
    """A command as a page shows it."""

    page: str
    command: str


def blocks(page: Path, *kinds: str) -> list[str]:
    """The blocks of code of these kinds on a page."""
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [text for kind, text in found if kind in kinds]


def lines(page: Path) -> Iterator[str]:
    """What a page tells people to type into a shell."""
    for block in blocks(page, "sh", "text"):
        for line in block.splitlines():
            yield COMMENT.sub("", line.removeprefix("$ ")).replace(".venv/bin/", "").strip()


def commands() -> list[Shown]:
    """Every command that any page shows, in a block or in a sentence."""
    found = []
    for page in PAGES:
        name = page.relative_to(ROOT).as_posix()
        typed = [line for line in lines(page) if line.startswith("sightline ")]
        text = BLOCK.sub("", page.read_text(encoding="utf-8"))
        typed += [one.replace(".venv/bin/", "") for one in INLINE.findall(text)]
        found += [Shown(name, one) for one in dict.fromkeys(typed)]
    return found
