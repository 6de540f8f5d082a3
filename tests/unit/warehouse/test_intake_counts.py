"""Counts by authority that come as plain tables: the weekly survey, and youth justice."""

from datetime import date

import intake_files as files
import pytest
from intake_files import errors

SURVEY = (
    "la_code,wave,week_start,week_end,referrals_total,referrals_schools,referrals_police,"
    "referrals_health,referrals_individuals,referrals_other,submitted_at\n"
)
# Two weeks of January 2021; Leeds did not answer in the second.
WEEKS = (
    "301,19,2021-01-25,2021-01-31,62,9,20,10,8,15,2021-02-09\n"
    "383,19,2021-01-25,2021-01-31,140,c,60,30,20,28,2021-02-10\n"
    "301,20,2021-02-08,2021-02-14,58,8,19,9,8,14,2021-02-23\n"
    "383,20,2021-02-08,2021-02-14,,,,,,,\n"
)
YOUTH = "la_code,period_start,period_end,children_known,first_time_entrants\n"
QUARTERS = (
    "301,2025-04-01,2025-06-30,120,14\n"
    "301,2025-07-01,2025-09-30,118,c\n"
    "301,2024-04-01,2025-03-31,310,61\n"
    "383,2025-04-01,2025-06-30,402,x\n"
)


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def sent(monitor, text):
    monitor.drop("counts.csv", text, "published")
    monitor.drop("counts.csv.manifest.json", '{"released_on": "2026-01-29"}', "published")
    [outcome] = monitor.take_in().outcomes
    return outcome


def test_the_survey_is_taken_in_by_week_and_silence_stays_silence(monitor):
    outcome = sent(monitor, SURVEY + WEEKS)
    counts = (outcome.records, outcome.accepted, outcome.quarantined, outcome.duplicates)
    assert (outcome.extract, *counts) == ("vulnerable_children_survey", 4, 4, 0, 0)
    assert (outcome.period.start, outcome.period.end) == (date(2021, 1, 25), date(2021, 2, 8))
    columns = "la_code, week_start, referrals_total, referrals_schools"
    first, second = date(2021, 1, 25), date(2021, 2, 8)
    assert monitor.raw("survey_weeks", columns) == [
        ("301", first, "62", "9"), ("301", second, "58", "8"), ("383", first, "140", "c"),
        ("383", second, None, None),
    ]  # fmt: skip


def test_youth_justice_is_taken_in_by_quarter_and_year(monitor):
    outcome = sent(monitor, YOUTH + QUARTERS)
    assert (outcome.extract, outcome.accepted, outcome.quarantined) == ("youth_justice", 4, 0)
    assert monitor.raw("youth_justice_counts", "sum(try_cast(first_time_entrants as int))") == [
        (75,)
    ]


def many(header, row):
    """The row to judge below 20 good ones, so that it alone is set aside."""
    good = {
        SURVEY: "{},19,2021-01-25,2021-01-31,6,1,2,1,1,1,\n",
        YOUTH: "{},2025-04-01,2025-06-30,120,14\n",
    }[header]
    return header + "".join(good.format(code) for code in range(302, 322)) + row


@pytest.mark.parametrize(
    ("header", "row", "rule", "column"),
    [
        (SURVEY, "301,19,2021-01-24,2021-01-30,6,1,2,1,1,1,\n", "PERIOD_LENGTH", "week_end"),
        (SURVEY, "301,19,2021-01-25,2021-02-07,6,1,2,1,1,1,\n", "PERIOD_LENGTH", "week_end"),
        (SURVEY, "301,19,2021-01-25,2021-01-31,-6,1,2,1,1,1,\n", "PATTERN", "referrals_total"),
        (SURVEY, "301,19,2021-01-25,2021-01-31,6.5,1,2,1,1,1,\n", "PATTERN", "referrals_total"),
        (SURVEY, "E08,19,2021-01-25,2021-01-31,6,1,2,1,1,1,\n", "PATTERN", "la_code"),
        (YOUTH, "301,2025-04-01,2025-07-31,120,14\n", "PERIOD_LENGTH", "last_day"),
        (YOUTH, "301,2025-05-01,2025-07-31,120,14\n", "PERIOD_LENGTH", "last_day"),
        (YOUTH, "301,2025-01-01,2025-12-31,120,14\n", "PERIOD_LENGTH", "last_day"),
        (YOUTH, "301,2025-04-01,2025-06-30,~,14\n", "PATTERN", "children_known"),
    ],
)
def test_a_wrong_row_is_set_aside_for_its_own_reason(monitor, header, row, rule, column):
    outcome = sent(monitor, many(header, row))
    assert errors(outcome) == [(rule, 22, column)]
    assert (outcome.accepted, outcome.quarantined) == (20, 1)


def test_two_answers_for_one_week_are_both_set_aside(monitor):
    again = "302,20,2021-01-25,2021-01-31,7,1,3,1,1,1,\n"
    outcome = sent(monitor, many(SURVEY, again))
    assert errors(outcome)[0][0] == "CONFLICT"
    assert (outcome.accepted, outcome.quarantined) == (19, 2)


def test_an_authority_cannot_send_what_is_published(monitor):
    monitor.drop("counts.csv", YOUTH + QUARTERS, "301")
    [outcome] = monitor.take_in().outcomes
    assert [rule for rule, _, _ in errors(outcome)] == ["WRONG_SENDER"]
