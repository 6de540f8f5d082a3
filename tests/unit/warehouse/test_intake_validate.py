"""A sender checks a file as intake would, with no warehouse."""

from datetime import date

from intake_files import MARCH, referrals, ssd, zipped

from sightline.senders.validate import validate
from sightline.warehouse.calendar import Span


def test_a_good_bundle_is_accepted(tmp_path):
    path = tmp_path / "march.zip"
    path.write_bytes(zipped(ssd(), MARCH))
    [verdict] = validate([path], sender="301")
    assert (verdict.is_accepted, verdict.extract, verdict.accepted) == (True, "ssd", 5)
    assert verdict.problems == []
    assert path.exists()


def test_a_bare_table_is_checked_row_by_row(tmp_path):
    path = tmp_path / "referrals.csv"
    path.write_text(referrals(40, "R99,K1,9 Mar,N1,2A,N,,\n"))
    [verdict] = validate([path])
    assert (verdict.accepted, verdict.quarantined) == (40, 1)
    rules = {problem.rule: problem.severity for problem in verdict.problems}
    assert rules == {"DATE_FORMAT": "error", "MISSING_TABLE": "query"}


def test_a_folder_is_checked_like_an_archive(tmp_path):
    for name, text in ssd().items():
        (tmp_path / name).write_text(text)
    [verdict] = validate([tmp_path])
    assert (verdict.is_accepted, verdict.period) == (
        True,
        Span(date(2026, 3, 1), date(2026, 3, 31)),
    )


def test_a_message_tells_where_and_how_to_mend_it(tmp_path):
    path = tmp_path / "referrals.csv"
    path.write_text(referrals(40, "R99,K1,9 Mar,N1,2A,N,,\n"))
    [verdict] = validate([path])
    assert str(verdict.problems[0]) == (
        "referrals.csv, line 42, column cine_referral_date: DATE_FORMAT:"
        " write dates as YYYY-MM-DD, such as 2026-03-09"
    )


def test_several_files_have_a_verdict_each(tmp_path):
    paths = [tmp_path / name for name in ("empty.csv", "gone.csv", "page.xlsx")]
    paths[0].write_text("")
    paths[2].write_text("<html></html>")
    found = [verdict.problems[0].rule for verdict in validate(paths)]
    assert found == ["EMPTY_FILE", "UNREADABLE", "NOT_XLSX"]


def test_a_wrong_sender_is_told(tmp_path):
    path = tmp_path / "march.zip"
    path.write_bytes(zipped(ssd(), MARCH | {"sender": "302"}))
    assert [v.problems[0].rule for v in validate([path], sender="301")] == ["WRONG_SENDER"]


def test_a_table_by_itself_is_not_asked_for_the_rows_it_belongs_to(tmp_path):
    path = tmp_path / "missing.csv"
    path.write_text("CHILD,DOB,MISSING,MIS_START,MIS_END\nK1,14/05/2012,M,03/06/2025,05/06/2025\n")
    [verdict] = validate([path], sender="301")
    assert [problem.rule for problem in verdict.problems] == ["MISSING_TABLE"]
    assert verdict.words.startswith("By itself this table would be taken in whole")
