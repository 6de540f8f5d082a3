"""The words of the field, read from report/glossary.md, which is their one home."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

from sightline.report import words

FILE = Path(__file__).with_suffix(".md")
ROW = re.compile(r"\| (?P<word>[^|]+) \| (?P<meaning>[^|]+) \|")
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Word:
    word: str
    meaning: Markup
    name: str
    """How links call it."""


@cache
def groups() -> list[tuple[str, list[Word]]]:
    """Each heading of the file with its words."""
    return [(heading, list(_words(text))) for heading, text in _sections()]


def _sections() -> Iterator[tuple[str, str]]:
    for section in FILE.read_text(encoding="utf-8").split("\n## ")[1:]:
        heading, _, text = section.partition("\n")
        yield heading, text


def _words(text: str) -> Iterator[Word]:
    for row in ROW.finditer(text):
        word = row["word"]
        if word != "word":
            meaning = CODE.sub(r"<code>\1</code>", str(escape(row["meaning"])))
            name = re.sub(r"\W+", "-", word.lower())
            yield Word(words.opening(word), Markup(meaning), name)  # noqa: S704  escaped
