"""No code asks for an extract, an indicator or a unit by name: what differs between them stands in
their contracts and definitions."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from sightline.warehouse import indicators
from sightline.warehouse.contracts import schema as contracts

ROOT = Path(__file__).parents[2]
CODE = ("expectations", "monitoring", "orchestration", "report", "warehouse")
ENDINGS = (".html", ".py", ".sql")
ALLOWED = {
    "dbt_project/macros/returns.sql": "written from the contracts",
    "warehouse/queries/one_area_over_time.sql": "an example, of which readers change the name",
}
"""What may name one, and why; contracts with their readers and staging models may as well."""
UNIT = {
    ".sql": re.compile(r"\bunit\s*(?:=|<>|!=|like\b|in\b|not\b)"),
    ".py": re.compile(r"\bunit\b['\"\])]*(?:\s*(?:==|!=|in\b|not\b)|\.(?:startswith|endswith))"),
    ".html": re.compile(r"\bunit\b\s*(?:==|!=|in\b|not\b|is\b)"),
}
RAW = re.compile(r"source\('raw',\s*'(\w+)'\)")


def names() -> set[str]:
    """Names of extracts and indicators, but for words that also say what is told or combined."""
    told = {source for contract in contracts.load().values() for source in contract.tells}
    kinds = {word for kind in get_args(indicators.Indicator.model_fields["joint"].annotation)
             for word in get_args(kind)}  # fmt: skip
    every = {one.indicator for one in indicators.load()} | set(contracts.load())
    return every - told - kinds


def units() -> set[str]:
    loaded = indicators.load()
    return {unit for one in loaded for unit in (one.unit, one.official_unit) if unit}


def sources() -> Iterator[tuple[str, str]]:
    """Every file of code and SQL that must name none, by its path, with its text."""
    own = ("warehouse/contracts/", "dbt_project/models/staging/")
    folders = [*CODE, "dbt_project/models", "dbt_project/macros", "dbt_project/tests"]
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in ENDINGS and name not in ALLOWED and not name.startswith(own):
                yield name, path.read_text(encoding="utf-8")


def quoted(name: str, text: str) -> set[str]:
    """The words that stand in quotes, in Python also whole strings and what SQL in them quotes."""
    if not name.endswith(".py"):
        return set(re.findall(r"['\"]([^'\"\n]+)['\"]", without_comments(text)))
    strings = [
        node.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return {*strings, *(word for one in strings for word in re.findall(r"'([^'\n]+)'", one))}


def without_comments(text: str) -> str:
    return re.sub(r"\{#.*?#\}|--[^\n]*", "", text, flags=re.DOTALL)


def test_no_code_asks_for_an_extract_or_an_indicator_by_name() -> None:
    known = names()
    found = {name: sorted(quoted(name, text) & known) for name, text in sources()}
    assert {name: words for name, words in found.items() if words} == {}


def test_no_code_asks_for_a_unit() -> None:
    known = units()
    found = {
        name: [*sorted(quoted(name, text) & known), *UNIT[Path(name).suffix].findall(text)]
        for name, text in sources()
    }
    assert {name: words for name, words in found.items() if words} == {}


def test_raw_tables_are_named_by_staging_models_alone() -> None:
    found = {name: RAW.findall(text) for name, text in sources() if name.endswith(".sql")}
    assert {name: tables for name, tables in found.items() if tables} == {}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_may_name_one_is_there_and_does(name: str) -> None:
    known = names() | set(contracts.raw_tables())
    assert quoted(name, (ROOT / name).read_text(encoding="utf-8")) & known


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.sql", "where extract in ('annex_a', 'ssd')", {"annex_a", "ssd"}),
        ("a.sql", "-- of 'ssd' alone\nwhere is_own", set()),
        ("a.html", '{% if row.extract == "ssd" %}', {"ssd"}),
        ("a.py", "RETURNS = ('ssd', 'cin_census')", {"ssd", "cin_census"}),
        ("a.py", "ask(\"where indicator = 'referral_rate'\")", {"referral_rate"}),
        ("a.py", "# not 'ssd'\nname = 'referrals'", set()),
    ],
)
def test_a_name_in_quotes_would_be_found(name: str, text: str, found: set[str]) -> None:
    assert quoted(name, text) & names() == found


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        (".sql", "where indicators.unit like 'per cent%'"),
        (".sql", "case when unit = 'per cent' then"),
        (".py", 'if row["unit"] == "per cent":'),
        (".py", 'indicator.unit.startswith("per cent")'),
        (".html", '{% if one.unit == "per cent" %}'),
    ],
)
def test_a_question_for_a_unit_would_be_found(ending: str, text: str) -> None:
    assert UNIT[ending].search(text)
