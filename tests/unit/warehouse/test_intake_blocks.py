"""Files of any size: read block by block, with the same result as in one piece."""

import io
import resource
import subprocess
import sys
from functools import partial
from pathlib import Path

import intake_files as files
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_files import EPISODES, errors, upn
from test_intake_xml import CHILD, HEADER, census

from sightline.warehouse.intake.read import csv as text
from sightline.warehouse.problems import Refused

pytestmark = pytest.mark.slow

FIELDS = st.sampled_from(["K1", "", '"a,b"', '"two\nlines"', "Zoë", '"say ""no"""', "x" * 30])
ROWS = st.lists(st.lists(FIELDS, min_size=3, max_size=4).map(",".join), max_size=30)


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def read(content, size):
    """What is read of a file in blocks of a size: records, their lines, and what was set aside."""
    records, repeated, refused = [], 0, []
    original, text.BLOCK = text.BLOCK, size
    try:
        for lines in text.read_text(partial(io.BytesIO, content), "x.csv", ("utf-8", "cp1252")):
            records += lines.numbered()
            repeated += lines.duplicates
            refused += lines.refused
    except Refused as fault:
        return [(problem.rule, problem.line) for problem in fault.problems]
    finally:
        text.BLOCK = original
    return records, repeated, sorted(refused)


@settings(deadline=None)
@given(ROWS, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]), st.integers(140, 400))
def test_a_file_in_blocks_reads_as_in_one_piece(rows, encoding, size):
    """Faults 4, 6, 10, 12 and 43: ragged, quoted and repeated rows in any encoding.

    A block holds at least the longest record there can be here; a longer one is refused as endless.
    """
    content = "\n".join(["a,b,c", *rows, "", "last,one,here\n"]).encode(encoding)
    assert read(content, size) == read(content, 1 << 20)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["K1,2,3", "K2,2,3", "K3,2,3"]), min_size=1), st.randoms())
def test_repeats_do_not_depend_on_their_order_or_place(rows, random):
    """Fault 43."""
    shuffled = random.sample(rows, len(rows))
    found = [
        read("\n".join(["a,b,c", *order, ""]).encode(), size)
        for order, size in ((rows, 1 << 20), (shuffled, 24))
    ]
    kept = [sorted(line for _, line in records) for records, _, _ in found]
    assert kept[0] == kept[1] == sorted(row.encode() for row in set(rows))
    assert found[0][1] == found[1][1] == len(rows) - len(set(rows))


def test_a_quote_left_open_is_named_by_its_line_in_a_file_of_many_blocks():
    """Fault 9."""
    rows = [f"K{i},1,2" for i in range(200)]
    rows[49] = '"K49,1,2'
    content = "\n".join(["a,b,c", *rows, ""]).encode()
    assert read(content, 100) == [("UNTERMINATED_QUOTE", 51)]


def test_a_line_without_an_end_is_refused():
    """Fault 14."""
    content = b"a,b,c\nK1,1,2\n" + b"x" * 1_000 + b"\nK2,1,2\n"
    assert read(content, 100) == [("FIELD_TOO_LONG", 3)]


READING = """
import resource, sys
from functools import partial
from pathlib import Path
from sightline.warehouse.intake.read.bundles import open_bundle
from sightline.warehouse.intake.receive.unpacking import open_plain
from sightline.warehouse.intake.read.submission import read_submission
from sightline.warehouse.intake.read.spool import Spool

path, folder = map(Path, sys.argv[1:])
spool = Spool(folder)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
bundle = open_bundle(partial(open_plain, path), path.stat().st_size, path.name)
read = read_submission(bundle, None, spool.draft(1).add, is_whole=False)
spool.close()
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(sum(part.records for part in read.parts), grown // 1024)
"""


def records_and_growth(path: Path) -> tuple[int, int]:
    """How many records a file holds, and by how many MB a process grew while it read them."""
    folder = path.parent / "spool"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", READING, path, folder], capture_output=True, check=True, text=True
    )
    records, grown = map(int, done.stdout.split())
    return records, grown


@pytest.mark.timeout(120)
def test_a_large_return_takes_no_more_memory_than_a_small_one(tmp_path):
    """Fault 30: what is held does not depend on the size of the file."""
    path = tmp_path / "census.xml"
    with path.open("w") as file:
        file.write(HEADER.format(collection="CIN", year=2026, day="2026-03-31", lea="301"))
        for number in range(60_000):
            file.write(CHILD.format(child=f"C{number}", upn=upn(number)))
        file.write("\n </Children>\n</Message>\n")
    assert path.stat().st_size > 45 << 20
    records, grown = records_and_growth(path)
    assert records == 5 * 60_000
    assert grown < 60


@pytest.mark.timeout(120)
def test_a_large_table_is_held_a_block_at_a_time(tmp_path):
    """Fault 33."""
    path = tmp_path / "episodes.csv"
    with path.open("w") as file:
        file.write(EPISODES)
        for number in range(2_500_000):
            file.write(f"R{number % 2_499_999},K{number % 999},2026-03-09,N1,2A,N,,\n")
    assert path.stat().st_size > 80 << 20
    records, grown = records_and_growth(path)
    assert records == 2_500_000
    assert grown < 250


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<Child>", "<Child " + " ".join(f'a{i}="1"' for i in range(1_000_000)) + ">"),
        ("<Children>", "<Children>" + "<junk><more>x</more></junk>" * 400_000),
        ("WBRI", "<a>" * 10_000),
        ("WBRI", "x" * 20_000_000),
    ],
    ids=["attributes", "siblings", "depth", "text"],
)
def test_a_return_that_would_fill_the_memory_is_refused_at_once(monitor, old, new):
    """Fault 30."""
    monitor.drop("census.xml", census(1).replace(old, new))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    [outcome] = monitor.take_in().outcomes
    assert errors(outcome)[0][0] in ("XML_STRUCTURE", "XML_NOT_WELL_FORMED")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10


def test_nothing_stays_of_a_file_that_breaks_near_its_end(monitor):
    """Fault 27."""
    good = monitor.drop("good.xml", census(2), "302")
    good.write_text(census(2, lea="302"))
    monitor.drop("bad.xml", census(25_000).replace("C24900<", "C24900<<"))
    by_sender = {one.sender: one for one in monitor.take_in().outcomes}
    assert errors(by_sender["301"])[0][0] == "XML_NOT_WELL_FORMED"
    assert by_sender["302"].accepted == 10
    assert len(monitor.raw("cin_children")) == 2
