"""Every page is whole: it names itself, stands alone, and shows no more than was published."""

import posixpath
import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import pytest
import work_file
from lxml import html

from sightline.report.site import build_site
from sightline.warehouse import home as homes
from sightline.warehouse.ledger.state import State, submissions

pytestmark = pytest.mark.slow

MOST_BYTES = 400_000
BRIEF = "downloads/brief.html"
MOST_TO_MAIL = 2_000_000


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, html.HtmlElement]:
    return {
        path.relative_to(site).as_posix(): html.fromstring(path.read_text(encoding="utf-8"))
        for path in sorted(site.rglob("*.html"))
    }


def text(element) -> str:
    return " ".join(element.text_content().split())


def test_there_is_a_page_for_everything(pages) -> None:
    expected = {
        "index.html", "help.html", "data.html", "dictionary.html", "quality/index.html",
        "heat.html", "methods.html", "backtests.html", "revisions.html", "glossary.html",
        "alerts/index.html",
        "identification.html", "groups.html", "drivers/index.html",
        "drivers/referral_rate-383.html",
        "alerts/a-leeds.html", "areas/index.html", "areas/383.html", "areas/857.html",
        "indicators/index.html", "indicators/referral_rate.html", "regions/E12000003.html",
    }  # fmt: skip
    assert expected <= set(pages)


def test_building_returns_the_number_of_pages_and_tells_its_progress(draft, tmp_path) -> None:
    told: list[tuple[int, int]] = []
    count = build_site(
        draft.database, tmp_path, progress=lambda done, all_: told.append((done, all_))
    )
    assert count == len(
        [path for path in tmp_path.rglob("*.html") if path.parent.name != "downloads"]
    )
    assert told[-1] == (count, count)


def test_the_same_release_gives_the_same_pages(draft, site, tmp_path) -> None:
    build_site(draft.database, tmp_path)
    for path in tmp_path.rglob("*.html"):
        if path.name != "data.html":
            assert path.read_bytes() == (site / path.relative_to(tmp_path)).read_bytes()


def test_every_page_has_language_title_one_heading_and_landmarks(pages) -> None:
    for name, page in pages.items():
        assert page.get("lang") == "en-GB", name
        assert page.findtext(".//title"), name
        assert len(page.findall(".//h1")) == 1, name
        assert len(page.findall(".//main")) == 1, name
        assert page.find(".//a[@class='skip']").get("href") == "#main", name


def test_headings_leave_no_level_out(pages) -> None:
    for name, page in pages.items():
        levels = [int(one.tag[1]) for one in page.iter("h1", "h2", "h3", "h4")]
        assert all(b - a <= 1 for a, b in pairwise(levels)), name


def test_every_table_has_a_caption_and_scoped_headings(pages) -> None:
    for name, page in pages.items():
        for table in page.iter("table"):
            assert text(table.find("caption")), name
            assert all(head.get("scope") for head in table.iter("th")), name


def test_what_can_be_scrolled_is_reached_and_named(pages) -> None:
    for name, page in pages.items():
        for one in page.xpath("//*[contains(@class, 'scroll')] | //pre"):
            assert one.get("tabindex") == "0", name
            assert one.get("role") == "region", name
            said, caption = one.get("aria-label"), one.find("table/caption")
            assert said, name
            assert caption is None or said == text(caption), name


def test_every_row_has_as_many_cells_as_its_table_has_columns(pages) -> None:
    for name, page in pages.items():
        for table in page.iter("table"):
            width = len(table.findall("thead/tr/th"))
            for row in table.iter("tr"):
                cells = sum(int(cell.get("colspan") or 1) for cell in row)
                assert cells == width, (name, text(row))


def test_every_chart_is_named_and_followed_by_its_figures(pages) -> None:
    for name, page in pages.items():
        ids = {one.get("id") for one in page.iter() if one.get("id")}
        for chart in page.findall(".//svg[@role='img']"):
            assert set(chart.get("aria-labelledby").split()) <= ids, name
            assert chart.getparent().getparent().find("details//table") is not None, name


def test_no_identifier_is_used_twice_on_a_page(pages) -> None:
    for name, page in pages.items():
        ids = [one.get("id") for one in page.iter() if one.get("id")]
        assert len(ids) == len(set(ids)), name


def test_nothing_points_outside(site, pages) -> None:
    for name, page in pages.items():
        for one in page.iter():
            for attribute in ("href", "src", "action", "data", "xlink:href"):
                link = one.get(attribute)
                assert link is None or not urlsplit(link).netloc, (name, link)
    for path in site.rglob("*.html"):
        assert not re.search(r"https?://|//[a-z]+\.", path.read_text(encoding="utf-8")), path


def test_every_link_leads_somewhere(site, pages) -> None:
    for name, page in pages.items():
        for link in page.iter("a"):
            target, _, fragment = link.get("href").partition("#")
            path = (site / name).parent / target if target else site / name
            assert path.exists(), (name, link.get("href"))
            if fragment:
                assert page.xpath("//*[@id=$id]", id=fragment) or target, (name, fragment)


def test_script_and_style_are_only_our_own(pages) -> None:
    for name, page in pages.items():
        [policy] = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        assert "default-src 'none'" in policy, name
        assert "unsafe" not in policy, name
        assert not page.xpath("//@style"), name
        assert not [a for one in page.iter() for a in one.keys() if a.startswith("on")], name  # noqa: SIM118


def test_every_page_says_that_the_data_are_simulated(pages) -> None:
    for name, page in pages.items():
        assert "Simulated data" in text(page.find(".//div[@class='simulated']")), name


def test_no_page_is_large(site) -> None:
    sizes = {
        path.relative_to(site).as_posix(): path.stat().st_size for path in site.rglob("*.html")
    }
    assert sizes.pop(BRIEF) < MOST_TO_MAIL
    assert max(sizes.values()) < MOST_BYTES


def test_a_missing_return_is_said_in_words(pages) -> None:
    assert "Leicester" in text(
        pages["quality/index.html"].get_element_by_id("missing").getnext().getnext()
    )
    assert "no return received" in text(pages["areas/856.html"])
    assert "4 of 5 newest referral returns are in" in text(pages["index.html"])


def test_the_returns_that_are_missing_in_a_row_are_counted(pages) -> None:
    missing = pages["quality/index.html"].get_element_by_id("missing").getnext().getnext()
    assert "Leicester: missing, due on 10 November 2026; the 2nd in a row" in text(missing)


def test_shares_of_records_that_can_be_followed_are_shown_or_marked(pages) -> None:
    table = pages["quality/index.html"].get_element_by_id("linkage").getnext().getnext()
    [row] = [[text(cell) for cell in row] for row in table.findall(".//tbody/tr")]
    assert row == ["Leeds", "[x]", "[c]", "82%", "[c]", "30"]


def test_official_counts_stand_beside_ours_and_a_withheld_one_does_not(pages) -> None:
    table = pages["quality/index.html"].get_element_by_id("official").getnext().getnext()
    [row] = [[text(cell) for cell in row] for row in table.findall(".//tbody/tr")]
    assert row[:2] + row[3:] == [
        "Referrals to children's social care", "Year to March 2026", "1", "1", "1",
        "Derby (2,500 counted, 3,000 published)",
    ]  # fmt: skip


def test_a_submission_held_back_is_told_from_one_refused(tmp_path) -> None:
    """Fault 49."""
    home = homes.create(tmp_path)
    work_file.write(home.work_db)
    state = State(home.state_db)
    with state.begin() as connection:
        for row in work_file.submission_rows():
            held = "CANARY" if row["submission_id"] == 2 else None
            connection.execute(submissions.insert(), [row | {"held_reason": held}])
    state.close()
    draft = work_file.draft(home)
    build_site(draft.database, draft.report)
    page = html.parse(draft.report / "quality/index.html").getroot()
    rows = page.get_element_by_id("refused").getnext().getnext().findall(".//tbody/tr")
    became = {text(row.find("th")): text(row.findall("td")[4]) for row in rows}
    assert became == {"2": "Held back", "3": "Refused"}
    assert "its vital signs are out of line" in text(rows[1])
    assert "CANARY" not in text(page)


def test_a_withheld_figure_shows_as_c(draft, pages) -> None:
    with duckdb.connect(str(draft.database), read_only=True) as connection:
        [(month,)] = connection.execute(f"""
            select strftime(max(period_start), '%b %Y') from trends
            where marker = 'c' and indicator = 're_referral_rate'
                and area_code = '{work_file.SMALL}'
        """).fetchall()
    card = pages["areas/857.html"].get_element_by_id("re_referral_rate-h").getparent()
    rows = {text(row.find("th")): text(row.find("td")) for row in card.findall(".//tbody/tr")}
    assert rows[month] == "[c]"


def test_the_worsening_authority_is_on_the_first_page(pages) -> None:
    page = pages["index.html"]
    assert "Referrals to children's social care 41% below expected" in text(page)
    assert page.xpath(
        '//*[@aria-label="Leed 1: Leeds, worsening: Referrals to children\'s social care"]'
    )


def test_a_chart_says_what_its_alert_says(pages) -> None:
    """Of the same months, not of others that would give another per cent."""
    page = pages["areas/383.html"]
    [alert] = page.xpath("//a[starts-with(., 'Alert: ')]")
    said = text(alert).removeprefix("Alert: ")
    assert re.match(r"\d+% below expected in ", said)
    card = page.xpath("//section[@aria-labelledby='referral_rate-h']")[0]
    assert text(card.xpath(".//figcaption")[0]).startswith(said)


def test_every_indicator_with_figures_is_mapped(pages) -> None:
    for name in ("referral_rate", "re_referral_rate", "suspension_rate"):
        page = pages[f"indicators/{name}.html"]
        links = page.xpath("//svg[@class='hexmap']//a")
        assert len(links) == 5, name
        said = {one.get("href"): one.get("aria-label") for one in links}
        value = text(page.xpath("//tr[th/a/@href='../areas/383.html']/td")[0]).split()[0]
        assert said["../areas/383.html"].startswith(f"Leed {value}: Leeds, {value} per "), name
        assert len(page.xpath("//ul[@class='legend']/li")) > 3


def test_the_evidence_page_shows_chart_checks_and_history(pages) -> None:
    page = pages["alerts/a-leeds.html"]
    assert page.findall(".//svg[@role='img']")
    for words in (
        "Check these simpler explanations first",
        "What to check",
        "Why it may matter",
        "History",
    ):
        assert words in text(page)


def test_pages_say_in_words_what_no_alert_means(pages) -> None:
    area, indicator = (
        text(pages[f"{one}.html"]) for one in ("areas/383", "indicators/referral_rate")
    )
    slow = "A loss of less than 1.7 % a month may not be detected within a year."
    assert (
        f"A fall of less than 15 % that stays may not be detected within half a year. {slow}"
        in area
    )
    assert slow in indicator
    assert "Smallest worsening found" in indicator


def test_no_free_text_of_a_person_reaches_a_page(site) -> None:
    for path in site.rglob("*.html"):
        held = path.read_text(encoding="utf-8")
        assert "Jane Doe" not in held
        assert "Somebody Real" not in held


def test_every_tag_leads_to_what_it_means(pages) -> None:
    tags = [
        (name, tag.get("href"))
        for name, page in pages.items()
        for tag in page.xpath("//a[contains(@class, 'tag ')]")
    ]
    assert len(tags) > 50
    for name, href in tags:
        target, _, fragment = href.partition("#")
        page = (
            posixpath.normpath(posixpath.join(posixpath.dirname(name), target)) if target else name
        )
        assert page in ("help.html", BRIEF), (name, href)
        assert pages[page].xpath("//*[@id=$id]", id=fragment), (name, href)


def test_every_chart_says_where_it_stands_for_good(draft, pages) -> None:
    places = {
        (name, text(one))
        for name, page in pages.items()
        for one in page.xpath("//p[@class='source']/code")
        if text(one).startswith("releases/")
    }
    assert len(places) > 30
    for name, place in places:
        path, _, fragment = place.removeprefix(f"releases/{draft.release_id}/report/").partition(
            "#"
        )
        assert pages[path].xpath("//*[@id=$id]", id=fragment), (name, place)


def test_kinds_of_year_have_charts_of_their_own(pages) -> None:
    headings = [text(one) for one in pages["areas/383.html"].iter("h3")]
    assert "Referrals to children's social care" in headings
    assert "Referrals to children's social care: years to 31 March" in headings


def test_the_query_to_paste_runs(draft, pages) -> None:
    query = pages["data.html"].find(".//pre/code").text_content()
    with duckdb.connect(str(draft.database), read_only=True) as connection:
        assert connection.execute(query).fetchall()
