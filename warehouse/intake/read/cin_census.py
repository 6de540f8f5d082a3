"""The children in need census: one XML return turned into tables of text."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from sightline.warehouse.intake.read.days import day_of
from sightline.warehouse.intake.read.xml import (
    ReturnHeader,
    Tables,
    elements,
    read_blocks,
    text_of,
    texts_of,
    trimmed,
)
from sightline.warehouse.problems import refuse
from sightline.warehouse.submission import Lines

ROOT, ELEMENT = "Message", "Child"
SEPARATORS = re.compile(r"[,;|]|\s+(?=\d{1,2}[A-Za-z]?\b)")
# Of each table, the columns that are read as they are and the element of each.
CHILD = {
    "la_child_id": "LAchildID",
    "upn": "UPN",
    "former_upn": "FormerUPN",
    "upn_unknown": "UPNunknown",
    "birth_date": "PersonBirthDate",
    "expected_birth_date": "ExpectedPersonBirthDate",
}
REFERRAL = {
    "referral_date": "CINreferralDate",
    "source": "ReferralSource",
    "primary_need": "PrimaryNeedCode",
    "is_no_further_action": "ReferralNFA",
    "closure_date": "CINclosureDate",
    "closure_reason": "ReasonForClosure",
    "initial_conference_date": "DateOfInitialCPC",
}
ASSESSMENT = {
    "start_date": "AssessmentActualStartDate",
    "completed_date": "AssessmentAuthorisationDate",
}
ACTIVITIES = {
    "Section47": (
        "cin_section47",
        {"start_date": "S47ActualStartDate", "initial_conference_date": "DateOfInitialCPC"},
    ),
    "CINPlanDates": (
        "cin_plan",
        {"start_date": "CINPlanStartDate", "end_date": "CINPlanEndDate"},
    ),
    "ChildProtectionPlans": (
        "cin_protection_plan",
        {"start_date": "CPPstartDate", "end_date": "CPPendDate"},
    ),
}
PARENTS = {
    "Child": {"Children"},
    "ChildIdentifiers": {"Child"},
    "CINdetails": {"Child"},
    "Assessments": {"CINdetails"},
    "FactorsIdentifiedAtAssessment": {"Assessments"},
    "AssessmentFactors": {"FactorsIdentifiedAtAssessment"},
    **{activity: {"CINdetails"} for activity in ACTIVITIES},
}
OF_REFERRAL = ["referral_id", "la_child_id"]
COLUMNS = {
    "cin_child": [*CHILD, "sex"],
    "cin_referral": [*OF_REFERRAL, *REFERRAL],
    "cin_assessment": ["assessment_id", *OF_REFERRAL, *ASSESSMENT],
    "cin_factor": ["assessment_id", "factor_code"],
    **{table: [*OF_REFERRAL, *paths] for table, paths in ACTIVITIES.values()},
}


def read_header(file: BinaryIO, name: str) -> ReturnHeader:
    """Whose return it is, and for which year; raises Refused on a return of another kind."""
    for header in elements(file, name, ROOT, "Header"):
        if text_of(header, "CollectionDetails/Collection") != "CIN":
            message = "Collection is not CIN, so this is another return"
            raise refuse("XML_STRUCTURE", message, file=name, line=header.sourceline)
        return _header(header, name)
    raise refuse("XML_STRUCTURE", "the return has no Header", file=name, line=1)


def read_tables(file: BinaryIO, name: str) -> Iterator[tuple[str, Lines]]:
    """A table for each kind of thing that happens to a child, in blocks."""
    return read_blocks(elements(file, name, ROOT, ELEMENT, PARENTS), COLUMNS, _add_child)


def _header(header: etree._Element, name: str) -> ReturnHeader:
    line = header.sourceline or 0
    year = text_of(header, "CollectionDetails/Year")
    reference_date = day_of(text_of(header, "CollectionDetails/ReferenceDate"))
    if reference_date is None or not (year.isascii() and year.isdigit()):
        message = "Year or ReferenceDate cannot be read"
        raise refuse("YEAR", message, file=name, line=line, column="ReferenceDate")
    return ReturnHeader(int(year), reference_date, text_of(header, "Source/LEA"), line)


def _add_child(tables: Tables, child: etree._Element) -> None:
    values = texts_of(child.find("ChildIdentifiers"), [*CHILD.values(), "Sex", "GenderCurrent"])
    *known, sex, gender = values
    tables["cin_child"].add(child.sourceline or 0, *known, sex or gender)
    met: dict[str, int] = {}
    for details in child.iterfind("CINdetails"):
        _add_referral(tables, known[0], details, met)


def _add_referral(
    tables: Tables, child_id: str, details: etree._Element, met: dict[str, int]
) -> None:
    values = texts_of(details, REFERRAL.values())
    # The same day in another form is the same referral.
    day = str(day_of(values[0]) or values[0])
    met[day] = met.get(day, 0) + 1
    # Two referrals of a child on one day are told apart by their order in the return.
    referral_id = f"{child_id}|{day}|{met[day]}" if child_id else ""
    tables["cin_referral"].add(details.sourceline or 0, referral_id, child_id, *values)
    assessments = 0
    for part in details:
        if part.tag == "Assessments":
            assessments += 1
            assessment_id = f"{referral_id}|{assessments}" if referral_id else ""
            _add_assessment(tables, (assessment_id, referral_id, child_id), part)
        elif part.tag in ACTIVITIES:
            table, tags = ACTIVITIES[part.tag]
            dates = texts_of(part, tags.values())
            tables[table].add(part.sourceline or 0, referral_id, child_id, *dates)


def _add_assessment(
    tables: Tables, identifiers: tuple[str, str, str], assessment: etree._Element
) -> None:
    values = texts_of(assessment, ASSESSMENT.values())
    tables["cin_assessment"].add(assessment.sourceline or 0, *identifiers, *values)
    for factors in assessment.iterfind("FactorsIdentifiedAtAssessment"):
        for factor in factors.iterfind("AssessmentFactors"):
            # Officially one code in each element; some systems write the whole list into one.
            for code in SEPARATORS.split(trimmed(factor.text)):
                tables["cin_factor"].add(factor.sourceline or 0, identifiers[0], code.strip())
