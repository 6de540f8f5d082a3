"""Valid files of each kind, small ones to be bent, and what may never come of a bent one."""

import tempfile
from datetime import date
from hashlib import sha256
from pathlib import Path

import intake_files as files
from intake_files import EPISODES, care, ssd, upn
from invariants import physical_records, tables

from warehouse.intake.loading import Workshop, load_batch
from warehouse.intake.outcomes import Outcome, Pending
from warehouse.intake.senders import PUBLISHER

KEY = b"0123456789abcdef" * 2
RECEIVED = date(2026, 10, 20)
YEAR = {"period_start": "2025-04-01", "period_end": "2026-03-31"}
REFERRALS = EPISODES.replace("cine_close_reason", "cine_referral_team,cine_close_reason") + (
    'R1,K1,2026-03-09,N1,2A,N,"North, ""A""",,\n'
    'R2,K2,2026-03-10,N2,6,Y,"two\nlines",RC7,2026-03-20\n'
    "R3,K1,2026-03-11,N1,1A,N,,,\nR4,Zo\u00eb,2026-03-12,,10,0,\U0001f600,,\n"
)
PUPILS = "pupilonrolltableid,upn,dob,gender\n" + "".join(
    f"P{n},{upn(n)},2012-May-{n:02} 00:00:00,F\n" for n in range(1, 6)
)
EXCLUSIONS = (
    "pupilonrolltableid,termlyexclusionsonrolltableid,startdate,sessions,category,reason1\n"
) + "".join(f"P{n},E{n},2026-Feb-{n:02} 00:00:00,2.0,SUSP,DB\n" for n in range(1, 6))
FIGURES = (
    "time_period,time_identifier,geographic_level,country_code,country_name,region_code,"
    "region_name,old_la_code,new_la_code,la_name,category,referral_count,rereferral_count\n"
    "2025,Reporting year,National,E92000001,England,,,,,,All,632830,142900\n"
    "2025,Reporting year,Local authority,E92000001,England,E12000003,Yorkshire and The Humber,"
    '383,E08000035,"Leeds",All,c,z\n'
)
CENSUS = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Message><Header><CollectionDetails>'
    "<Collection>CIN</Collection><Year>2026</Year><ReferenceDate>2026-03-31</ReferenceDate>"
    "</CollectionDetails><Source><LEA>301</LEA></Source></Header>\n<Children>\n"
    + "".join(
        f"<Child><ChildIdentifiers><LAchildID>C{n}</LAchildID><UPN>{upn(n)}</UPN>"
        "<PersonBirthDate>2012-05-14</PersonBirthDate><Sex>F</Sex></ChildIdentifiers>\n"
        "<CINdetails><CINreferralDate>2025-06-02</CINreferralDate>"
        "<ReferralSource>2A</ReferralSource><PrimaryNeedCode>N1</PrimaryNeedCode>\n"
        "<Assessments><AssessmentActualStartDate>2025-06-03</AssessmentActualStartDate>"
        "<FactorsIdentifiedAtAssessment><AssessmentFactors>13A</AssessmentFactors>"
        "</FactorsIdentifiedAtAssessment></Assessments><ReferralNFA>0</ReferralNFA></CINdetails>\n"
        "</Child>\n"
        for n in range(1, 4)
    )
    + "</Children></Message>\n"
)

# What is bent, and what is packed around it so that the whole can be read.
SEEDS: dict[str, tuple[bytes, dict[str, str] | None, dict[str, str] | None, str]] = {
    "referrals": (REFERRALS.encode(), ssd(), files.MARCH, "301"),
    "factors": (ssd()["ssd_assessment_factors.csv"].encode(), ssd(), files.MARCH, "301"),
    "care": (care()["c.csv"].encode(), care(), YEAR, "301"),
    "exclusions": (EXCLUSIONS.encode(), {"pupils.csv": PUPILS}, YEAR, "301"),
    "figures": (FIGURES.encode(), None, None, PUBLISHER),
    "census": (CENSUS.encode(), None, None, "301"),
}
REPLACED = {
    "referrals": "ssd_cin_episodes.csv",
    "factors": "ssd_assessment_factors.csv",
    "care": "c.csv",
}


def whole(kind: str, bent: bytes) -> bytes:
    """What a sender would send: the bent file among its good neighbours."""
    _, beside, manifest, _ = SEEDS[kind]
    if beside is None:
        return bent
    return files.zipped({**beside, REPLACED.get(kind, "bent.csv"): bent}, manifest)


def taken(sent: list[tuple[str, bytes]]) -> list[Outcome]:
    """What intake makes of each file and its sender, all of them in one batch."""
    with tempfile.TemporaryDirectory() as folder:
        pending = []
        for number, (sender, data) in enumerate(sent, 1):
            path = Path(folder) / str(number)
            path.write_bytes(data)
            digest = sha256(data).hexdigest()
            pending.append(Pending(number, sender, f"{number}.csv", path, digest, RECEIVED))
        return load_batch("fuzz", pending, Workshop(Path(folder), KEY))


def complaints(data: bytes, outcome: Outcome) -> list[str]:
    """What is wrong with an outcome: a fault that nobody foresaw, or records not accounted for."""
    found = [str(p) for p in outcome.problems if p.rule == "UNREADABLE"]

    if outcome.records != outcome.accepted + outcome.quarantined + outcome.duplicates:
        found.append("the parts do not add up")
    if outcome.is_refused:
        return found
    unread = {p.file for p in outcome.problems if p.rule == "UNKNOWN_FILE"}
    counted = {
        name: physical_records(table)
        for name, table in tables({"1.csv": data})
        if name not in unread
    }
    if outcome.records != sum(counted.values()):
        found.append(f"{outcome.records} records told of {counted}")
    return found
