"""The verdict on an alert: what, by how much and how sure; and what a larger figure rests on."""

import json
from datetime import date
from typing import Any

import pytest
from report_points import point

from sightline.report import verdict
from sightline.report.data import Area, Indicator
from sightline.report.view import View

ABOUT = Indicator(
    **dict.fromkeys(Indicator.__dataclass_fields__)
    | {"name": "Referrals", "counted": "referrals", "period_type": "month"}
)
SHOWN: dict[str, Any] = {
    "first": "2026-07-01", "last": "2026-10-01", "periods": 4, "value": 80.0, "expected": 100.0,
    "lower": 90.0, "upper": 110.0, "difference": -1200, "change": -20.0, "is_provisional": False,
}  # fmt: skip


def told(direction: str = "down", **changes: Any) -> verdict.Verdict:
    alert = {
        "summary": json.dumps(SHOWN | changes), "direction": direction, "title": "Its title",
        "opened_period": date(2026, 7, 1), "last_period": date(2026, 10, 1), "periods_passed": 4,
        "periods_marked": 3,
    }  # fmt: skip
    return verdict.of(alert, ABOUT)


def test_it_says_what_was_found_with_its_size_its_window_and_its_length() -> None:
    found = told()
    assert found.finding == "Referrals 20% below expected"
    assert found.off == "20% below expected in the 4 months from July 2026 to October 2026"
    assert found.concerned == "about 1,200 fewer referrals than expected"
    assert found.lasted == "Marked in 3 of 4 months since July 2026"
    assert (found.sure, found.size) == ("high", 1200)


def test_more_is_said_to_be_above() -> None:
    up = {"value": 120.0, "difference": 1200, "change": 20.0}
    found = told("up", **up)
    assert found.finding == "Referrals 20% above expected"
    assert found.concerned == "about 1,200 more referrals than expected"


@pytest.mark.parametrize(
    ("changes", "sure"),
    [
        ({}, "high"),
        ({"is_provisional": True}, "medium"),
        ({"lower": None, "upper": None}, "low"),
        ({"value": 90.0}, "low"),
        ({"value": 89.9}, "high"),
        ({"value": None, "expected": None}, "low"),
    ],
)
def test_it_is_sure_of_what_lies_beyond_its_range_on_final_figures(changes, sure: str) -> None:
    assert told(**changes).sure == sure


def test_where_no_number_bears_it_out_none_is_told() -> None:
    found = told(value=95.0)
    assert found.finding == "Referrals lower than expected"
    assert found.off == "lower than expected"
    assert (found.concerned, found.size) == ("", 0)


ENGLAND = Area(
    **dict.fromkeys(Area.__dataclass_fields__) | {"key": "E", "area_level": "country"}
)  # fmt: skip
LEEDS = Area(**dict.fromkeys(Area.__dataclass_fields__) | {"area_level": "local_authority"})


class OfTen(View):
    """England of ten authorities, which nothing is published of."""

    def __init__(self) -> None:
        self.authorities = [None] * 10  # type: ignore[assignment]
        self.regions = self.sub_regions = []
        self.england = ENGLAND


@pytest.mark.parametrize(("included", "is_partial"), [(8, True), (9, False), (10, False)])
def test_nine_in_ten_authorities_are_enough_for_a_whole_line(included, is_partial: bool) -> None:
    one = point(1, 1.0, areas_due=9, areas_included=included)
    assert OfTen().is_partial(ENGLAND, one) is is_partial
    assert OfTen().rests_on(ENGLAND, one) == f"{included} of 10 authorities"


def test_of_an_authority_and_of_official_figures_nothing_is_said() -> None:
    assert OfTen().rests_on(LEEDS, point(1, 1.0, areas_due=1, areas_included=1)) == ""
    official = point(1, 1.0, areas_due=None, areas_included=None)
    assert OfTen().rests_on(ENGLAND, official) == ""
    assert not OfTen().is_partial(ENGLAND, official)
