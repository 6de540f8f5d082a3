"""Names, sentences and words of the pages: short, plain, and one word for one thing."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import html

from sightline.report import words
from sightline.warehouse import indicators

LONGEST_NAME = 60
LONGEST_SENTENCE = 25
ROOT = Path(__file__).parents[3]
TEMPLATES = sorted((ROOT / "report" / "templates").glob("*.html"))
# For people who write programs, in the words of those.
TECHNICAL = {"data.html", "dictionary.html"}
# What the pages once said, and readers stumbled over.
FORBIDDEN = (
    "latest in which it held", "worrying", "rule out first", "what became of it", "can be read:",
    "<dt>can be read", "silence about less", "would notice", "holds only a part of the roll",
    "of them</a>", "and not known", "not assessed for exploitation", "identified against expected",
    "expected and not identified", "before the tested months", "shown, not tested",
    "our own count from", "within usual range", "within its usual range",
)  # fmt: skip


def sentences(text: str) -> list[str]:
    """What ends with a point, or stands on a line of its own; a number's point ends none."""
    return [one for one in re.split(r"(?<=[.?!])\s+|\n", text.strip()) if one]


def too_long(text: str) -> list[str]:
    return [one for one in sentences(text) if len(one.split()) > LONGEST_SENTENCE]


@pytest.fixture(scope="module", params=indicators.load(), ids=lambda one: one.indicator)
def indicator(request: pytest.FixtureRequest) -> indicators.Indicator:
    return request.param


@pytest.mark.parametrize(("count", "is_long"), [(25, False), (26, True)])
def test_a_sentence_is_long_from_26_words_on(count: int, is_long: bool) -> None:
    assert bool(too_long(" ".join(["word"] * count) + ". Short.")) is is_long


def test_a_name_is_short_and_reads_well_before_a_place(indicator) -> None:
    assert len(indicator.name) <= LONGEST_NAME
    assert not re.search(r"[,:;.()]| (in|rate|index)$", indicator.name)
    assert indicator.name[0].isupper()


def test_no_two_indicators_share_a_name() -> None:
    names = [one.name for one in indicators.load()]
    assert len(set(names)) == len(names)


def test_a_short_definition_is_one_sentence(indicator) -> None:
    assert len(sentences(indicator.short_definition)) == 1
    assert indicator.short_definition.endswith(".")


def test_every_sentence_of_an_indicator_is_short(indicator) -> None:
    said = [
        indicator.short_definition, indicator.definition, indicator.why_it_matters,
        *indicator.what_to_check, *indicator.other_explanations,
    ]  # fmt: skip
    assert [one for text in said for one in too_long(text)] == []


def test_what_is_counted_has_a_word(indicator) -> None:
    is_counted = indicator.numerator is not None and indicator.kind != "index"
    assert indicator.counted or not is_counted


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_every_sentence_of_a_template_is_short(template: Path) -> None:
    if template.name not in TECHNICAL:
        text = re.sub(r"\{%.*?%\}", " ", template.read_text(encoding="utf-8"))
        blocks = blocks_of(html.fromstring(re.sub(r"\{\{.*?\}\}", " one ", text)))
        assert [one for block in blocks for one in too_long(block)] == []


INLINE = {"a", "abbr", "b", "code", "em", "span", "strong"}
DRAWN = {"script", "style", "title", "desc", "text"}


def blocks_of(element: html.HtmlElement) -> Iterator[str]:
    """The text of each element that a reader sees as a block of its own."""
    for one in element.iter():
        if not isinstance(one.tag, str) or one.tag in INLINE | DRAWN:
            continue
        parts = [one.text or ""]
        for child in one:
            is_inline = isinstance(child.tag, str) and child.tag in INLINE
            parts += [child.text_content() if is_inline else "\n", child.tail or ""]
        yield from (" ".join(part.split()) for part in "".join(parts).split("\n"))


def test_every_sentence_of_a_page_is_short(site: Path) -> None:
    found = {
        one
        for path in site.rglob("*.html")
        if path.name not in TECHNICAL
        for block in blocks_of(html.fromstring(path.read_text(encoding="utf-8")).find(".//main"))
        for one in too_long(block)
    }
    assert found == set()


def spoken() -> Iterator[tuple[str, str]]:
    """Whatever words the pages are made of."""
    folders = (ROOT / "report", ROOT / "dbt_project" / "indicators", ROOT / "monitoring")
    for folder in folders:
        for path in [*folder.rglob("*.py"), *folder.rglob("*.html"), *folder.rglob("*.yml")]:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


@pytest.mark.parametrize("phrase", FORBIDDEN)
def test_a_phrase_that_was_replaced_does_not_come_back(phrase: str) -> None:
    assert [name for name, text in spoken() if phrase in " ".join(text.lower().split())] == []


@pytest.mark.parametrize(
    "known",
    [words.STATUSES, words.STATES, words.COVERAGE, words.SEVERITIES, words.FAMILIES],
    ids=["statuses", "states", "coverage", "severities", "families"],
)
def test_one_state_has_one_word_and_no_other_shares_it(known: dict[str, str]) -> None:
    assert len({said.partition(":")[0] for said in known.values()}) == len(known)


def test_every_sentence_of_the_words_is_short() -> None:
    tables = (
        words.MARKERS, words.REVISIONS, words.REASONS, words.STATUSES, words.STATES,
        words.SEVERITIES, words.COVERAGE, dict(words.CAVEATS.values()),
    )  # fmt: skip
    said = [text for table in tables for text in table.values()]
    assert [one for text in said for one in too_long(text)] == []
