"""In a real browser: no error, no outside request, everything within reach of the keyboard."""

import re
from pathlib import Path

import pytest

from sightline.report.downloads import pdf
from sightline.senders import error_report as errors
from sightline.senders.validate import Wanted, validate

PAGES = ("index.html", "areas/383.html", "indicators/referral_rate.html", "alerts/a-leeds.html",
         "identification.html", "groups.html", "drivers/index.html",
         "drivers/referral_rate-383.html",
         "quality/index.html", "help.html", "data.html", "accessibility.html",
         "downloads/brief.html", "heat.html", "methods.html", "backtests.html", "revisions.html",
         "glossary.html")  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_without_error_and_asks_for_nothing(page, site: Path, name: str) -> None:
    page.goto((site / name).as_uri())
    assert page.faults == []
    assert page.locator("h1").count() == 1


# What reaches over the right edge, but for what is scrolled by itself or drawn.
OVER_THE_EDGE = """
() => [...document.querySelectorAll("main *, footer *, header *")].filter(one =>
  !one.closest(".scroll, svg, pre, .unseen") && one.getClientRects().length
  && one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 90))
"""


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_at_400_per_cent(page, site: Path, name: str) -> None:
    """A window of 1280 by 900 pixels shows 320 by 225 then; also with all that opens open."""
    page.set_viewport_size({"width": 320, "height": 225})
    page.goto((site / name).as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate(OVER_THE_EDGE) == []
    assert page.faults == []


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


FOCUSED = """
() => { const one = document.activeElement, box = one.getBoundingClientRect();
  return {href: one.getAttribute("href"), seen: box.top < innerHeight && box.bottom > 0,
          outline: getComputedStyle(one).outlineStyle + getComputedStyle(one).boxShadow}; }
"""


@pytest.mark.parametrize("height", [900, 225])
def test_a_lead_comes_to_the_evidence_and_the_area_by_the_keyboard_alone(
    page, site: Path, height: int
) -> None:
    """Every stop on the way is in the window and marked, also in a window enlarged four times."""
    page.set_viewport_size({"width": 1280 if height == 900 else 320, "height": height})
    page.goto((site / "index.html").as_uri())
    stops = []
    while not stops or stops[-1]["href"] != "alerts/a-leeds.html":
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUSED))
        assert len(stops) < 20
    assert all(one["seen"] and one["outline"] != "nonenone" for one in stops)
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts/a-leeds.html")
    page.get_by_role("link", name="Leeds").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/areas/383.html")
    page.locator("summary", has_text="Revised figures").focus()
    page.keyboard.press("Enter")
    assert page.get_by_text("No figure of Leeds has been revised").is_visible()
    assert page.faults == []


@pytest.mark.parametrize("width", [1280, 320])
def test_a_link_in_a_cell_is_large_enough_to_be_hit_however_short_it_is(
    page, site: Path, width: int
) -> None:
    """24 pixels, the least that WCAG 2.2 asks for where another link is near."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((site / "areas/383.html").as_uri())
    heights = page.evaluate(
        """() => [...document.querySelectorAll("td a.unit")].map(one => {
        one.textContent = "Alert"; return one.getBoundingClientRect().height; })"""
    )
    assert heights
    assert min(heights) >= 24


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


@pytest.mark.skipif(pdf.browser() is None, reason="no Chromium is installed")
def test_the_briefing_is_printed_on_paper(site: Path, tmp_path: Path) -> None:
    pdf.write(site / "downloads" / "brief.html", tmp_path / "briefing.pdf")
    made = (tmp_path / "briefing.pdf").read_bytes()
    assert made.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", made)) >= 2


PLACES = """
() => [...document.querySelectorAll(".card svg.chart")].map(chart => {
  const box = one => { const r = one.getBoundingClientRect(); return [r.left, r.right]; };
  const across = [...chart.querySelectorAll(".line")].map(box);
  return {chart: box(chart), axis: box(chart.querySelector(".cover")),
          newest: box(chart.querySelector(".last")),
          line: [Math.min(...across.map(a => a[0])), Math.max(...across.map(a => a[1]))],
          text: chart.querySelector(".y").getBoundingClientRect().height};
})
"""


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_the_newest_value_of_a_chart_is_always_in_view(page, site: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 640})
    page.goto((site / "areas/383.html").as_uri())
    places = page.evaluate(PLACES)
    assert len(places) == 4
    for one in places:
        left, right = one["chart"]
        assert 0 <= left < right <= width
        assert one["axis"][0] == pytest.approx(left)
        assert one["axis"][1] < one["newest"][0] <= one["newest"][1] <= right
        assert one["axis"][1] < one["line"][1] < right
        # The oldest months are cut off on a phone, where letters keep their size.
        assert (one["line"][0] < one["axis"][1]) == (width < 400)
        assert one["text"] >= 14


def test_a_chart_is_whole_on_paper(page, site: Path) -> None:
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 700, "height": 900})
    page.goto((site / "areas/383.html").as_uri())
    for one in page.evaluate(PLACES):
        assert one["axis"][1] <= one["line"][0] + 1 < one["newest"][1] <= one["chart"][1]
    assert page.locator("header nav").is_hidden()
    assert page.locator("footer").get_by_text("releases/r1/report/areas/383.html").is_visible()
    first = page.locator(".card .source").first
    assert "releases/r1/report/areas/383.html#referral_rate-month-extracts" in first.inner_text()
    assert page.evaluate("getComputedStyle(document.querySelector('.scroll')).overflowX") == (
        "visible"
    )


SEEN = """
() => {
  const light = c => { const v = c.map(x => { x /= 255; return x <= .04045 ? x / 12.92 :
    Math.pow((x + .055) / 1.055, 2.4); }); return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number).slice(0, 3);
  const ground = parse(getComputedStyle(document.body).backgroundColor);
  const kinds = {".line": "stroke", ".expected": "stroke", ".beside": "stroke", ".axis": "stroke",
    ".worse": "fill", ".dot-line:not(.hollow)": "fill", ".hollow": "stroke", ".last": "fill",
    ".y": "fill", ".x": "fill", ".end": "fill", ".hex-text text": "fill", ".border": "stroke"};
  return Object.entries(kinds).map(([kind, way]) => {
    const one = document.querySelector("main svg " + kind);
    if (!one) return [kind, null];
    const [a, b] = [light(parse(getComputedStyle(one)[way])), light(ground)].sort((x, y) => y - x);
    return [kind, (a + .05) / (b + .05)];
  });
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_drawn_is_seen_in_colours_that_a_reader_forces(
    browser, site: Path, scheme: str
) -> None:
    context = browser.new_context(forced_colors="active", color_scheme=scheme)
    page = context.new_page()
    seen = {}
    for name in ("areas/383.html", "indicators/referral_rate.html"):
        page.goto((site / name).as_uri())
        seen |= {kind: ratio for kind, ratio in page.evaluate(SEEN) if ratio is not None}
    context.close()
    assert {kind for kind, ratio in seen.items() if ratio < 3} == set()
    assert len(seen) == 13


def test_the_map_can_be_skipped_from_the_keyboard(page, site: Path) -> None:
    page.goto((site / "indicators/referral_rate.html").as_uri())
    page.get_by_role("link", name="Skip the map").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('svg')") is None
    assert page.evaluate(
        "document.querySelector('#areas').compareDocumentPosition(document.activeElement)"
        " & Node.DOCUMENT_POSITION_FOLLOWING"
    )


def test_a_table_that_is_too_wide_is_scrolled_from_the_keyboard(page, site: Path) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto((site / "quality/index.html").as_uri())
    table = page.get_by_role("region", name="Returns due for the newest period of each kind")
    table.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")


def test_axes_and_marks_need_no_script(browser, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "indicators/referral_rate.html").as_uri())
    assert page.locator("svg.hexmap a").count() == 5
    assert page.locator("svg.chart .last").first.is_visible()
    context.close()


def test_the_page_of_an_authority_is_printed_on_four_pages_at_most(
    national: Path, site: Path, tmp_path: Path
) -> None:
    """The longest of a whole country, and one with an alert."""
    longest = max((national / "areas").glob("[0-9]*.html"), key=lambda one: one.stat().st_size)
    for number, one in enumerate((longest, site / "areas/383.html")):
        printed = tmp_path / f"{number}.pdf"
        pdf.write(one, printed)
        assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes())) <= 4, one


def shown(page) -> list[str]:
    return page.locator("table.ranked tbody tr:visible th a").all_inner_texts()


def test_a_region_is_shown_alone_without_script(browser, site: Path) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto((site / "indicators/referral_rate.html").as_uri())
        assert len(shown(page)) == 5
        page.get_by_role("radio", name="Yorkshire and The Humber").check()
        assert set(shown(page)) == {"Leeds", "Bradford"}
        page.get_by_role("radio", name="All of England").check()
        assert len(shown(page)) == 5


def test_what_has_no_figure_stays_last_whichever_way_a_table_is_sorted(page, site: Path) -> None:
    page.goto((site / "indicators/referral_rate.html").as_uri())
    button = page.locator("table.ranked thead").get_by_role("button", name="Value")
    button.click()
    upwards = shown(page)
    button.click()
    assert shown(page) == [*upwards[-2::-1], upwards[-1]]
    assert upwards[-1] == "Leicester"
