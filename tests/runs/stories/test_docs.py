"""What the documents tell people to type works as it stands."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from sightline.orchestration.cli import commands

ROOT = Path(__file__).parents[3]
QUERIES = [
    (page, query)
    for page in ("README.md", "docs/analysts.md")
    for query in re.findall(
        r'sightline sql (?:--home \S+ )?"(select [^"]+)"', (ROOT / page).read_text()
    )
]


@pytest.mark.parametrize(("page", "query"), QUERIES)
def test_every_query_in_the_documents_runs(demo_home, page, query):
    ran = CliRunner().invoke(commands, ["sql", query, "--home", str(demo_home.home.root)])
    assert ran.exit_code == 0, ran.output


def test_the_documents_hold_queries():
    assert {page for page, _ in QUERIES} == {"README.md", "docs/analysts.md"}


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) < 120


@pytest.mark.parametrize("page", [*sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md"])
def test_no_link_between_documents_is_broken(page):
    for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), link
