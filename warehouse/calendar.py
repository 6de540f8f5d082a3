"""The years and terms that extracts speak for."""

from dataclasses import dataclass
from datetime import date, timedelta

TERMS = {"Autumn": (9, 12), "Spring": (1, 3), "Summer": (4, 8)}


@dataclass(frozen=True, order=True)
class Span:
    """A run of days, both ends included."""

    start: date
    end: date


def month_of(day: date) -> Span:
    start = day.replace(day=1)
    return Span(start, _month_end(start.year, start.month))


def quarter_of(day: date) -> Span:
    first = 3 * ((day.month - 1) // 3) + 1
    return Span(date(day.year, first, 1), _month_end(day.year, first + 2))


def financial_year(ending: int) -> Span:
    """1 April to 31 March; a financial year is named by the year in which it ends."""
    return Span(date(ending - 1, 4, 1), date(ending, 3, 31))


def financial_year_of(day: date) -> Span:
    return financial_year(day.year + (day.month >= 4))


def term(year: int, name: str) -> Span:
    first, last = TERMS[name]
    return Span(date(year, first, 1), _month_end(year, last))


def term_of(day: date) -> tuple[int, str]:
    name = next(name for name, (first, last) in TERMS.items() if first <= day.month <= last)
    return day.year, name


def period_name(period_type: str, start: date) -> str:
    """A period of our own figures as people say it: a month, a term or a school year."""
    if period_type == "term":
        year, name = term_of(start)
        return f"{name} term {year}"
    if period_type == "academic_year":
        year = start.year - (start.month < 9)
        return f"{year}/{(year + 1) % 100:02d}"
    return f"{start:%B %Y}"


def exclusion_window(year: int, name: str) -> Span:
    """The days whose exclusions a termly school census carries: always in arrears."""
    match name:
        case "Autumn":
            return Span(date(year, 1, 1), date(year, 8, 31))
        case "Spring":
            return Span(date(year - 1, 4, 1), date(year - 1, 12, 31))
        case _:
            return Span(date(year - 1, 9, 1), date(year, 3, 31))


def census_of(start: date, end: date) -> tuple[int, str]:
    """The census that a period means: its exclusion window exactly, else the term it lies in."""
    for year in (start.year, start.year + 1):
        for name in TERMS:
            if exclusion_window(year, name) == Span(start, end):
                return year, name
    return term_of(start)


def next_span(span: Span, every: str) -> Span:
    day = span.end + timedelta(days=1)
    return span_of(day, every)


def span_of(day: date, every: str) -> Span:
    """The month, quarter, term or financial year that a day lies in."""
    match every:
        case "month":
            return month_of(day)
        case "quarter":
            return quarter_of(day)
        case "term":
            return term(*term_of(day))
        case _:
            return financial_year_of(day)


def _month_end(year: int, month: int) -> date:
    first_of_next = date(year + month // 12, month % 12 + 1, 1)
    return first_of_next - timedelta(days=1)


def term_before(year: int, name: str) -> Span:
    """The term whose absence a termly school census carries: the one that had ended."""
    return term(*term_of(term(year, name).start - timedelta(days=1)))


def event_window(window: str, period: Span) -> Span:
    """The days of which an extract tells: its period, or what a census tells in arrears."""
    match window:
        case "two_terms_before":
            return exclusion_window(*term_of(period.start))
        case "term_before":
            return term_before(*term_of(period.start))
        case _:
            return period


def collection_year(every: str, period: Span) -> int:
    """The year that a return belongs to, named by its end: an academic one for termly returns."""
    return period.start.year + (period.start.month >= (9 if every == "term" else 4))
