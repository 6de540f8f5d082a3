"""An area's page is a briefing: what was found, where things stand, and the rest folded."""

import csv
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lxml import html

from sightline.report.data import Area, read
from sightline.report.pages import areas
from sightline.report.view import View

pytestmark = pytest.mark.slow

SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds"


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
    assert "since July 2026." in text(alert)
    assert "Ask: Is the return complete, or was it cut before the month" in text(alert)


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


def test_each_indicator_says_how_far_its_data_can_be_relied_upon(leeds, region) -> None:
    """By its own returns, and nothing where none of them is due; in a region by all that are in."""
    assert row(leeds, "referral_rate")["State"].endswith(
        "Data: medium; lowest for returns on time."
    )
    assert "Data:" not in row(leeds, "suspension_rate")["State"]
    assert row(region, "referral_rate")["State"].endswith(
        "Data: medium; lowest for returns on time."
    )


def test_a_median_of_too_few_neighbours_is_not_told(leeds) -> None:
    assert row(leeds, "referral_rate")["Neighbours\u2019 median"] == "\u2013"


def test_a_region_has_no_neighbours_and_no_rank(region) -> None:
    assert list(row(region, "referral_rate")) == [
        "Indicator", "Two years", "Value", "On a year before", "England", "State",
        "Smallest worsening found",
    ]  # fmt: skip


def test_a_region_says_what_is_open_on_it_and_in_it_and_how_sure_its_data_are(region) -> None:
    assert text(region.find(".//p[@class='lead']")) == (
        "Region of 2 local authorities. No alert open on it, 1 on its authorities."
        " Worse than usual: Referrals to children's social care."
        " Confidence in the data is high in 1."
    )


@pytest.mark.parametrize(
    ("status", "said"),
    [("ok", "An alert is open: 41% below expected in the 4 months from July 2026 to October 2026."),
     ("worsening", "")],
)  # fmt: skip
def test_a_chart_whose_newest_figure_is_as_usual_says_that_an_alert_is_open(
    draft, status: str, said: str
) -> None:
    """Where the newest figure shows it, the line above the chart is the alert's own."""
    view = View(read(draft.database))
    leeds, referrals = view.areas["383"], view.by_id["referral_rate"]
    [series] = [one for one in view.published.series["383", "referral_rate"] if one.is_judged]
    newest = series.points[-1]._replace(status=status)
    assert view._alerted(leeds, referrals, series, newest) == said


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


def reorganised(known: list[str]) -> Any:
    """A view of the areas of which pages are written, and of who followed whom."""

    def row(day: date, left: str, came: str, share: float | None) -> dict[str, Any]:
        return {
            "effective_date": day, "la_code_from": left, "la_code_to": came,
            "share_of_predecessor": share,
        }  # fmt: skip

    names = {
        "835": "Dorset (until 2019)", "836": "Poole", "837": "Bournemouth", "839": "BCP",
        "838": "Dorset", "909": "Cumbria", "942": "Cumberland", "943": "Westmorland",
    }  # fmt: skip
    found = {
        key: Area(key, key, key, name, "local_authority", None, None, None, None, None)
        for key, name in names.items()
    }
    first, second = date(2019, 4, 1), date(2023, 4, 1)
    successions = [
        row(first, "835", "838", None), row(first, "835", "839", None),
        row(first, "836", "839", 1.0), row(first, "837", "839", 1.0),
        row(second, "909", "942", 0.5728), row(second, "909", "943", 0.4272),
    ]  # fmt: skip
    return SimpleNamespace(
        areas=found,
        known=[found[key] for key in known],
        published=SimpleNamespace(
            successions=successions, joint_returns=[{"la_code": "942", "with_la_code": "943"}]
        ),
    )


@pytest.mark.parametrize(
    ("key", "known", "said"),
    [
        (
            "839", ["836"],
            [
                "Formed on 1 April 2019 from a part of Dorset (until 2019), "
                '<a href="836.html">Poole</a> and Bournemouth. '
                "Nothing is taken over from before, and its first year is not judged."
            ],
        ),
        (
            "835", ["838", "839"],
            [
                'Followed on 1 April 2019 by <a href="838.html">Dorset</a> and '
                '<a href="839.html">BCP</a>.'
            ],
        ),
        (
            "942", ["909"],
            [
                'Formed on 1 April 2023 from <a href="909.html">Cumbria</a>, with 57\u00a0% of its '
                "children. Nothing is taken over from before, and its first year is not judged."
            ],
        ),
        (
            "909", [],
            [
                "Followed on 1 April 2023 by Cumberland (with 57\u00a0% of its children) and "
                "Westmorland (with 43\u00a0% of its children)."
            ],
        ),
        ("383", [], []),
    ],
)  # fmt: skip
def test_who_was_before_and_who_came_after_is_said_with_the_day(key, known, said) -> None:
    view = reorganised(known)
    area = view.areas.get(key, Area(key, key, key, "Leeds", "local_authority", *[None] * 5))
    assert areas.history(view, area) == said


@pytest.mark.parametrize(
    ("key", "known", "said"),
    [
        ("942", ["943"], ['<a href="943.html">Westmorland</a>']),
        ("942", [], ["Westmorland"]),
        ("839", ["943"], []),
    ],
)
def test_who_sends_one_return_with_another_is_told_with_what_that_means(key, known, said) -> None:
    view = reorganised(known)
    assert areas.joint(view, view.areas[key]) == [
        f"Some official releases have one joint return of it and {name}. Such a row tells no figure"
        " of either, so those years show as not available."
        for name in said
    ]


def test_the_pairs_of_the_release_go_both_ways_and_are_of_authorities_there_are(draft) -> None:
    published = read(draft.database)
    pairs = {(row["la_code"], row["with_la_code"]) for row in published.joint_returns}
    assert ("940", "941") in pairs
    assert pairs == {(other, one) for one, other in pairs}
    with (SEEDS / "areas.csv").open(encoding="utf-8") as file:
        known = {row["la_code"] for row in csv.DictReader(file)}
    assert {one for one, _ in pairs} <= known
