"""Releases of weekly attendance: each form is recognised, reconciled, and refused when wrong."""

import csv
import gzip
from pathlib import Path

import intake_files as files
import pytest
from intake_files import errors
from invariants import counted

RELEASES = Path(__file__).parents[4] / "shared" / "data" / "attendance_releases"
pytestmark = pytest.mark.skipif(not RELEASES.is_dir(), reason="the example files are not here")


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def sent(monitor, name, content):
    monitor.drop(name, content, "published")
    monitor.drop(f"{name}.manifest.json", '{"released_on": "2025-10-23"}', "published")
    [outcome] = counted(monitor).outcomes
    return outcome


def release(name="ees_weekly_released_2025-09-25"):
    return gzip.decompress((RELEASES / f"{name}.csv.gz").read_bytes()).decode()


@pytest.mark.parametrize(
    ("name", "records", "missed_sessions", "withheld"),
    [
        ("ees_weekly_released_2025-09-25", 647, 19_658_727, 7),
        ("ees_weekly_released_2025-10-09", 1941, 68_323_721, 18),
        ("ees_weekly_released_2025-10-23", 3235, 116_700_296, 30),
        ("ees_ytd_released_2024-12-19", 494, 250_356_414, 3),
        ("ees_ytd_released_2025-04-17", 494, 593_808_631, 3),
        ("ees_ytd_released_2025-08-07", 494, 864_743_904, 3),
    ],
)
def test_each_release_is_taken_in_whole(monitor, name, records, missed_sessions, withheld):
    outcome = sent(monitor, f"{name}.csv.gz", (RELEASES / f"{name}.csv.gz").read_bytes())
    counts = (outcome.records, outcome.accepted, outcome.quarantined, outcome.duplicates)
    assert (outcome.extract, *counts) == ("published_attendance", records, records, 0, 0)
    missed = [
        (value, marker)
        for measure, value, marker in monitor.raw("published_figures", "measure, value, marker")
        if measure == "overall_absence"
    ]
    assert len(missed) == records
    assert sum(value or 0 for value, _ in missed) == missed_sessions
    assert sum(marker == "c" for _, marker in missed) == withheld


def test_what_a_release_writes_for_no_code_is_no_code(monitor):
    path = RELEASES / "ees_ytd_released_2025-08-07.csv.gz"
    sent(monitor, path.name, path.read_bytes())
    held = monitor.raw("published_figures", "geographic_level, la_code")
    assert {la_code for level, la_code in held if level != "Local authority"} == {None}
    assert len({la_code for level, la_code in held if level == "Local authority"}) == 153


def test_columns_may_stand_in_another_order_and_others_may_come(monitor):
    rows = [[*row[::-1], "1"] for row in csv.reader(release().splitlines())]
    rows[0][-1] = "a_measure_of_tomorrow"
    text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows) + "\n"
    outcome = sent(monitor, "weekly.csv", text)
    assert (outcome.accepted, outcome.quarantined) == (647, 0)
    measures = {measure for (measure,) in monitor.raw("published_figures", "distinct measure")}
    assert "a_measure_of_tomorrow" not in measures
    assert {"overall_absence", "possible_sessions", "num_schools"} <= measures


@pytest.mark.parametrize("week", ["Week 54", "Week 0", "Week", "Week 7b", "Week 07"])
def test_a_week_that_no_year_has_keeps_its_rows_out(monitor, week):
    outcome = sent(monitor, "weekly.csv", release().replace("Week 37", week, 1))
    assert errors(outcome) == [("TIME_PERIOD", 2, "time_identifier")]
    assert (outcome.accepted, outcome.quarantined) == (646, 1)


def test_a_week_of_an_academic_year_is_refused_for_it_could_be_either_calendar_year(monitor):
    outcome = sent(monitor, "weekly.csv", release().replace("\n2025,", "\n202526,"))
    assert outcome.is_refused
    assert ("TIME_PERIOD", 2, "time_identifier") in errors(outcome)


def test_a_count_written_with_thousands_is_refused_in_its_row(monitor):
    outcome = sent(monitor, "weekly.csv", release().replace('"4683"', '"4,683"', 1))
    assert errors(outcome) == [("NUMBER", 2, "overall_absence")]


def test_a_release_without_the_sessions_is_no_release_of_attendance(monitor):
    outcome = sent(monitor, "weekly.csv", release().replace("possible_sessions", "sessions"))
    assert [rule for rule, _, _ in errors(outcome)] == ["UNKNOWN_EXTRACT"]
