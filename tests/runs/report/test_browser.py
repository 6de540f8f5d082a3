"""In a real browser: no error, no outside request, everything within reach of the keyboard."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from report.downloads import pdf
from senders import error_report as errors
from senders.validate import Wanted, validate

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium is installed: the pages are not tried in a browser"
)
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PAGES = ("index.html", "areas/383.html", "indicators/referral_rate.html", "alerts/a-leeds.html",
         "drivers/index.html", "drivers/referral_rate-383.html",
         "quality/index.html", "help.html", "data.html", "downloads/brief.html")  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture
def page(browser) -> Iterator[object]:
    page = browser.new_page()
    page.faults = []
    page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda fault: page.faults.append(str(fault)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith("file:") else page.faults.append(asked.url),
    )
    yield page
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_without_error_and_asks_for_nothing(page, site: Path, name: str) -> None:
    page.goto((site / name).as_uri())
    assert page.faults == []
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("name", PAGES)
def test_a_narrow_window_needs_no_sideways_scrolling(page, site: Path, name: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto((site / name).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


# What a lead has to know within a minute: each where the first page says it.
FACTS = {
    "what is new": "dl.minute div:nth-child(1) dd",
    "where": "ol.worst li:first-child h3",
    "how many": "ol.worst li:first-child .what p:nth-child(2)",
    "how sure": "ol.worst li:first-child .ask p:nth-child(2)",
    "how complete": "dl.minute div:nth-child(3) dd",
    "what to ask": "ol.worst li:first-child .ask p:nth-child(1)",
}


@pytest.mark.parametrize(("width", "within"), [(1280, 900), (390, 2 * 844)])
@pytest.mark.parametrize("fact", FACTS)
def test_the_facts_stand_on_the_first_screens(page, site: Path, width, within, fact) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto((site / "index.html").as_uri())
    box = page.locator(FACTS[fact]).bounding_box()
    assert box["y"] + box["height"] <= within
    assert box["x"] + box["width"] <= width


@pytest.fixture
def error_report(tmp_path: Path) -> Path:
    header = "CHILD,DOB,MISSING,MIS_START,MIS_END\n"
    rows = [f"K{n},14/05/2012,M,03/06/2025,05/06/2025\n" for n in range(90)]
    bad = "K900,14/05/2012,<b>M,2025-06-03,05/06/2025\n"
    (tmp_path / "missing.csv").write_text(header + "".join(rows) + bad)
    verdicts = validate([tmp_path / "missing.csv"], "301", Wanted(rows=50, values=True))
    errors.write(verdicts, tmp_path / "to_mend.html", with_values=True)
    return tmp_path / "to_mend.html"


@pytest.mark.parametrize("width", [1280, 320])
def test_an_error_report_opens_as_it_is(page, error_report: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 640})
    page.goto(error_report.as_uri())
    assert page.faults == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("script").count() == 0
    assert page.locator("table caption").count() == page.locator("table").count() == 2
    assert "<b>M" in page.locator("tbody").last.inner_text()


def test_the_first_tab_stop_leads_past_the_menu(page, site: Path) -> None:
    page.goto((site / "index.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_table_is_sorted_from_the_keyboard_and_says_so(page, site: Path) -> None:
    page.goto((site / "quality/index.html").as_uri())
    table = page.locator("#year + div table")
    head = table.locator("thead th").last
    head.locator("button").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert table.locator("tbody th").first.inner_text() == "Leicester"


def test_figures_open_from_the_keyboard(page, site: Path) -> None:
    page.goto((site / "areas/383.html").as_uri())
    page.locator(".card summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator(".card details table").first.is_visible()


def test_a_hexagon_leads_to_its_authority(page, site: Path) -> None:
    page.goto((site / "index.html").as_uri())
    page.get_by_label("Leed 1: Leeds, worsening: Referrals to children's social care").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/areas/383.html")
    assert page.locator("h1").inner_text() == "Leeds"


def test_pages_are_whole_without_script(browser, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "quality/index.html").as_uri())
    assert page.locator("th button").count() == 0
    assert page.locator("#year + div tbody tr").count() == 5
    context.close()


CONTRAST = """
() => {
  const light = c => { const v = c.map(x => { x /= 255; return x <= .04045 ? x / 12.92 :
    Math.pow((x + .055) / 1.055, 2.4); }); return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return m; };
  const ground = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const low = [];
  for (const e of document.querySelectorAll("main *, header *, footer *")) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const svg = e.namespaceURI.endsWith("svg");
    if (["title", "desc"].includes(e.tagName) || e.closest(".hex-text")) continue;
    const ink = parse(getComputedStyle(e)[svg ? "fill" : "color"]);
    const [a, b] = [light(ink), light(ground(e))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) low.push(e.tagName + ": " + e.textContent.trim().slice(0, 40));
  }
  return low;
}
"""


@pytest.mark.parametrize("name", PAGES)
def test_all_text_stands_out_from_its_ground(page, site: Path, name: str) -> None:
    page.goto((site / name).as_uri())
    assert page.evaluate(CONTRAST) == []


def test_the_briefing_is_printed_on_paper(site: Path, tmp_path: Path) -> None:
    pdf.write(site / "downloads" / "brief.html", tmp_path / "briefing.pdf")
    made = (tmp_path / "briefing.pdf").read_bytes()
    assert made.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", made)) >= 2
