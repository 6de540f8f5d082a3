"""Official series as the Department for Education publishes them, through a whole run."""

import csv
import io
import json
import shutil
from pathlib import Path

import duckdb
import joins
import pytest
from support import sightline

from sightline.orchestration import pipeline
from sightline.warehouse import home as homes

SHARED = Path(__file__).parents[4] / "shared" / "data"
RELEASED = {
    "published/c1_children_in_need_referrals_and_rereferrals_2013_to_2025.csv": "2025-10-30",
    "published/c3_factors_identified_at_end_of_assessment_2018_to_2025.csv": "2025-10-30",
    "published/cla_number_and_rate_per_10k_children.csv": "2025-11-20",
    "published/exc_nat_region_la.csv": "2024-07-18",
    "published/ons_mid-year_population_estimates_2012_to_2024.csv": "2025-07-30",
    "published_releases/cla_missing_la_release2022.csv.gz": "2022-11-17",
    "published_releases/cla_missing_la_release2023.csv.gz": "2023-11-16",
    "published/cin_cla_exclusions_and_suspensions_2016_to_2021.csv.gz": "2022-05-26",
}

pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the published series in ../shared/data are not here"
)


def newer_suspensions() -> str:
    """Two years more in the form of the releases since 2023/24, the second without a part."""
    path = SHARED / "published" / "exc_nat_region_la.csv"
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"""
            with held as (select * from read_csv('{path}', all_varchar = true))
            select
                time_identifier, years.time_period,
                held.* exclude
                    (time_identifier, time_period, school_type, suspension, one_plus_susp,
                    one_plus_susp_rate)
                    replace (case new_la_code when 'E08000016' then 'E08000038' else new_la_code end
                        as new_la_code),
                case school_type when 'Total' then 'Total'
                    else upper(school_type[1]) || school_type[2:] end as education_phase,
                cast(round(cast(suspension as integer) * years.share) as varchar) as suspension
            from held cross join (values ('202324', 1.02), ('202425', 0.7))
                as years (time_period, share)
            where held.time_period = '202223'
            """
        )
        names = [column[0] for column in rows.description or []]
        out = io.StringIO()
        csv.writer(out).writerows([names, *rows.fetchall()])
    return out.getvalue()


def tool() -> str:
    """The long table of the interactive tool as it is downloaded, of England and two areas."""
    source = SHARED / "lait" / "bds_long.parquet"
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"""
            select * from '{source}'
            where "LA Number" in (370, 839, 970) and "Years" >= '2015'
            """
        )
        out = io.StringIO()
        csv.writer(out).writerow([column[0] for column in rows.description or []])
        csv.writer(out).writerows(rows.fetchall())
    return out.getvalue()


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> homes.Home:
    home = homes.create(tmp_path_factory.mktemp("published") / "monitor")
    folder = home.inbox / "published"
    folder.mkdir()
    for name, released_on in RELEASED.items():
        file = folder / Path(name).name
        shutil.copyfile(SHARED / name, file)
        manifest = {"released_on": released_on, "source": "Department for Education, OGL v3.0"}
        (folder / f"{file.name}.manifest.json").write_text(json.dumps(manifest))
    for name, text, released_on in (
        ("exc_2024_25.csv", newer_suspensions(), "2026-07-16"),
        ("bds_long.csv", tool(), "2026-04-10"),
    ):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / f"{name}.manifest.json").write_text(json.dumps({"released_on": released_on}))
    report = pipeline.run(home)
    assert report.exit_code == 0, report
    return home


@pytest.fixture(scope="module")
def published(home):
    with duckdb.connect(str(home.current / "sightline.duckdb"), read_only=True) as connection:
        yield connection


def figure(published, indicator: str, year: str, area: str = "E92000001", breakdown="total"):
    [row] = published.execute(
        """
        select numerator, value from trends
        where indicator = ? and area_code = ? and breakdown = ? and source <> 'extracts'
            and period_end between make_date(cast(? as integer), 1, 1)
            and make_date(cast(? as integer), 12, 31)
        """,
        [indicator, area, breakdown, year, year],
    ).fetchall()
    return row


def test_england_referrals_of_2025_and_their_rate(published):
    referrals, rate = figure(published, "referral_rate", "2025")
    assert referrals == 632_830
    assert round(rate, 1) == 519.4


def test_gangs_and_criminal_exploitation_stand_side_by_side(published):
    assert figure(published, "exploitation_factor_rate", "2025", breakdown="gangs")[0] == 8_860
    other = figure(
        published, "exploitation_factor_rate", "2025", breakdown="child_criminal_exploitation"
    )
    assert other[0] == 16_250


def test_suspensions_and_permanent_exclusions_of_2022_23(published):
    suspensions, rate = figure(published, "suspension_rate", "2023")
    assert suspensions == 786_961
    assert round(rate, 2) == 9.33
    assert figure(published, "permanent_exclusion_rate", "2023")[0] == 9_376


@pytest.mark.parametrize(
    ("day", "incidents"),
    [("2022-11-16", None), ("2022-11-17", 76_890), ("2023-11-15", 76_890), ("2023-11-16", 77_120)],
)
def test_missing_incidents_of_2022_as_each_release_gave_them(published, day, incidents):
    rows = published.execute(
        """
        select value from series_vintages
        where series = 'published_missing' and area_code = 'E92000001' and time_period = '2022'
            and breakdown = 'Number of missing incidents during the year' and released_on <= ?
        order by released_on desc limit 1
        """,
        [day],
    ).fetchall()
    assert rows == ([(incidents,)] if incidents else [])


def test_a_marker_is_never_read_as_nothing(published):
    [(marked, with_value)] = published.execute(
        """
        select count(*), count(value) from series_vintages
        where series = 'published_factors' and measure = 'Gangs' and marker = 'c'
        """
    ).fetchall()
    assert marked > 0
    assert with_value == 0


def test_hackney_of_2021_is_not_available_and_says_so(published):
    rows = published.execute(
        """
        select marker, value from trends join areas using (area_code)
        where indicator = 'referral_rate' and area_name = 'Hackney'
            and source = 'published_referrals' and period_end = date '2021-03-31'
        """
    ).fetchall()
    assert rows == [("x", None)]


def test_every_authority_has_a_trend_table(home, published):
    [(authorities,)] = published.execute(
        """
        select count(distinct area_code) from trends
        where source = 'published_referrals' and area_level = 'local_authority'
            and period_end = date '2025-03-31' and value is not null
        """
    ).fetchall()
    assert authorities == 153
    page = home.current / "report" / "areas" / "370.html"
    assert "Barnsley" in page.read_text(encoding="utf-8")


def test_kinds_of_year_are_kept_apart(published):
    rows = published.execute(
        """
        select distinct source, period_type from trends where source <> 'extracts' order by all
        """
    ).fetchall()
    assert rows == [
        ("published_exclusions", "academic_year"),
        ("published_factors", "financial_year"),
        ("published_missing", "financial_year"),
        ("published_referrals", "financial_year"),
    ]


def test_a_second_run_finds_nothing_to_do(home):
    before = (home.current / "manifest.json").read_bytes()
    assert pipeline.run(home).outcome == pipeline.NOTHING
    assert (home.current / "manifest.json").read_bytes() == before


def marked(published, indicator: str, year: str, level: str) -> dict[str, tuple[str, str | None]]:
    """Areas of a level and how that year was judged: status and reason."""
    rows = published.execute(
        """
        select distinct area_name, status, reason from trends
        join areas using (area_code)
        where indicator = ? and trends.area_level = ? and year(period_end) = cast(? as integer)
            and source <> 'extracts' and breakdown = 'total'
        """,
        [indicator, level, year],
    ).fetchall()
    return {name: (status, reason) for name, status, reason in rows}


def test_england_of_2021_is_the_only_year_marked_as_a_fall_of_referrals(published):
    years = {
        year: marked(published, "referral_rate", str(year), "country")["England"][0]
        for year in range(2015, 2026)
    }
    assert years.pop(2021) == "worsening"
    assert "worsening" not in years.values()
    expected, lower, value = published.execute(
        """
        select expected, lower, value from trends
        where indicator = 'referral_rate' and area_level = 'country'
            and period_end = date '2021-03-31' and source = 'published_referrals'
        """
    ).fetchone()
    assert value / expected - 1 == pytest.approx(-0.070, abs=0.001)
    assert lower == pytest.approx(0.94 * expected)


@pytest.mark.parametrize(
    ("name", "year"),
    [
        ("Slough", "2018"),
        ("Wakefield", "2017"),
        ("Herefordshire, County of", "2017"),
        ("Herefordshire, County of", "2019"),
        ("Brighton and Hove", "2016"),
        ("Warwickshire", "2019"),
        ("Nottingham", "2018"),
        ("Buckinghamshire", "2024"),
    ],
)
def test_a_known_break_of_recording_carries_that_explanation(published, name, year):
    found = marked(published, "referral_rate", year, "local_authority")[name]
    assert found == ("worsening", "possible_recording_change")


@pytest.mark.parametrize(("name", "year"), [("Hackney", "2022"), ("Hampshire", "2024")])
def test_a_year_that_its_publisher_does_not_give_is_not_assessed(published, name, year):
    found = marked(published, "referral_rate", year, "local_authority")[name]
    assert found == ("not_assessable", "marked_in_source")


@pytest.mark.parametrize(
    ("year", "successors"),
    [
        ("2020", {"Bournemouth, Christchurch and Poole", "Dorset"}),
        ("2022", {"North Northamptonshire", "West Northamptonshire"}),
        ("2024", {"Cumberland", "Westmorland and Furness"}),
    ],
)
def test_a_change_of_boundary_marks_nothing(published, year, successors):
    found = marked(published, "referral_rate", year, "local_authority")
    assert successors <= found.keys()
    assert {found[name][0] for name in successors} == {"not_assessable"}


def test_authorities_are_seldom_marked_where_a_fixed_rule_marks_dozens(published):
    rows = published.execute(
        """
        with years as (
            select
                la_code, period_end, status, reason, value,
                avg(value) over former as usual, count(value) over former as years
            from trends
            where indicator = 'referral_rate' and area_level = 'local_authority'
                and source = 'published_referrals'
            window former as (
                partition by la_code order by period_end rows between 3 preceding and 1 preceding
            )
        )
        select year(period_end), count(*) filter (where value <= 0.88 * usual),
            count(*) filter (where status = 'worsening')
        from years where years = 3 and value is not null group by all order by all
        """
    ).fetchall()
    assert [year for year, _, _ in rows] == list(range(2016, 2026))
    assert all(27 <= by_rule <= 66 for _, by_rule, _ in rows)
    assert all(by_limits <= 4 for _, _, by_limits in rows)


def test_gangs_are_judged_together_with_criminal_exploitation_or_not_at_all(published):
    rows = published.execute(
        """
        select year(period_end), breakdown, status, count(*) from trends
        where indicator = 'exploitation_factor_rate' and source = 'published_factors'
            and area_level = 'local_authority' and status in ('ok', 'worsening', 'improving')
        group by all
        """
    ).fetchall()
    by_part = {part: {(y, s): n for y, p, s, n in rows if p == part} for _, part, _, _ in rows}
    assert by_part["gangs"] == by_part["child_criminal_exploitation"] != {}
    assert min(year for year, _, _, _ in rows) >= 2022


@pytest.fixture(scope="module")
def annotated(home, published) -> homes.Home:
    """The same monitor after somebody has said what happened in Buckinghamshire."""
    where = ("--home", str(home.root))
    told = ("--about", "referral_rate", "--kind", "recording_change", "--from", "2023-04-01")
    refused = sightline(
        "annotate", "add", "--area", "825", *told, "--reason", "Says A123456789012", *where
    )
    assert refused.returncode == 2
    assert "unique pupil number" in refused.stderr
    assert "A123456789012" not in refused.stderr
    reason = ("--reason", "Zebedee of the front door says so", "--code", "new_case_system")
    public = ("--public", "Contacts are no longer counted as referrals.", "--approved-by", "A Head")
    added = sightline("annotate", "add", "--area", "825", *told, *reason, *public, "--yes", *where)
    assert added.returncode == 0, added.stderr
    assert "somebody has annotated a series" in sightline("run", "--dry-run", *where).stdout.lower()
    assert sightline("run", *where).returncode == 0
    return home


def test_a_break_that_somebody_explained_is_marked_no_more_and_shown_with_the_reason(annotated):
    with duckdb.connect(str(annotated.current / "sightline.duckdb"), read_only=True) as connection:
        found = marked(connection, "referral_rate", "2024", "local_authority")
        told = connection.execute("from annotations").df()
    assert found["Buckinghamshire"] == ("not_assessable", "recording_change")
    [row] = told.to_dict("records")
    assert (row["kind"], str(row["starts_on"].date())) == ("recording_change", "2023-04-01")
    assert (row["reason"], row["recorded_by"]) == ("new_case_system", "a person")
    assert row["public_sentence"] == "Contacts are no longer counted as referrals."
    page = (annotated.current / "report" / "areas" / "825.html").read_text(encoding="utf-8")
    assert "a change of recording from 1 April 2023: a new case system. Contacts are" in page
    assert "Zebedee" not in page
    assert 'class="change"' in page


def test_an_annotation_that_was_withdrawn_counts_no_more(annotated):
    where = ("--home", str(annotated.root))
    assert sightline("annotate", "withdraw", "1", "--reason", "a slip", *where).returncode == 0
    assert sightline("annotate", "withdraw", "1", "--reason", "a slip", *where).returncode == 2
    [held] = json.loads(sightline("annotate", "list", "--json", *where).stdout)
    assert held["withdrawn_on"]
    assert sightline("run", *where).returncode == 0
    with duckdb.connect(str(annotated.current / "sightline.duckdb"), read_only=True) as connection:
        found = marked(connection, "referral_rate", "2024", "local_authority")
    assert found["Buckinghamshire"] == ("worsening", "possible_recording_change")


def test_changes_planted_in_the_real_series_say_what_silence_means(annotated):
    where = ("--home", str(annotated.root))
    asked = ("--indicator", "referral_rate", "--replicates", "6", "--json")
    done = sightline("backtest", *asked, *where)
    assert done.returncode == 0, done.stderr
    found = [row for row in json.loads(done.stdout) if row["source"] == "published_referrals"]
    assert {row["period_type"] for row in found} == {"year"}

    def share(change: float) -> float:
        rows = [row for row in found if row["change"] == change]
        return sum(row["found"] for row in rows) / sum(row["planted"] for row in rows)

    # A year of one authority moves by 16 % of itself: a half is seen, a tenth cannot be.
    assert share(0.5) >= 0.5
    assert share(0.1) <= 0.15
    assert all(row["marks_per_100_years"] < 10 for row in found)


def test_categories_of_old_and_new_releases_are_one_series(published):
    rows = published.execute(
        """
        select breakdown, count(distinct time_period) from series_vintages
        where series = 'published_exclusions' and measure = 'suspension'
            and area_code = 'E92000001'
        group by all order by all
        """
    ).fetchall()
    assert rows == [
        ("Total", 19),
        ("special", 19),
        ("state-funded primary", 19),
        ("state-funded secondary", 19),
    ]


def test_the_first_year_without_alternative_provision_is_shown_and_not_judged(published):
    # London is given as Inner and Outer London
    rows = published.execute(
        """
        select year(period_end), count(distinct status), any_value(status), any_value(reason),
            any_value(caveat), count(value)
        from trends
        where indicator = 'suspension_rate' and source = 'published_exclusions'
            and year(period_end) >= 2024 and area_level in ('country', 'region')
        group by all order by all
        """
    ).fetchall()
    assert rows == [
        (2024, 1, "ok", None, None, 9),
        (2025, 1, "not_assessable", "break_in_series", "break_in_series", 9),
    ]
    judged = published.execute(
        """
        select distinct status from trends
        where indicator = 'suspension_rate' and source = 'published_exclusions'
            and period_end = date '2025-08-31'
        """
    ).fetchall()
    assert judged == [("not_assessable",)]


def test_an_authority_that_was_recoded_has_one_history_under_its_newest_code(published):
    rows = published.execute(
        """
        select area_code, min(period_end), max(period_end), count(*) from trends
        where indicator = 'suspension_rate' and la_code = '370' and breakdown = 'total'
            and source = 'published_exclusions'
        group by all
        """
    ).fetchall()
    [(code, first, last, years)] = rows
    assert (code, first.year, last.year, years) == ("E08000038", 2007, 2025, 19)
    areas = published.execute("select area_code from areas where la_code = '370'").fetchall()
    assert areas == [("E08000038",)]
    codes = published.execute(
        "select area_code from area_codes where la_code = '370' order by valid_from"
    )
    assert codes.fetchall() == [("E08000016",), ("E08000038",)]


def test_no_join_loses_or_repeats_a_figure_of_a_recoded_or_former_authority(published):
    assert joins.failing(published) == {}


def test_children_in_need_and_looked_after_children_who_were_suspended(published):
    rows = published.execute(
        """
        select breakdown, value from series_vintages
        where series = 'published_social_care_exclusions' and measure = 't_one_plus_sus'
            and area_code = 'E92000001' and time_period = '202021'
        order by all
        """
    ).fetchall()
    assert rows == [
        ("CINO at 31 March", 11_640),
        ("CLA 12 months at 31 March", 3_840),
        ("CPPO at 31 March", 3_230),
    ]


@pytest.mark.parametrize(
    ("measure", "time_period", "start", "value"),
    [
        ("CPP_Total_NumRef", "2025", "2024-04-01", 632_830),
        ("CINFixedExclusion", "202324", "2023-09-01", 14.24),
        ("LAC_Fixed_ Ex", "202324", "2023-09-01", 14.55),
        ("Children_missing", "2025", "2024-04-01", 11),
    ],
)
def test_measures_of_the_interactive_tool_stand_with_their_source(
    published, measure, time_period, start, value
):
    rows = published.execute(
        """
        select value, cast(period_start as varchar), released_on from series_vintages
        where series = 'published_lait' and measure = ? and time_period = ?
            and area_code = 'E92000001'
        """,
        [measure, time_period],
    ).fetchall()
    [(found, starts, released_on)] = rows
    assert (found, starts, str(released_on)) == (value, start, "2026-04-10")
