"""What drove it: the page says what the database says, and the alert says the same sentence."""

from pathlib import Path

import duckdb
import pytest
from lxml import html

pytestmark = pytest.mark.slow

PAGE = "drivers/referral_rate-383.html"


def text(element) -> str:
    return " ".join(element.text_content().split())


@pytest.fixture(scope="module")
def page(site: Path) -> html.HtmlElement:
    return html.fromstring((site / PAGE).read_text(encoding="utf-8"))


def rows_of(draft, where: str) -> list[tuple]:
    with duckdb.connect(str(draft.database), read_only=True) as connection:
        return connection.execute(
            "select part, contribution, share, counted, expected from drivers"
            f" where indicator = 'referral_rate' and {where} order by all"
        ).fetchall()


def number(written: str) -> int:
    return int(written.replace(",", "").replace("\u2212", "-"))


def test_each_cell_is_that_of_the_database_and_they_add_up(draft, page) -> None:
    own = "area_code = 'E08000035' and within = 'whole'"
    [(_, movement, *_)] = rows_of(draft, f"{own} and dimension = 'whole'")
    tables = page.findall(".//table")
    assert len(tables) == 2
    for table, dimension in zip(tables, ("referred_by", "age_and_sex"), strict=True):
        shown = [
            [number(text(cell)) for cell in (row[2], row[4], row[5])] for row in table.iter("tr")
            if row.getparent().tag == "tbody"
        ]  # fmt: skip
        expected = rows_of(draft, f"{own} and dimension = '{dimension}'")
        assert sorted(shown) == sorted([row[1], row[3], row[4]] for row in expected)
        assert sum(row[0] for row in shown) == movement


def test_every_part_has_a_bar_and_a_share_in_words_of_numbers(page) -> None:
    for row in page.iter("tr"):
        if row.getparent().tag == "tbody":
            assert row[1].find("svg").get("aria-hidden") == "true"
            assert text(row[3]).endswith("%")


def test_the_alert_and_the_list_say_the_same_sentence(site: Path, page) -> None:
    lead = text(page.find(".//p[@class='lead']"))
    assert "fewer referrals than at the rate of the year before" in lead
    for other in ("alerts/a-leeds.html", "drivers/index.html"):
        assert lead in text(html.fromstring((site / other).read_text(encoding="utf-8")))


def test_an_alert_that_is_over_is_not_taken_apart(site: Path) -> None:
    closed = html.fromstring((site / "alerts/a-rutland.html").read_text(encoding="utf-8"))
    assert closed.get_element_by_id("drivers", None) is None
