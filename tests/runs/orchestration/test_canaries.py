"""No identifier and no date of birth of a simulated child leaves restricted/ and the inbox."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from support import Ran

from sightline.simulation.truth import Truth

IDENTIFYING = {
    "ssd_person.csv": ("pers_person_id", "pers_upn"),
    "ssd_linked_identifiers.csv": ("link_identifier_value",),
    "pupilonroll.csv": ("upn",),
    "Header.csv": ("child", "upn"),
}
# Periods are months of the last years; no other figure is a day before this.
BORN_BEFORE = "2018"
LONG_ENOUGH = 6
DAY = 10
TERM = re.compile(r"^\d{4}_[a-z]+_")
"""What stands before the name of a table in files of a census that tell their term."""
PACKED = {".zip", ".xlsx", ".ods"}


def rows_sent(inbox: Path) -> Iterator[tuple[str, dict[str, str]]]:
    for path in sorted(inbox.rglob("*.zip")):
        with zipfile.ZipFile(path) as bundle:
            for member in bundle.namelist():
                name = TERM.sub("", member)
                if name in IDENTIFYING:
                    header, *lines = bundle.read(member).decode("utf-8-sig").splitlines()
                    rows = csv.DictReader(lines, header.lower().split(","))
                    yield from ((name, row) for row in rows)


@pytest.fixture(scope="module")
def identifiers(simulated: tuple[Path, Truth]) -> set[bytes]:
    """Every local id and UPN that was sent."""
    return {
        row[column].encode()
        for name, row in rows_sent(simulated[0])
        for column in IDENTIFYING[name]
        if len(row.get(column, "")) >= LONG_ENOUGH
    }


@pytest.fixture(scope="module")
def births(simulated: tuple[Path, Truth]) -> set[bytes]:
    """Dates of birth that no period, release or validity could be."""
    return {
        row["pers_dob"][:DAY].encode()
        for name, row in rows_sent(simulated[0])
        if name == "ssd_person.csv"
        and row["pers_dob"] < BORN_BEFORE
        and not row["pers_dob"][:DAY].endswith("-01")
    } - {b""}


@pytest.fixture(scope="module")
def leaving(demo_home: Ran) -> dict[str, bytes]:
    """Every byte outside the restricted zone and the inbox, unpacked, and all that was said or
    written down in the log, which may be shown to others."""
    home = demo_home.home
    files = {
        str(path.relative_to(home.root)): unpacked(path)
        for path in home.root.rglob("*")
        if path.is_file() and not {home.restricted, home.inbox}.intersection(path.parents)
    }
    lines = {path.name: path.read_bytes() for path in home.logs.glob("*.jsonl")}
    assert lines
    said = {"output": demo_home.output.encode(), "progress": demo_home.progress.encode()}
    return files | lines | said


def unpacked(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute("select table_name from duckdb_tables()").fetchall()
            rows = [connection.execute(f"from {name}").fetchall() for (name,) in tables]
        return content + str(rows).encode()
    if path.suffix == ".parquet":
        return content + str(pq.read_table(path).to_pylist()).encode()
    return content + packed(path.suffix, content)


def packed(suffix: str, content: bytes) -> bytes:
    """What stands in an archive, and in the archives in it: a site as one file holds workbooks."""
    if suffix not in PACKED:
        return b""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        held = [(Path(name).suffix, archive.read(name)) for name in archive.namelist()]
    return b" ".join(one + packed(kind, one) for kind, one in held)


def words(content: bytes) -> set[bytes]:
    """Runs of letters and digits: identifiers are such runs, and sets are quick to compare."""
    kept = bytes(c if c < 128 and chr(c).isalnum() else 32 for c in range(256))
    return set(content.translate(kept).split())


def dates(content: bytes) -> set[bytes]:
    kept = bytes(c if chr(c) in "0123456789-" else 32 for c in range(256))
    return set(content.translate(kept).split())


def test_there_are_many_canaries(identifiers: set[bytes], births: set[bytes]) -> None:
    assert len(identifiers) > 10_000
    assert len(births) > 1_000


def test_no_local_id_or_upn_leaves(leaving: dict[str, bytes], identifiers: set[bytes]) -> None:
    """Fault 115."""
    found = {name: hits for name, text in leaving.items() if (hits := words(text) & identifiers)}
    assert found == {}


def test_no_date_of_birth_leaves(leaving: dict[str, bytes], births: set[bytes]) -> None:
    """Faults 115 and 119."""
    found = {name: hits for name, text in leaving.items() if (hits := dates(text) & births)}
    assert found == {}


def test_the_names_of_files_tell_nothing(
    leaving: dict[str, bytes], identifiers: set[bytes]
) -> None:
    assert words(" ".join(leaving).encode()) & identifiers == set()
