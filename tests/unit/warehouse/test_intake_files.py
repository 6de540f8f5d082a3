"""Whole files: each kind of broken file is refused with its own rule, and the others go through."""

import gzip
import os

import intake_files as files
import pytest
from intake_files import (
    ASSESSMENTS,
    EPISODES,
    FACTORS,
    MARCH,
    care,
    errors,
    referrals,
    rules,
    ssd,
    zipped,
)

pytestmark = pytest.mark.slow

# No event, so no day that could tell the period.
WITHOUT_DAYS = ssd(
    ssd_cin_episodes=EPISODES, ssd_cin_assessments=ASSESSMENTS, ssd_assessment_factors=FACTORS
)


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def refusal(monitor, content, name="file.csv", sender="301"):
    monitor.drop(name, content, sender)
    [outcome] = monitor.take_in().outcomes
    assert outcome.is_refused
    return errors(outcome)[0]


def changed(table, text):
    return zipped(ssd(**{table: text}), MARCH)


def test_a_good_bundle_is_accepted(monitor):
    outcome = monitor.send(ssd())
    assert (outcome.status, outcome.records, outcome.accepted) == ("accepted", 5, 5)
    assert outcome.problems == []


@pytest.mark.parametrize(
    ("content", "name", "rule"),
    [
        (b"", "empty.csv", "EMPTY_FILE"),
        (b"\n\n", "blank.csv", "EMPTY_FILE"),
        (b"", "empty.xlsx", "EMPTY_FILE"),
        (b"colour,shape\nred,round\n", "unknown.csv", "UNKNOWN_EXTRACT"),
        (b"<html><table></table></html>", "workbook.xlsx", "NOT_XLSX"),
        (b"<!DOCTYPE html><p>", "page.csv", "TYPE"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "locked.xlsx", "NOT_XLSX"),
        (b"PK\x03\x04 cut off", "cut.xlsx", "NOT_XLSX"),
        (b"PK\x03\x04 cut off", "cut.zip", "ARCHIVE"),
        (b"\x1f\x8b cut off", "cut.csv.gz", "ARCHIVE"),
        (b"MZ\x90\x00", "program.csv", "TYPE"),
        (b"%PDF-1.7", "report.csv", "TYPE"),
        (zipped({"a.zip": zipped({"b.zip": zipped(ssd())})}), "nested.zip", "ARCHIVE"),
        (zipped({"../../x.csv": "a"}), "outside.zip", "ARCHIVE"),
        (zipped({}), "nothing.zip", "EMPTY_FILE"),
        (zipped(ssd(), {"period_start": "soon"}), "bad.zip", "MANIFEST"),
        (zipped(ssd() | {"manifest.json": "{"}), "bad.zip", "MANIFEST"),
        (zipped(ssd(), MARCH | {"period_end": "2026-02-28"}), "bad.zip", "MANIFEST"),
        (zipped(ssd(), MARCH | {"period_start": "0206-03-01"}), "bad.zip", "MANIFEST"),
        (zipped(ssd(), MARCH | {"sender": "302"}), "other.zip", "WRONG_SENDER"),
        (zipped(ssd(), MARCH | {"extract": "ssda903"}), "other.zip", "MANIFEST"),
        (zipped(ssd() | care(), MARCH), "mixed.zip", "AMBIGUOUS_EXTRACT"),
        (zipped(WITHOUT_DAYS, None), "bundle.zip", "PERIOD_UNKNOWN"),
        (zipped({"a.csv": ssd()["ssd_person.csv"]}, MARCH), "part.zip", "MISSING_TABLE"),
        (zipped(ssd() | {"b.csv": ssd()["ssd_person.csv"]}, MARCH), "twice.zip", "TABLE_TWICE"),
        (b"<Other/>", "other.xml", "XML_STRUCTURE"),
        (b"<EXPSSDA903/>", "903.xml", "NO_ROWS"),
    ],
)
def test_a_broken_file_is_refused_with_its_rule(monitor, content, name, rule):
    assert refusal(monitor, content, name)[0] == rule


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (referrals(9, "R99,K1,2026-0"), ("TRUNCATED", 11, None)),
        (referrals(3) + '"R9,K1,2026-03-09,N1,2A,N,,\n', ("UNTERMINATED_QUOTE", 5, None)),
        (referrals(3).replace("\n", ',"notes\n', 1), ("UNTERMINATED_QUOTE", 1, None)),
        (referrals(3).replace("cine_person_id", "cine_referral_id"), ("DUPLICATE_COLUMN", 1)),
        (referrals(3).replace("cine_person_id", "cine_persons"), ("MISSING_COLUMN", 1)),
        (referrals(3).replace("cine_referral_date", "day"), ("MISSING_COLUMN", 1)),
        (referrals(3).replace(",", ";"), ("DELIMITER", 1)),
        (referrals(3).partition("\n")[2] + referrals(3), ("PREAMBLE", 1)),
        (referrals(3).partition("\n")[2], ("MISSING_TABLE",)),
        (referrals(3).replace("\n", "\r", 2), ("LINE_ENDINGS", 3)),
        (referrals(3).replace("\n", "\r\n").replace("-03-03", "\r-03-03"), ("LINE_ENDINGS", 3)),
        (referrals(3, "R9,Zo\udc81,2026-03-09,N1,2A,N,,\n"), ("ENCODING", 5)),
    ],
)
def test_a_broken_table_refuses_its_bundle_and_says_where(monitor, text, error):
    content = text.encode("utf-8", "surrogateescape")
    bundle = zipped(ssd() | {"ssd_cin_episodes.csv": content}, MARCH)
    assert refusal(monitor, bundle, "b.zip")[: len(error)] == error


def test_a_bare_file_without_a_header_does_not_lose_its_first_child(monitor):
    assert refusal(monitor, referrals(3).partition("\n")[2])[0] == "UNKNOWN_EXTRACT"


def test_files_in_utf_16_and_with_marks_give_the_same_pseudonyms(tmp_path):
    keys = []
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        one = files.monitor(tmp_path / encoding)
        one.home.key.write_text("aae24849842d7082b66f57ce8270bd04da2c39ffb97df22803c270983032c4e5")
        assert not one.send({n: t.encode(encoding) for n, t in ssd().items()}).is_refused
        keys.append(one.raw("ssd_referrals"))
    assert keys[0] == keys[1] == keys[2]


def test_utf_16_without_a_mark_is_refused(monitor):
    text = referrals(200).encode("utf-16-le")
    assert refusal(monitor, text)[0] in ("UNKNOWN_EXTRACT", "ENCODING")


def test_windows_text_is_read_only_where_the_contract_allows_it(monitor):
    header = b"CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\nK1,F,14/05/2012,caf\xe9,,,\n"
    manifest = {"period_start": "2025-04-01", "period_end": "2026-03-31"}
    assert not monitor.send(care() | {"a.csv": header}, manifest).is_refused


def test_columns_are_found_by_name_in_any_order_and_case(tmp_path):
    plain, shuffled = (files.monitor(tmp_path / name) for name in ("plain", "shuffled"))
    for one in (plain, shuffled):
        one.home.key.write_text("aae24849842d7082b66f57ce8270bd04da2c39ffb97df22803c270983032c4e5")
    plain.send(ssd())
    shuffled.send(ssd(ssd_person=" PERS_SEX ,pers_dob,Pers_Person_ID\nF,2012-05-14,K1\n"))
    assert plain.raw("ssd_persons") == shuffled.raw("ssd_persons")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_name_may_be_broken_into_lines_as_wrapped_headings_are(monitor, newline):
    header, _, rows = referrals(3, "R9,K1,bad,N1,2A,N,,\n").partition("\n")
    header = header.replace("cine_referral_date", '"cine_referral\n_date"') + ',"Notes, if\nany"\n'
    text = header + rows.replace("\n", ",x\n")
    outcome = monitor.send(ssd(ssd_cin_episodes=text.replace("\n", newline)))
    assert (outcome.is_refused, outcome.quarantined) == (False, 1)
    assert errors(outcome)[0] == ("DATE_FORMAT", 7, "cine_referral_date")
    assert len(monitor.raw("ssd_referrals")) == 3


def test_unknown_columns_are_never_kept(monitor):
    text = "pers_person_id,pers_sex,pers_dob,note\nK1,F,2012-05-14,Canary Smith\n"
    outcome = monitor.send(ssd(ssd_person=text))
    assert rules(outcome) == ["UNKNOWN_COLUMN"]
    kept = [p for p in monitor.home.restricted.rglob("*") if p.is_file()]
    outside = [p for p in kept if monitor.home.landing not in p.parents]
    assert not any(b"Canary" in path.read_bytes() for path in outside)


def test_gzip_and_folders_are_read_like_archives(monitor):
    for name, text in ssd().items():
        monitor.drop(f"march/{name}.gz", gzip.compress(text.encode()))
    monitor.drop("march/manifest.json", '{"period_start":"2026-03-01","period_end":"2026-03-31"}')
    [outcome] = monitor.take_in().outcomes
    assert outcome.accepted == 5
    assert list((monitor.home.inbox / "301").iterdir()) == []


def test_a_manifest_may_lie_beside_a_file(monitor):
    monitor.drop("x.csv", ssd()["ssd_person.csv"])
    monitor.drop("x.csv.manifest.json", '{"period_start":"2026-03-01","period_end":"2026-03-31"}')
    [outcome] = monitor.take_in().outcomes
    assert rules(outcome) == ["MISSING_TABLE"]
    assert outcome.period is not None


def test_a_bomb_is_refused_before_it_is_unpacked(monitor):
    assert refusal(monitor, zipped({"a.csv": b"0" * (60 << 20)}), "bomb.zip")[0] == "TOO_LARGE"


def test_files_still_being_sent_are_left_alone(monitor):
    for name in ("a.csv.part", ".hidden", "b.filepart"):
        monitor.drop(name, "half")
    (monitor.home.inbox / "301" / "empty folder").mkdir()
    report = monitor.take_in()
    assert (report.outcomes, report.unreadable) == ([], [])
    assert len(list((monitor.home.inbox / "301").iterdir())) == 4


@pytest.mark.timeout(20)
def test_links_pipes_and_devices_are_refused_and_never_followed(monitor, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text(ssd()["ssd_person.csv"])
    folder = monitor.home.inbox / "301"
    folder.mkdir()
    (folder / "link.csv").symlink_to(secret)
    (folder / "folder").symlink_to(tmp_path)
    os.link(secret, folder / "hard.csv")
    os.mkfifo(folder / "pipe.csv")
    report = monitor.take_in()
    assert report.outcomes == []
    assert len(report.unreadable) == 4
    assert secret.exists()


def test_awkward_names_are_only_ever_shown_escaped(monitor):
    for name in ("x\n.csv", "-rf.csv", "a[1]*.csv", "x;rm -rf.csv", "Zoë\u202e.csv", "y" * 250):
        monitor.drop(name, f"a,b\n{name!r},1\n")
    assert len(monitor.take_in().refused) == 6
    assert all(row["original_name"].isprintable() for row in monitor.ledger())
    assert all(row["original_name"].isascii() for row in monitor.ledger())


def test_an_unknown_sender_is_refused(monitor):
    bundle = zipped(ssd(), MARCH)
    assert refusal(monitor, bundle, "b.zip", sender="975")[0] == "WRONG_SENDER"


def test_one_bad_file_does_not_touch_the_others(monitor):
    monitor.drop_zip(ssd())
    monitor.drop("cut.zip", b"PK\x03\x04")
    monitor.drop("empty.csv", b"", sender="302")
    report = monitor.take_in()
    assert [outcome.status for outcome in report.outcomes].count("accepted") == 1
    assert len(report.refused) == 2
