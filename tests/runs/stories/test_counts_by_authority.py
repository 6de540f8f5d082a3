"""Youth-justice counts, the weekly survey and a rebased population, through a whole run."""

import json
from datetime import date

import duckdb
import pytest

from sightline.orchestration import pipeline
from sightline.warehouse import home as homes

YOUTH = """la_code,period_start,period_end,children_known,first_time_entrants
301,2025-04-01,2025-06-30,120,14
301,2024-04-01,2025-03-31,310,61
383,2024-04-01,2025-03-31,900,c
"""
REVISED = YOUTH.replace("310,61", "310,64")
SOURCES = ("total", "schools", "police", "health", "individuals", "other")
SURVEY = f"""la_code,wave,week_start,week_end,{",".join(f"referrals_{one}" for one in SOURCES)}
301,19,2021-01-25,2021-01-31,62,9,20,10,8,15
383,19,2021-01-25,2021-01-31,140,c,60,30,20,28
301,20,2021-02-08,2021-02-14,58,8,19,9,8,14
383,20,2021-02-08,2021-02-14,,,,,,
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    home = homes.create(tmp_path_factory.mktemp("counts") / "monitor", today=date(2026, 7, 25))
    folder = home.inbox / "published"
    folder.mkdir()
    for name, text, released_on in (
        ("youth.csv", YOUTH, "2026-01-29"),
        ("youth_revised.csv", REVISED, "2026-04-30"),
        ("survey.csv", SURVEY, "2021-03-30"),
    ):
        (folder / name).write_text(text)
        manifest = folder / f"{name}.manifest.json"
        manifest.write_text(json.dumps({"released_on": released_on}))
    report = pipeline.run(home)
    assert report.exit_code == 0, report
    with duckdb.connect(str(home.current / "sightline.duckdb"), read_only=True) as connection:
        yield connection


def test_first_time_entrants_of_a_year_as_each_release_gave_them(published):
    rows = published.execute(
        """
        select released_on, value, is_latest from series_vintages
        where series = 'youth_justice' and measure = 'first_time_entrants' and la_code = '301'
            and period_type = 'financial_year' order by released_on
        """
    ).fetchall()
    assert rows == [(date(2026, 1, 29), 61, False), (date(2026, 4, 30), 64, True)]


def test_the_rate_of_first_time_entrants_is_per_hundred_thousand_aged_10_to_17(published):
    rows = published.execute(
        """
        select la_code, period_type, numerator, round(value * denominator / 100000), marker
        from trends where indicator = 'first_time_entrants_rate' order by all
        """
    ).fetchall()
    # a quarter is stated as a yearly rate: four times its count
    assert rows == [
        ("301", "financial_year", 64, 64, None),
        ("301", "quarter", 14, 56, None),
        ("383", "financial_year", None, None, "c"),
    ]


def test_who_did_not_answer_is_not_available_and_not_nought(published):
    rows = published.execute(
        """
        select la_code, time_identifier, value, marker from series_vintages
        where series = 'vulnerable_children_survey' and measure = 'referrals_total' order by all
        """
    ).fetchall()
    assert rows == [
        ("301", "Week 4", 62, None), ("301", "Week 6", 58, None),
        ("383", "Week 4", 140, None), ("383", "Week 6", None, "x"),
    ]  # fmt: skip


def test_a_week_of_the_survey_is_monday_to_sunday(published):
    rows = published.execute(
        """
        select distinct period_start, period_end, time_period from series_vintages
        where series = 'vulnerable_children_survey' order by all
        """
    ).fetchall()
    assert rows[0] == (date(2021, 1, 25), date(2021, 1, 31), "2021")
