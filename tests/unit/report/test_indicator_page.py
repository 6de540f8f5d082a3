"""An indicator's page ranks England: one table of every authority, its parts by plain means."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lxml import html
from test_findings import INDEX, RATE, SHARE, point

from sightline.report.data import Headline
from sightline.report.pages import indicators

STYLE = Path(indicators.__file__).parents[1] / "style.css"


@pytest.fixture(scope="module")
def referrals(site: Path) -> html.HtmlElement:
    return html.fromstring((site / "indicators/referral_rate.html").read_text(encoding="utf-8"))


def text(element) -> str:
    return " ".join(element.text_content().split())


def rows(page) -> list[Any]:
    return page.xpath("//table[contains(@class, 'ranked')]/tbody/tr")


def test_one_table_holds_every_authority_worse_first_and_missing_last(referrals) -> None:
    names = [text(row.find("th/a")) for row in rows(referrals)]
    assert names[0] == "Leeds"
    assert names[-1] == "Leicester"
    values = [
        float(text(row.find("td/b")).split()[0].replace(",", "")) for row in rows(referrals)[1:-1]
    ]
    assert values == sorted(values)
    assert len(names) == 5


def test_a_row_says_its_value_count_rank_change_and_state(referrals) -> None:
    leeds = rows(referrals)[0]
    cells = {cell.get("data-label"): text(cell) for cell in leeds.findall("td")}
    assert text(leeds.find("th")) == "Leeds Yorkshire and The Humber"
    assert cells["Referrals"].replace(",", "").isdigit()
    assert cells["Rank"] == "Lowest"
    assert cells["On a year before"].endswith("% lower")
    assert cells["State"].startswith("Low for several months")
    assert "Usual range" in cells["State"]
    assert leeds.find("td[@class='trend']/svg[@aria-hidden='true']") is not None


def test_each_region_can_be_shown_alone_without_script(referrals) -> None:
    choices = referrals.xpath("//fieldset[@class='filter']//input/@id")
    assert choices[0] == "in-0"
    places = {row.get("class") for row in rows(referrals)}
    assert places <= set(choices[1:])
    style = STYLE.read_text(encoding="utf-8")
    for place in choices[1:]:
        assert f".ranking:has(#{place}:checked) tbody tr:not(.{place})" in style


def test_a_sentence_counts_the_states(referrals) -> None:
    assert (
        "4 of 5 authorities have a figure. Worse than usual: 1; better: 0; neither: 3; "
        "cannot be judged: 1."
    ) in text(referrals)


def test_england_and_its_regions_stand_in_a_table_of_their_own(referrals) -> None:
    heading = referrals.get_element_by_id("regions")
    names = [text(one) for one in heading.getnext().findall(".//tbody/tr/th")]
    assert names[0] == "England"
    assert names[1:] == sorted(names[1:])


def about(kind: tuple[str, str, str], start: date, end: date, as_of: date) -> Any:
    published = SimpleNamespace(
        headlines={"referral_rate": Headline(kind, start, end)}, release={"as_of": as_of}
    )
    return SimpleNamespace(published=published)


@pytest.mark.parametrize(
    ("kind", "start", "end", "as_of", "said"),
    [
        (
            "month",
            date(2026, 9, 1),
            date(2026, 9, 30),
            date(2026, 11, 19),
            "October 2026: 20 November 2026",
        ),
        (
            "month",
            date(2026, 9, 1),
            date(2026, 9, 30),
            date(2026, 11, 20),
            "October 2026: with the next release",
        ),
        (
            "term",
            date(2026, 1, 1),
            date(2026, 3, 31),
            date(2026, 5, 1),
            "Summer term 2026: 20 September 2026",
        ),
        (
            "financial_year",
            date(2025, 4, 1),
            date(2026, 3, 31),
            date(2026, 5, 1),
            "year to March 2027: 20 April 2027",
        ),
        (
            "academic_year",
            date(2024, 9, 1),
            date(2025, 8, 31),
            date(2026, 5, 1),
            "2025/26: 20 September 2026",
        ),
        ("week", date(2026, 9, 7), date(2026, 9, 13), date(2026, 9, 20), ""),
    ],
)
def test_the_next_update_is_named_with_its_day(kind, start, end, as_of, said) -> None:
    assert (
        indicators.next_update(about((kind, "extracts", "total"), start, end, as_of), RATE) == said
    )


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("per 10,000 children a year", "Number of children"),
        ("per cent of referrals", "Number of referrals"),
        ("referrals per 100 contacts", "Number of contacts"),
        ("standard deviations", "Size"),
    ],
)
def test_a_funnel_says_what_its_size_is(unit, said) -> None:
    assert indicators.divided_by(unit) == said


def test_a_backtest_is_told_in_a_sentence_for_each_size_of_change() -> None:
    def row(change: float, planted: int, found: int, source: str = "extracts") -> dict[str, Any]:
        return {
            "indicator": "referral_rate", "source": source, "change": change,
            "planted": planted, "found": found,
        }  # fmt: skip

    backtests = [
        row(-0.3, 100, 31),
        row(-0.15, 100, 10),
        row(-0.3, 100, 80),
        row(-0.3, 50, 50, "other"),
    ]
    view = SimpleNamespace(published=SimpleNamespace(backtests=backtests))
    assert indicators.found_by_backtest(view, RATE) == [
        "Of 100 lasting changes of 15 %, 10 were found within six months (10 %).",
        "Of 200 lasting changes of 30 %, 111 were found within six months (56 %).",
    ]


def test_only_shares_and_rates_have_a_funnel() -> None:
    held = {
        key: point(2026, value, numerator=value * 10, denominator=1000)
        for key, value in {"301": 10.0, "302": 12.0, "303": 14.0}.items()
    }
    view = SimpleNamespace(areas={key: SimpleNamespace(area_name=f"Area {key}") for key in held})
    beside = SimpleNamespace(points=lambda indicator, level: held)
    assert indicators.funnel(view, beside, INDEX) is None
    for one in (RATE, SHARE):
        drawn = indicators.funnel(view, beside, one)
        assert drawn is not None
        assert (
            drawn["said"]
            == "0 of 3 authorities lie beyond the inner limits, 0 of them beyond the outer."
        )
