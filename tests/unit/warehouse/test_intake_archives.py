"""Zips and folders as they are sent: a manifest inside, beside, or in the folder with the zip."""

import io
import json
import zipfile

import intake_files as files
import pytest
from intake_files import MARCH, YEAR, care, errors, ssd, zipped
from test_intake_workbooks import book, tables
from test_intake_xml import census

from sightline.senders.validate import validate
from sightline.warehouse.intake.read import bundles

pytestmark = pytest.mark.slow

SAID = json.dumps(MARCH)
PLAIN = zipped(ssd())


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def taken(monitor):
    [outcome] = monitor.take_in().outcomes
    return outcome


@pytest.mark.parametrize("name", ["march.zip", "MARCH.ZIP", "march", "a.b c.zip", "märz.zip"])
def test_a_zip_is_read_with_the_manifest_beside_it(monitor, name):
    monitor.drop(name, PLAIN)
    monitor.drop(f"{name}.manifest.json", SAID)
    outcome = taken(monitor)
    assert (outcome.accepted, errors(outcome)) == (5, [])
    assert str(outcome.period.start) == MARCH["period_start"]
    assert list((monitor.home.inbox / "301").iterdir()) == []


@pytest.mark.parametrize("manifest", ["march.zip.manifest.json", "manifest.json"])
@pytest.mark.parametrize("inside", [None, MARCH, {"period_end": "2026-03-31", "sequence": 4}])
def test_a_zip_alone_in_a_folder_with_its_manifest_is_read(monitor, manifest, inside):
    monitor.drop("march/march.zip", zipped(ssd(), inside))
    monitor.drop(f"march/{manifest}", SAID)
    outcome = taken(monitor)
    assert (outcome.accepted, errors(outcome)) == (5, [])
    assert outcome.manifest.sequence == (inside or {}).get("sequence")


@pytest.mark.parametrize(
    ("name", "content", "said", "records"),
    [
        ("return.xlsx", book(tables()), YEAR, 3),
        ("return.xml", census(2).encode(), {"extract": "cin_census"}, 10),
        ("x.csv", care()["c.csv"].encode(), YEAR, 0),
    ],
)
@pytest.mark.parametrize("folder", ["", "folder/"])
def test_any_file_may_have_its_manifest_beside_it(monitor, name, content, said, records, folder):
    monitor.drop(folder + name, content)
    monitor.drop(f"{folder}{name}.manifest.json", json.dumps(said))
    outcome = taken(monitor)
    assert outcome.accepted == records
    assert [rule for rule, _, _ in errors(outcome)] == ([] if records else ["MISSING_TABLE"])


def test_validate_reads_a_zip_and_a_folder_of_a_zip_as_intake_does(tmp_path):
    (tmp_path / "march.zip").write_bytes(PLAIN)
    (tmp_path / "march.zip.manifest.json").write_text(SAID)
    for path in (tmp_path / "march.zip", tmp_path):
        [verdict] = validate([path], "301")
        assert (verdict.is_accepted, verdict.accepted, str(verdict.period.end)) == (
            True, 5, "2026-03-31",
        )  # fmt: skip


def test_manifests_that_differ_are_not_chosen_between(monitor):
    monitor.drop("march.zip", zipped(ssd(), MARCH | {"period_end": "2026-03-30"}))
    monitor.drop("march.zip.manifest.json", SAID)
    assert errors(taken(monitor))[0][0] == "MANIFEST"


@pytest.mark.parametrize(
    "held",
    [
        {"a.zip": zipped({"b.zip": PLAIN})},
        {"a.zip": PLAIN, "b.zip": PLAIN, "manifest.json": SAID},
        {"a.zip": PLAIN, "note.txt": "see the zip", "manifest.json": SAID},
        {"a.zip": PLAIN, "b.zip.manifest.json": SAID},
        {"a.zip": zipped({"b.zip": PLAIN, "manifest.json": SAID}), "manifest.json": SAID},
    ],
)
def test_an_archive_among_other_files_or_inside_a_third_is_refused(monitor, held):
    for name, content in held.items():
        monitor.drop(f"folder/{name}", content)
    assert errors(taken(monitor))[0][0] == "ARCHIVE"


def test_a_zip_alone_in_a_folder_is_read_as_if_it_lay_there_itself(monitor):
    monitor.drop("folder/a.zip", zipped(ssd(), MARCH))
    outcome = taken(monitor)
    assert (errors(outcome), outcome.accepted, outcome.quarantined) == ([], 5, 0)


@pytest.mark.parametrize("cut", [10, 200, len(PLAIN) - 30])
def test_a_damaged_zip_with_a_manifest_is_refused(monitor, cut):
    monitor.drop("march.zip", PLAIN[:cut])
    monitor.drop("march.zip.manifest.json", SAID)
    assert errors(taken(monitor))[0][0] == "ARCHIVE"


def test_a_bomb_inside_a_zip_with_a_manifest_is_refused(monitor):
    monitor.drop("march.zip", zipped({"a.csv": b"0" * (60 << 20)}))
    monitor.drop("march.zip.manifest.json", SAID)
    assert errors(taken(monitor))[0][0] == "TOO_LARGE"


@pytest.mark.parametrize(("packing", "is_read"), [("stored", True), ("deflated", False)])
def test_an_archive_too_large_for_the_memory_is_read_where_it_is_only_stored(
    monkeypatch, monitor, packing, is_read
):
    monkeypatch.setattr(bundles, "MAX_WORKBOOK_BYTES", 100)
    out = io.BytesIO()
    method = zipfile.ZIP_STORED if packing == "stored" else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("march.zip", PLAIN)
        archive.writestr("manifest.json", SAID)
    monitor.drop("outer.zip", out.getvalue())
    assert (errors(taken(monitor)) == []) is is_read
