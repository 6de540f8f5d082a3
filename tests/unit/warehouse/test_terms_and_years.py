"""Years, terms and windows to the day, and what people call them."""

from datetime import date

import pytest

from sightline.warehouse.calendar import (
    Span,
    collection_year,
    event_window,
    exclusion_window,
    financial_year_of,
    period_name,
    term_of,
)


@pytest.mark.parametrize(
    ("kind", "start", "said"),
    [
        ("month", date(2026, 9, 1), "September 2026"),
        ("term", date(2026, 9, 1), "Autumn term 2026"),
        ("term", date(2026, 1, 1), "Spring term 2026"),
        ("term", date(2026, 4, 1), "Summer term 2026"),
        ("academic_year", date(2025, 9, 1), "2025/26"),
        ("academic_year", date(2025, 8, 31), "2024/25"),
        ("academic_year", date(1999, 9, 1), "1999/00"),
    ],
)
def test_a_period_has_the_name_that_people_say(kind: str, start: date, said: str) -> None:
    assert period_name(kind, start) == said


@pytest.mark.parametrize(
    ("day", "term"),
    [
        (date(2026, 3, 31), (2026, "Spring")),
        (date(2026, 4, 1), (2026, "Summer")),
        (date(2026, 8, 31), (2026, "Summer")),
        (date(2026, 9, 1), (2026, "Autumn")),
        (date(2026, 12, 31), (2026, "Autumn")),
    ],
)
def test_a_term_holds_its_first_and_its_last_day(day: date, term: tuple[int, str]) -> None:
    assert term_of(day) == term


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Spring", date(2025, 4, 1), date(2025, 12, 31)),
        ("Summer", date(2025, 9, 1), date(2026, 3, 31)),
        ("Autumn", date(2026, 1, 1), date(2026, 8, 31)),
    ],
)
def test_a_census_tells_exclusions_of_the_two_terms_before(
    name: str, first: date, last: date
) -> None:
    assert exclusion_window(2026, name) == Span(first, last)


def test_a_census_tells_absence_of_the_term_before() -> None:
    autumn = Span(date(2026, 9, 1), date(2026, 12, 31))
    assert event_window("term_before", autumn) == Span(date(2026, 4, 1), date(2026, 8, 31))


def test_a_financial_year_begins_on_the_first_of_april() -> None:
    assert financial_year_of(date(2026, 3, 31)) == Span(date(2025, 4, 1), date(2026, 3, 31))
    assert financial_year_of(date(2026, 4, 1)) == Span(date(2026, 4, 1), date(2027, 3, 31))


@pytest.mark.parametrize(
    ("every", "month", "year"),
    [("term", 8, 2026), ("term", 9, 2027), ("year", 3, 2026), ("year", 4, 2027)],
)
def test_a_collection_year_is_a_school_year_for_termly_returns(
    every: str, month: int, year: int
) -> None:
    day = date(2026, month, 1)
    assert collection_year(every, Span(day, day)) == year
