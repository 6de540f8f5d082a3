"""Bad files as they arrive in practice, dropped into an inbox, each with the rule that names it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from sightline.simulation.formats import case_systems, census

FOREIGN_UPN = "L999200115001"
# Authorities to be mistaken for, where the inbox has too few senders of its own.
OTHERS = ("301", "302", "303")


@dataclass(frozen=True)
class PlantedFault:
    sender: str
    name: str
    """What was dropped into the sender's folder: a file or a folder."""
    file: str
    """The file in it that is at fault."""
    rule: str
    words: str

    @property
    def label(self) -> str:
        """As intake names what came."""
        return f"{self.sender}/{self.name}"


def plant(inbox: Path) -> list[PlantedFault]:
    """Spread over the senders that the inbox has, or over one if there are none yet."""
    codes = [path.name for path in sorted(inbox.iterdir()) if path.name.isdigit()] or ["301"]
    return [
        _dropped(inbox, codes[number % len(codes)], fault)
        for number, fault in enumerate(_faults(codes))
    ]


def save(planted: Iterable[PlantedFault], path: Path) -> None:
    path.write_text(json.dumps([asdict(one) for one in planted], indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> list[PlantedFault]:
    return [PlantedFault(**one) for one in json.loads(path.read_text(encoding="utf-8"))]


def in_words(planted: list[PlantedFault], refused: list[str]) -> Iterator[str]:
    """Each with the reason that it was refused for, or plainly that it was not caught."""
    caught = {one.label: _reason(one, refused) for one in planted}
    yield f"Bad files planted: {len(planted)}; {sum(map(bool, caught.values()))} caught."
    for one in planted:
        reason = caught[one.label]
        yield f"  caught: {one.words} - {reason}" if reason else f"  NOT caught: {one.words}"


def all_caught(planted: list[PlantedFault], refused: list[str]) -> bool:
    """Whether each is among the lines that name a refused submission, for its own rule."""
    return all(_reason(one, refused) for one in planted)


def _reason(one: PlantedFault, refused: list[str]) -> str | None:
    return next(
        (line for line in refused if line.startswith(f"{one.label}: ") and f"{one.rule}: " in line),
        None,
    )


@dataclass(frozen=True)
class _Fault:
    name: str
    files: dict[str, bytes]
    bad: str
    rule: str
    words: str


def _dropped(inbox: Path, sender: str, fault: _Fault) -> PlantedFault:
    """One file is dropped as it is, several as a folder."""
    target = inbox / sender / fault.name
    folder = target if len(fault.files) > 1 else target.parent
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in fault.files.items():
        (folder / name if len(fault.files) > 1 else target).write_bytes(content)
    return PlantedFault(sender, fault.name, fault.bad, fault.rule, fault.words)


def _faults(codes: list[str]) -> Iterator[_Fault]:
    """In the order of the senders: the first fault goes to the first of `codes`, and so on."""
    senders = [codes[number % len(codes)] for number in range(7)]
    yield _single("referrals_august.csv", b"", "EMPTY_FILE", "a file with nothing in it")
    yield _truncated(senders[1])
    yield _single(
        "cin_census_resend.xml", _cin(senders[2])[:-600], "XML_NOT_WELL_FORMED",
        "a CIN census that was cut in half",
    )  # fmt: skip
    other = next(code for code in (*reversed(codes), *OTHERS) if code not in senders[3:5])
    yield _single(
        "cin_census_for_another.xml", _cin(other), "WRONG_SENDER",
        "a CIN census of another authority",
    )  # fmt: skip
    yield _foreign_census(senders[4], other)
    yield _single(
        "notes.csv", b"week,what we did\n1,rang round\n2,wrote it up\n", "UNKNOWN_EXTRACT",
        "a table that is none of the extracts",
    )  # fmt: skip
    yield _single(
        "annex.xlsx", b"<html><body><table><tr><td>1</td></tr></table></body></html>\n",
        "NOT_XLSX", "a web page saved under the name of a spreadsheet",
    )  # fmt: skip


def _single(name: str, content: bytes, rule: str, words: str) -> _Fault:
    return _Fault(name, {name: content}, name, rule, words)


def _manifest(extract: str, sender: str, start: date, end: date, prepared: date) -> bytes:
    return json.dumps(
        {
            "extract": extract,
            "sender": sender,
            "period_start": start.isoformat(),
            "period_end": end.isoformat(),
            "prepared_on": prepared.isoformat(),
            "sequence": 9,
            "simulated": True,
        }
    ).encode()


def _truncated(sender: str) -> _Fault:
    """The last line of the referrals stops in the middle, as when a transfer breaks off."""
    referrals = (
        f"{case_systems.REFERRAL}\nR80000001,K9000001,2026-08-03,N1,6,,,N,,,T1,\nR80000002,K90"
    )
    persons = f"{case_systems.PERSON}\nK9000001,F,WBRI,2012-02-17,,UN4,N,\n"
    return _Fault(
        "ssd_2026-08_resend",
        {
            "manifest.json": _manifest(
                "ssd", sender, date(2026, 8, 1), date(2026, 8, 31), date(2026, 10, 1)
            ),
            "ssd_person.csv": persons.encode(),
            "ssd_linked_identifiers.csv": f"{case_systems.IDENTIFIER}\n".encode(),
            "ssd_cin_episodes.csv": referrals.encode(),
            "ssd_cin_assessments.csv": f"{case_systems.ASSESSMENT}\n".encode(),
            "ssd_assessment_factors.csv": f"{case_systems.FACTOR}\n".encode(),
        },
        "ssd_cin_episodes.csv",
        "TRUNCATED",
        "a table of referrals that stops in the middle of a line",
    )


def _foreign_census(sender: str, other: str) -> _Fault:
    """The manifest and the folder name the sender, the census itself another authority."""
    files = {
        "manifest.json": _manifest(
            "school_census", sender, date(2026, 1, 1), date(2026, 8, 31), date(2026, 10, 19)
        ),
        "schoolcensus.csv": (
            f"{census.CENSUS}\nC0001,S0001,{other},2001,2026,Autumn,2026-Oct-01 00:00:00\n"
        ).encode(),
    }
    pupil = "P90000001,S0001,{upn},,2012-Feb-17 00:00:00,F,2023-Sep-04 00:00:00,9,C,N,C0001"
    exclusion = "P90000001,S0001,E90000001,1,1,2026-May-12 00:00:00,4.0,DB,,,SUSP,N\n"
    for parent, roll in census.ROLLS:
        is_on = roll == "onroll"
        header = census.PUPIL.format(parent=parent) + ("" if is_on else ",leavingdate")
        row = pupil.format(upn=FOREIGN_UPN) + "\n" if is_on else ""
        files[f"{parent}.csv"] = f"{header}\n{row}".encode()
        header = census.EXCLUSION.format(parent=parent, roll=roll)
        files[f"termlyexclusions{roll}.csv"] = f"{header}\n{exclusion if is_on else ''}".encode()
    return _Fault(
        "school_census_2026_autumn_resend", files, "schoolcensus.csv", "WRONG_SENDER",
        "a school census of another authority",
    )  # fmt: skip


def _cin(lea: str) -> bytes:
    children = "".join(
        f"<Child><ChildIdentifiers><LAchildID>K90000{number:02}</LAchildID>"
        "<UPNunknown>UN4</UPNunknown><PersonBirthDate>2012-02-17</PersonBirthDate><Sex>F</Sex>"
        "</ChildIdentifiers><ChildCharacteristics><Ethnicity>WBRI</Ethnicity>"
        "</ChildCharacteristics>\n<CINdetails><CINreferralDate>2025-06-02</CINreferralDate>"
        "<ReferralSource>6</ReferralSource><PrimaryNeedCode>N1</PrimaryNeedCode>"
        "<ReferralNFA>0</ReferralNFA></CINdetails></Child>\n"
        for number in range(6)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Message>\n<Header><CollectionDetails>'
        "<Collection>CIN</Collection><Year>2026</Year><ReferenceDate>2026-03-31</ReferenceDate>"
        f"</CollectionDetails><Source><SourceLevel>L</SourceLevel><LEA>{lea}</LEA>"
        "<SoftwareCode>Simulated</SoftwareCode><Release>1.0</Release><SerialNo>001</SerialNo>"
        "<DateTime>2026-06-20T09:00:00</DateTime></Source></Header>\n<Children>\n"
        f"{children}</Children>\n</Message>\n"
    ).encode()
