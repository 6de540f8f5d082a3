"""Numbers, periods and states in words."""

import re
from datetime import date

import pytest

from report import words
from report.data import Indicator, Point, Series
from warehouse import indicators


def point(**held: object) -> Point:
    return Point(**dict.fromkeys(Point._fields) | held)


@pytest.mark.parametrize(
    ("value", "decimals", "said"), [(1234.56, 1, "1,234.6"), (-3.2, 1, "\u22123.2"), (0, 0, "0")]
)
def test_numbers_have_separators_and_a_minus_sign(value: float, decimals: int, said: str) -> None:
    assert words.number(value, decimals) == said


@pytest.mark.parametrize(
    ("kind", "start", "end", "said"),
    [
        ("month", date(2026, 11, 1), date(2026, 11, 30), "November 2026"),
        ("financial_year", date(2024, 4, 1), date(2025, 3, 31), "Year to March 2025"),
        ("academic_year", date(2022, 9, 1), date(2023, 8, 31), "2022/23"),
        ("term", date(2024, 1, 1), date(2024, 3, 31), "Spring term 2024"),
        ("quarter", date(2024, 4, 1), date(2024, 6, 30), "Quarter to June 2024"),
        ("year_to_date", date(2024, 9, 1), date(2025, 8, 31), "2024/25 to date"),
        ("week", date(2024, 9, 2), date(2024, 9, 6), "Week of 2 September 2024"),
        ("mid_year", date(2024, 6, 30), date(2024, 6, 30), "Mid-2024"),
    ],
)
def test_each_kind_of_year_is_named_as_its_readers_name_it(kind, start, end, said) -> None:
    assert words.period(kind, start, end) == said


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"status": "ok"}, "Within usual range"),
        ({"status": "worsening", "kind": "sustained"}, "Worsening over several periods"),
        ({"status": "worsening", "kind": "spike"}, "Worsening in this period"),
        (
            {"status": "not_assessable", "reason": "no_return"},
            "Cannot be assessed: no return received",
        ),
        ({"reason": "not_monitored"}, "Shown, not tested"),
    ],
)
def test_every_state_is_said(held: dict[str, str], said: str) -> None:
    assert words.state(point(**held)) == said


def test_a_withheld_figure_is_a_letter_with_its_meaning() -> None:
    shown = words.value(point(marker="c"), 1)
    assert shown.startswith('<abbr title="withheld')
    assert "[c]" in shown


def test_an_unreliable_figure_is_shown_with_its_letter() -> None:
    assert "[u]" in words.value(point(value=3.0, marker="u"), 1)


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd")]
)
def test_places_in_a_row_are_said(number, said) -> None:
    assert words.ordinal(number) == said


@pytest.mark.parametrize("reason", indicators.REASONS)
def test_every_reason_has_words(reason: str) -> None:
    assert reason in words.REASONS


@pytest.mark.parametrize(
    ("caveat", "shown"),
    [
        (None, "3.0"),
        ("one_month_missing", "3.0 [m]"),
        ("one_month_missing, without_care_return", "3.0 [m] [s]"),
    ],
)
def test_what_to_mind_of_a_figure_stands_beside_it(caveat: str | None, shown: str) -> None:
    said = words.value(point(value=3.0, caveat=caveat), 1)
    assert re.sub(r"<[^>]*>", "", str(said)) == shown


def told(kind: str, **held: object) -> str:
    blank = dict.fromkeys(Indicator.__dataclass_fields__)
    about = Indicator(**blank | {"kind": kind, "unit": "per cent", "decimals": 0})
    start, end = date(2026, 7, 1), date(2026, 7, 31)
    shown = point(period_start=start, period_end=end, value=40.0, lower=30.0, upper=50.0, **held)
    series = Series("one", "month", "extracts", "total", (shown,))
    return words.sentence(series, shown, about, "Leeds")


@pytest.mark.parametrize(
    ("value", "side"),
    [(29.9, "below"), (30.0, "within"), (50.0, "within"), (50.1, "above")],
)
def test_a_figure_on_the_limit_is_within_its_range(value: float, side: str) -> None:
    assert words._side(value, 30.0, 50.0) == side


def test_no_two_states_of_a_return_or_a_figure_share_their_words() -> None:
    for said in (words.COVERAGE, words.STATUSES):
        assert len(set(said.values())) == len(said)
    assert words.COVERAGE["received"] == "Received"
    assert words.STATUSES["worsening"] == "Worsening"


@pytest.mark.parametrize(("kind", "said"), [("month", "a year"), ("financial_year", "of all")])
def test_an_official_figure_bears_its_own_unit(kind: str, said: str) -> None:
    blank = dict.fromkeys(Indicator.__dataclass_fields__)
    about = Indicator(**blank | {"unit": "a year", "official_unit": "of all"})
    assert words.unit(kind, about) == said


def test_the_range_of_an_estimate_is_a_likely_one_and_never_usual() -> None:
    said = told("share_of_expected")
    assert "with a likely range of 30 to 50" in said
    assert "usual" not in said
    assert "within its usual range of 30 to 50" in told("proportion")


def test_a_sentence_tells_what_to_mind() -> None:
    assert "Note: a return of one of the months behind it is missing." in told(
        "rate", caveat="one_month_missing"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ssd", "Referrals and assessments (monthly)"),
        ("published_referrals", "Department for Education, children in need"),
        ("extracts", "our own count from authorities' extracts"),
        ("a_former_return", "A former return"),
    ],
)
def test_a_source_is_called_as_its_contract_says(name: str, said: str) -> None:
    assert words.source(name) == said


def test_a_return_that_nobody_recognised_has_no_name() -> None:
    assert words.extract(None) == ""


@pytest.mark.parametrize(
    ("held", "letters", "said"),
    [
        ({}, "", ""),
        ({"is_provisional": True}, "p", " The figure is provisional."),
        ({"is_revised": True}, "r", " It was revised."),
        (
            {"is_provisional": True, "is_revised": True},
            "pr",
            " The figure is provisional. It was revised.",
        ),
    ],
)
def test_a_figure_that_will_change_or_has_is_marked_and_said(held, letters, said) -> None:
    one = point(value=3.0, period_start=date(2026, 9, 1), period_end=date(2026, 9, 30), **held)
    shown = words.value(one, 1)
    assert re.findall(r">\[(\w)\]<", shown) == [*letters]
    series = Series("rate", "month", "extracts", "total", (one,))
    indicator = indicators.load()[0]
    assert words.sentence(series, one, indicator, "Leeds").endswith(f".{said}")


def test_a_withheld_figure_has_no_other_letter() -> None:
    shown = words.value(point(marker="c", is_provisional=True, is_revised=True), 1)
    assert re.findall(r">\[(\w)\]<", shown) == ["c"]
