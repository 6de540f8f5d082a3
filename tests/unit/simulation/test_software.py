"""Other returns differ in form as the programs of their senders do, and in nothing else."""

import codecs
import zipfile

import pytest

from sightline.simulation.formats import case_systems

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def small(make_inbox):
    return make_inbox(areas=8, months=8)


def _read(inbox, pattern, member):
    [path] = inbox.bundles(pattern)
    with zipfile.ZipFile(path) as bundle:
        return bundle.read(member)


def test_codes_in_lower_case(small):
    rows = list(small.written("382/ssda903_2026-09.zip", "Episodes.csv"))
    assert {"c1", "c2", "v2", "v3"} <= {row["LS"] for row in rows}
    assert all(row["LS"].islower() for row in rows)
    headers = list(small.written("382/ssda903_2026-09.zip", "Header.csv"))
    assert {row["SEX"] for row in headers} == {"f", "m"}
    assert all(row["UPN"].isupper() for row in headers if row["UPN"])


def test_headings_in_lower_case(small):
    header = _read(small, "857/ssda903_2026-03.zip", "Header.csv").splitlines()[0]
    assert header == b"child,sex,dob,ethnic,upn,mother,mc_dob"


def test_days_year_first_with_a_time(small):
    for row in small.written("306/ssda903_2026-09.zip", "Missing.csv"):
        assert row["MIS_START"].endswith(" 00:00:00")
        assert row["MIS_START"].startswith("202")


def test_a_mark_at_the_start_and_rows_of_commas_at_the_end(small):
    file = _read(small, "884/school_census_2026_summer.zip", "pupilonroll.csv")
    assert file.startswith(codecs.BOM_UTF8)
    header, *_, last = file.splitlines()
    assert last == b"," * header.count(b",")


def test_counts_with_a_point(small):
    rows = small.written("306/school_census_2026_summer.zip", "pupilonroll.csv")
    counts = {row["termlysessionspossible"] for row in rows} - {""}
    assert all(count.endswith(".0") for count in counts)
    assert len(counts) > 2


def test_names_of_files_tell_the_term_where_no_table_does(small):
    [path] = small.bundles("382/school_census_2026_summer.zip")
    with zipfile.ZipFile(path) as bundle:
        names = set(bundle.namelist())
    assert "2026_summer_pupilonroll.csv" in names
    assert not any("schoolcensus" in name for name in names)


def test_most_write_returns_as_specified(small):
    rows = list(small.written("383/ssda903_2026-09.zip", "Episodes.csv"))
    assert all(row["LS"].isupper() for row in rows)
    assert all(row["DECOM"][2] == row["DECOM"][5] == "/" for row in rows)


def test_without_forms_of_their_own_all_write_plain_files(make_inbox):
    plain = make_inbox(areas=8, months=4, plain_files=True)
    headers = set()
    for path in plain.bundles("*/*ssd_*.zip"):
        with zipfile.ZipFile(path) as bundle:
            headers.add(bundle.read("ssd_person.csv").splitlines()[0].decode())
            assert b" 00:00:00" not in bundle.read("ssd_cin_episodes.csv")
    assert headers == {case_systems.PERSON}
    for row in plain.written("382/ssda903_2026-09.zip", "Episodes.csv"):
        assert row["LS"].isupper()
