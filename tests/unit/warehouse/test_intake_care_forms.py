"""The return of looked-after children in the forms in which systems write it."""

import re
from pathlib import Path
from typing import Any

import intake_files as files
import pytest
from intake_files import YEAR, Monitor, errors, queries, rules, upn

pytestmark = pytest.mark.slow

KEY = "aae24849842d7082b66f57ce8270bd04da2c39ffb97df22803c270983032c4e5"
KEPT = ("care_children", "care_episodes", "missing_episodes")
RETURN = """<EXPSSDA903><CHILD>
 <HEADER><CHILDID>K1</CHILDID><UPN>{upn}</UPN><SEX>F</SEX><DOB>14/05/2012</DOB></HEADER>
 <EPISODE><DECOM>02/05/2025</DECOM><RNE>S</RNE><LS>C2</LS><CIN>N1</CIN><PL>U6</PL>
  <DEC>09/06/2025</DEC><REC>X1</REC></EPISODE>
 <AMISSING><MISSING>M</MISSING><MIS_START>03/06/2025</MIS_START>
  <MIS_END>05/06/2025</MIS_END></AMISSING>
</CHILD></EXPSSDA903>
"""
NOT_READ = {
    "Reviews.csv": "CHILD,DOB,REVIEW,REVIEW_CODE",
    "UASC.csv": "CHILD,SEX,DOB,DUC",
    "OC2.csv": "CHILD,DOB,SDQ_SCORE,SDQ_REASON,CONVICTED,HEALTH_CHECK,SUBSTANCE_MISUSE",
    "OC3.csv": "CHILD,DOB,IN_TOUCH,ACTIV,ACCOM",
    "AD1.csv": "CHILD,DOB,DATE_INT,DATE_MATCH,FOSTER_CARE,NB_ADOPTR,SEX_ADOPTR,LS_ADOPTR",
    "PlacedAdoption.csv": "CHILD,DOB,DATE_PLACED,DATE_PLACED_CEASED,REASON_PLACED_CEASED",
    "PrevPerm.csv": "CHILD,DOB,PREV_PERM,LA_PERM,DATE_PERM",
    "SWEpisodes.csv": "CHILD,DOB,SW_ID,SW_DECOM,SW_DEC,SW_REASON",
    "DoLo.csv": "CHILD,DOB,DOLO_START,DOLO_END",
}


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    return files.monitor(tmp_path / "monitor")


def kept(monitor: Monitor, content: dict[str, Any]) -> list[object]:
    """What is kept of a return that raises neither error nor query."""
    monitor.home.key.write_text(KEY)
    outcome = monitor.send(content, YEAR)
    assert (errors(outcome), queries(outcome), outcome.accepted) == ([], [], 3)
    return [monitor.raw(table, "* exclude (submission_id, line)") for table in KEPT]


@pytest.mark.parametrize("form", ["csv", "xml"])
def test_small_letters_and_days_with_midnight_mean_the_same(
    monitor: Monitor, tmp_path: Path, form: str
) -> None:
    plain = kept(files.monitor(tmp_path / "plain"), files.care())
    content = files.care() if form == "csv" else {"x.xml": RETURN.format(upn=upn(1))}
    changed = {}
    for name, text in content.items():
        head, _, rest = text.partition("\n" if form == "csv" else "<CHILD>")
        rest = re.sub(r"(\d\d)/(\d\d)/(\d{4})", r"\3-\2-\1T00:00:00", rest)
        for code in ("U6", "C2", "N1", "X1"):
            rest = rest.replace(code, code.lower())
        for code in ("F", "S", "M"):
            rest = re.sub(rf"(?<=[,>]){code}(?=[,<])", code.lower(), rest)
        changed[name] = head + ("\n" if form == "csv" else "<CHILD>") + rest
    assert changed != content
    assert kept(monitor, changed) == plain


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_a_return_in_either_encoding_is_read(
    monitor: Monitor, tmp_path: Path, encoding: str
) -> None:
    plain = kept(files.monitor(tmp_path / "plain"), files.care())
    content = files.care()
    content["a.csv"] = content["a.csv"].replace("WBRI", "Zoë")
    written = {name: text.encode(encoding) for name, text in content.items()}
    assert kept(monitor, written) == plain


@pytest.mark.parametrize("reason", ["UN1", "UN3", "UN7", "un2"])
def test_a_reason_for_no_pupil_number_is_no_fault(monitor: Monitor, reason: str) -> None:
    content = files.care()
    content["a.csv"] = content["a.csv"].replace(upn(1), reason)
    outcome = monitor.send(content, YEAR)
    assert (errors(outcome), queries(outcome)) == ([], [])
    assert monitor.raw("care_children", "upn_key") == [(None,)]


@pytest.mark.parametrize("status", ["V1", "V9", "", "unknown"])
def test_an_episode_of_unknown_legal_status_stays(monitor: Monitor, status: str) -> None:
    content = files.care()
    content["b.csv"] = content["b.csv"].replace(",C2,", f",{status},")
    outcome = monitor.send(content, YEAR)
    rule = "CODE_UNKNOWN" if status else "REQUIRED_MISSING"
    assert (errors(outcome), [one.rule for one in queries(outcome)]) == ([], [rule])
    assert monitor.raw("care_episodes", "legal_status") == [(None,)]


@pytest.mark.parametrize("kind", ["X", ""])
def test_an_episode_neither_missing_nor_away_is_set_aside(monitor: Monitor, kind: str) -> None:
    outcome = monitor.send(files.care(f"K1,14/05/2012,{kind},07/06/2025,08/06/2025\n"), YEAR)
    assert [column for _, _, column in errors(outcome)] == ["missing"]
    assert len(monitor.raw("missing_episodes")) == 1


def test_tables_that_are_not_read_are_named(monitor: Monitor) -> None:
    more = {name: f"{head}\nK1,14/05/2012{',x' * (head.count(',') - 1)}\n"
            for name, head in NOT_READ.items()}  # fmt: skip
    outcome = monitor.send(files.care() | more, YEAR)
    assert (errors(outcome), queries(outcome), outcome.accepted) == ([], [], 3)
    assert rules(outcome) == ["TABLE_NOT_READ"] * len(NOT_READ)
    assert {one.file for one in outcome.problems} == set(NOT_READ)


@pytest.mark.parametrize(
    ("written", "category"),
    [
        ("Missing", "M"), ("MISSING", "M"), ("M - Missing", "M"), ("Missing from care", "M"),
        ("Absent", "A"), ("away", "A"), ("A: Away", "A"), ("Unauthorised absence", "A"),
    ],
)  # fmt: skip
def test_missing_or_absent_may_be_told_in_words(
    monitor: Monitor, written: str, category: str
) -> None:
    content = files.care()
    content["c.csv"] = content["c.csv"].replace(",M,", f",{written},")
    outcome = monitor.send(content, YEAR)
    assert errors(outcome) == []
    assert monitor.raw("missing_episodes", "category") == [(category,)]
