"""What must hold after every intake, whatever was dropped: counted without the product's readers.

I1 what is published stays as it is; I2 every byte is kept and every record accounted for; I3 and I6
no value is told to anybody; I4 running again changes nothing; I5 the others of a batch go through
(which the verdict on each file shows).
"""

import csv
import gzip
import hashlib
import io
import logging
import unicodedata
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from string import whitespace
from typing import Any

import pyarrow.parquet as pq
import sqlalchemy as sa
from intake_files import Monitor
from lxml import etree

from sightline.warehouse.ledger.state import problems, submissions
from sightline.warehouse.problems import escaped
from sightline.warehouse.take_in import IntakeReport

FINAL = {"accepted", "quarantined"}
SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OFFICE, TABLE = (f"urn:oasis:names:tc:opendocument:xmlns:{n}:1.0" for n in ("office", "table"))
XML_RECORDS = {
    "Message": (
        "Child", "CINdetails", "Assessments", "AssessmentFactors", "Section47", "CINPlanDates",
        "ChildProtectionPlans",
    ),
    "EXPSSDA903": ("HEADER", "EPISODE", "AMISSING"),
}  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """What lay in the inbox before an intake."""

    sender: str
    path: Path
    files: dict[str, bytes]

    @property
    def label(self) -> str:
        return f"{self.sender}/{self.path.name}"


@dataclass
class Before:
    """A monitor as it stood, with its inbox; what is logged from now on is heard."""

    monitor: Monitor
    sent: list[Sent]
    published: dict[str, str]
    log: io.StringIO = field(default_factory=io.StringIO)

    def __post_init__(self) -> None:
        logging.getLogger().addHandler(logging.StreamHandler(self.log))


def before(monitor: Monitor) -> Before:
    """Remember what lies in the inbox and what is published."""
    sent = [
        Sent(folder.name, path, contents(path))
        for folder in sorted(monitor.home.inbox.iterdir())
        for path in sorted(folder.iterdir())
        if not path.name.endswith(".manifest.json")
    ]
    return Before(monitor, sent, hashes(monitor.home.published))


def assert_invariants(was: Before, report: IntakeReport, canaries: Collection[str]) -> None:
    """Assert I1 to I4 and I6 after the intake that gave this report."""
    monitor = was.monitor
    assert hashes(monitor.home.published) == was.published
    assert_accounted(was, report)
    assert_nothing_told(was, report, canaries)
    assert_rerun_changes_nothing(monitor)


def counted(monitor: Monitor) -> IntakeReport:
    """Take in what waits, and count every record of it again without the product's readers."""
    was = before(monitor)
    report = monitor.take_in()
    assert_accounted(was, report)
    return report


def assert_accounted(was: Before, report: IntakeReport) -> None:
    """Every byte sent is in the landing store or still in the inbox; every record is counted."""
    monitor = was.monitor
    left = {label for label, _ in report.unreadable}
    rows = {(row["sender"], row["sha256"]): row for row in monitor.ledger()}
    for sent in was.sent:
        if sent.label in left or sent.path.exists():
            assert contents(sent.path) == sent.files
            continue
        row = _entered(sent, rows, monitor)
        assert row["status"] in FINAL, sent.label
        counts = [row[name] for name in ("accepted", "quarantined", "duplicates")]
        assert row["records"] == sum(counts), sent.label
        if row["status"] == "accepted":
            _assert_rows_are_where_they_should_be(monitor, sent, row)
        else:
            assert row["accepted"] == 0
            assert row["first_error"], sent.label


def _entered(
    sent: Sent, rows: dict[tuple[str, str], dict[str, Any]], monitor: Monitor
) -> dict[str, Any]:
    """The ledger's row for what was sent, its bytes found in the landing store under their hash."""
    for (sender, sha256), row in rows.items():
        landed = monitor.home.landing / row["landing_name"]
        if sender != sent.sender or not landed.exists():
            continue
        data = landed.read_bytes()
        if hashlib.sha256(data).hexdigest() == sha256 and _holds(data, sent.files):
            return row
    raise AssertionError(f"{sent.label} is lost")


def _holds(landed: bytes, files: dict[str, bytes]) -> bool:
    if landed in files.values() and len(files) == 1:
        return True
    if not zipfile.is_zipfile(io.BytesIO(landed)):
        return False
    with zipfile.ZipFile(io.BytesIO(landed)) as archive:
        try:
            held = {name: archive.read(name) for name in archive.namelist()}
        except (zipfile.BadZipFile, RuntimeError, OSError, EOFError):
            return False
    return set(files.values()) <= set(held.values())


def _assert_rows_are_where_they_should_be(
    monitor: Monitor, sent: Sent, row: dict[str, Any]
) -> None:
    number = row["submission_id"]
    with monitor.state.read() as connection:
        query = sa.select(problems.c.file_name).where(
            problems.c.submission_id == number,
            problems.c.rule.in_(("UNKNOWN_FILE", "TABLE_NOT_READ")),
        )
        unread = set(connection.scalars(query))
    held = {name: data for name, data in tables(sent.files) if name not in unread}
    records = {name: physical_records(data) for name, data in held.items()}
    assert row["records"] == sum(records.values()), (sent.label, records)
    if any(map(_is_xml, held.values())):
        return  # several elements may stand on one line
    refused = rows_of(monitor.home.quarantine, number, ("table_name", "line"))
    assert len(refused) == row["quarantined"], sent.label
    if row["extract"] in ("ssd", "ssda903"):
        kept = {
            (table.name, *line)
            for table in monitor.home.raw.iterdir()
            for line in rows_of(table, number, ("line",))
        }
        assert len(kept) == row["accepted"], sent.label


def tables(files: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The tables in what was sent, unpacked."""
    for name, data in files.items():
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                held = {n: archive.read(n) for n in archive.namelist()}
            if "xl/workbook.xml" in held:
                yield from sheets(name, held)
            elif "content.xml" in held:
                yield from open_sheets(name, held["content.xml"])
            else:
                yield from tables(held)
        elif data.startswith(b"\x1f\x8b"):
            yield from tables({name.removesuffix(".gz"): gzip.decompress(data)})
        elif Path(name).name != "manifest.json":
            yield Path(name).name, data


def sheets(name: str, parts: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The sheets of a workbook as CSV, by its XML alone."""
    links = etree.fromstring(parts["xl/_rels/workbook.xml.rels"])
    targets = {link.get("Id"): link.get("Target") for link in links}
    shared = etree.fromstring(parts.get("xl/sharedStrings.xml", b"<none/>"))
    texts = ["".join(one.itertext()) for one in shared]
    for sheet in etree.fromstring(parts["xl/workbook.xml"]).iter(f"{{{SHEETS}}}sheet"):
        target = targets[sheet.get(f"{{{LINKS}}}id")]
        part = target[1:] if target.startswith("/") else f"xl/{target}"
        yield f"{name}, sheet {escaped(sheet.get('name'))}", _as_text(parts[part], texts)


def open_sheets(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """The sheets of an OpenDocument spreadsheet as CSV."""
    root = etree.fromstring(content)
    for sheet in root.iterfind(f".//{{{OFFICE}}}spreadsheet/{{{TABLE}}}table"):
        rows: list[list[str]] = []
        for row in sheet.iter(f"{{{TABLE}}}table-row"):
            texts = ["".join(cell.itertext()) for cell in row.iter(f"{{{TABLE}}}table-cell")]
            times = int(row.get(f"{{{TABLE}}}number-rows-repeated", 1)) if any(texts) else 1
            rows += [texts if any(texts) else []] * times
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        shown = escaped(sheet.get(f"{{{TABLE}}}name", ""))
        yield f"{name}, sheet {shown}", out.getvalue().encode()


def _as_text(sheet: bytes, texts: list[str]) -> bytes:
    """One line for each row in which anything stands, and an empty one for each other."""
    rows = [
        [_said(cell, texts) for cell in row.iter(f"{{{SHEETS}}}c")]
        for row in etree.fromstring(sheet).iter(f"{{{SHEETS}}}row")
    ]
    width = max(map(len, rows), default=0)
    out = io.StringIO()
    csv.writer(out).writerows(
        [*row, *[""] * (width - len(row))] if any(row) else [] for row in rows
    )
    return out.getvalue().encode()


def _said(cell: etree._Element, texts: list[str]) -> str:
    held = "".join(cell.itertext())
    is_place = cell.get("t") == "s" and held.isdigit() and int(held) < len(texts)
    return texts[int(held)] if is_place else held


def _is_xml(data: bytes) -> bool:
    return data.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \n\r\t").startswith(b"<")


def physical_records(data: bytes) -> int:
    """Records below the header of a CSV file, or elements of an XML return."""
    if _is_xml(data):
        root = etree.fromstring(data)
        return sum(len(list(root.iter(tag))) for tag in XML_RECORDS[root.tag])
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252")
    csv.field_size_limit(1 << 30)
    delimiter = max(",;\t", key=text[:2_000].count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    header = next((at for at, row in enumerate(rows) if not _is_title(row, rows)), 0)
    return sum(not _is_blank(row) for row in rows[header + 1 :])


def _is_title(row: list[str], rows: list[list[str]]) -> bool:
    """Whether a row above the header is too little for a record beside the widest row."""
    filled = sum(not _is_blank([value]) for value in row)
    return filled <= 4 and 2 * filled < max(map(len, rows[:12]))


def _is_blank(row: list[str]) -> bool:
    """Whether nothing is to be seen in a row."""
    return all(
        character in whitespace or unicodedata.category(character) in ("Zs", "Zl", "Zp", "Cf")
        for value in row
        for character in value
    )


def assert_nothing_told(was: Before, report: IntakeReport, canaries: Collection[str]) -> None:
    """No planted value is in the log, the messages, the ledger, the raw rows or what is public."""
    told = was.log.getvalue() + str(report)
    places = {"the log and the report": told.encode()} | held_bytes(was.monitor)
    found = {
        (place, canary)
        for place, content in places.items()
        for canary in canaries
        if canary.lower().encode() in content.lower()
    }
    assert found == set()


def held_bytes(monitor: Monitor) -> dict[str, bytes]:
    """Every byte but those of the landing store and the quarantine, which hold values by design."""
    home = monitor.home
    by_design = {home.landing, home.quarantine, home.inbox}
    return {
        str(path.relative_to(home.root)): _unpacked(path)
        for path in home.root.rglob("*")
        if path.is_file() and not by_design.intersection(path.parents)
    }


def _unpacked(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".parquet":
        content += str(pq.read_table(path).to_pylist()).encode()
    return content


def assert_rerun_changes_nothing(monitor: Monitor) -> None:
    """Run again with nothing new: no outcome, and not a byte of ledger or rows is other."""
    ledger, rows = _ledger(monitor), hashes(monitor.home.raw, monitor.home.quarantine)
    again = monitor.take_in()
    assert again.outcomes == []
    assert _ledger(monitor) == ledger
    assert hashes(monitor.home.raw, monitor.home.quarantine) == rows


def _ledger(monitor: Monitor) -> list[tuple[Any, ...]]:
    with monitor.state.read() as connection:
        return [
            tuple(row)
            for table in (submissions, problems)
            for row in connection.execute(sa.select(table).order_by(*table.primary_key))
        ]


def contents(path: Path) -> dict[str, bytes]:
    """A file, with the manifest beside it, or the files of a folder; links are not followed."""
    if path.is_symlink() or not (path.is_file() or path.is_dir()):
        return {}
    if path.is_dir():
        below = sorted(p for p in path.rglob("*") if p.is_file() and not p.is_symlink())
        return {str(p.relative_to(path)): p.read_bytes() for p in below}
    return {path.name: path.read_bytes()}


def rows_of(folder: Path, submission_id: int, columns: tuple[str, ...]) -> set[tuple[Any, ...]]:
    """Distinct values of the rows of one submission in a folder of Parquet files."""
    return {
        tuple(row[column] for column in columns)
        for path in folder.glob("*.parquet")
        for row in pq.read_table(path, columns=["submission_id", *columns]).to_pylist()
        if row["submission_id"] == submission_id
    }


def hashes(*folders: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
