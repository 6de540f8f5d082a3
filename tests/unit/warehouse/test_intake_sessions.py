"""Sessions by attendance code: both halves of the summer are read and kept."""

from pathlib import Path

import intake_files as files
import pytest
from intake_files import Monitor, errors, queries, rules, upn

pytestmark = pytest.mark.slow

PUPIL = "pupil{roll}tableid,upn,dob,sex,termlysessionspossible,summerhalfterm2sessionspossible\n"
DETAILS = (
    "pupil{roll}tableid,NativeId,{part}sessiondetails{on}tableid,"
    "{part}sessiondetails{on}orderseqcolumn,sourceid,sessions,attendancereason\n"
)
EXCLUSION = "pupilonrolltableid,termlyexclusionsonrolltableid,startdate,sessions,category,"


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    return files.monitor(tmp_path / "monitor")


@pytest.mark.parametrize(("roll", "on"), [("onroll", "onroll"), ("nolongeronroll", "offroll")])
def test_both_halves_of_the_summer_are_kept_for_their_pupil(
    monitor: Monitor, roll: str, on: str
) -> None:
    """An autumn census of 2025 as its export writes it: no totals, sessions with decimals."""
    head = {
        part: DETAILS.format(roll=roll, part=part, on=on) for part in ("termly", "summerhalfterm2")
    }
    held = {
        f"2025_autumn_pupil{roll}.csv": PUPIL.format(roll=roll)
        + f"a-1,{upn(1)},2012-May-14 00:00:00,F,120.0,60.0\n",
        f"2025_autumn_termlysessiondetails{on}.csv": head["termly"]
        + "a-1,SCH1,d1,1,s1,10.0,E\na-1,SCH1,d2,2,s1,4.0,C2\n",
        f"2025_autumn_summerhalfterm2sessiondetails{on}.csv": head["summerhalfterm2"]
        + "a-1,SCH1,d1,1,s1,6.0,e\na-1,SCH1,d2,2,s1,2,c2\na-1,SCH1,d3,3,s1,,I\n",
    }
    outcome = monitor.send(held, None)
    assert (errors(outcome), queries(outcome)) == ([], [])
    assert (outcome.records, outcome.accepted) == (6, 6)
    told = monitor.raw("census_sessions", "attendance_code, sessions")
    assert told == [("C2", 2), ("C2", 4), ("E", 6), ("E", 10), ("I", None)]
    pupils = monitor.raw("census_pupils", "pupil_key")
    assert set(monitor.raw("census_sessions", "pupil_key")) == set(pupils)


@pytest.mark.parametrize("reasons", ["ow,,", ",da,", ",,Da", "XX,OW,", "??,,DA", "OW - weapon,,"])
def test_an_exclusion_stays_whatever_its_reasons_are(monitor: Monitor, reasons: str) -> None:
    pupil = f"pupilonrolltableid,upn,dob,sex\nP1,{upn(1)},2012-May-14 00:00:00,F\n"
    row = f"P1,E1,2025-Jun-03 00:00:00,2,SUSP,{reasons}\n"
    held = {
        "2025_autumn_pupilonroll.csv": pupil,
        "2025_autumn_termlyexclusionsonroll.csv": f"{EXCLUSION}reason1,reason2,reason3\n{row}",
    }
    outcome = monitor.send(held, None)
    assert errors(outcome) == []
    [found] = monitor.raw("census_exclusions", "reason_1, reason_2, reason_3")
    assert {"OW", "DA"} & set(found)
    is_unknown = "XX" in reasons or "??" in reasons
    assert ("CODE_UNKNOWN" in rules(outcome)) == is_unknown


def test_an_exclusion_of_no_known_category_is_set_aside(monitor: Monitor) -> None:
    pupil = f"pupilonrolltableid,upn,dob,sex\nP1,{upn(1)},2012-May-14 00:00:00,F\n"
    rows = [f"P1,E{day},2025-Jun-{day:02} 00:00:00,2,{{}},DB\n" for day in (3, 4)]
    held = {
        "2025_autumn_pupilonroll.csv": pupil,
        "2025_autumn_termlyexclusionsonroll.csv": f"{EXCLUSION}reason1\n"
        + rows[0].format("susp") + rows[1].format("ELSE"),
    }  # fmt: skip
    outcome = monitor.send(held, None)
    assert [column for _, _, column in errors(outcome)] == ["category"]
    assert monitor.raw("census_exclusions", "category") == [("SUSP",)]


@pytest.mark.parametrize(
    ("written", "category"),
    [
        ("Suspension", "SUSP"), ("SUSP - Suspension", "SUSP"), ("fixed period", "SUSP"),
        ("Fixed-term exclusion", "SUSP"), ("FIXD", "SUSP"), ("Permanent", "PERM"),
        ("PERMANENT EXCLUSION", "PERM"), ("Lunchtime", "LNCH"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("roll", ["on", "off"])
def test_a_category_may_be_told_in_words(
    monitor: Monitor, written: str, category: str, roll: str
) -> None:
    key = "pupilonrolltableid" if roll == "on" else "pupilnolongeronrolltableid"
    pupils = "pupilonroll" if roll == "on" else "pupilnolongeronroll"
    heading = EXCLUSION.replace("onroll", f"{roll}roll").replace("pupil" + roll + "roll", pupils)
    held = {
        f"2025_autumn_{pupils}.csv": f"{key},upn,dob,sex\nP1,{upn(1)},2012-May-14 00:00:00,F\n",
        f"2025_autumn_termlyexclusions{roll}roll.csv": f"{heading}reason1\n"
        f"P1,E1,2025-Jun-03 00:00:00,2,{written},DB\n",
    }
    outcome = monitor.send(held, None)
    assert errors(outcome) == []
    assert monitor.raw("census_exclusions", "category") == [(category,)]
