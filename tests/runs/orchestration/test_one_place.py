"""A new return is one contract and one staging model, a new indicator one file: nothing else is
touched, and both reach the release and the pages."""

import csv
import io
import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import intake_files as files
import pytest
from support import SIGHTLINE, TODAY

from sightline.warehouse import home as homes
from sightline.warehouse.calendar import month_of
from sightline.warehouse.home import Home

ROOT = Path(__file__).parents[3]
PARTS = (
    "dbt_project", "expectations", "monitoring", "orchestration", "report", "senders", "sightline",
    "simulation", "warehouse",
)  # fmt: skip
AUTHORITY, CODE = "301", "E09000002"
MONTHS = 8
VISITS = 40  # in each month

CONTRACT = """
title: Visits to youth clubs
short_title: Youth clubs (monthly)
sent_by: authority
family: youth_clubs
tells: {youth_clubs: period}
period: {every: month, found_in: manifest}
due: {every: month, days: 20}
tables:
  youth_club:
    title: Visits
    means: One row per visit of a child to a youth club.
    raw: youth_club_visits
    required: true
    recognise: [visit_id, visited_on]
    unique: [visit_id]
    event: {day: visited_on}
    columns:
      visit_id: {type: id, kind: youth_club_visit, required: true, raw: visit_key, means: Number}
      upn: {type: upn, raw: upn_key, means: Unique pupil number}
      visited_on: {type: date, required: true, in_period: true, raw: visited_on, means: Day}
"""
STAGING = """
select
    visits.submission_id,
    visits.visit_key,
    visits.upn_key,
    slices.la_code,
    {{ month_of('visits.visited_on') }} as event_month
from {{ source('raw', 'youth_club_visits') }} as visits
{{ in_slice('visits', 'visited_on', 'youth_clubs') }}
"""
COUNTS = "{{ counts(ref('stg_youth_clubs'), 'event_month', {'youth_club_visits': none}) }}\n"
INDICATOR = """
indicator: {name}
code: {code}
family: exposure
kind: rate
name: {title}
short_name: Visits {denominator}
short_definition: Visits to youth clubs, per 1,000.
definition: Visits to youth clubs in the month, per 1,000.
numerator: youth_club_visits
denominator: {denominator}
denominator_is_population: true
scale: 1000
counted: visits
unit: per 1,000
bad_direction: down
is_monitored: true
sources: [youth_clubs]
source: Returns on youth clubs
lag_days: 20
why_it_matters: Who comes to a youth club can be seen there.
what_to_check: ["Is the return complete?"]
other_explanations: [A club was closed]
owner: Head of youth work
reviewed_on: 2026-11-01
"""


@dataclass(frozen=True)
class Grown:
    """A monitor that was run by a copy of the project with a return and indicators more."""

    home: Home
    output: str
    project: Path

    def asked(self, query: str) -> list[tuple[object, ...]]:
        """The rows of a query to the newest release."""
        with duckdb.connect(str(self.home.current / "sightline.duckdb"), read_only=True) as release:
            return release.execute(query).fetchall()

    def page(self, name: str) -> str:
        return (self.home.current / "report" / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Grown:
    folder = tmp_path_factory.mktemp("grown")
    project = folder / "project"
    for name in PARTS:
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, project / name, symlinks=True, ignore=left_out)
    shutil.copy(ROOT / "pyproject.toml", project)
    add(project)
    home = homes.create(folder / "monitor", today=TODAY)
    deliver(home)
    run(project, "contract", "sources")
    return Grown(home, run(project, "run", "--home", str(home.root)), project)


def add(project: Path) -> None:
    """The return and its staging model; an indicator with a model of its count, one without."""
    contract = project / "warehouse" / "contracts" / "youth_clubs" / "contract.yml"
    contract.parent.mkdir()
    contract.write_text(CONTRACT)
    models = project / "dbt_project" / "models"
    (models / "staging" / "stg_youth_clubs.sql").write_text(STAGING)
    (models / "intermediate" / "int_measures__youth_clubs.sql").write_text(COUNTS)
    made_up = (
        ("youth_club_visit_rate", "D80", "Visits to youth clubs", "population_10_17"),
        ("youth_club_pupil_rate", "D81", "Visits to youth clubs among pupils", "pupils"),
    )
    for name, code, title, denominator in made_up:
        text = INDICATOR.format(name=name, code=code, title=title, denominator=denominator)
        (project / "dbt_project" / "indicators" / f"{name}.yml").write_text(text)


def deliver(home: Home) -> None:
    """A return for each of some months, the newest of which has just come."""
    end = month_of(TODAY).start - timedelta(days=1)
    for _ in range(MONTHS):
        start = month_of(end).start
        manifest = {
            "extract": "youth_clubs", "sender": AUTHORITY, "period_start": start.isoformat(),
            "period_end": end.isoformat(), "prepared_on": (end + timedelta(days=9)).isoformat(),
        }  # fmt: skip
        bundle = files.zipped({"visits.csv": visits(start)}, manifest)
        folder = home.inbox / AUTHORITY
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"youth_clubs_{start:%Y-%m}.zip").write_bytes(bundle)
        end = start - timedelta(days=1)


def visits(start: date) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["visit_id", "upn", "visited_on"])
    rows.writerows(
        [f"{start:%Y%m}{number:03}", files.upn(number), start + timedelta(days=number % 28)]
        for number in range(1, VISITS + 1)
    )
    return out.getvalue()


def run(project: Path, *arguments: str) -> str:
    """What a command of this project says; it must not fail."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(
        [str(project), os.environ.get("PYTHONPATH", "")]
    )}  # fmt: skip
    done = subprocess.run(
        [*SIGHTLINE, *arguments], cwd=project, env=environment, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_row_of_a_new_return_is_taken_in(grown: Grown) -> None:
    assert f"{MONTHS * VISITS:,} taken in + 0 refused" in grown.output
    [(held, accepted)] = grown.asked(
        "select count(*), sum(accepted) from submissions where extract = 'youth_clubs'"
    )
    assert (held, accepted) == (MONTHS, MONTHS * VISITS)


def test_a_new_indicator_has_figures_and_reasons_in_the_release(grown: Grown) -> None:
    figures = grown.asked(
        "select indicator, count(*), min(numerator), max(numerator) from trends"
        f" where indicator like 'youth_club_%' and area_code = '{CODE}' and value is not null"
        " group by all order by all"
    )
    assert figures == [
        ("youth_club_pupil_rate", MONTHS, VISITS, VISITS),
        ("youth_club_visit_rate", MONTHS, VISITS, VISITS),
    ]
    assert grown.asked(
        "select unit, owner from indicators where indicator = 'youth_club_visit_rate'"
    ) == [("per 1,000", "Head of youth work")]


def test_the_returns_of_a_new_extract_are_owed_and_shown_with_its_own_words(grown: Grown) -> None:
    statuses = grown.asked(
        "select status, count(*) from coverage where extract = 'youth_clubs' group by all"
        " order by all"
    )
    assert statuses == [("late", MONTHS - 1), ("received", 1)]
    assert "Youth clubs (monthly)" in grown.page("quality/index.html")
    assert "Youth clubs (monthly)" in grown.page(f"areas/{AUTHORITY}.html")


def test_a_new_indicator_has_its_own_page_and_stands_on_those_of_its_areas(grown: Grown) -> None:
    for title, name in (
        ("Visits to youth clubs", "youth_club_visit_rate"),
        ("Visits to youth clubs among pupils", "youth_club_pupil_rate"),
    ):
        assert f"<h1>{title}</h1>" in grown.page(f"indicators/{name}.html")
        assert f">{title}</a>" in grown.page("index.html")
        assert title in grown.page(f"areas/{AUTHORITY}.html")


def test_a_row_of_the_new_return_is_accounted_for(grown: Grown) -> None:
    with duckdb.connect(str(grown.home.warehouse_db), read_only=True) as work:
        rows = work.execute(
            "select sum(taken_in), sum(counted), sum(superseded + told_late + outside)"
            " from marts.fct_submission_rows where table_name = 'youth_club_visits'"
        ).fetchall()
    assert rows == [(MONTHS * VISITS, MONTHS * VISITS, 0)]


def test_the_sender_of_a_new_return_gets_a_page_on_how_to_send_it(grown: Grown) -> None:
    folder = grown.home.root.parent / "pages"
    run(grown.project, "contract", "pages", str(folder))
    assert "Visits to youth clubs" in (folder / "youth_clubs.md").read_text(encoding="utf-8")
