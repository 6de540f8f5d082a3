"""The children in need census: read safely, all or nothing."""

import re

import intake_files as files
import pytest
from intake_files import errors, queries, rules, upn

pytestmark = pytest.mark.slow

CHILD = """
  <Child>
   <ChildIdentifiers>
    <LAchildID>{child}</LAchildID><UPN>{upn}</UPN>
    <PersonBirthDate>2012-05-14</PersonBirthDate><Sex>F</Sex>
   </ChildIdentifiers>
   <ChildCharacteristics><Ethnicity>WBRI</Ethnicity></ChildCharacteristics>
   <CINdetails>
    <CINreferralDate>2025-06-02</CINreferralDate><ReferralSource>2A</ReferralSource>
    <PrimaryNeedCode>N1</PrimaryNeedCode>
    <Assessments>
     <AssessmentActualStartDate>2025-06-03</AssessmentActualStartDate>
     <AssessmentAuthorisationDate>2025-07-01</AssessmentAuthorisationDate>
     <FactorsIdentifiedAtAssessment>
      <AssessmentFactors>13A</AssessmentFactors><AssessmentFactors>24A</AssessmentFactors>
     </FactorsIdentifiedAtAssessment>
    </Assessments>
    <ReferralNFA>false</ReferralNFA>
    <PreProceedings><Anything>new</Anything></PreProceedings>
   </CINdetails>
  </Child>"""
HEADER = """<Message>
 <Header>
  <CollectionDetails>
   <Collection>{collection}</Collection><Year>{year}</Year><ReferenceDate>{day}</ReferenceDate>
  </CollectionDetails>
  <Source><SourceLevel>L</SourceLevel><LEA>{lea}</LEA></Source>
 </Header>
 <Children>"""


def census(children=1, *, collection="CIN", year=2026, day="2026-03-31", lea="301"):
    """A return, one child after another."""
    head = HEADER.format(collection=collection, year=year, day=day, lea=lea)
    body = "".join(CHILD.format(child=f"C{i}", upn=upn(i)) for i in range(1, children + 1))
    return f"{head}{body}\n </Children>\n</Message>\n"


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def sent(monitor, text, sender="301"):
    monitor.drop("census.xml", text, sender)
    [outcome] = monitor.take_in().outcomes
    return outcome


def test_a_return_becomes_children_referrals_assessments_and_factors(monitor):
    outcome = sent(monitor, census(3))
    assert outcome.problems == []
    assert (outcome.records, outcome.accepted) == (15, 15)
    assert str(outcome.period.end) == "2026-03-31"
    for table, count in (("children", 3), ("referrals", 3), ("assessments", 3), ("factors", 6)):
        assert len(monitor.raw(f"cin_{table}")) == count
    assert monitor.raw("cin_factors", "distinct factor_code") == [("13A",), ("24A",)]


def test_rows_of_a_return_join_by_their_keys(monitor):
    sent(monitor, census(1))
    [(referral, person)] = monitor.raw("cin_referrals", "referral_key, person_key")
    [(assessment, of, by)] = monitor.raw(
        "cin_assessments", "assessment_key, referral_key, person_key"
    )
    assert (of, by) == (referral, person)
    assert set(monitor.raw("cin_factors", "assessment_key")) == {(assessment,)}


def test_a_child_has_one_key_in_the_census_and_in_monthly_extracts(monitor):
    sent(monitor, census(1))
    text = files.PERSONS + "C1,F,WBRI,2012-05-14\n"
    monitor.send(files.ssd(ssd_person=text))
    assert monitor.raw("ssd_persons", "person_key") == monitor.raw("cin_children", "person_key")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (census(lea="302"), ("WRONG_SENDER", 2, "LEA")),
        (census(lea="975"), ("WRONG_SENDER", 2, "LEA")),
        (census(day="2026-07-21"), ("YEAR", 2, "ReferenceDate")),
        (census(year=2025), ("YEAR", 2, "ReferenceDate")),
        (census(year="soon"), ("YEAR", 2, "ReferenceDate")),
        (census(year=20260), ("YEAR", 2, None)),
        (census(collection="SSDA903"), ("XML_STRUCTURE", 2, None)),
        ("<Message><Children/></Message>", ("XML_STRUCTURE", 1, None)),
        (census(2)[: len(census(2)) // 2], ("XML_NOT_WELL_FORMED", 26, None)),
        (census(1).replace("</Child>", "</Chid>"), ("XML_NOT_WELL_FORMED", 29, None)),
    ],
)
def test_a_wrong_or_broken_return_is_refused_with_its_line(monitor, text, error):
    outcome = sent(monitor, text)
    assert outcome.is_refused
    rule, line, column = errors(outcome)[0]
    assert (rule, column) == (error[0], error[2])
    assert line is not None
    assert abs(line - error[1]) <= 2
    assert monitor.raw("cin_children") == []


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE Message [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE Message SYSTEM "http://203.0.113.1/evil.dtd">',
        '<!DOCTYPE Message [<!ENTITY % p SYSTEM "http://203.0.113.1/x"> %p;]>',
        '<!DOCTYPE Message [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]>',
    ],
)
def test_a_document_type_is_refused_before_anything_is_expanded(monitor, prolog):
    text = prolog + census(1).replace("WBRI", "&x;")
    assert errors(sent(monitor, text))[0][0] in ("XML_DOCTYPE", "XML_NOT_WELL_FORMED")


def test_endless_nesting_is_refused(monitor):
    text = census(1).replace("WBRI", "<a>" * 10_000)
    assert errors(sent(monitor, text))[0][0] == "XML_NOT_WELL_FORMED"


def test_a_referral_without_its_day_is_kept_out_alone(monitor):
    text = census(60).replace("<CINreferralDate>2025-06-02", "<CINreferralDate>soon", 1)
    outcome = sent(monitor, text)
    assert [(rule, column) for rule, _, column in errors(outcome)] == [
        ("DATE_FORMAT", "referral_date")
    ]
    assert (len(monitor.raw("cin_referrals")), len(monitor.raw("cin_children"))) == (59, 60)


BESIDE = {
    "<UPN>": "upn", "<Sex>": "sex", "<PersonBirthDate>": "birth_date",
    "<ReferralSource>": "source", "<PrimaryNeedCode>": "primary_need",
    "<ReferralNFA>": "is_no_further_action", "<AssessmentActualStartDate>": "start_date",
    "<AssessmentFactors>": "factor_code", "<CINclosureDate>": "closure_date",
    "<ReasonForClosure>": "closure_reason", "<DateOfInitialCPC>": "initial_conference_date",
}  # fmt: skip


def test_what_stands_beside_an_event_is_blank_and_asked_about(monitor):
    more = "<CINclosureDate>2025-08-01</CINclosureDate><ReasonForClosure>RC7</ReasonForClosure>"
    more += "<DateOfInitialCPC>2025-06-20</DateOfInitialCPC>"
    text = census(1).replace("<Assessments>", f"{more}<Assessments>")
    for tag in BESIDE:
        text = re.sub(f"{tag}[^<]*", f"{tag}?!", text, count=1)
    outcome = sent(monitor, text)
    assert (errors(outcome), outcome.accepted, outcome.records) == ([], 5, 5)
    assert set(BESIDE.values()) <= {query.column for query in queries(outcome)}
    [(day, source, is_nothing)] = monitor.raw(
        "cin_referrals", "referral_date, source_code, is_no_further_action"
    )
    assert (str(day), source, is_nothing) == ("2025-06-02", None, None)
    assert monitor.raw("cin_factors", "factor_code") == [("24A",), (None,)]


def test_values_in_other_forms_are_read_as_they_are_meant(monitor):
    plain = files.monitor(monitor.home.root.parent / "plain")
    kept = []
    text = census(2)
    other = text.replace("2025-06-02<", "2025-06-02T00:00:00<").replace("2025-07-01", "01/07/2025")
    other = other.replace("2026-03-31", "2026-03-31T00:00:00").replace("2A<", "2a<")
    other = other.replace(">13A<", ">13a<").replace(">F<", ">f<").replace("false", "0")
    other = other.replace(">N1<", ">n1 - abuse<").replace("<Sex>", "stray text<Sex>")
    other = other.replace("<Assessments>", "more of it<Assessments>stray")
    for one, content in ((plain, text), (monitor, other)):
        one.home.key.write_text("aae24849842d7082b66f57ce8270bd04da2c39ffb97df22803c270983032c4e5")
        outcome = sent(one, content)
        assert (errors(outcome), queries(outcome)) == ([], [])
        tables = ("cin_children", "cin_referrals", "cin_assessments", "cin_factors")
        kept.append([one.raw(table, "* exclude (submission_id, line)") for table in tables])
    assert kept[0] == kept[1]


@pytest.mark.parametrize("factors", ["", "<AssessmentFactors/>", "<AssessmentFactors>RB<"])
def test_an_unknown_or_empty_factor_takes_no_other_away(monitor, factors):
    first = "<AssessmentFactors>13A</AssessmentFactors>"
    added = f"{factors}/AssessmentFactors>" if factors.endswith("<") else factors
    outcome = sent(monitor, census(1).replace(first, added + first))
    assert errors(outcome) == []
    assert {code for (code,) in monitor.raw("cin_factors", "factor_code")} >= {"13A", "24A"}


def test_an_assessment_without_any_factor_is_asked_about(monitor):
    text = re.sub(r"<(FactorsIdentifiedAtAssessment)>.*?</\1>", r"<\1/>", census(1), flags=re.S)
    outcome = sent(monitor, text)
    assert (errors(outcome), rules(outcome)) == ([], ["FACTORS_MISSING"])
    assert len(monitor.raw("cin_assessments")) == 1


def test_new_blocks_of_a_return_are_passed_over(monitor):
    block = "<PreProceedingsandFGDM><PPStartDate>2025-07-01</PPStartDate></PreProceedingsandFGDM>"
    outcome = sent(monitor, census(1).replace("<ReferralNFA>", f"{block}<ReferralNFA>"))
    assert (outcome.problems, outcome.accepted) == ([], 5)


@pytest.mark.parametrize(("written", "meant"), [("GenderCurrent>1", "M"), ("Sex>2", "F")])
def test_older_codes_of_sex_are_understood(monitor, written, meant):
    name = written.partition(">")[0]
    sent(monitor, census(1).replace("<Sex>F</Sex>", f"<{written}</{name}>"))
    assert monitor.raw("cin_children", "sex") == [(meant,)]


def test_a_case_closed_before_the_year_is_a_query(monitor):
    closed = "<CINclosureDate>2019-01-01</CINclosureDate><ReasonForClosure>RC7</ReasonForClosure>"
    text = census(1).replace("<Assessments>", f"{closed}<Assessments>")
    text = text.replace("2025-06-02", "2018-06-02")
    assert [query.rule for query in queries(sent(monitor, text))] == ["TOLD_LATE"]


def test_plans_and_enquiries_are_read_and_judged_and_not_kept(monitor):
    more = """<DateOfInitialCPC>2025-06-20</DateOfInitialCPC>
    <CINPlanDates><CINPlanStartDate>2025-07-01</CINPlanStartDate></CINPlanDates>
    <Section47><S47ActualStartDate>soon</S47ActualStartDate></Section47>
    <Section47><S47ActualStartDate>2025-06-09</S47ActualStartDate></Section47>
    <ChildProtectionPlans><CPPstartDate>2025-06-21</CPPstartDate></ChildProtectionPlans>
    <ReferralNFA>"""
    outcome = sent(monitor, census(1).replace("<ReferralNFA>", more))
    assert (outcome.records, outcome.accepted) == (9, 9)
    assert errors(outcome) == []
    asked = [(one.rule, one.line, one.column) for one in queries(outcome)]
    assert asked == [("DATE_FORMAT", 27, "start_date")]
    assert not list(monitor.home.raw.glob("cin_*plan*"))


def test_a_child_not_yet_born_is_taken_in_without_a_birth_date(monitor):
    expected = "<ExpectedPersonBirthDate>2026-03-09</ExpectedPersonBirthDate>"
    text = census(1).replace("<PersonBirthDate>2012-05-14</PersonBirthDate>", expected)
    assert errors(sent(monitor, text)) == []
    assert monitor.raw("cin_children", "birth_month") == [(None,)]


CARE = """<EXPSSDA903><CHILD>
 <HEADER><CHILDID>K1</CHILDID><UPN>{upn}</UPN><SEX>F</SEX><DOB>14/05/2012</DOB>
  <NEW><PART>of some later year</PART></NEW>{inside}</HEADER>
 <EPISODE><DECOM>02/05/2025</DECOM><RNE>S</RNE><LS>C2</LS><CIN>N1</CIN><PL>U6</PL>
  <DEC>09/06/2025</DEC><REC>X1</REC></EPISODE>{beside}
</CHILD></EXPSSDA903>
"""
ABSENT = """<AMISSING><MISSING>M</MISSING><MIS_START>03/06/2025</MIS_START>
 <MIS_END>05/06/2025</MIS_END></AMISSING>"""


@pytest.mark.parametrize("place", ["inside", "beside"])
def test_a_care_return_in_xml_gives_what_its_tables_give(tmp_path, place):
    kept = []
    year = {"period_start": "2025-04-01", "period_end": "2026-03-31"}
    parts = {"inside": "", "beside": ""} | {place: ABSENT}
    for number, content in enumerate((files.care(), {"x": CARE.format(upn=upn(1), **parts)})):
        one = files.monitor(tmp_path / str(number))
        one.home.key.write_text("aae24849842d7082b66f57ce8270bd04da2c39ffb97df22803c270983032c4e5")
        assert one.send(content, year).accepted == 3
        columns = "* exclude (submission_id, line)"
        tables = ("care_children", "care_episodes", "missing_episodes")
        kept.append([one.raw(table, columns) for table in tables])
    assert kept[0] == kept[1]


def test_a_return_in_two_forms_at_once_is_refused(monitor):
    both = files.care() | {"return.xml": CARE.format(upn=upn(1), inside="", beside=ABSENT)}
    assert errors(monitor.send(both))[0][0] == "TABLE_TWICE"
