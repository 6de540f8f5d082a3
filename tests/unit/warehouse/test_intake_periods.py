"""Days before, in and after the period that a return names, in every extract alike."""

from datetime import date
from pathlib import Path
from typing import Any

import intake_files as files
import pytest
from intake_files import ASSESSMENTS, EPISODES, FACTORS, MARCH, YEAR, Monitor, ssd, upn, zipped

from sightline.expectations.submissions import judge_submissions
from sightline.senders.validate import Verdict, validate

pytestmark = pytest.mark.slow

REASON = "most of its events lie outside the period that it names"
AUTUMN = {"period_start": "2025-09-01", "period_end": "2025-12-31"}
PLACEMENTS = "placement_id,upn,dob,sex,arranged_by,placement_reason,entry_date,leaving_date\n"
BEFORE, AGAIN, IN = date(2025, 1, 14), date(2025, 1, 15), date(2025, 10, 8)
Tables = dict[str, str]


def of_ssd(days: list[date]) -> tuple[Tables, Any]:
    rows = "".join(f"R{i},K1,{day},N1,2A,N,,\n" for i, day in enumerate(days))
    return ssd(
        ssd_cin_episodes=EPISODES + rows,
        ssd_cin_assessments=ASSESSMENTS,
        ssd_assessment_factors=FACTORS,
    ), {"period_start": "2025-10-01", "period_end": "2025-10-31"}


def of_assessments(days: list[date]) -> tuple[Tables, Any]:
    rows = "".join(f"A{i},K1,R{i},,{day}\n" for i, day in enumerate(days))
    tables, manifest = of_ssd([])
    return tables | {"ssd_cin_assessments.csv": ASSESSMENTS + rows}, manifest


def of_care(days: list[date]) -> tuple[Tables, Any]:
    rows = "".join(f"K1,14/05/2012,M,{day:%d/%m/%Y},{day:%d/%m/%Y}\n" for day in days)
    return {
        "a.csv": "CHILD,SEX,DOB,ETHNIC,UPN\nK1,F,14/05/2012,WBRI,\n",
        "b.csv": "CHILD,DECOM,RNE,LS,CIN,PLACE,DEC,REC\nK1,02/05/2020,S,C2,N1,U6,,\n",
        "c.csv": "CHILD,DOB,MISSING,MIS_START,MIS_END\n" + rows,
    }, YEAR


def of_exclusions(days: list[date]) -> tuple[Tables, Any]:
    """The spring census of 2026 tells of the days from April to December 2025."""
    pupils = "".join(f"P{i},{upn(i)},2012-May-14 00:00:00,F\n" for i in range(1, 60))
    rows = "".join(
        f"P{i + 1},E{i},{day:%Y-%b-%d} 00:00:00,2,SUSP,PP\n" for i, day in enumerate(days)
    )
    return {
        "a.csv": "schoolcensustableid,lea,year,term\nC1,301,2026,Spring\n",
        "b.csv": "pupilonrolltableid,upn,dob,sex\n" + pupils,
        "c.csv": "pupilonrolltableid,termlyexclusionsonrolltableid,startdate,sessions,category,"
        f"reason1\n{rows}",
    }, None


def of_placements(days: list[date]) -> tuple[Tables, Any]:
    rows = "".join(f"A{i},,2012-05-14,F,LA,BEH,{day},{day}\n" for i, day in enumerate(days))
    return {"a.csv": PLACEMENTS + rows}, AUTUMN


def of_lists(days: list[date]) -> tuple[Tables, Any]:
    rows = "".join(
        f"R{i},F,14/05/2012,13,{day:%d/%m/%Y},b) Schools,No\n" for i, day in enumerate(days)
    )
    head = (
        "Child Unique ID,Gender,Date of Birth,Age,Date of Referral,Referral Source,Referral NFA?\n"
    )
    return {"list 3.csv": head + rows}, AUTUMN


def of_census(days: list[date]) -> tuple[Tables, Any]:
    children = "".join(
        f"<Child><ChildIdentifiers><LAchildID>K{i}</LAchildID><UPNunknown>UN7</UPNunknown>"
        "<PersonBirthDate>2012-05-14</PersonBirthDate><Sex>F</Sex></ChildIdentifiers>"
        f"<CINdetails><CINreferralDate>{day}</CINreferralDate><ReferralSource>2A</ReferralSource>"
        "<ReferralNFA>1</ReferralNFA></CINdetails></Child>"
        for i, day in enumerate(days)
    )
    return {
        "a.xml": "<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>2026</Year>"
        "<ReferenceDate>2026-03-31</ReferenceDate></CollectionDetails><Source><SourceLevel>L"
        "</SourceLevel><LEA>301</LEA></Source></Header><Children>"
        f"{children}</Children></Message>"
    }, None


EXTRACTS = {
    "ssd": of_ssd, "assessments": of_assessments, "ssda903": of_care,
    "school_census": of_exclusions, "alternative_provision": of_placements, "annex_a": of_lists,
    "cin_census": of_census,
}  # fmt: skip


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    return files.monitor(tmp_path / "monitor")


def told(problems: Any) -> list[tuple[str, int]]:
    rules = ("TOLD_LATE", "OUTSIDE_PERIOD", "PERIOD_NOT_OVER")
    return [(one.rule, one.count) for one in problems if one.rule in rules]


def reasons(monitor: Monitor) -> list[str | None]:
    judge_submissions(monitor.state, monitor.home.raw, 0)
    return [row["held_reason"] for row in monitor.ledger()]


def verdict(tmp_path: Path, tables: Tables, manifest: Any) -> Verdict:
    path = tmp_path / "return.zip"
    path.write_bytes(zipped(tables, manifest))
    [found] = validate([path], "301")
    return found


@pytest.mark.parametrize("extract", EXTRACTS)
def test_a_row_told_late_is_taken_in_and_named(monitor: Monitor, extract: str) -> None:
    tables, manifest = EXTRACTS[extract]([BEFORE, IN, IN])
    outcome = monitor.send(tables, manifest)
    assert (outcome.is_refused, outcome.quarantined) == (False, 0), outcome.problems
    assert told(outcome.problems) == [("TOLD_LATE", 1)]
    assert reasons(monitor) == [None]


@pytest.mark.parametrize("extract", EXTRACTS)
def test_a_return_of_another_period_is_held_and_validate_says_so(
    monitor: Monitor, tmp_path: Path, extract: str
) -> None:
    tables, manifest = EXTRACTS[extract]([BEFORE, AGAIN, IN])
    monitor.send(tables, manifest)
    assert reasons(monitor) == [REASON]
    found = verdict(tmp_path, tables, manifest)
    assert found.is_accepted
    assert f"held back: {REASON}" in found.words


@pytest.mark.parametrize("extract", EXTRACTS)
def test_half_of_it_told_late_is_no_other_period(
    monitor: Monitor, tmp_path: Path, extract: str
) -> None:
    tables, manifest = EXTRACTS[extract]([BEFORE, IN])
    monitor.send(tables, manifest)
    assert reasons(monitor) == [None]
    assert verdict(tmp_path, tables, manifest).held is None


def placed(*days: str) -> Tables:
    rows = "".join(f"A{i},,2012-05-14,F,LA,BEH,{day}\n" for i, day in enumerate(days))
    return {"a.csv": PLACEMENTS + rows}


def test_what_goes_on_from_before_is_neither_told_late_nor_of_another_period(
    monitor: Monitor,
) -> None:
    outcome = monitor.send(placed(*["2025-01-14,"] * 9, "2025-01-14,2025-09-01"), AUTUMN)
    assert (outcome.accepted, told(outcome.problems)) == (10, [])
    assert reasons(monitor) == [None]


def test_one_that_ended_the_day_before_the_period_is_told_late(monitor: Monitor) -> None:
    outcome = monitor.send(placed("2025-01-14,2025-08-31", "2025-10-01,"), AUTUMN)
    assert (outcome.accepted, told(outcome.problems)) == (2, [("TOLD_LATE", 1)])


def simulated(received: str) -> dict[str, Any]:
    return MARCH | {"prepared_on": received, "simulated": True}


@pytest.mark.parametrize(
    ("received", "rules"), [("2026-03-28", [("PERIOD_NOT_OVER", 1)]), ("2026-03-31", [])]
)
def test_a_return_sent_before_its_period_was_over_says_what_it_covers(
    monitor: Monitor, received: str, rules: list[tuple[str, int]]
) -> None:
    tables = ssd(ssd_cin_assessments=ASSESSMENTS, ssd_assessment_factors=FACTORS)
    outcome = monitor.send(tables, simulated(received))
    assert told(outcome.problems) == rules
    if rules:
        assert f"sent before its period was over; covers the days to {received}" in str(
            outcome.problems[-1]
        )
