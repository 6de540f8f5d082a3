"""One bad submission among a hundred: it is named, and the others' figures stay as they are."""

import json
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import intake_files as files
import pytest
from intake_files import EPISODES, Monitor, ssd, upn
from released import Released, change_facts, released
from support import sightline

from sightline.orchestration import health, pipeline, run
from sightline.senders import account
from sightline.warehouse.areas import authorities
from sightline.warehouse.calendar import Span, month_of
from sightline.warehouse.ledger import decisions, overview
from sightline.warehouse.timeline import work_file as prepare

SENDERS = tuple(islice(authorities(), 9))
MONTHS = [Span(date(2025, month, 1), month_of(date(2025, month, 1)).end) for month in range(1, 12)]
CENSUS = "schoolcensustableid,lea,year,term\nC1,{sender},{year},{term}\n"
PUPILS = "pupilonrolltableid,upn,dob,sex\n{rows}"
EXCLUSIONS = (
    "pupilonrolltableid,termlyexclusionsonrolltableid,startdate,sessions,category,reason1\n{rows}"
)
SERIES = (
    "time_period,time_identifier,geographic_level,country_code,country_name,region_code,"
    "region_name,old_la_code,new_la_code,la_name,category,referral_count,rereferral_count\n"
    "{year},Reporting year,National,E92000001,England,,,,,,Referrals and Re-referrals,600000,"
    "140000\n"
)


def manifest(period: Span) -> dict[str, str]:
    return {"period_start": str(period.start), "period_end": str(period.end)}


def month(sender: str, period: Span, first: int = 1, last: int = 5) -> dict[str, str]:
    """Referrals of a month under numbers of their own."""
    rows = "".join(
        f"R{period.start:%m}{day},K{day % 3 + 1},{period.start.replace(day=day)},N1,2A,N,,\n"
        for day in range(first, last + 1)
    )
    persons = "pers_person_id,pers_sex,pers_dob\n"
    persons += "".join(f"K{i},F,2012-05-1{i}\n" for i in range(1, 4))
    links = "link_person_id,link_identifier_type,link_identifier_value\n"
    links += f"K1,Unique Pupil Number,{upn(1, sender)}\n"
    return ssd(
        ssd_person=persons,
        ssd_linked_identifiers=links,
        ssd_cin_episodes=EPISODES + rows,
        ssd_cin_assessments=files.ASSESSMENTS,
        ssd_assessment_factors=files.FACTORS,
    )


def census(sender: str, year: int, term: str, *exclusions: str, pupil: int = 1) -> dict[str, str]:
    return {
        "schoolcensus.csv": CENSUS.format(sender=sender, year=year, term=term),
        "pupilonroll.csv": PUPILS.format(rows=f"1,{upn(pupil, sender)},2010-Feb-01 00:00:00,M\n"),
        "termlyexclusionsonroll.csv": EXCLUSIONS.format(rows="".join(exclusions)),
    }


YEAR_2025 = {"period_start": "2024-04-01", "period_end": "2025-03-31"}
YEAR_2026 = {"period_start": "2025-04-01", "period_end": "2026-03-31"}


def care(sender: str, year: int, looked_after: str, missing: str) -> dict[str, str]:
    """Children by a letter each: who is in care, and who went missing in May of the year."""
    children = sorted({*looked_after, *missing})
    upns = {children[0]: upn(1, sender)}
    header = "".join(f"{one},1,20/02/2010,WBRI,{upns.get(one, '')}\n" for one in children)
    episodes = "".join(f"{one},01/04/2024,S,C2,N1,U6,,\n" for one in looked_after)
    went = "".join(f"{one},20/02/2010,M,10/05/{year},12/05/{year}\n" for one in missing)
    return {
        "header.csv": f"CHILD,SEX,DOB,ETHNIC,UPN\n{header}",
        "episodes.csv": f"CHILD,DECOM,RNE,LS,CIN,PLACE,DEC,REC\n{episodes}",
        "missing.csv": f"CHILD,DOB,MISSING,MIS_START,MIS_END\n{went}",
    }


@dataclass(frozen=True)
class Bad:
    """A submission that must not reach the others, and the words in which it is named."""

    sender: str
    name: str
    words: str


BAD = {
    "refused": Bad(SENDERS[0], "refused.zip", "TOO_MANY_BAD_ROWS"),
    "vital signs": Bad(SENDERS[1], "other_month.zip", "outside the period"),
    "row check": Bad(SENDERS[2], "category.zip", "check failed: exclusions: category not among"),
    "share": Bad(SENDERS[3], "missing.zip", "check failed: indicator values: a part is more"),
    "accepted": Bad(SENDERS[4], "accepted.zip", "cannot be used, though a person accepted it:"),
    "cast": Bad("published", "broken.csv", "check failed: published figures cannot be computed"),
    "contradictory": Bad("published", "parts.csv", "a part is more than its whole"),
    "official": Bad("published", "terms.csv", "check failed: published figures: period_type is"),
}
# Those that only a check of the models finds.
CHECKED = ("row check", "share", "accepted", "official", "cast", "contradictory")
WITHDRAWN = Bad(SENDERS[5], "withdrawn.zip", "withdrawn")
QUIET = SENDERS[7:]


def send_good(monitor: Monitor) -> None:
    for sender in SENDERS:
        for period in MONTHS:
            name = f"{period.start:%Y-%m}.zip"
            monitor.drop_zip(month(sender, period), manifest(period), name, sender)
        first = census(sender, 2025, "Autumn", "1,1,2025-Feb-10 00:00:00,2,SUSP,PP\n")
        monitor.drop_zip(first, None, "2025_3.zip", sender)
        monitor.drop_zip(care(sender, 2024, "ABC", "ABC"), YEAR_2025, "2025.zip", sender)
    # The same numbers for another event of another pupil; both stand.
    again = census(SENDERS[6], 2026, "Spring", "1,1,2025-Oct-10 00:00:00,9,PERM,PP\n", pupil=2)
    monitor.drop_zip(again, None, "numbers_start_again.zip", SENDERS[6])
    monitor.drop("years.csv", SERIES.format(year=2024), "published")
    monitor.drop("years.csv.manifest.json", '{"released_on": "2024-10-30"}', "published")


def send_bad(monitor: Monitor) -> None:
    december = Span(date(2025, 12, 1), date(2025, 12, 31))
    sender, name = BAD["refused"].sender, BAD["refused"].name
    wrong = month(sender, december)
    wrong["ssd_cin_episodes.csv"] += "".join(f"X{i},K1,no,N1,2A,N,,\n" for i in range(20))
    monitor.drop_zip(wrong, manifest(december), name, sender)
    sender, name = BAD["vital signs"].sender, BAD["vital signs"].name
    monitor.drop_zip(month(sender, MONTHS[-1], 10, 20), manifest(december), name, sender)
    for kind in ("row check", "accepted"):
        sender, name = BAD[kind].sender, BAD[kind].name
        rows = "1,1,2025-May-12 00:00:00,2,SUSP,PP\n"
        monitor.drop_zip(census(sender, 2026, "Spring", rows), None, name, sender)
    sender, name = BAD["share"].sender, BAD["share"].name
    monitor.drop_zip(care(sender, 2025, "A", "DEFGHI"), YEAR_2026, name, sender)
    monitor.drop_zip(
        month(WITHDRAWN.sender, december), manifest(december), WITHDRAWN.name, WITHDRAWN.sender
    )
    for kind, year in (("official", 2025), ("cast", 2023), ("contradictory", 2022)):
        name = BAD[kind].name
        monitor.drop(name, SERIES.format(year=year), "published")
        released = json.dumps({"released_on": f"{year}-10-30"})
        monitor.drop(f"{name}.manifest.json", released, "published")


def number_of(monitor: Monitor, bad: Bad) -> int:
    [row] = [
        row
        for row in monitor.ledger()
        if (row["sender"], row["original_name"]) == (bad.sender, bad.name)
    ]
    return int(row["submission_id"])


def plant(monitor: Monitor, table: str, bad: Bad, change: str) -> None:
    """Change accepted rows of one submission behind the back of intake, as no contract foresaw."""
    number = number_of(monitor, bad)
    [row] = [one for one in monitor.ledger() if one["submission_id"] == number]
    path = monitor.home.raw / table / f"{row['batch']}.parquet"
    change_facts(path, [(number, change)])


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Released:
    monitor = files.monitor(tmp_path_factory.mktemp("without") / "monitor")
    send_good(monitor)
    return released(monitor)


@pytest.fixture(scope="module")
def among(tmp_path_factory: pytest.TempPathFactory) -> Released:
    monitor = files.monitor(tmp_path_factory.mktemp("among") / "monitor")
    send_good(monitor)
    send_bad(monitor)
    monitor.take_in()
    for kind in ("row check", "accepted"):
        plant(monitor, "census_exclusions", BAD[kind], "category = 'FIXD'")
    plant(monitor, "published_figures", BAD["official"], "time_identifier = 'Autumn term'")
    plant(monitor, "published_figures", BAD["cast"], "time_period = 'last year'")
    more = "value = case measure when 'rereferral_count' then 640000 else value end"
    plant(monitor, "published_figures", BAD["contradictory"], more)
    decisions.withdraw(monitor.state, number_of(monitor, WITHDRAWN), "as asked", files.TODAY)
    number = number_of(monitor, BAD["accepted"])
    with monitor.state.begin() as connection:
        connection.exec_driver_sql(
            "update submissions set held_reason = 'odd' where submission_id = ?", (number,)
        )
    decisions.accept(monitor.state, number, "the school says so", files.TODAY)
    return released(monitor)


def test_the_run_publishes_and_says_that_something_is_held(
    without: Released, among: Released
) -> None:
    assert (without.report.outcome, without.report.exit_code) == ("released", 0)
    assert (among.report.outcome, among.report.exit_code) == ("released", run.REFUSED)
    assert among.report.found("models", "held back") == len(CHECKED)


@pytest.mark.parametrize("kind", BAD)
def test_each_is_named_by_sender_file_and_reason(among: Released, kind: str) -> None:
    bad = BAD[kind]
    [told] = [
        one
        for one in overview.refused_or_held(among.monitor.state)
        if one.startswith(f"{bad.sender}/{bad.name}: ")
    ]
    assert bad.words in told
    assert f"(submission {number_of(among.monitor, bad)})" in told


def test_a_failed_check_says_how_many_rows(among: Released) -> None:
    reasons = {row["original_name"]: row["held_reason"] for row in among.monitor.ledger()}
    assert reasons["category.zip"] == (
        "check failed: exclusions: category not among PERM, SUSP, LNCH (1 row, first in line 2 of"
        " termlyexclusionsonroll or termlyexclusionsoffroll)"
    )


COMPARED = {
    "trends": "where area_level = 'local_authority' and la_code in (select unnest($1))",
    "linkage": "where la_code in (select unnest($1))",
    "coverage": "where la_code in (select unnest($1))",
    "series_vintages": "where $1 is not null",
}


@pytest.mark.parametrize("table", COMPARED)
def test_the_others_figures_are_those_of_a_run_without_them(
    without: Released, among: Released, table: str
) -> None:
    columns = [
        name
        for (name,) in without.rows(
            "select column_name from information_schema.columns where table_name = ?", table
        )
        if name != "submission_id"
    ]
    query = f"select {', '.join(columns)} from {table} {COMPARED[table]} order by all"
    expected = without.rows(query, list(QUIET))
    assert expected
    assert among.rows(query, list(QUIET)) == expected


def test_of_a_sender_what_is_good_is_still_used(among: Released) -> None:
    for kind in ("refused", "vital signs", "row check"):
        with duckdb.connect(str(among.monitor.home.warehouse_db), read_only=True) as connection:
            [(count,)] = connection.execute(
                "select sum(numerator) from marts.fct_indicator_values"
                " where indicator = 'referral_rate' and la_code = ?",
                [BAD[kind].sender],
            ).fetchall()
        assert count == 5 * len(MONTHS)


def test_a_decision_to_use_it_all_the_same_does_not_loop(among: Released) -> None:
    number = number_of(among.monitor, BAD["accepted"])
    told = account.account(among.monitor.home, among.monitor.state, number, files.TODAY)
    assert told["what_became_of_it"].startswith("held back")
    assert "Counted: none of its rows" in list(account.in_words(told))
    decisions.accept(among.monitor.state, number, "once more", files.TODAY)
    again = pipeline.run(among.monitor.home)
    assert (again.is_broken, again.exit_code) == (False, run.REFUSED)
    assert again.found("models", "held back") == 1


def test_status_and_the_list_name_them(among: Released) -> None:
    home = str(among.monitor.home.root)
    status = json.loads(sightline("status", "--json", "--home", home).stdout)
    listed = sightline("submissions", "list", "--status", "held", "--home", home).stdout
    for kind, bad in BAD.items():
        assert any(one.startswith(f"{bad.sender}/") for one in status["refused or held back"])
        assert (bad.name in listed) == (kind != "refused")


def test_the_check_is_seen_in_dagster(among: Released) -> None:
    from dagster import DagsterEventType

    from sightline.orchestration import dagster_home

    with dagster_home.instance(among.monitor.home) as instance:
        first = instance.get_runs()[-1]
        events = instance.all_logs(first.run_id, DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [event.dagster_event.event_specific_data for event in events]
    held = {
        one.check_name: one.metadata["held_back"].value
        for one in found
        if one.metadata.get("held_back") and one.metadata["held_back"].value
    }
    [name] = [one for one in held if one.startswith("expect_values_stg_exclusions")]
    assert held[name] == len(("row check", "accepted"))
    assert not any(one.passed for one in found if one.check_name in held)


def test_what_names_no_submission_stops_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of our own: a definition that stands twice."""
    monitor = files.monitor(tmp_path / "monitor")
    monitor.drop_zip(month(SENDERS[0], MONTHS[0]), manifest(MONTHS[0]), "a.zip", SENDERS[0])
    before = prepare.prepare

    def with_a_fault(*arguments: Any) -> None:
        before(*arguments)
        with duckdb.connect(str(monitor.home.work_db)) as connection:
            connection.execute("insert into control.indicators select * from control.indicators")

    monkeypatch.setattr(prepare, "prepare", with_a_fault)
    report = pipeline.run(monitor.home)
    assert report.exit_code == run.GATE
    assert report.gates
    assert "expect_unique_rows_int_indicator_area_periods" in report.gates[0]
    assert report.gates[0].endswith(
        f"; new since the last release: {SENDERS[0]}/a.zip (submission 1)"
    )
    [said] = [one.message for one in health.examine(monitor.home) if one.rule == "RUN_FAILED"]
    assert said.endswith(f"gate failed (5): {report.gates[0].partition(';')[0]}")
    assert not any(row["held_reason"] for row in monitor.ledger())
