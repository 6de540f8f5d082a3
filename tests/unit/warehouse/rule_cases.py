"""For each rule of a contract a bundle just inside it and one just outside."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from intake_files import ASSESSMENTS, EPISODES, FACTORS, MARCH, PERSONS, YEAR, care, ssd, upn

Tables = dict[str, str]
Found = tuple[str, str | None, str]
AUTUMN = {"period_start": "2025-09-01", "period_end": "2025-12-31"}


@dataclass(frozen=True)
class Case:
    """What is found outside and not inside: rules with their official numbers and severities."""

    extract: str
    name: str
    inside: Tables
    outside: Tables
    found: frozenset[Found]
    manifest: dict[str, Any]

    @property
    def id(self) -> str:
        return f"{self.extract} {self.name}"


def missing(*rows: str, children: str = "", episodes: str = "", day: str = "14/05/2012") -> Tables:
    """K1 is in care from 2 May 2025 on, in a second placement since 9 June."""
    tables = care("".join(f"{row.replace('DOB', day)}\n" for row in rows))
    tables["a.csv"] += children
    tables["b.csv"] += "K1,09/06/2025,P,C2,N1,U6,,\n" + episodes
    return tables


def of_care() -> Iterator[tuple[str, Tables, Tables, list[Found]]]:
    late, left = "K2,F,20/06/2025,WBRI,,,\n", "K4,F,14/05/2012,WBRI,,,\n"
    born = {"children": late, "episodes": "K2,20/06/2025,S,C2,N1,U6,,\n"}
    gone = {"children": left, "episodes": "K4,02/05/2025,S,C2,N1,U6,09/06/2025,E8\n"}
    long = {"children": left, "episodes": "K4,01/01/2024,S,C2,N1,U6,,\n"}
    yield (
        "overlap",
        missing("K1,DOB,M,05/06/2025,06/06/2025"),
        missing("K1,DOB,M,04/06/2025,06/06/2025"),
        [("MISSING_OVERLAP", "574", "error")],
    )
    yield (
        "not ended",
        missing("K1,DOB,M,10/06/2025,11/06/2025", "K1,DOB,M,12/06/2025,13/06/2025"),
        missing("K1,DOB,M,10/06/2025,", "K1,DOB,M,12/06/2025,13/06/2025"),
        [("MISSING_NOT_ENDED", "574", "query")],
    )
    yield (
        "after the year",
        missing("K1,DOB,M,31/03/2026,31/03/2026"),
        missing("K1,DOB,M,01/04/2026,02/04/2026"),
        [("STARTED_AFTER_PERIOD", "570", "error")],
    )
    yield (
        "before birth",
        missing("K2,20/06/2025,M,20/06/2025,21/06/2025", **born),
        missing("K2,20/06/2025,M,19/06/2025,21/06/2025", **born),
        [("BEFORE_BIRTH", "586", "error")],
    )
    yield (
        "more than a year",
        missing("K4,DOB,M,31/03/2025,", **long),
        missing("K4,DOB,M,30/03/2025,", **long),
        [("MISSING_LONG", None, "query")],
    )
    yield (
        "another birth date",
        missing("K1,DOB,M,10/06/2025,11/06/2025"),
        missing("K1,DOB,M,10/06/2025,11/06/2025", day="15/05/2012"),
        [("BIRTH_DATE_DIFFERS", "INT13", "query")],
    )
    yield (
        "open beyond the placement",
        missing("K1,DOB,M,09/06/2025,"),
        missing("K1,DOB,M,08/06/2025,"),
        [("MISSING_AFTER_PLACEMENT", "575", "query")],
    )
    yield (
        "open beyond care",
        missing("K4,DOB,M,09/06/2025,09/06/2025", **gone),
        missing("K4,DOB,M,09/06/2025,", **gone),
        [("MISSING_AFTER_CARE", "577", "query")],
    )
    yield (
        "after care",
        missing("K4,DOB,M,09/06/2025,10/06/2025", **gone),
        missing("K4,DOB,M,10/06/2025,10/06/2025", **gone),
        [("MISSING_AFTER_CARE", "578", "query")],
    )
    yield (
        "before care",
        missing("K4,DOB,M,02/05/2025,03/05/2025", **gone),
        missing("K4,DOB,M,01/05/2025,03/05/2025", **gone),
        [("MISSING_BEFORE_CARE", "581", "query")],
    )
    turns = {"children": "K5,F,01/06/2007,WBRI,,,\n"}
    adult = "K5,02/05/2025,S,C2,N1,U6,01/06/2025,{}\n"
    yield (
        "missing at eighteen",
        missing("K5,01/06/2007,M,30/05/2025,01/06/2025", episodes=adult.format("E8"), **turns),
        missing("K5,01/06/2007,M,30/05/2025,01/06/2025", episodes=adult.format("E4A"), **turns),
        [("MISSING_AT_EIGHTEEN", "580", "query")],
    )
    yield (
        "born after the year",
        missing(children="K2,F,31/03/2026,WBRI,,,\n"),
        missing(children="K2,F,01/04/2026,WBRI,,,\n"),
        [("BORN_AFTER_PERIOD", "301", "error")],
    )
    yield (
        "over 25",
        missing(children="K2,F,01/04/1999,WBRI,,,\n"),
        missing(children="K2,F,31/03/1999,WBRI,,,\n"),
        [("AGE", "351", "error")],
    )
    yield (
        "care before birth",
        missing(children=late, episodes="K2,20/06/2025,S,C2,N1,U6,,\n"),
        missing(children=late, episodes="K2,19/06/2025,S,C2,N1,U6,,\n"),
        [("BEFORE_BIRTH", "302", "error")],
    )
    yield (
        "end without reason",
        missing(children=left, episodes="K4,02/05/2025,S,C2,N1,U6,09/06/2025,E8\n"),
        missing(children=left, episodes="K4,02/05/2025,S,C2,N1,U6,09/06/2025,\n"),
        [("END_AND_REASON", "148", "query")],
    )
    more = "K4,02/05/2025,S,C2,N1,U6,{},{}\nK4,{},P,C2,N1,U6,,\n"
    yield (
        "overlapping care",
        missing(children=left, episodes=more.format("09/06/2025", "X1", "09/06/2025")),
        missing(children=left, episodes=more.format("09/06/2025", "X1", "08/06/2025")),
        [("CARE_OVERLAP", "501", "query")],
    )
    yield (
        "care not ended",
        missing(children=left, episodes=more.format("09/06/2025", "X1", "10/06/2025")),
        missing(children=left, episodes=more.format("", "", "10/06/2025")),
        [("CARE_NOT_ENDED", "142", "query")],
    )
    yield (
        "no header",
        missing("K1,DOB,M,10/06/2025,11/06/2025"),
        missing("K9,DOB,M,10/06/2025,11/06/2025"),
        [
            ("PARENT_MISSING", "INT04", "query"),
            ("MISSING_AFTER_CARE", "578", "query"),
            ("MISSING_BEFORE_CARE", "581", "query"),
        ],
    )
    yield (
        "numbers for sex since letters",
        missing(children="K2,F,14/05/2012,WBRI,,,\n"),
        missing(children="K2,2,14/05/2012,WBRI,,,\n"),
        [("CODE_YEAR", "101", "query")],
    )
    placed = "K4,02/05/2025,S,C2,N1,{},09/06/2025,{}\n"
    for name, place, reason in (
        ("H5", "H5", "E8"), ("P2", "P2", "E8"), ("Z1", "Z1", "E8"), ("E44", "Z11", "E44"),
    ):  # fmt: skip
        yield (
            f"{name} after its years",
            missing(children=left, episodes=placed.format("Z11", "E48")),
            missing(children=left, episodes=placed.format(place, reason)),
            [("CODE_YEAR", None, "query")],
        )


HEAD = (
    "<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>{year}</Year>"
    "<ReferenceDate>{year}-03-31</ReferenceDate></CollectionDetails>"
    "<Source><LEA>301</LEA></Source></Header><Children>\n"
)
FACTOR = "<AssessmentFactors>{}</AssessmentFactors>"


def assessment(start: str, end: str | None, *factors: str) -> str:
    named = "".join(map(FACTOR.format, factors))
    done = f"<AssessmentAuthorisationDate>{end}</AssessmentAuthorisationDate>" if end else ""
    factors_named = (
        f"<FactorsIdentifiedAtAssessment>{named}</FactorsIdentifiedAtAssessment>" if named else ""
    )
    return (
        f"<Assessments><AssessmentActualStartDate>{start}</AssessmentActualStartDate>"
        f"{done}{factors_named}</Assessments>\n"
    )


def referral(
    day: str = "2025-06-02", *, more: str = "", is_nothing: bool = False, need: str = "N1"
) -> str:
    needed = f"<PrimaryNeedCode>{need}</PrimaryNeedCode>" if need else ""
    return (
        f"<CINdetails><CINreferralDate>{day}</CINreferralDate><ReferralSource>2A</ReferralSource>"
        f"{needed}<ReferralNFA>{int(is_nothing)}</ReferralNFA>\n{more}</CINdetails>\n"
    )


def child(number: int, *referrals: str, born: str = "<PersonBirthDate>2012-05-14</PersonBirthDate>",
          number_of: str | None = None, sex: str = "<Sex>F</Sex>") -> str:  # fmt: skip
    known = f"<UPN>{upn(number)}</UPN>" if number_of is None else number_of
    return (
        f"<Child><ChildIdentifiers><LAchildID>C{number}</LAchildID>{known}{born}{sex}"
        f"</ChildIdentifiers>\n{''.join(referrals)}</Child>\n"
    )


def cin(*children: str, year: int = 2026) -> Tables:
    """A return that also holds a child of whom all is in order, with two assessments."""
    sex = "<Sex>M</Sex>" if year >= 2025 else "<GenderCurrent>1</GenderCurrent>"
    days = [f"{year - 1}-06-{day:02}" for day in (2, 3, 20, 21, 30)]
    work = assessment(days[1], days[2], "13A") + assessment(days[3], days[4], "1A", "2A", "4A")
    first = child(1, referral(days[0], more=work), sex=sex)
    return {"cin.xml": HEAD.format(year=year) + first + "".join(children) + "</Children></Message>"}


def born(day: str, *, is_expected: bool = False) -> str:
    tag = "ExpectedPersonBirthDate" if is_expected else "PersonBirthDate"
    return f"<{tag}>{day}</{tag}>"


def closed(day: str | None, reason: str | None) -> str:
    end = f"<CINclosureDate>{day}</CINclosureDate>" if day else ""
    return end + (f"<ReasonForClosure>{reason}</ReasonForClosure>" if reason else "")


def of_cin() -> Iterator[tuple[str, Tables, Tables, list[Found]]]:
    yield (
        "born after the census",
        cin(child(2, referral("2026-03-02"), born=born("2026-03-31"))),
        cin(child(2, referral("2026-03-02"), born=born("2026-04-01"))),
        [("BORN_AFTER_PERIOD", "8520", "error")],
    )
    yield (
        "26 years old",
        cin(child(2, referral(), born=born("1999-04-01"))),
        cin(child(2, referral(), born=born("1999-03-31"))),
        [("AGE", None, "error")],
    )
    both = born("2025-06-01") + born("2025-06-02", is_expected=True)
    yield (
        "two birth dates",
        cin(child(2, referral(), born=born("2025-06-02", is_expected=True))),
        cin(child(2, referral(), born=both)),
        [("BIRTH_DATES", "8525Q", "query")],
    )
    yield (
        "no birth date",
        cin(child(2, referral())),
        cin(child(2, referral(), born="")),
        [("BIRTH_DATES", "8525Q", "query")],
    )
    yield (
        "one pupil number for two",
        cin(child(2, referral())),
        cin(child(2, referral(), number_of=f"<UPN>{upn(1)}</UPN>")),
        [("UPN_TWICE", "1520", "query")],
    )
    yield (
        "referred after the census",
        cin(child(2, referral("2026-03-31"))),
        cin(child(2, referral("2026-04-01"))),
        [("REFERRED_AFTER_PERIOD", "8600", "error")],
    )
    for is_expected in (False, True):
        day = born("2026-03-09", is_expected=is_expected)
        yield (
            f"forty weeks before birth {is_expected}",
            cin(child(2, referral("2025-06-02"), born=day)),
            cin(child(2, referral("2025-06-01"), born=day)),
            [("BEFORE_BIRTH", "8606", "error")],
        )
    yield (
        "closed without reason",
        cin(child(2, referral(more=closed("2025-09-01", "RC7")))),
        cin(child(2, referral(more=closed("2025-09-01", None)))),
        [("CLOSURE_REASON_MISSING", "8805", "query")],
    )
    yield (
        "reason without closure",
        cin(child(2, referral())),
        cin(child(2, referral(more=closed(None, "RC7")))),
        [("CLOSURE_DATE_MISSING", "8810", "query")],
    )
    yield (
        "no need",
        cin(child(2, referral(need="", is_nothing=True))),
        cin(child(2, referral(need=""))),
        [("NEED_MISSING", "8610", "query")],
    )
    yield (
        "nothing done long ago",
        cin(child(2, referral("2025-03-27", is_nothing=True))),
        cin(child(2, referral("2025-03-26", is_nothing=True))),
        [("OLD_NO_FURTHER_ACTION", "8569Q", "query")],
    )
    unknown = "<UPNunknown>UN7</UPNunknown>"
    yield (
        "reason for an unknown number",
        cin(child(2, referral(is_nothing=True), number_of=unknown)),
        cin(child(2, referral(), number_of=unknown)),
        [("UPN_UNKNOWN_REASON", "8772", "query")],
    )
    meeting = "<DateOfInitialCPC>2025-06-{:02}</DateOfInitialCPC>"
    yield (
        "conference before referral",
        cin(child(2, referral(more=meeting.format(2)))),
        cin(child(2, referral(more=meeting.format(1)))),
        [("CONFERENCE_BEFORE_REFERRAL", "1104", "query")],
    )
    ended = referral("2025-05-01", more=closed("2025-06-01", "RC7"))
    yield (
        "two open",
        cin(child(2, ended, referral())),
        cin(child(2, referral("2025-05-01"), referral())),
        [("OPEN_TWICE", "8815", "query"), ("OPEN_NOT_LATEST", "8816", "query")],
    )
    yield (
        "open and not the latest",
        cin(child(2, ended, referral())),
        cin(child(2, referral("2025-04-30"), ended)),
        [("OPEN_NOT_LATEST", "8816", "query")],
    )
    for name, end, severity in (("began", "2025-06-20", "query"), ("ended", "2025-06-01", "error")):
        yield (
            f"assessment {name} before referral",
            cin(child(2, referral(more=assessment("2025-06-02", "2025-06-02", "1A")))),
            cin(child(2, referral(more=assessment("2025-06-01", end, "1A")))),
            # The factor of an assessment that is kept out stays without it.
            [("BEFORE_REFERRAL", "1103", severity)],
        )
    done = assessment("2025-06-03", "2025-06-20", "1A")
    yield (
        "assessment though nothing was to be done",
        cin(child(2, referral(more=done))),
        cin(child(2, referral(more=done, is_nothing=True))),
        [("ACTIVITY_ON_NO_FURTHER_ACTION", "8831", "query")],
    )
    yield (
        "no factor",
        cin(child(2, referral(more=done))),
        cin(child(2, referral(more=assessment("2025-06-03", "2025-06-20")))),
        [("FACTORS_MISSING", "8897Q", "query")],
    )
    yield (
        "factors too early",
        cin(child(2, referral(more=assessment("2025-06-03", None)))),
        cin(child(2, referral(more=assessment("2025-06-03", None, "1A")))),
        [("FACTORS_TOO_EARLY", "8614", "query")],
    )
    for name, inside, outside, found in (
        ("twice", ("1A", "1B"), ("1A", "1A"), ("FACTOR_TWICE", "8898", "error")),
        ("not alone", ("21",), ("21", "1A"), ("FACTOR_NOT_ALONE", "8869", "query")),
        ("18A", ("18B",), ("18A",), ("FACTOR_SPLIT", "8945Q", "query")),
        ("19A", ("19C",), ("19A",), ("FACTOR_SPLIT", "8950Q", "query")),
    ):
        yield (
            f"factor {name}",
            cin(child(2, referral(more=assessment("2025-06-03", "2025-06-20", *inside)))),
            cin(child(2, referral(more=assessment("2025-06-03", "2025-06-20", *outside)))),
            [found],
        )
    activities = (
        ("enquiry", "Section47", "S47ActualStartDate", "2889", "8831"),
        ("plan", "CINPlanDates", "CINPlanStartDate", "4015", "4000"),
        ("protection plan", "ChildProtectionPlans", "CPPstartDate", "1105", "8832"),
    )
    for name, tag, start, before, on_nothing in activities:
        early, late = (f"<{tag}><{start}>2025-06-{day:02}</{start}></{tag}>" for day in (1, 2))
        yield (
            f"{name} before referral",
            cin(child(2, referral(more=late))),
            cin(child(2, referral(more=early))),
            [("BEFORE_REFERRAL", before, "query")],
        )
        yield (
            f"{name} though nothing was to be done",
            cin(child(2, referral(more=late))),
            cin(child(2, referral(more=late, is_nothing=True))),
            [("ACTIVITY_ON_NO_FURTHER_ACTION", on_nothing, "query")],
        )
    for code, first in (("18B", 2021), ("18C", 2021), ("19B", 2021), ("19C", 2021), ("24A", 2022)):
        yield (f"{code} before its year", *_of_years(code, first))
    sex = "<GenderCurrent>2</GenderCurrent>"
    yield (
        "letters for sex too early",
        cin(child(2, referral("2023-06-02"), sex=sex), year=2024),
        cin(child(2, referral("2023-06-02")), year=2024),
        [("CODE_YEAR", None, "query")],
    )
    yield (
        "numbers for sex too late",
        cin(child(2, referral())),
        cin(child(2, referral(), sex=sex)),
        [("CODE_YEAR", None, "query")],
    )
    for reason, first in (("RC9", 2023),):
        yield (
            f"{reason} before its year",
            cin(child(2, referral(f"{first - 1}-06-02", more=closed(f"{first - 1}-07-01", reason)),
                      sex=sex), year=first),
            cin(child(2, referral(f"{first - 2}-06-02", more=closed(f"{first - 2}-07-01", reason)),
                      sex=sex), year=first - 1),
            [("CODE_YEAR", None, "query")],
        )  # fmt: skip
    plan = "<CINPlanDates><CINPlanStartDate>{}-06-02</CINPlanStartDate></CINPlanDates>"
    yield (
        "plan before its year",
        cin(child(2, referral("2021-06-02", more=plan.format(2021)), sex=sex), year=2022),
        cin(child(2, referral("2020-06-02", more=plan.format(2020)), sex=sex), year=2021),
        [("COLUMN_YEAR", None, "query")],
    )


def _of_years(code: str, first: int) -> tuple[Tables, Tables, list[Found]]:
    """Fault 127: chosen by the year of the return and not by the day of processing."""
    sex = "<GenderCurrent>2</GenderCurrent>"
    inside, outside = (
        cin(
            child(
                2,
                referral(
                    f"{year - 1}-06-02",
                    more=assessment(f"{year - 1}-06-03", f"{year - 1}-06-20", code),
                ),
                sex=sex,
            ),
            year=year,
        )
        for year in (first, first - 1)
    )
    return inside, outside, [("CODE_YEAR", None, "query")]


PUPIL = "pupilonrolltableid,upn,dob,sex\n"
EXCLUSION = "pupilonrolltableid,termlyexclusionsonrolltableid,startdate,sessions,category,reason1\n"


def school(*rows: str, pupils: str = "", is_off: bool = False) -> Tables:
    """Two pupils, the second on two rolls; one suspension of the first in March 2025."""
    first = f"P1,{upn(1)},2012-May-14 00:00:00,F\n"
    rolls = f"P2,{upn(2)},2012-May-14 00:00:00,M\nP3,{upn(2)},2012-May-14 00:00:00,M\n"
    good = "P1,E0,2025-Mar-03 00:00:00,2.0,SUSP,DB\n"
    on = {
        "a.csv": PUPIL + first + rolls + pupils,
        "b.csv": EXCLUSION + good + "".join(f"{row}\n" for row in rows),
    }
    none = {"a.csv": PUPIL, "b.csv": EXCLUSION}
    here, gone = (none, on) if is_off else (on, none)
    renamed = {f"off_{name}": _off(text) for name, text in gone.items()}
    return here | renamed


def attending(sessions: str, *details: str, is_off: bool, is_late_summer: bool = False) -> Tables:
    """One pupil with the sessions of the term: possible, missed with leave, missed without; and 60
    in the last half term of the summer."""
    pupil = PUPIL.strip() + ",termlysessionspossible,termlysessionsauthorised"
    pupil += ",termlysessionsunauthorised,summerhalfterm2sessionspossible\n"
    pupil += f"P1,{upn(1)},2012-May-14 00:00:00,F,{sessions},{60 if is_late_summer else ''}\n"
    part = "summerhalfterm2" if is_late_summer else "termly"
    head = f"pupilonrolltableid,{part}sessiondetailsonrolltableid,sessions,attendancereason\n"
    on = {"a.csv": pupil, "b.csv": EXCLUSION, "c.csv": head + "".join(f"{x}\n" for x in details)}
    none = {"a.csv": PUPIL, "b.csv": EXCLUSION}
    here, gone = (none, on) if is_off else (on, none)
    return here | {f"off_{name}": _off(text) for name, text in gone.items()}


def _off(text: str) -> str:
    left = text.replace("pupilonroll", "pupilnolongeronroll")
    left = left.replace("detailsonroll", "detailsoffroll")
    return left.replace("exclusionsonroll", "exclusionsoffroll")


def of_school() -> Iterator[tuple[str, Tables, Tables, list[Found]]]:
    pairs: tuple[tuple[str, list[str], list[str], str, str], ...] = (
        (
            "permanent twice",
            ["P2,E1,2025-Mar-04 00:00:00,,PERM,DB", "P1,E2,2025-Mar-05 00:00:00,,PERM,DB"],
            ["P2,E1,2025-Mar-04 00:00:00,,PERM,DB", "P3,E2,2025-Mar-05 00:00:00,,PERM,DB"],
            "PERMANENT_TWICE",
            "error",
        ),
        (
            "twice a day",
            ["P2,E1,2025-Mar-04 00:00:00,2,SUSP,DB", "P3,E2,2025-Mar-05 00:00:00,2,SUSP,DB"],
            ["P2,E1,2025-Mar-04 00:00:00,2,SUSP,DB", "P3,E2,2025-Mar-04 00:00:00,4,SUSP,DB"],
            "EXCLUSION_TWICE",
            "error",
        ),
        (
            "no session",
            ["P1,E1,2025-Mar-04 00:00:00,1,SUSP,DB", "P1,E2,2025-Mar-05 00:00:00,0,PERM,DB"],
            ["P1,E1,2025-Mar-04 00:00:00,0,LNCH,DB"],
            "SESSIONS_NONE",
            "error",
        ),
        (
            "sessions not given",
            ["P1,E1,2025-Mar-04 00:00:00,,PERM,DB"],
            ["P1,E1,2025-Mar-04 00:00:00,,SUSP,DB"],
            "SESSIONS_MISSING",
            "query",
        ),
        (
            "sessions of a school year",
            ["P2,E1,2025-Mar-04 00:00:00,45,SUSP,DB", "P3,E2,2025-Mar-05 00:00:00,45,SUSP,DB"],
            ["P2,E1,2025-Mar-04 00:00:00,45,SUSP,DB", "P3,E2,2025-Mar-05 00:00:00,46,SUSP,DB"],
            "SESSIONS_IN_YEAR",
            "query",
        ),
        (
            "weekend",
            ["P1,E1,2025-Mar-07 00:00:00,2,SUSP,DB"],
            ["P1,E1,2025-Mar-08 00:00:00,2,SUSP,DB"],
            "WEEKEND",
            "query",
        ),
        (
            "no reason",
            ["P1,E1,2025-Mar-04 00:00:00,2,SUSP,DB"],
            ["P1,E1,2025-Mar-04 00:00:00,2,SUSP,"],
            "REASON_MISSING",
            "query",
        ),
        (
            "reason of another year",
            ["P1,E1,2025-Mar-04 00:00:00,2,SUSP,PH"],
            ["P1,E1,2025-Mar-04 00:00:00,2,SUSP,OT"],
            "CODE_YEAR",
            "query",
        ),
    )
    for is_off in (False, True):
        for name, inside, outside, rule, severity in pairs:
            yield (
                f"{name} {is_off}",
                school(*inside, is_off=is_off),
                school(*outside, is_off=is_off),
                [(rule, None, severity)],
            )
        young = "P4,,2021-Mar-0{} 00:00:00,F\n"
        row = "P4,E1,2025-Mar-04 00:00:00,2,SUSP,DB"
        yield (
            f"under four {is_off}",
            school(row, pupils=young.format(4), is_off=is_off),
            school(row, pupils=young.format(5), is_off=is_off),
            [("AGE_AT_EVENT", None, "query")],
        )
        old = "P4,,2006-Mar-0{} 00:00:00,F\n"
        yield (
            f"over eighteen {is_off}",
            school(row, pupils=old.format(5), is_off=is_off),
            school(row, pupils=old.format(4), is_off=is_off),
            [("AGE_AT_EVENT", None, "query")],
        )
        yield (
            f"absent for more than was possible {is_off}",
            attending("100,60,40", is_off=is_off),
            attending("100,60,41", is_off=is_off),
            [("ABSENCE_OVER_POSSIBLE", None, "query")],
        )
        yield (
            f"a code for more than was possible {is_off}",
            attending("100,0,0", "P1,D1,100,I", is_off=is_off),
            attending("100,0,0", "P1,D1,101,I", is_off=is_off),
            [("SESSIONS_OVER_POSSIBLE", None, "query")],
        )
        yield (
            f"no word of absence {is_off}",
            attending("100,,", "P1,D1,100,/", is_off=is_off),
            attending("100,,", is_off=is_off),
            [("ABSENCE_NOT_TOLD", None, "query")],
        )
        yield (
            f"a code for more than the last half term of the summer had {is_off}",
            attending("100,0,0", "P1,D1,60,I", is_off=is_off, is_late_summer=True),
            attending("100,0,0", "P1,D1,61,I", is_off=is_off, is_late_summer=True),
            [("SESSIONS_OVER_POSSIBLE", None, "query")],
        )
        yield (
            f"pupil of 21 {is_off}",
            school(pupils="P4,,2004-Jan-01 00:00:00,F\n", is_off=is_off),
            school(pupils="P4,,2003-Dec-31 00:00:00,F\n", is_off=is_off),
            [("PUPIL_AGE", None, "error")],
        )


def of_ssd() -> Iterator[tuple[str, Tables, Tables, list[Found]]]:
    person = PERSONS + "K1,F,WBRI,2012-05-14\nK2,F,WBRI,{}\n"
    yield (
        "26 years old",
        ssd(ssd_person=person.format("2000-03-01")),
        ssd(ssd_person=person.format("2000-02-29")),
        [("AGE", None, "query")],
    )
    good = "R2,K2,2026-03-10,N1,2A,N,,\n"
    newborn = PERSONS + "K1,F,WBRI,2026-10-{}\nK2,F,WBRI,2012-05-14\n"
    nothing = {"ssd_cin_assessments": ASSESSMENTS, "ssd_assessment_factors": FACTORS}
    early = EPISODES + "R1,K1,2026-01-01,N1,2A,N,,\n" + good
    yield (
        "before birth",
        ssd(ssd_person=newborn.format("08"), ssd_cin_episodes=early, **nothing),
        ssd(ssd_person=newborn.format("09"), ssd_cin_episodes=early, **nothing),
        [("BEFORE_BIRTH", "8606", "error")],
    )
    away = (
        "miss_table_id,miss_person_id,miss_missing_episode_start_date,miss_missing_episode_type,"
        "miss_missing_episode_end_date\nM1,K1,2026-03-09,M,{}\nM2,K1,2026-03-{},M,2026-03-20\n"
    )
    yield (
        "missing twice at once",
        ssd(ssd_missing=away.format("2026-03-12", "12")),
        ssd(ssd_missing=away.format("2026-03-12", "11")),
        [("MISSING_OVERLAP", "574", "error")],
    )
    yield (
        "missing anew while missing",
        ssd(ssd_missing=away.format("2026-03-12", "12")),
        ssd(ssd_missing=away.format("", "12")),
        [("MISSING_NOT_ENDED", "574", "query")],
    )
    row = EPISODES + "R1,K1,2026-03-09,{},2A,{},{},{}\n"
    yield (
        "closed without reason",
        ssd(ssd_cin_episodes=row.format("N1", "N", "RC7", "2026-04-01")),
        ssd(ssd_cin_episodes=row.format("N1", "N", "", "2026-04-01")),
        [("CLOSURE_REASON_MISSING", "8805", "query")],
    )
    yield (
        "reason without closure",
        ssd(ssd_cin_episodes=row.format("N1", "N", "", "")),
        ssd(ssd_cin_episodes=row.format("N1", "N", "RC7", "")),
        [("CLOSURE_DATE_MISSING", "8810", "query")],
    )
    yield (
        "no need",
        ssd(ssd_cin_episodes=row.format("N1", "N", "", "")),
        ssd(ssd_cin_episodes=row.format("", "N", "", "")),
        [("NEED_MISSING", "8610", "query")],
    )
    yield (
        "assessment though nothing was to be done",
        ssd(ssd_cin_episodes=row.format("N1", "N", "", "")),
        ssd(ssd_cin_episodes=row.format("N1", "Y", "", "")),
        [("ACTIVITY_ON_NO_FURTHER_ACTION", "8831", "query")],
    )
    two = ASSESSMENTS + "A1,K1,R1,2026-03-10,2026-03-27\nA2,K1,R1,{},{}\n"
    both = FACTORS + 'F1,A1,"[""13A""]"\nF2,A2,"[{}]"\n'
    for name, end, severity in (("began", "2026-03-27", "query"), ("ended", "2026-03-08", "error")):
        found = [("BEFORE_REFERRAL", "1103", severity)]
        found += [("PARENT_MISSING", None, "query")] if severity == "error" else []
        yield (
            f"assessment {name} before referral",
            ssd(ssd_cin_assessments=two.format("2026-03-09", "2026-03-09"),
                ssd_assessment_factors=both.format('""1A""')),
            ssd(ssd_cin_assessments=two.format("2026-03-08", end),
                ssd_assessment_factors=both.format('""1A""')),
            found,
        )  # fmt: skip
    second = two.format("2026-03-10", "2026-03-27")
    yield (
        "no factor",
        ssd(ssd_cin_assessments=second, ssd_assessment_factors=both.format('""1A""')),
        ssd(ssd_cin_assessments=second),
        [("FACTORS_MISSING", "8897Q", "query")],
    )
    for inside, outside, found_one in (
        ('""21""', '""21"",""1A""', ("FACTOR_NOT_ALONE", "8869", "query")),
        ('""18B""', '""18A""', ("FACTOR_SPLIT", "8945Q", "query")),
        ('""19B""', '""19A""', ("FACTOR_SPLIT", "8950Q", "query")),
    ):
        yield (
            f"factor {outside}",
            ssd(ssd_cin_assessments=second, ssd_assessment_factors=both.format(inside)),
            ssd(ssd_cin_assessments=second, ssd_assessment_factors=both.format(outside)),
            [found_one],
        )


def cases() -> list[Case]:
    sources = (
        ("ssda903", of_care(), YEAR),
        ("cin_census", of_cin(), {}),
        ("school_census", of_school(), AUTUMN),
        ("ssd", of_ssd(), MARCH),
    )
    return [
        Case(extract, name, inside, outside, frozenset(found), manifest)
        for extract, found_cases, manifest in sources
        for name, inside, outside, found in found_cases
    ]
