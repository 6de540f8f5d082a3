"""Valid files of each kind, small ones to be bent, and what may never come of a bent one."""

import csv
import io
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

import intake_files as files
import opendocument
import openpyxl
from intake_files import EPISODES, YEAR, care, ssd, upn
from invariants import SHEETS, physical_records, tables
from lxml import etree

from sightline.warehouse.areas import PUBLISHER
from sightline.warehouse.intake.batch import Workshop, load_batch
from sightline.warehouse.submission import Outcome, Pending

KEY = b"0123456789abcdef" * 2
RECEIVED = date(2026, 10, 20)
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

# Below a child or below its header: systems write either.
ABSENT = (
    "<AMISSING><MISSING>M</MISSING><MIS_START>03/06/2025</MIS_START>"
    "<MIS_END>05/06/2025</MIS_END></AMISSING>"
)
CARE_RETURN = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<EXPSSDA903>\n'
    + "".join(
        f"<CHILD><HEADER><CHILDID>K{n}</CHILDID><UPN>{upn(n)}</UPN><SEX>F</SEX>"
        f"<DOB>14/05/2012</DOB><ETHNICITY>WBRI</ETHNICITY>{ABSENT * (n % 2)}</HEADER>\n"
        "<EPISODE><DECOM>02/05/2025</DECOM><RNE>S</RNE><LS>C2</LS><CIN>N1</CIN><PL>U6</PL>"
        f"<DEC>09/06/2025</DEC><REC>X1</REC></EPISODE>\n{ABSENT * (1 - n % 2)}</CHILD>\n"
        for n in range(1, 4)
    )
    + "</EXPSSDA903>\n"
)
LISTS = {
    "list_1.csv": "Child Unique ID,Gender,Date of Birth,Date of Contact,Contact Source\n"
    "K1,b) Female,14/05/2012,09/03/2026,q) 6: Police\n",
    "list_3.csv": "Child Unique ID,Gender,Ethnicity,Date of Birth,Age of Child (Years),"
    "Date of referral,Referral Source,Referral NFA?,Allocated Team\n"
    'K1,a) Male,a) WBRI,14/05/2012,13.82,09/03/2026,Police,No,"North, ""A"""\n'
    'K2,b) Female,,01/02/2011,,10/03/2026,q) 6: Police,Yes,"two\nlines"\n'
    "Zo\u00eb,Female,MWBC,,15,11/03/2026,b) Schools,,\n4,M,,30/11/2026,0,31/03/2026,2A,no,\n",
    "list_4.csv": "Child Unique ID,Gender,Date of Birth,Continuous Assessment Start Date,"
    "Continuous Assessment Date of Authorisation\nK1,b) Female,14/05/2012,10/03/2026,01/04/2026\n",
}
HALF_YEAR = {"period_start": "2026-01-01", "period_end": "2026-06-30"}
ABSENCE = (
    "pupilonrolltableid,upn,dob,sex,ncyearactual,termlysessionspossible,"
    "termlysessionsauthorised,termlysessionsunauthorised\n"
) + "".join(f"P{n},{upn(n)},2012-May-{n:02} 00:00:00,F,9,{100 + n},{n},0\n" for n in range(1, 6))
SESSIONS = (
    "pupilonrolltableid,termlysessiondetailsonrolltableid,attendancereason,sessions\n"
) + "".join(f"P{n},S{n},{code},{n}\n" for n, code in enumerate("/\\#IY", 1))
PLACEMENTS = (
    "placement_id,upn,dob,sex,arranged_by,placement_reason,entry_date,leaving_date,setting_urn\n"
) + "".join(
    f"A{n},{upn(n)},2012-05-14,M,LA,PEX,2026-01-{n:02},2026-03-{n:02},123456\n" for n in range(1, 6)
)
SPRING = {"period_start": "2026-01-01", "period_end": "2026-03-31"}
SHEET, TEXTS = "xl/worksheets/sheet2.xml", "xl/sharedStrings.xml"
TEXTS_TYPE = (
    b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats'
    b'-officedocument.spreadsheetml.sharedStrings+xml"/>'
)


def workbook_parts() -> dict[str, bytes]:
    """The lists as the parts of a workbook: days and numbers are cells, one is calculated."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, text in LISTS.items():
        sheet = book.create_sheet(name.removesuffix(".csv"))
        for row in csv.reader(io.StringIO(text)):
            sheet.append([_as_a_cell(field) for field in row])
    book["list_3"]["E3"] = "=7+7"
    out = io.BytesIO()
    book.save(out)
    with zipfile.ZipFile(out) as archive:
        names = set(archive.namelist()) - {"docProps/core.xml"}  # tells when it was made
        return _with_shared_texts({name: archive.read(name) for name in sorted(names)})


def _with_shared_texts(parts: dict[str, bytes]) -> dict[str, bytes]:
    """One sheet's texts stand in a part of their own, as Excel writes them; the others' inline."""
    sheet, texts = etree.fromstring(parts[SHEET]), etree.Element(f"{{{SHEETS}}}sst")
    for cell in sheet.iter(f"{{{SHEETS}}}c"):
        if cell.get("t") == "inlineStr":
            etree.SubElement(texts, f"{{{SHEETS}}}si").extend(cell[0])
            cell[:] = []
            cell.set("t", "s")
            etree.SubElement(cell, f"{{{SHEETS}}}v").text = str(len(texts) - 1)
    types = parts["[Content_Types].xml"].replace(b"</Types>", TEXTS_TYPE + b"</Types>")
    changed = {SHEET: etree.tostring(sheet), TEXTS: etree.tostring(texts)}
    return parts | changed | {"[Content_Types].xml": types}


def _as_a_cell(field: str) -> object:
    if field[2:3] == field[5:6] == "/":
        return date(*map(int, reversed(field.split("/"))))
    return int(field) if field.isdigit() else field or None


WORKBOOK = workbook_parts()
OPEN_SHEET = opendocument.content(
    {
        name.removesuffix(".csv"): [
            [_as_a_cell(field) for field in row] for row in csv.reader(io.StringIO(text))
        ]
        for name, text in LISTS.items()
    }
)
TITLED = care()["c.csv"].replace("CHILD,", "Missing children\n,,\nCHILD,", 1) + ",,,,\n"


@dataclass(frozen=True)
class Seed:
    """What is bent, and what is packed around it so that the whole can be read."""

    content: bytes
    beside: dict[str, str] | None = None
    manifest: dict[str, str] | None = None
    name: str = "bent.csv"
    sender: str = "301"
    part: str | None = None
    """Where it stands in the workbook."""
    is_open: bool = False
    """Whether it is what an OpenDocument spreadsheet holds."""

    def whole(self, bent: bytes) -> bytes:
        """What a sender would send: the bent file among its good neighbours."""
        sent = files.zipped(WORKBOOK | {self.part: bent}) if self.part else bent
        if self.is_open:
            sent = opendocument.packed(bent)
        if self.beside is None:
            return sent
        return files.zipped({**self.beside, self.name: sent}, self.manifest)


def part(name: str) -> Seed:
    """A part of a workbook, bent before it is packed: its sums of check are right."""
    return Seed(WORKBOOK[name], {}, HALF_YEAR, "bent.xlsx", part=name)


SEEDS = {
    "referrals": Seed(REFERRALS.encode(), ssd(), files.MARCH, "ssd_cin_episodes.csv"),
    "factors": Seed(
        ssd()["ssd_assessment_factors.csv"].encode(), ssd(), files.MARCH,
        "ssd_assessment_factors.csv",
    ),
    "care": Seed(care()["c.csv"].encode(), care(), YEAR, "c.csv"),
    "exclusions": Seed(EXCLUSIONS.encode(), {"pupils.csv": PUPILS}, YEAR),
    "figures": Seed(FIGURES.encode(), sender=PUBLISHER),
    "census": Seed(CENSUS.encode()),
    "care_return": Seed(CARE_RETURN.encode(), {}, YEAR),
    "list": Seed(LISTS["list_3.csv"].encode(), LISTS, HALF_YEAR, "list_3.csv"),
    "absence": Seed(ABSENCE.encode(), {"sessions.csv": SESSIONS}, SPRING),
    "sessions": Seed(SESSIONS.encode(), {"pupils.csv": ABSENCE}, SPRING),
    "placements": Seed(PLACEMENTS.encode(), {}, SPRING),
    "workbook": Seed(files.zipped(WORKBOOK)),
    "sheet": part(SHEET),
    "sheet_texts": part(TEXTS),
    "titled": Seed(TITLED.encode(), care(), YEAR, "c.csv"),
    "open_sheet": Seed(OPEN_SHEET.encode(), {}, HALF_YEAR, "bent.ods", is_open=True),
}  # fmt: skip


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
    unread = {p.file for p in outcome.problems if p.rule in ("UNKNOWN_FILE", "TABLE_NOT_READ")}
    counted = [one for one in tables({outcome.name: data}) if one[0] not in unread]
    # Rows of no area or of a part that is not used are no records of a series.
    passed = ("ROWS_PASSED_OVER", "JOINT_RETURN", "AREA_UNKNOWN")
    over = sum(p.count for p in outcome.problems if p.rule in passed)
    least = sum(physical_records(table) for _, table in counted) - over
    # Behind a quote that stands where none should nobody knows which line ends are a record's.
    doubtful = {p.file for p in outcome.problems if p.rule == "BAD_QUOTE"}
    most = least + sum(table.count(b"\n") for name, table in counted if name in doubtful)
    if not least <= outcome.records <= most:
        found.append(f"{outcome.records} records told of {least} to {most}")
    return found
