"""axe-core finds nothing against WCAG 2.2 AA on any kind of page of a whole country, and the page
on accessibility says so with the day."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sightline.report.accessibility import FILE, statement

AXE = Path(__file__).parent / "axe" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDTHS = (1280, 390, 320)
WRITE = os.environ.get("SIGHTLINE_ACCESSIBILITY") == "write"
FURTHER_ROWS = "tbody tr:nth-child(n+7)"
RUN = """async ([tags, colours, without]) => {
  const only = colours ? {type: "rule", values: ["color-contrast"]} : {type: "tag", values: tags};
  const where = {include: ["html"], exclude: without.map(one => [one])};
  const said = await axe.run(where, {runOnly: only, resultTypes: ["violations"]});
  return {rules: said.passes.map(one => one.id),
          found: said.violations.flatMap(one => one.nodes.map(node => one.id + ": " + node.html))};
}"""


def kinds(site: Path) -> dict[str, Path]:
    """A page of each kind, by the folder or file that it is; the longest, which has most in it."""
    found: dict[str, Path] = {}
    for path in sorted(site.rglob("*.html"), key=lambda path: path.stat().st_size):
        name = path.relative_to(site).as_posix()
        folder, _, file = name.rpartition("/")
        found[name if not folder or file == "index.html" else f"{folder}/*"] = path
    return found


def axe(page, path: Path, *, colours: bool) -> Iterator[dict[str, list[str]]]:
    """What axe says of a page at each width; of colours that a reader forces, in a narrow window,
    without the rows of long tables, which are as the first of them are."""
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        without = [FURTHER_ROWS] if colours and width != WIDTHS[0] else []
        said = page.evaluate(RUN, [RULES, colours, without])
        found = [f"{path.name} at {width}: {one[:300]}" for one in said["found"]]
        yield {"rules": said["rules"], "found": found}


@pytest.fixture(scope="module")
def checked(browser, national: Path) -> dict[str, Any]:
    """What was found, and what a statement about it has to say."""
    held = kinds(national)
    found: list[str] = []
    rules: set[str] = set()
    for forced in ("none", "active"):
        context = browser.new_context(forced_colors=forced)
        page = context.new_page()
        for path in held.values():
            for said in axe(page, path, colours=forced == "active"):
                found += said["found"]
                rules |= set(said["rules"])
        context.close()
    version = AXE.read_text(encoding="utf-8").split("axe v")[1].split()[0]
    return {"found": found, "pages": sorted(held), "widths": list(WIDTHS), "axe": version,
            "rules": len(rules)}  # fmt: skip


def test_axe_finds_nothing_on_any_kind_of_page(checked) -> None:
    assert checked["found"] == []


def test_the_statement_says_what_was_checked(checked) -> None:
    """Written anew with SIGHTLINE_ACCESSIBILITY=write, as axe/README.md says, and else held to."""
    if WRITE and not checked["found"]:
        shown = {name: checked[name] for name in ("axe", "pages", "rules", "widths")}
        day = datetime.now(UTC).date().isoformat()
        FILE.write_text(json.dumps({"checked_on": day, **shown}, indent=1) + "\n", encoding="utf-8")
    held = statement()
    assert held.axe == checked["axe"]
    assert held.widths == tuple(checked["widths"])
    assert held.rules <= checked["rules"]
    assert set(held.pages) == set(checked["pages"])


def test_a_fault_would_be_found(browser, national: Path) -> None:
    page = browser.new_page()
    page.goto((national / "index.html").as_uri())
    page.evaluate("document.querySelector('.hexmap a').setAttribute('aria-label', 'Somewhere')")
    page.evaluate("document.documentElement.removeAttribute('lang')")
    page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
    found = page.evaluate(RUN, [RULES, False, []])["found"]
    assert {one.partition(":")[0] for one in found} == {
        "html-has-lang",
        "label-content-name-mismatch",
    }
    page.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_fault_in_forced_colours_would_be_found(browser, national: Path, width: int) -> None:
    context = browser.new_context(forced_colors="active")
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((national / "index.html").as_uri())
    page.evaluate(
        """() => { const one = document.querySelector("p.lead, dl.minute dd");
        one.style.forcedColorAdjust = "none"; one.style.color = "#eeeeee"; }"""
    )
    page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
    found = page.evaluate(RUN, [RULES, True, [FURTHER_ROWS]])["found"]
    context.close()
    assert [one.partition(":")[0] for one in found] == ["color-contrast"]
