"""Values of simulated children that may appear nowhere outside the inbox and restricted/."""

import csv
import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

SAMPLE = 3
"""Children a bundle."""


@dataclass(frozen=True)
class Canaries:
    pupil_numbers: tuple[str, ...]
    child_ids: tuple[str, ...]
    births: tuple[str, ...]
    """Dates in the three ways in which the extracts write them; never the first of a month."""

    def all(self) -> tuple[str, ...]:
        return (*self.pupil_numbers, *self.child_ids, *self.births)


def sample(inbox: Path, *, bundles: int = 40) -> Canaries:
    """Some children of bundles spread evenly over an inbox that has not been taken in yet."""
    paths = sorted(path for path in inbox.glob("*/*.zip") if zipfile.is_zipfile(path))
    found: dict[str, set[str]] = {"upn": set(), "child": set(), "birth": set()}
    for path in paths[:: max(1, len(paths) // bundles)]:
        with zipfile.ZipFile(path) as bundle:
            for member in bundle.namelist():
                for name in COLUMNS.keys() & {member, re.sub(r"^\d{4}_[a-z]+_", "", member)}:
                    content = bundle.read(member).decode("utf-8-sig")
                    _collect(content, COLUMNS[name], found)
    return Canaries(*(tuple(sorted(found[kind])) for kind in ("upn", "child", "birth")))


COLUMNS = {
    "ssd_person.csv": {"pers_person_id": "child", "pers_upn": "upn", "pers_dob": "birth"},
    "ssd_linked_identifiers.csv": {"link_identifier_value": "upn"},
    "pupilonroll.csv": {"upn": "upn", "dob": "birth"},
    "Header.csv": {"CHILD": "child", "UPN": "upn", "DOB": "birth"},
}
NOTHING = ("", "NULL", "SSD_PH")
COMMON = {
    "child": re.compile(r"^$"),
    "birth": re.compile(r"^01/|-01$"),
    "upn": re.compile(r"^\d"),
}
"""Values that may stand elsewhere: the first of a month, numbers of other kinds than pupils'."""
TIME = re.compile(r"(?<=\d)[ T]00:00:00.*")


def _collect(content: str, columns: dict[str, str], found: dict[str, set[str]]) -> None:
    header, _, body = content.partition("\n")
    rows = list(csv.DictReader(io.StringIO(body), header.upper().split(",")))
    for row in rows[:: max(1, len(rows) // SAMPLE)]:
        for column, kind in columns.items():
            value = TIME.sub("", row.get(column.upper(), ""))
            if value not in NOTHING and not COMMON[kind].search(value):
                found[kind].add(value)
