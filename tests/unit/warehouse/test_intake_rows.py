"""Rows: each bad value keeps its row out with rule, line and column; every row is accounted for."""

import intake_files as files
import pytest
from intake_files import (
    ASSESSMENTS,
    EPISODES,
    FACTORS,
    IDENTIFIERS,
    PERSONS,
    care,
    errors,
    queries,
    referrals,
    rules,
    ssd,
    upn,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def balanced(outcome):
    return outcome.records == outcome.accepted + outcome.quarantined + outcome.duplicates


@pytest.mark.parametrize(
    ("row", "rule", "column"),
    [
        ("R99,K1,2026-02-30,N1,2A,N,,", "DATE_INVALID", "cine_referral_date"),
        ("R99,K1,2026-3-9,N1,2A,N,,", "DATE_FORMAT", "cine_referral_date"),
        ("R99,K1,9/3/26,N1,2A,N,,", "DATE_FORMAT", "cine_referral_date"),
        ("R99,K1,2026-03-09T25,N1,2A,N,,", "DATE_FORMAT", "cine_referral_date"),
        ("R99,K1,2026-03-09T23:00:00Z,N1,2A,N,,", "DATE_FORMAT", "cine_referral_date"),
        ("R99,K1,NULL,N1,2A,N,,", "REQUIRED_MISSING", "cine_referral_date"),
        ("R99,K1,46090,N1,2A,N,,", "DATE_FORMAT", "cine_referral_date"),
        ("R99,K1,2026-10-21,N1,2A,N,,", "DATE_FUTURE", "cine_referral_date"),
        ("R99,K1,1066-10-14,N1,2A,N,,", "DATE_INVALID", "cine_referral_date"),
        ("R99,K1,,N1,2A,N,,", "REQUIRED_MISSING", "cine_referral_date"),
        (",K1,2026-03-09,N1,2A,N,,", "ID_MISSING", "cine_referral_id"),
        ("1.23457E+12,K1,2026-03-09,N1,2A,N,,", "ID_EXPONENT", "cine_referral_id"),
        ("R99,1.2e5,2026-03-09,N1,2A,N,,", "ID_EXPONENT", "cine_person_id"),
        ("R99,1E+05,2026-03-09,N1,2A,N,,", "ID_EXPONENT", "cine_person_id"),
        ("R99,1.e+12,2026-03-09,N1,2A,N,,", "ID_EXPONENT", "cine_person_id"),
        ("R99,'1.23 E+12,2026-03-09,N1,2A,N,,", "ID_EXPONENT", "cine_person_id"),
        ("123457000000000000,K1,2026-03-09,N1,2A,N,,", "ID_PRECISION", "cine_referral_id"),
        ('R99,"1,23457E+12",2026-03-09,N1,2A,N,,', "ID_EXPONENT", "cine_person_id"),
        (f"R99,{'K' * 65},2026-03-09,N1,2A,N,,", "FIELD_TOO_LONG", "cine_person_id"),
        ('R99,"K\n1",2026-03-09,N1,2A,N,,', "CONTROL_CHAR", "cine_person_id"),
        ("R99,K1\x00,2026-03-09,N1,2A,N,,", "CONTROL_CHAR", None),
        (f"R99,{'K' * 100_001},2026-03-09,N1,2A,N,,", "FIELD_TOO_LONG", None),
        ("R99,K1,2026-03-09,N1,2A,N,", "RAGGED_ROW", None),
        ("R99,K1,2026-03-09,N1,2A,N,,,", "RAGGED_ROW", None),
    ],
)
def test_a_bad_row_is_refused_and_named(monitor, row, rule, column):
    outcome = monitor.send(ssd(ssd_cin_episodes=referrals(40, row + "\n")))
    assert errors(outcome) == [(rule, 42, column)]
    assert (outcome.records, outcome.quarantined) == (45, 1)
    assert balanced(outcome)
    assert len(monitor.raw("ssd_referrals")) == 40
    assert monitor.refused_lines() == [("ssd_cin_episodes", 42, rule)]


@pytest.mark.parametrize(
    ("row", "rule", "column"),
    [
        ("R99,K1,2026-03-09,N1,1O,N,,", "CODE_UNKNOWN", "cine_referral_source_code"),
        ("R99,K1,2026-03-09,N77,2A,N,,", "CODE_UNKNOWN", "cine_cin_primary_need_code"),
        (
            "R99,K1,2026-03-09,'); drop table x;--,2A,N,,",
            "CODE_UNKNOWN",
            "cine_cin_primary_need_code",
        ),
        ("R99,K1,2026-03-09,N1,2A,maybe,,", "CODE_UNKNOWN", "cine_referral_nfa"),
        ("R99,K1,2026-03-09,N1,2A,N,RC99,2026-03-19", "CODE_UNKNOWN", "cine_close_reason"),
        ("R99,K1,2026-03-09,N1,2A,N,,19.3.", "DATE_FORMAT", "cine_close_date"),
        ("R99,K1,2026-03-09,N1,2A,N,,2026-02-30", "DATE_INVALID", "cine_close_date"),
        ("R99,K1,2026-03-09,N1,2A,N,,1899-12-31", "DATE_INVALID", "cine_close_date"),
        ("R99,K1,2026-03-09,N1,2A,N,RC7,2026-10-21", "DATE_FUTURE", "cine_close_date"),
        ("R99,K1,2026-03-09,N1,2A,N,RC7,2026-03-08", "DATE_ORDER", "cine_close_date"),
    ],
)
def test_what_cannot_be_read_beside_an_event_is_blank_and_asked_about(monitor, row, rule, column):
    outcome = monitor.send(ssd(ssd_cin_episodes=referrals(40, row + "\n")))
    assert errors(outcome) == []
    assert (rule, 42, column) in [(one.rule, one.line, one.column) for one in queries(outcome)]
    assert (outcome.records, outcome.accepted) == (45, 45)
    kept = {"cine_referral_nfa": "is_no_further_action", "cine_close_date": "closure_date"}
    if name := kept.get(column):
        assert (42, None) in monitor.raw("ssd_referrals", f"line, {name}")
    assert len(monitor.raw("ssd_referrals")) == 41


@pytest.mark.parametrize(
    ("row", "form"),
    [
        ("R99,K1,09/03/2026,n1,2A,N,,", "DATE_FORM"),
        ("R99,K1,2026-03-09T10:00,N1,2A,N,,", "DATE_FORM"),
        ("R99,K1,2026-03-09 00:00:00.000,N1,2A,N,,", "DATE_FORM"),
        ("R99,K1,2026-03-09T00:00:00Z,N1,2A,N,,", "DATE_FORM"),
        ("R99,K1,2026-Mar-09,N1,2A,N,,", "DATE_FORM"),
        ("R99,K1,9/3/2026,N1,2A,N,,", "DATE_FORM"),
        ("R99,K1,09.03.2026,N1,2A,N,,", "DATE_FORM"),
        ("R99,K1,09-Mar-2026,N1,2A,N,,", "DATE_FORM"),
        ("R99,K1,2026/03/09,N1,2A,N,,", "DATE_FORM"),
        ("R99,K1,2026-03-09 00:00:00+00,N1,2A,N,,", "DATE_FORM"),
        ("R99,K1,2026-03-09 00:00:00.0000000 +01:00,N1,2A,N,,", "DATE_FORM"),
        ("R99,K1,2026-03-09,N1,2a,N,,", "CODE_FORM"),
        ("R99,K1,2026-03-09,N1,2A: Schools,N,,", "CODE_FORM"),
        ("R99,K1,2026-03-09,N1 - Abuse or neglect,2A,N,,", "CODE_FORM"),
        ("R99,K1,2026-03-09,N1,4.0,N,,", "CODE_FORM"),
        ("R99,K1,2026-03-09,N1,2A,F,,", None),
        ("R99,K1,2026-03-09,N1,2A,nO,,", "CODE_FORM"),
        ("R99,K1,2026-03-09,N1,2A,N,NULL,NULL", "BLANK_WORD"),
        ("99.0,K1,2026-03-09,N1,2A,N,,", "NUMBER_FORM"),
        ("R99,  K1 ,2026-03-09 , N1,2A ,N ,,", None),
    ],
)
def test_a_form_that_changes_no_meaning_is_read_and_noted(monitor, row, form):
    outcome = monitor.send(ssd(ssd_cin_episodes=referrals(40, row + "\n")))
    assert (errors(outcome), queries(outcome)) == ([], [])
    assert {one.rule for one in outcome.problems if one.severity == "note"} >= {form} - {None}
    assert bool(form) == bool(outcome.problems)
    day = "cast(referral_date as varchar)"
    [kept] = [
        row[1:]
        for row in monitor.raw("ssd_referrals", f"line, {day}, source_code, is_no_further_action")
        if row[0] == 42
    ]
    assert kept == ("2026-03-09", "4" if ",4.0," in row else "2A", False)


@pytest.mark.parametrize(
    ("day", "rule"),
    [("Sept 2026", "DATE_FORMAT"), ("2026-02-30", "DATE_INVALID"), ("2026-10-21", "DATE_FUTURE")],
)
def test_an_assessment_is_not_open_because_its_day_cannot_be_read(monitor, day, rule):
    rows = "".join(f"A{i},K1,R1,2026-03-02,2026-03-27\n" for i in range(2, 40))
    text = ASSESSMENTS + rows + f"A1,K1,R1,2026-03-02,{day}\n" + "A40,K1,R1,2026-03-02,\n"
    outcome = monitor.send(ssd(ssd_cin_assessments=text))
    assert errors(outcome) == [(rule, 40, "cina_assessment_auth_date")]
    assert len(monitor.raw("ssd_assessments")) == 39


def test_identifiers_are_the_same_with_and_without_decimals(monitor):
    rows = "99,K1,2026-03-09,N1,2A,N,,\n", "98.0,'7.0,2026-03-10,N1,2A,N,,\n"
    more = "97,7,2026-03-11,N1,2A,N,,\n"
    monitor.send(ssd(ssd_cin_episodes=referrals(0, *rows, more)))
    keys = dict(monitor.raw("ssd_referrals", "line, person_key"))
    assert keys[3] == keys[4] != keys[2]


def test_lines_keep_their_physical_numbers_after_quoted_line_breaks(monitor):
    header = EPISODES.replace("cine_close_reason", "cine_referral_team,cine_close_reason")
    note = 'R1,K1,2026-03-09,N1,2A,N,"a\nb, c\n",,\n'
    text = header + note + "\n" + "R2,K1,2026-03-10,N1,2A,N,T,,\nR3,K1,bad,N1,2A,N,T,,\n"
    outcome = monitor.send(ssd(ssd_cin_episodes=text))
    assert errors(outcome) == [("DATE_FORMAT", 7, "cine_referral_date")]
    assert monitor.raw("ssd_referrals", "line") == [(2,), (6,)]


def test_repeated_rows_are_counted_and_kept_once(monitor):
    text = referrals(3) + "R2,K1,2026-03-03,N1,2A,N,,\n"
    outcome = monitor.send(ssd(ssd_cin_episodes=text))
    assert (outcome.accepted, outcome.duplicates) == (7, 1)
    assert balanced(outcome)


def test_rows_that_contradict_each_other_are_both_refused_in_any_order(tmp_path):
    one, other = "R50,K1,2026-03-09,N1,2A,N,,\n", "R50,K1,2026-03-10,N1,2A,N,,\n"
    for number, rows in enumerate(((one, other), (other, one))):
        monitor = files.monitor(tmp_path / str(number))
        outcome = monitor.send(ssd(ssd_cin_episodes=referrals(40, *rows)))
        assert errors(outcome) == [("CONFLICT", 42, "cine_referral_id")]
        assert (outcome.quarantined, len(monitor.raw("ssd_referrals"))) == (2, 40)


def test_blank_lines_are_no_rows(monitor):
    outcome = monitor.send(ssd(ssd_person=PERSONS + "\n\nK1,F,WBRI,2012-05-14\n\n"))
    assert outcome.records == 5
    assert monitor.raw("ssd_persons", "line") == [(4,)]


@pytest.mark.parametrize(("bad", "is_refused"), [(4, False), (5, True)])
def test_a_file_is_refused_above_its_share_of_bad_rows(monitor, bad, is_refused):
    rows = ["R9,K1,never,N1,2A,N,,\n".replace("R9", f"R9{i}") for i in range(bad)]
    outcome = monitor.send(ssd(ssd_cin_episodes=referrals(10, *rows)))
    assert outcome.is_refused == is_refused
    assert balanced(outcome)
    assert len(monitor.raw("ssd_referrals")) == (0 if is_refused else 10)
    if is_refused:
        assert errors(outcome)[0] == ("TOO_MANY_BAD_ROWS", 12, "cine_referral_date")


def test_a_table_of_which_no_row_is_good_is_refused(monitor):
    assert monitor.send(ssd(ssd_person=PERSONS + ",F,,\n")).is_refused


def test_headers_alone_are_a_nil_return_where_a_manifest_declares_it(tmp_path):
    empty = {
        "a.csv": PERSONS,
        "b.csv": IDENTIFIERS,
        "c.csv": EPISODES,
        "d.csv": ASSESSMENTS,
        "e.csv": FACTORS,
    }
    outcome = files.monitor(tmp_path / "declared").send(empty)
    assert (outcome.status, outcome.records) == ("accepted", 0)
    bare = files.monitor(tmp_path / "bare").send(empty, None)
    assert bare.is_refused


@pytest.mark.parametrize(
    "value",
    ["A000000000000", "1111111111111", "UNKNOWN", upn(1)[:-1], upn(1)[1:] + "A", "A1"],
)
def test_a_upn_that_is_none_links_to_nothing(monitor, value):
    text = IDENTIFIERS + f"L1,K1,Unique Pupil Number,{value}\n"
    outcome = monitor.send(ssd(ssd_linked_identifiers=text))
    assert rules(outcome) == ["UPN_INVALID"]
    assert monitor.raw("ssd_identifiers", "upn_key") == [(None,)]


def test_a_upn_means_the_same_however_it_is_spaced(monitor):
    number = upn(123456)
    written = f"{number[:4].lower()} {number[4:]}"
    text = IDENTIFIERS + f"L1,K1,Unique Pupil Number,{number}\n"
    text += f"L2,k 1,Former Unique Pupil Number,{written}\n"
    monitor.send(ssd(ssd_linked_identifiers=text))
    rows = monitor.raw("ssd_identifiers", "person_key, upn_key, is_former")
    assert rows[0][:2] == rows[1][:2]
    assert [row[2] for row in rows] == [False, True]


def test_the_same_local_id_in_two_authorities_is_two_children(monitor):
    """Fault 44."""
    monitor.drop_zip(ssd(), sender="301")
    monitor.drop_zip(ssd(), sender="302")
    monitor.take_in()
    assert len(set(monitor.raw("ssd_persons", "person_key"))) == 2
    assert len(set(monitor.raw("ssd_identifiers", "upn_key"))) == 1


def test_factors_become_a_row_each(monitor):
    monitor.send(ssd())
    assert monitor.raw("ssd_factors", "factor_code") == [("13A",), ("24A",)]


def factors(monitor, written):
    """What came of a list of factors among forty, and the codes that were kept of it."""
    rows = "".join(f'F{i},A{i},"[""1A""]"\n' for i in range(2, 40))
    outcome = monitor.send(ssd(ssd_assessment_factors=FACTORS + rows + f"F1,A1,{written}\n"))
    kept = [code for line, code in monitor.raw("ssd_factors", "line, factor_code") if line == 40]
    return outcome, sorted(filter(None, kept))


@pytest.mark.parametrize(
    "written",
    [
        '"[""24A"", ""13A""]"',
        '"[""13A"",null, ""24a"" , NULL]"',
        '"{""13A"": ""Yes"", ""1A"": ""No"", ""24A"": true, ""2B"": false, ""3A"": null}"',
        '"{""13A"":""Y"",""24A"":""1"",""1A"":""N""}"',
        '"[""13A: Gangs"", ""24A - Child criminal exploitation""]"',
        '"13A, 24A"',
        "13A;24A",
        "[13A|24A]",
        '"[""13A"", ""24A"", 20]"',
        "13A 24A",
        '"[""24A and 13A""]"',
        '"[""24A - \\""x\\"""", ""13A""]"',
        '"{""13A"": ""YES"", ""24A"": 1, ""20"": 0}"',
    ],
)
def test_a_list_of_factors_is_read_as_systems_write_it(monitor, written):
    outcome, kept = factors(monitor, written)
    assert errors(outcome) == []
    assert "CODE_UNKNOWN" not in rules(outcome)
    assert [code for code in kept if code != "20"] == ["13A", "24A"]


@pytest.mark.parametrize("written", ["[]", '"[null, null]"', "{}", '"{""13A"": ""No""}"'])
def test_a_list_may_hold_no_factor(monitor, written):
    outcome, kept = factors(monitor, written)
    assert (errors(outcome), kept) == ([], [])


@pytest.mark.parametrize(
    "written",
    [
        "13A; gangs",
        '"[""13A"", ""2"',
        '"[""13A"","',
        '"[""13A"""',
        '"{""13A"": ""Yes"", ""1A"": ""Unknown""}"',
        '"[""13A"", 99]"',
        '"[""13A"",""99Z""]"',
        '"{""13A"": ""Yes"", ""99Z"": ""Yes""}"',
        '"[""gangs"", ""13A""]"',
    ],
)
def test_an_unknown_factor_takes_no_known_one_away(monitor, written):
    outcome, kept = factors(monitor, written)
    assert errors(outcome) == []
    [query] = [one for one in queries(outcome) if one.rule == "CODE_UNKNOWN"]
    assert (query.line, query.column, kept) == (40, "cinf_assessment_factors_json", ["13A"])


@pytest.mark.parametrize(
    "written", ['"{""13A"": ""Yes"""', '"{""13A""}"', '"[13A, [24A]]"', "13A: Gangs]"]
)
def test_what_is_no_list_of_factors_is_refused(monitor, written):
    outcome, kept = factors(monitor, written)
    assert (errors(outcome)[0][0], kept) == ("CODE_FORMAT", [])


def test_rows_whose_parent_is_absent_are_kept_and_counted(monitor):
    text = FACTORS + 'F1,A1,"[""1A""]"\nF2,A7,"[""1A""]"\n'
    [query] = queries(monitor.send(ssd(ssd_assessment_factors=text)))
    assert (query.rule, query.line, query.count) == ("PARENT_MISSING", 3, 1)


@pytest.mark.parametrize(
    ("day", "rules"),
    [("2026-02-28", ["TOLD_LATE"]), ("2026-03-01", []), ("2026-03-31", []),
     ("2026-04-01", ["OUTSIDE_PERIOD"])],
)  # fmt: skip
def test_a_date_outside_the_window_is_a_query(monitor, day, rules):
    text = referrals(2, f"R9,K1,{day},N1,2A,N,,\n")
    outcome = monitor.send(
        ssd(ssd_cin_episodes=text, ssd_cin_assessments=ASSESSMENTS, ssd_assessment_factors=FACTORS)
    )
    assert [(query.rule, query.line) for query in queries(outcome)] == [(one, 4) for one in rules]
    assert len(monitor.raw("ssd_referrals")) == 3


def test_an_unborn_child_is_accepted(monitor):
    outcome = monitor.send(ssd(ssd_person=PERSONS + "K1,U,NOBT,\n"))
    assert outcome.problems == []
    assert monitor.raw("ssd_persons", "birth_month, sex") == [(None, "U")]


def test_a_file_of_another_authority_is_known_by_its_upns(monitor):
    rows = "".join(f"L{i},K{i},Unique Pupil Number,{upn(i, '302')}\n" for i in range(1, 41))
    outcome = monitor.send(ssd(ssd_linked_identifiers=IDENTIFIERS + rows))
    assert errors(outcome)[0][0] == "WRONG_SENDER"
    assert monitor.raw("ssd_referrals") == []


def test_a_successor_may_send_upns_of_its_forerunner(monitor):
    rows = "".join(f"L{i},K{i},Unique Pupil Number,{upn(i, '909')}\n" for i in range(1, 41))
    monitor.drop_zip(ssd(ssd_linked_identifiers=IDENTIFIERS + rows), sender="942")
    [outcome] = monitor.take_in().outcomes
    assert not outcome.is_refused


def test_the_year_of_a_care_return_follows_from_its_dates(monitor):
    outcome = monitor.send(care(year=2025), None)
    assert outcome.period is not None
    assert (outcome.period.start.year, outcome.period.end.year) == (2025, 2026)
    assert not outcome.is_refused


def test_day_first_dates_are_never_swapped(monitor):
    manifest = {"period_start": "2025-04-01", "period_end": "2026-03-31"}
    monitor.send(care(missing="K1,14/05/2012,M,01/02/2026,\n"), manifest)
    starts = monitor.raw("missing_episodes", "cast(start_date as varchar)")
    assert ("2026-02-01",) in starts


def test_no_value_reaches_the_ledger_or_the_log(monitor, caplog):
    row = "R99,K1,Canary-7,CanaryNeed,2A,N,,\n"
    monitor.send(ssd(ssd_cin_episodes=referrals(40, row, "CanaryRagged\n", 'Can"ary,x\n')))
    assert "anary" not in caplog.text
    ledger = b"".join(p.read_bytes() for p in monitor.home.restricted.glob("state.db*"))
    assert b"anary" not in ledger
