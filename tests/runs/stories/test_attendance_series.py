"""Weekly attendance as the Department for Education releases it, through a whole run.

The expected figures were read off the releases by hand.
"""

import json
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest
import screening

from sightline.orchestration import pipeline
from sightline.warehouse import home as homes

RELEASES = Path(__file__).parents[4] / "shared" / "data" / "attendance_releases"
ENGLAND, LEEDS = "E92000001", "E08000035"

pytestmark = pytest.mark.skipif(
    not RELEASES.is_dir(), reason="the releases in ../shared/data are not here"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> homes.Home:
    home = homes.create(tmp_path_factory.mktemp("attendance") / "monitor")
    folder = home.inbox / "published"
    folder.mkdir()
    for path in sorted(RELEASES.glob("*.csv.gz")):
        shutil.copyfile(path, folder / path.name)
        released_on = path.name.removesuffix(".csv.gz")[-10:]
        manifest = folder / f"{path.name}.manifest.json"
        manifest.write_text(json.dumps({"released_on": released_on}))
    report = pipeline.run(home)
    assert report.exit_code == 0, report
    return home


@pytest.fixture(scope="module")
def published(home):
    with duckdb.connect(str(home.current / "sightline.duckdb"), read_only=True) as connection:
        yield connection


def known_on(published, day, measure, area, time_identifier, breakdown):
    """The figure as an analyst who stood at that day knew it."""
    rows = published.execute(
        """
        select value from series_vintages
        where series = 'published_attendance' and measure = ? and area_code = ?
            and time_identifier = ? and breakdown = ? and released_on <= ?
        order by released_on desc limit 1
        """,
        [measure, area, time_identifier, breakdown, day],
    ).fetchall()
    return rows[0][0] if rows else None


@pytest.mark.parametrize(
    ("day", "england", "leeds"),
    [
        ("2025-09-24", None, None),
        ("2025-09-25", 3_276_576, 54_468),
        ("2025-10-08", 3_276_576, 54_468),
        ("2025-10-09", 3_287_626, 55_845),
        ("2025-10-23", 3_290_138, 55_859),
    ],
)
def test_sessions_missed_in_a_week_as_each_release_gave_them(published, day, england, leeds):
    asked = ("overall_absence", ENGLAND, "Week 37", "Total")
    assert known_on(published, day, *asked) == england
    assert known_on(published, day, "overall_absence", LEEDS, "Week 37", "Total") == leeds


def test_most_cells_of_a_week_differ_between_two_releases_and_both_stay(published):
    [(both, changed)] = published.execute(
        """
        select count(*), count(*) filter (where old.value <> new.value)
        from series_vintages as old
        inner join series_vintages as new
            using (series, measure, area_code, time_period, time_identifier, breakdown)
        where old.released_on = date '2025-09-25' and new.released_on = date '2025-10-23'
            and measure in ('possible_sessions', 'overall_absence') and old.value is not null
        """
    ).fetchall()
    assert both == 1_280
    assert changed > 0.9 * both


def test_week_37_of_2025_is_the_eighth_to_the_twelfth_of_september(published):
    weeks = published.execute(
        """
        select distinct time_identifier, period_start, period_end from series_vintages
        where period_type = 'week' order by all
        """
    ).fetchall()
    assert weeks[0] == ("Week 37", date(2025, 9, 8), date(2025, 9, 12))
    assert weeks[-1] == ("Week 41", date(2025, 10, 6), date(2025, 10, 10))
    assert len(weeks) == 5


def trend(published, indicator, area, period_start, breakdown="total"):
    return published.execute(
        """
        select numerator, denominator, value, is_provisional from trends
        where indicator = ? and area_code = ? and period_start = ? and breakdown = ?
            and period_type = 'week'
        """,
        [indicator, area, period_start, breakdown],
    ).fetchall()


def test_the_newest_release_makes_the_weekly_rates_that_were_published(published):
    [absence] = trend(published, "weekly_absence_rate", ENGLAND, "2025-10-06")
    assert absence == (3_918_280, 68_538_725, pytest.approx(5.716885), True)
    [excluded] = trend(published, "excluded_sessions_share", ENGLAND, "2025-10-06")
    assert excluded == (98_891, 68_538_725, pytest.approx(0.144285), True)
    [secondary] = trend(published, "excluded_sessions_share", ENGLAND, "2025-10-06", "secondary")
    assert secondary[:2] == (81_155, 31_286_103)
    [leeds] = trend(published, "weekly_absence_rate", LEEDS, "2025-09-08")
    assert leeds[:2] == (55_859, 1_078_562)


def test_persistent_absence_of_the_year_to_date_is_kept_by_release(published):
    asked = ("pa_perc", ENGLAND, "Academic year")
    assert known_on(published, "2024-12-19", *asked, "Secondary") is None
    assert known_on(published, "2025-04-17", *asked, "Secondary") == pytest.approx(22.8557233304)
    assert known_on(published, "2025-08-07", *asked, "Total") == pytest.approx(18.6999332346)


def test_a_year_to_date_is_never_taken_for_a_whole_year(published):
    kinds = published.execute(
        "select distinct period_type from series_vintages where time_identifier = 'Academic year'"
    ).fetchall()
    assert kinds == [("year_to_date",)]


def test_what_was_withheld_has_a_marker_and_no_value(published):
    [(withheld, values)] = published.execute(
        """
        select count(*), count(value) from series_vintages
        where marker = 'c' and measure = 'overall_absence'
        """
    ).fetchall()
    assert (withheld, values) == (7 + 18 + 30 + 3 + 3 + 3, 0)


def test_the_weeks_stand_in_the_open_data_shape_under_their_own_names(published):
    rows = published.execute(
        """
        select distinct time_period, time_identifier from ees_week
        where indicator = 'weekly_absence_rate' and geographic_level = 'National' order by all
        """
    ).fetchall()
    assert rows == [("2025", f"Week {number}") for number in range(37, 42)]


def test_the_report_shows_the_weeks(home):
    page = (home.current / "report" / "indicators" / "weekly_absence_rate.html").read_text("utf-8")
    assert "Week of 6 October 2025" in page


def test_the_weeks_pass_the_screening_of_the_department(home):
    folder = home.current / "tables"
    files = [screening.read(path) for path in screening.data_files(folder) if "week" in path.name]
    assert files
    assert {file.name: screening.failures(file) for file in files if screening.failures(file)} == {}
