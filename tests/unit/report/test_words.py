"""Numbers, periods and states in words."""

import re
from datetime import date

import pytest

from sightline.report import words
from sightline.report.data import Indicator, Point, Series
from sightline.warehouse import indicators

OCTOBER = {"period_start": date(2026, 10, 1), "period_end": date(2026, 10, 31)}


def point(**held: object) -> Point:
    return Point(**dict.fromkeys(Point._fields) | held)


def about(**held: object) -> Indicator:
    return Indicator(**dict.fromkeys(Indicator.__dataclass_fields__) | held)


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
        ({"status": "ok"}, "Inside its usual range"),
        ({"status": "worsening", "kind": "sustained"}, "Low for several months"),
        ({"status": "worsening", "kind": "spike"}, "Low once, outside its range"),
        ({"status": "worsening"}, "Lower than usual"),
        ({"status": "improving", "kind": "sustained"}, "Better: high for several months"),
        (
            {"status": "worsening", "kind": "sustained", "reason": "possible_recording_change"},
            "Low, more than in any ordinary year: ask whether recording changed",
        ),
        (
            {"status": "not_assessable", "reason": "no_return"},
            "Cannot be judged: no return received",
        ),
        ({"status": "short_history", "reason": "too_little_history"}, "Too little history"),
        ({"reason": "not_monitored"}, "For context; raises no alerts"),
    ],
)
def test_every_state_says_what_was_tested(held: dict[str, str], said: str) -> None:
    assert words.state(point(**OCTOBER, **held), about(bad_direction="down")) == said


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (date(2026, 10, 7), "High for several weeks"),
        (date(2026, 10, 31), "High for several months"),
        (date(2026, 12, 31), "High for several terms"),
        (date(2027, 9, 30), "High for several years"),
    ],
)
def test_a_lasting_state_names_the_kind_of_period(end: date, said: str) -> None:
    held = {"period_start": date(2026, 10, 1), "period_end": end}
    shown = point(**held, status="worsening", kind="sustained")
    assert words.state(shown, about(bad_direction="up")) == said


@pytest.mark.parametrize(
    ("kind", "is_monitored", "value", "said"),
    [
        ("index", True, 2.6, "Inside its usual range"),
        ("index", True, 2.7, "Outside, but only one side moved"),
        ("index", False, 2.7, "Outside, but numbers too small to judge one month"),
        ("rate", True, 2.7, "Outside, but numbers too small to judge one month"),
        ("rate", True, -2.7, "Outside, but numbers too small to judge one month"),
    ],
)
def test_a_figure_outside_its_range_is_never_called_inside(kind, is_monitored, value, said) -> None:
    shown = point(**OCTOBER, status="ok", value=value, lower=-2.6, upper=2.6)
    of = about(kind=kind, is_monitored=is_monitored, bad_direction="up")
    assert words.state(shown, of) == said


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
    one = about(kind=kind, unit="per cent", decimals=0)
    start, end = date(2026, 7, 1), date(2026, 7, 31)
    shown = point(period_start=start, period_end=end, value=40.0, lower=30.0, upper=50.0, **held)
    series = Series("one", "month", "extracts", "total", (shown,))
    return words.sentence(series, shown, one, "Leeds")


@pytest.mark.parametrize(
    ("value", "side"),
    [(29.9, "below"), (30.0, "inside"), (50.0, "inside"), (50.1, "above")],
)
def test_a_figure_on_the_limit_is_inside_its_range(value: float, side: str) -> None:
    assert words.side_of_range(point(value=value, lower=30.0, upper=50.0)) == side


def test_no_two_states_of_a_return_or_a_figure_share_their_words() -> None:
    for said in (words.COVERAGE, words.STATUSES):
        assert len(set(said.values())) == len(said)
    assert words.COVERAGE["received"] == "Received"
    assert words.STATUSES["worsening"] == "Worse than usual"


@pytest.mark.parametrize(("kind", "said"), [("month", "a year"), ("financial_year", "of all")])
def test_an_official_figure_bears_its_own_unit(kind: str, said: str) -> None:
    assert words.unit(kind, about(unit="a year", official_unit="of all")) == said


def test_the_range_of_an_estimate_is_a_likely_one_and_never_usual() -> None:
    said = told("share_of_expected")
    assert "with a likely range of 30 to 50" in said
    assert "usual" not in said
    assert "inside its usual range of 30 to 50" in told("proportion")


def test_a_sentence_tells_what_to_mind() -> None:
    assert "Note: a return of one of the months behind it is missing." in told(
        "rate", caveat="one_month_missing"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ssd", "Referrals and assessments (monthly)"),
        ("published_referrals", "Department for Education, children in need"),
        ("extracts", "Sightline count from council returns"),
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
