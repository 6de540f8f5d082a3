"""The return of looked-after children as XML: read into the same tables as its CSV form."""

from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from sightline.warehouse.intake.read.xml import Tables, elements, read_blocks, text_of, texts_of
from sightline.warehouse.submission import Lines

ROOT = "EXPSSDA903"
# Of each table, the columns and the element of each.
HEADER = {"child": "CHILDID", "upn": "UPN", "dob": "DOB", "sex": "SEX"}
EPISODE = {
    "decom": "DECOM",
    "rne": "RNE",
    "ls": "LS",
    "cin": "CIN",
    "place": "PL",
    "dec": "DEC",
    "rec": "REC",
}
MISSING = {"missing": "MISSING", "mis_start": "MIS_START", "mis_end": "MIS_END"}
PARENTS = {
    "CHILD": {ROOT},
    "HEADER": {"CHILD"},
    "EPISODE": {"CHILD"},
    # Some systems write it below the header of the child, others below the child.
    "AMISSING": {"CHILD", "HEADER"},
}
COLUMNS = {
    "header": list(HEADER),
    "episodes": ["child", *EPISODE],
    "missing": ["child", *MISSING],
}


def read_tables(file: BinaryIO, name: str) -> Iterator[tuple[str, Lines]]:
    """Children, their episodes of care and the times that they were missing, in blocks."""
    return read_blocks(elements(file, name, ROOT, "CHILD", PARENTS), COLUMNS, _add_child)


def _add_child(tables: Tables, child: etree._Element) -> None:
    child_id = text_of(child, "HEADER/CHILDID")
    for header in child.iterfind("HEADER"):
        tables["header"].add(header.sourceline or 0, *texts_of(header, HEADER.values()))
    for episode in child.iterfind("EPISODE"):
        tables["episodes"].add(
            episode.sourceline or 0, child_id, *texts_of(episode, EPISODE.values())
        )
    for missing in child.iter("AMISSING"):
        tables["missing"].add(
            missing.sourceline or 0, child_id, *texts_of(missing, MISSING.values())
        )
