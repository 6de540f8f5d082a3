"""Younger children and girls: the page's counts are those of the database, change is in words."""

from pathlib import Path

import duckdb
import pytest
from lxml import html

from sightline.report.pages.groups import _change, _year

pytestmark = pytest.mark.slow


def text(element) -> str:
    return " ".join(element.text_content().split())


def test_each_quarter_is_that_of_the_database(draft, site: Path) -> None:
    page = html.fromstring((site / "groups.html").read_text(encoding="utf-8"))
    cards = {text(card.find("h3")): card for card in page.findall(".//section[@class='card']")}
    assert {"Referrals to children's social care: girls",
            "Referrals to children's social care: children under 14"} <= set(cards)  # fmt: skip
    with duckdb.connect(str(draft.database), read_only=True) as connection:
        rows = connection.execute(
            """
            select sum(counted) from breakdowns
            where measure = 'referrals' and area_code = 'E92000001' and part like 'girls%'
                and months = 3
            group by period_start order by period_start desc
            """
        ).fetchall()
    card = cards["Referrals to children's social care: girls"]
    shown = [text(cell) for cell in card.findall(".//td")]
    assert shown == [f"{count:,.0f}" for (count,) in rows]
    assert card.find(".//svg") is not None


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (100, 100, "as many"), (996, 1000, "as many"), (994, 1000, "1% fewer"),
        (98, 100, "2% fewer"),
        (102, 100, "2% more"), (100, 0, ""), (100, None, ""),
    ],
)  # fmt: skip
def test_a_change_is_in_whole_per_cents(now: float, before: float | None, words: str) -> None:
    assert _change(now, before) == words


def quarters(*counts: int | None) -> list[dict[str, int | None]]:
    return [{"counted": count} for count in counts]


def test_a_year_needs_its_four_quarters_and_a_change_eight() -> None:
    assert _year(quarters(10, 10, 10, 10, 20, 20, 20, 20)) == ("80", "100% more")
    assert _year(quarters(10, 10, 10, 20, 20, 20, 20)) == ("80", "\u2013")
    assert _year(quarters(10, None, 10, 10, 20, 20, 20, 20)) == ("80", "\u2013")
    assert "[c]" in _year(quarters(20, None, 20, 20))[0]
    assert "[x]" in _year(quarters(20, 20, 20))[0]
