"""The children in need census: one XML return turned into four tables of text."""

from datetime import date

from lxml import etree  # type: ignore[import-untyped]

from warehouse.intake.problems import Refused, refuse
from warehouse.intake.text import Lines
from warehouse.intake.xml import ReturnHeader, TableWriter, elements, text_of

CHILD = ["la_child_id", "upn", "former_upn", "birth_date", "sex"]
REFERRAL = [
    "referral_id",
    "la_child_id",
    "referral_date",
    "source",
    "primary_need",
    "is_no_further_action",
    "closure_date",
    "closure_reason",
]
ASSESSMENT = ["assessment_id", "referral_id", "la_child_id", "start_date", "completed_date"]
FACTOR = ["assessment_id", "factor_code"]


def read_header(data: bytes, name: str) -> ReturnHeader:
    """Whose return it is, and for which year; raises Refused on a return of another kind."""
    for header in elements(data, name, "Header"):
        if text_of(header, "CollectionDetails/Collection") != "CIN":
            message = "Collection is not CIN, so this is another return"
            raise refuse("XML_STRUCTURE", message, file=name, line=header.sourceline)
        return _header(header, name)
    raise refuse("XML_STRUCTURE", "the return has no Header", file=name, line=1)


def read_tables(data: bytes, name: str) -> dict[str, Lines]:
    """Children, referrals, assessments and factors; all of them or none."""
    tables = {
        "cin_child": TableWriter(CHILD),
        "cin_referral": TableWriter(REFERRAL),
        "cin_assessment": TableWriter(ASSESSMENT),
        "cin_factor": TableWriter(FACTOR),
    }
    for child in elements(data, name, "Child"):
        _add_child(tables, child)
    return {table: writer.lines() for table, writer in tables.items()}


def _header(header: etree._Element, name: str) -> ReturnHeader:
    line = header.sourceline or 0
    try:
        return ReturnHeader(
            year=int(text_of(header, "CollectionDetails/Year")),
            reference_date=date.fromisoformat(text_of(header, "CollectionDetails/ReferenceDate")),
            authority=text_of(header, "Source/LEA"),
            line=line,
        )
    except ValueError:
        raise _unreadable(name, line) from None


def _unreadable(name: str, line: int) -> Refused:
    message = "Year or ReferenceDate cannot be read"
    return refuse("YEAR", message, file=name, line=line, column="ReferenceDate")


def _add_child(tables: dict[str, TableWriter], child: etree._Element) -> None:
    identifiers = "ChildIdentifiers/"
    child_id = text_of(child, identifiers + "LAchildID")
    sex = text_of(child, identifiers + "Sex") or text_of(child, identifiers + "GenderCurrent")
    tables["cin_child"].add(
        child.sourceline or 0,
        child_id,
        text_of(child, identifiers + "UPN"),
        text_of(child, identifiers + "FormerUPN"),
        text_of(child, identifiers + "PersonBirthDate"),
        sex,
    )
    met: dict[str, int] = {}
    for details in child.iterfind("CINdetails"):
        _add_referral(tables, child_id, details, met)


def _add_referral(
    tables: dict[str, TableWriter], child_id: str, details: etree._Element, met: dict[str, int]
) -> None:
    referral_date = text_of(details, "CINreferralDate")
    met[referral_date] = met.get(referral_date, 0) + 1
    # Two referrals of a child on one day are told apart by their order in the return.
    referral_id = f"{child_id}|{referral_date}|{met[referral_date]}" if child_id else ""
    tables["cin_referral"].add(
        details.sourceline or 0,
        referral_id,
        child_id,
        referral_date,
        text_of(details, "ReferralSource"),
        text_of(details, "PrimaryNeedCode"),
        text_of(details, "ReferralNFA"),
        text_of(details, "CINclosureDate"),
        text_of(details, "ReasonForClosure"),
    )
    for number, assessment in enumerate(details.iterfind("Assessments"), 1):
        _add_assessment(tables, child_id, referral_id, assessment, number)


def _add_assessment(
    tables: dict[str, TableWriter],
    child_id: str,
    referral_id: str,
    assessment: etree._Element,
    number: int,
) -> None:
    assessment_id = f"{referral_id}|{number}" if referral_id else ""
    tables["cin_assessment"].add(
        assessment.sourceline or 0,
        assessment_id,
        referral_id,
        child_id,
        text_of(assessment, "AssessmentActualStartDate"),
        text_of(assessment, "AssessmentAuthorisationDate"),
    )
    factors = assessment.iterfind("FactorsIdentifiedAtAssessment/AssessmentFactors")
    for factor in factors:
        code = " ".join((factor.text or "").split())
        tables["cin_factor"].add(factor.sourceline or 0, assessment_id, code)
