"""An area's page is a briefing: what was found, where things stand, and the rest folded."""

from pathlib import Path

import pytest
from lxml import html


@pytest.fixture(scope="module")
def leeds(site: Path) -> html.HtmlElement:
    return html.fromstring((site / "areas/383.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def region(site: Path) -> html.HtmlElement:
    return html.fromstring((site / "regions/E12000003.html").read_text(encoding="utf-8"))


def text(element) -> str:
    return " ".join(element.text_content().split())


def row(page, indicator: str) -> dict[str, str]:
    """The cells of an indicator by the headings of their columns."""
    [found] = page.xpath(f"//table[@class='standing']//tr[th/a[@href='#{indicator}-h']]")
    heads = [text(one) for one in found.getparent().getparent().findall("thead/tr/th")]
    return dict(zip(heads, map(text, found), strict=True))


def is_folded(element) -> bool:
    return any(one.tag == "details" for one in element.iterancestors())


def test_each_alert_is_a_sentence_above_the_table(leeds) -> None:
    [alert] = leeds.xpath("//ul[@class='found-here']/li")
    assert text(alert).startswith("Warning Referrals to children's social care")
    assert alert.find("a").get("href") == "../alerts/a-leeds.html"
    assert text(alert).endswith("July 2026.") or "since July 2026" in text(alert)


def test_the_chart_of_the_alert_is_the_first_and_stands_above_the_table(leeds) -> None:
    order = [one for one in leeds.iter("svg", "table") if not is_folded(one)]
    assert order[0].get("aria-labelledby").startswith("referral_rate-t ")
    assert "standing" in [one.get("class") for one in order]


def test_a_row_compares_an_area_with_its_past_and_with_others(leeds) -> None:
    found = row(leeds, "referral_rate")
    assert list(found) == [
        "Indicator", "Two years", "Value", "On a year before", "England", "Region",
        "Neighbours\u2019 median", "Rank", "State", "Smallest worsening found",
    ]  # fmt: skip
    assert found["Indicator"].endswith("per 10,000 children a year, Oct 2026")
    assert found["Value"].endswith("referrals")
    assert found["On a year before"].endswith("% lower")
    assert found["Rank"] == "Lowest of 4"
    assert found["State"].startswith("Low for several months Alert: 41% below expected ")


def test_a_median_of_too_few_neighbours_is_not_told(leeds) -> None:
    assert row(leeds, "referral_rate")["Neighbours\u2019 median"] == "\u2013"


def test_a_region_has_no_neighbours_and_no_rank(region) -> None:
    assert list(row(region, "referral_rate")) == [
        "Indicator", "Two years", "Value", "On a year before", "England", "State",
        "Smallest worsening found",
    ]  # fmt: skip


def test_every_indicator_leads_to_its_chart_wherever_that_stands(leeds) -> None:
    for link in leeds.xpath("//table[@class='standing']//th/a"):
        assert leeds.get_element_by_id(link.get("href")[1:]) is not None


def test_at_most_two_charts_are_not_folded(leeds, region) -> None:
    for page in (leeds, region):
        open_ones = [one for one in page.xpath("//svg[@role='img']") if not is_folded(one)]
        assert 1 <= len(open_ones) <= 2


def test_the_cells_say_what_they_are_where_a_narrow_window_hides_the_headings(leeds) -> None:
    for cell in leeds.xpath("//table[@class='standing']//td[not(@class='trend')]"):
        head = cell.get("data-label")
        heads = [text(one) for one in cell.xpath("ancestor::table//thead//th")]
        assert heads[cell.getparent().index(cell)] == head
