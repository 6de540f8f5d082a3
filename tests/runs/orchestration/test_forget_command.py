"""`sightline forget` shows what is tied to a child, and erases nothing before somebody agrees."""

import subprocess

import intake_files as files
import pytest
from intake_files import IDENTIFIERS, PERSONS, ssd, upn
from support import SIGHTLINE


@pytest.fixture
def monitor(tmp_path):
    monitor = files.monitor(tmp_path / "monitor")
    monitor.drop_zip(
        ssd(
            ssd_person=PERSONS + "CANARY77,F,WBRI,2012-05-14\nK1,F,WBRI,2012-05-14\n",
            ssd_linked_identifiers=IDENTIFIERS
            + f"L1,CANARY77,Unique Pupil Number,{upn(77)}\n"
            + f"L2,CANARY77,Former Unique Pupil Number,{upn(78)}\n",
        )
    )
    monitor.take_in()
    return monitor


def forget(monitor, *options):
    return subprocess.run(
        [*SIGHTLINE, "forget", "--home", str(monitor.home.root), "--reason", "case 17", *options],
        input="sender: 301\nid: CANARY77\n", capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_nothing_is_erased_before_somebody_says_yes(monitor):
    told = forget(monitor)
    assert told.returncode == 2
    assert "--yes" in told.stderr
    assert "301: 1 of its local numbers, 3 rows in all" in told.stdout
    assert "pupil numbers: 2" in told.stdout
    assert "a local number and a former pupil number (1)" in told.stdout
    assert len(monitor.raw("ssd_persons")) == 2
    assert not any(text in told.stdout + told.stderr for text in ("CANARY77", upn(77), upn(78)))


def test_what_was_shown_is_erased_after_yes(monitor):
    told = forget(monitor, "--yes")
    assert told.returncode == 0
    assert len(monitor.raw("ssd_persons")) == 1
