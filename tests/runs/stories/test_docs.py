"""What the documents tell people to type works as it stands."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from pages import BLOCK, PAGES, ROOT, lines

from sightline.orchestration.cli import commands

TUTORIAL = ROOT / "docs" / "tutorial.md"
TYPED = re.compile(r'sightline sql (?:--home \S+ )?"([^"]+)"')
INLINE = re.compile(r"`((?:select|pivot|with|from) [^`]+)`")


def queries(page: Path) -> list[str]:
    """Each question to the published database, in a block or in a sentence."""
    text = page.read_text(encoding="utf-8")
    found = [*TYPED.findall(text), *INLINE.findall(BLOCK.sub("", text))]
    return [one for one in dict.fromkeys(found) if " " in one and one != "..."]


QUERIES = [
    (page.relative_to(ROOT).as_posix(), query)
    for page in PAGES
    if page != TUTORIAL
    for query in queries(page)
]


@pytest.mark.parametrize(("page", "query"), QUERIES)
def test_every_query_in_the_documents_runs(demo_home, page, query):
    ran = CliRunner().invoke(commands, ["sql", query, "--home", str(demo_home.home.root)])
    assert ran.exit_code == 0, ran.output


def test_the_documents_hold_queries():
    assert {page for page, _ in QUERIES} >= {"README.md", "docs/analysts.md"}
    assert len(QUERIES) >= 8


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) < 120


# ---- What else is typed into a shell. Commands of Sightline have a test of their own, and so have
# the first steps (both test_page_commands.py) and the tutorial.

MADE = re.compile(r"\bmake ([a-z]+)\b")
BENCHMARK = re.compile(r"python (benchmarks/\w+\.py)([^`#\n]*)")
FIRST_STEPS = {"mkdir", "cp"}
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}


def test_every_target_of_make_is_there():
    known = (ROOT / "Makefile").read_text().split(".PHONY:")[1].splitlines()[0].split()
    named = {
        target
        for text in TEXTS.values()
        for code in re.findall(r"^ *make [a-z].*|`make [^`]*`", text, re.MULTILINE)
        for target in MADE.findall(code)
    }
    assert named - set(known) == set()
    assert {"demo", "test", "docs"} <= named


def test_every_benchmark_takes_the_options_that_it_is_shown_with():
    shown = [found for text in TEXTS.values() for found in BENCHMARK.findall(text)]
    wrong = [
        (script, option)
        for script, rest in shown
        for option in re.findall(r"--[\w-]+", rest)
        if f'"{option}"' not in (ROOT / script).read_text(encoding="utf-8")
    ]
    assert len(shown) > 8
    assert wrong == []


def test_every_extra_is_one_of_the_package():
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {name for text in TEXTS.values() for name in re.findall(r"sightline\[(\w+)\]", text)}
    assert named - set(known) == set()


@pytest.mark.parametrize(
    "line", [line for page in PAGES for line in lines(page) if line.startswith("grep ")]
)
def test_a_log_can_be_asked_as_shown(demo_home, line):
    root = demo_home.home.root
    [day] = {path.name[len("sightline-") :][:10] for path in (root / "restricted/logs").glob("s*")}
    asked = line.replace("2026-10-20", day).replace("2026-10-", day[:8])
    done = subprocess.run(["sh", "-c", asked], cwd=root, capture_output=True, text=True)
    # A run of which nothing was refused has no such line.
    assert done.returncode == (1 if '"refused"' in line else 0), done.stderr
    assert bool(done.stdout) is (done.returncode == 0)


def test_nothing_else_is_typed_that_no_test_knows():
    known = {"sightline", "make", "python", "grep", *FIRST_STEPS}
    # An editor of SQL in an environment of its own, which takes an index of packages.
    known |= {"python3", "editor/bin/harlequin"}
    found = {
        line.split()[0]
        for page in PAGES
        if page != TUTORIAL
        for kind, block in BLOCK.findall(page.read_text(encoding="utf-8"))
        if kind == "sh"
        for line in block.replace(".venv/bin/", "").splitlines()
        if line.strip() and not line.startswith("#")
    }
    assert found - known == set()
