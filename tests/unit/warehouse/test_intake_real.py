"""Real example files: each is taken in, or refused for the right reason."""

from datetime import date
from pathlib import Path

import intake_files as files
import pytest
from intake_files import errors, queries
from invariants import counted

YEAR = '{"period_start": "2017-04-01", "period_end": "2018-03-31"}'
SHARED = Path(__file__).parents[4] / "shared" / "data"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the example files are not here")


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def sent(monitor, *paths, sender="301", manifest=None):
    for path in paths:
        monitor.drop(f"bundle/{path.name}", path.read_bytes(), sender)
    if manifest:
        monitor.drop("bundle/manifest.json", manifest, sender)
    [outcome] = counted(monitor).outcomes
    return outcome


def folder(name, pattern="*"):
    return sorted((SHARED / name).glob(pattern))


def test_published_series_give_the_figures_that_were_published(monitor):
    for path in folder("published"):
        monitor.drop(path.name, path.read_bytes(), "published")
    report = counted(monitor)
    assert len(report.accepted) == 6
    assert report.quarantined_rows == 0
    national = "series, measure, time_period, area_code, filter, value"
    found = monitor.raw("published_figures", national)
    referrals = [r[5] for r in found if r[1:4] == ("referral_count", "2025", "E92000001")]
    gangs = [r[5] for r in found if r[1:4] == ("Gangs", "2025", "E92000001")]
    total = [r for r in found if r[2:5] == ("202223", "E92000001", "Total")]
    assert (referrals, gangs) == ([632830], [8860])
    assert {r[1]: r[5] for r in total if r[1] in ("suspension", "perm_excl")} == {
        "suspension": 786961,
        "perm_excl": 9376,
    }


def test_two_releases_of_one_series_are_both_kept(monitor):
    for year in (2022, 2023):
        path = SHARED / "published_releases" / f"cla_missing_la_release{year}.csv.gz"
        monitor.drop(path.name, path.read_bytes(), "published")
        manifest = f'{{"released_on": "{year}-11-17"}}'
        monitor.drop(f"{path.name}.manifest.json", manifest, "published")
    counted(monitor)
    found = monitor.raw(
        "published_figures",
        "submission_id, value, area_code, time_period, filter",
    )
    incidents = "Number of missing incidents during the year"
    england = [r[1] for r in found if r[2:] == ("E92000001", "2022", incidents)]
    assert england == [76890, 77120]


@pytest.mark.parametrize(
    "manifest", [None, '{"period_start": "2017-04-01", "period_end": "2018-03-31"}']
)
def test_the_care_return_is_taken_in_for_the_year_of_its_dates(monitor, manifest):
    outcome = sent(monitor, *folder("ssda903", "*.csv"), manifest=manifest)
    # 43 missing rows, 5,050 episodes and 2,675 children; but of one child the period from
    # 20 November begins within that from 2 November to 22 December.
    assert (outcome.status, outcome.accepted, outcome.quarantined) == ("accepted", 7767, 1)
    assert errors(outcome) == [("MISSING_OVERLAP", 36, "mis_start")]
    assert outcome.period is not None
    assert (outcome.period.start.year, outcome.period.end.year) == (2017, 2018)
    assert [p.file for p in outcome.problems if p.rule == "TABLE_NOT_READ"] == ["uasc.csv"]


def test_the_care_return_as_xml_gives_every_child_episode_and_missing_period(monitor):
    outcome = sent(monitor, *folder("ssda903", "*.gz"), manifest=YEAR)
    # As the file holds elements: 253 HEADER, 459 EPISODE, 6 AMISSING.
    assert outcome.records == 253 + 459 + 6
    assert outcome.records == outcome.accepted + outcome.quarantined
    kept = [len(monitor.raw(name)) for name in ("care_children", "care_episodes")]
    assert kept == [253, 459]
    periods = monitor.raw("missing_episodes", "category, start_date, end_date")
    assert ("A", date(2017, 7, 29), date(2017, 9, 15)) in periods


def test_the_census_of_july_by_nobody_is_refused_for_both_reasons(monitor):
    outcome = sent(monitor, SHARED / "cin_census" / "fake_CIN_data.xml")
    assert [rule for rule, _, _ in errors(outcome)] == ["YEAR", "WRONG_SENDER"]


def test_the_census_whose_year_and_date_differ_is_refused(monitor):
    outcome = sent(monitor, SHARED / "cin_census" / "CIN_Census_2024.xml", sender="201")
    assert [rule for rule, _, _ in errors(outcome)] == ["YEAR"]


def test_the_census_of_a_child_born_in_1965_is_refused(monitor):
    outcome = sent(monitor, SHARED / "cin_census" / "CIN_Census_2021.xml", sender="201")
    assert errors(outcome) == [("TOO_MANY_BAD_ROWS", 18, "birth_date"), ("AGE", 18, "birth_date")]
    before = {query.official for query in queries(outcome) if query.rule == "BEFORE_REFERRAL"}
    assert before == {"1103", "1105", "2889"}


@pytest.mark.parametrize(
    "manifest", [None, '{"period_start": "2024-09-01", "period_end": "2024-12-31"}']
)
def test_the_school_census_is_taken_in_for_the_term_of_its_names(monitor, manifest):
    outcome = sent(monitor, *folder("school_census"), manifest=manifest)
    assert outcome.period is not None
    assert str(outcome.period.start) == "2024-09-01"
    # Categories are drawn at random, so a third of the pupils are excluded permanently again and
    # again, and some twice a day: of 21,415 rows 22 contradict each other, 2,593 are a further
    # permanent exclusion, and 55 the same kind of exclusion on the same day.
    refused = {(p.rule, p.table): p.count for p in outcome.problems if p.severity == "error"}
    assert refused == {
        ("CONFLICT", "pupilnolongeronroll"): 22,
        ("PERMANENT_TWICE", "termlyexclusionsonroll"): 2514,
        ("PERMANENT_TWICE", "termlyexclusionsoffroll"): 79,
        ("EXCLUSION_TWICE", "termlyexclusionsonroll"): 50,
        ("EXCLUSION_TWICE", "termlyexclusionsoffroll"): 5,
    }
    assert (outcome.status, outcome.accepted, outcome.quarantined) == ("accepted", 18745, 2670)
    assert len(monitor.raw("census_exclusions")) == (10373 - 2514 - 50) + (318 - 79 - 5)
    # 9,088 pupils and 308 who left, of whom 22 rows contradict each other.
    possible = [row[0] for row in monitor.raw("census_pupils", "sessions_possible")]
    assert (len(possible), possible.count(None)) == (9374, 106)
