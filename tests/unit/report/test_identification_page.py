"""Under-identification: the corner, its parts, who is exposed and not known, expected and known."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from lxml import html

from sightline.report.pages import identification
from sightline.report.sides import Part, Sides

pytestmark = pytest.mark.slow


def test_the_page_stands_without_a_gap_to_show(site: Path) -> None:
    page = html.fromstring((site / "identification.html").read_text(encoding="utf-8"))
    lead = page.find(".//p[@class='lead']")
    assert lead.text_content() == "In no authority can both sides be judged yet."
    assert page.find(".//svg") is None


def placed(key: str, exposure: float, unseen: float) -> Sides:
    return Sides(key, exposure, unseen, (Part("suspensions", exposure),))


def lead(*held: Sides) -> str:
    names = {one.key: SimpleNamespace(area_name=one.key) for one in held}
    view = SimpleNamespace(areas=names)
    return identification._lead(view, list(held), [one for one in held if one.is_in_corner])


def test_the_lead_names_those_in_the_corner_and_counts_those_that_can_be_judged() -> None:
    assert lead(placed("Leeds", 1.0, 1.0), placed("York", 0.0, 4.0)) == (
        "In 1 of the 2 authorities in which both sides can be judged, signs of risk rise while"
        " fewer are identified: Leeds."
    )
    assert lead(placed("York", 0.0, 4.0)).startswith("In none of the 1 ")
    assert lead() == "In no authority can both sides be judged yet."
    many = [placed(f"A{number}", 2.0, 2.0) for number in range(7)]
    assert lead(*many).endswith("A0, A1, A2, A3 and A4, and 2 more.")
