"""Where a page stands for good, and that a chart has one name in every release."""

from dataclasses import replace

import pytest

from sightline.report.data import Series
from sightline.report.permalinks import permalinks
from sightline.report.view import _anchor


@pytest.mark.parametrize(
    ("report_url", "said", "is_of_release"),
    [
        (None, "releases/r1/report/index.html", True),
        ("https://example.gov.uk/s/current/report",
         "https://example.gov.uk/s/releases/r1/report/index.html", True),
        ("https://example.gov.uk/s/current/report/",
         "https://example.gov.uk/s/releases/r1/report/index.html", True),
        ("https://example.gov.uk/newest/", "https://example.gov.uk/newest/index.html", False),
        ("https://example.gov.uk/not-current/report",
         "https://example.gov.uk/not-current/report/index.html", False),
    ],
)  # fmt: skip
def test_a_permalink_is_that_of_the_release_where_its_place_is_known(
    report_url: str | None, said: str, is_of_release: bool
) -> None:
    found = permalinks("r1", report_url)
    assert found.of("index.html") == said
    assert found.is_of_release is is_of_release


def test_the_name_of_a_chart_says_what_it_is_of_and_not_where_it_stands() -> None:
    """Another series before it, as a later release may have, gives it no other name."""
    ours = Series("referral_rate", "month", "extracts", "total", ())
    official = replace(ours, period_type="financial_year", source="published_referrals")
    part = replace(official, breakdown="looked_after")
    assert [_anchor(one) for one in (ours, official, part)] == [
        "referral_rate-month-extracts",
        "referral_rate-financial_year-published_referrals",
        "referral_rate-financial_year-published_referrals-looked_after",
    ]
