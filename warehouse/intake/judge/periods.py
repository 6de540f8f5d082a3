"""Find the days that a submission speaks for, where only its dates can tell."""

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise

import duckdb

from sightline.warehouse.calendar import Span, collection_year, financial_year, month_of
from sightline.warehouse.intake.judge.judged import Checked
from sightline.warehouse.submission import Case, Cases

# No extract that rolls looks back further.
LONGEST_WINDOW = timedelta(days=365)
# A snapshot of a case system holds six years, and a month more where it is made for a month's end.
LONGEST_SNAPSHOT = timedelta(days=6 * 366 + 31)
ROLLING = ("window", "snapshot")
# A slip lies far from the rest. The first events of a window are as few, but the next follow soon.
SLIP_GAP = timedelta(days=90)
# A month's bundle may tell a few things late; in a window of several months none holds so much.
MOST_OF_ITS_DAYS = 2 / 3
# Weekends and holidays on which nothing happens, at either end of the months that are told.
QUIET_DAYS = timedelta(days=4)


def facts(case: Case) -> tuple[object, ...]:
    """What rules need to know of a submission; see the table submissions."""
    outcome = case.outcome
    known = (outcome.submission_id, outcome.sender or "", outcome.received_on)
    if case.contract is None or outcome.period is None or case.contract.period.every == "any":
        return (*known, None, None, None)
    window = case.contract.window(outcome.period)
    year = collection_year(case.contract.period.every, outcome.period)
    return (*known, year, window.start, window.end)


def find_periods(
    connection: duckdb.DuckDBPyConnection, checks: list[Checked], cases: Cases
) -> None:
    """Give every submission without a period the one that its dates tell."""
    days: dict[int, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for checked in checks:
        unknown = [i for i in checked.submissions if cases[i].outcome.period is None]
        for column in _dated(checked) if unknown else ():
            rows = connection.execute(
                f"select submission_id, {column}, count(*)"
                f" from {checked.relation} where fault is null and {column} is not null"
                " and list_contains($1, submission_id) group by all",
                [unknown],
            ).fetchall()
            for submission_id, day, count in rows:
                days[submission_id][day] += count
    for submission_id, counts in days.items():
        case = cases[submission_id]
        period = case.contract.period if case.contract else None
        if period and period.found_in == "window":
            case.outcome.period = _window(counts, is_rolling=period.every != "any")
        elif period and period.found_in == "snapshot":
            case.outcome.period = _snapshot(counts, case.outcome.received_on)
        else:
            case.outcome.period = _year(counts)
        found = case.outcome.period
        if found and (found.end - found.start).days < case.fewest_days:
            case.outcome.period = None
        *_, year, start, end = facts(case)
        connection.execute(
            "update submissions set collection_year = $1, window_start = $2, window_end = $3"
            " where submission_id = $4",
            [year, start, end, submission_id],
        ).fetchall()


def _year(counts: dict[date, int]) -> Span | None:
    """The financial year in which most of the dated events lie."""
    years: dict[int, int] = defaultdict(int)
    for day, count in counts.items():
        years[day.year + (day.month >= 4)] += count
    year, most = max(years.items(), key=lambda item: (item[1], item[0]))
    return financial_year(year) if 2 * most > sum(years.values()) else None


def _window(
    counts: dict[date, int], *, is_rolling: bool, longest: timedelta = LONGEST_WINDOW
) -> Span:
    """From the first day to the last. Where a window rolls, a hundredth of its events, or one of
    five or more, long before the rest does not stretch it: the time between would be silence."""
    end = max(counts)
    if not is_rolling:
        return Span(min(counts), end)
    days = [day for day in sorted(counts) if end - day < longest]
    total = sum(counts[day] for day in days)
    slips = max(total // 100, min(total // 5, 1))
    start, seen = days[0], 0
    for day, following in pairwise(days):
        seen += counts[day]
        if seen > slips:
            break
        if following - day >= SLIP_GAP:
            start = following
    return Span(start, end)


def _snapshot(counts: dict[date, int], received_on: date) -> Span:
    """The month in which most of the days lie; else, as in a window that rolls, from the first to
    the last of six years. What is older is still open, and no sign that its time is told of."""
    months: dict[Span, int] = defaultdict(int)
    for day, count in counts.items():
        months[month_of(day)] += count
    month, most = max(months.items(), key=lambda item: (item[1], item[0]))
    if most > MOST_OF_ITS_DAYS * sum(counts.values()):
        return month
    found = _window(counts, is_rolling=True, longest=LONGEST_SNAPSHOT)
    starts, ends = month_of(found.start).start, month_of(found.end).end
    if ends - found.end >= QUIET_DAYS or ends >= received_on:
        return found
    # Made for a month's end, it begins with a month.
    return Span(starts if found.start - starts < QUIET_DAYS else found.start, ends)


def _dated(checked: Checked) -> list[str]:
    """The columns whose days lie in the period; of a window, those of tables always sent."""
    table = checked.contract.tables.get(checked.table)
    if table is None or (checked.contract.period.found_in in ROLLING and not table.required):
        return []
    columns = table.columns.items()
    return [f"v_{name}" for name, c in columns if c.in_period and f"v_{name}" in checked.columns]
