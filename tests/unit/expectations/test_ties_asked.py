"""Senders are asked about ties that were cut: how many, in which return, never whose."""

from datetime import date

import intake_files as files
import pytest
from intake_files import IDENTIFIERS, MARCH, ssd, upn

from sightline.expectations import identities
from sightline.senders.remedies import REMEDIES
from sightline.warehouse.connection import connect
from sightline.warehouse.ledger import submissions as ledger
from sightline.warehouse.timeline.work_file import prepare

pytestmark = pytest.mark.slow

AS_OF = date(2026, 10, 20)


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def send(monitor, name, second):
    links = f"L1,K1,Unique Pupil Number,{upn(1)}\nL2,K2,Unique Pupil Number,{second}\n"
    manifest = {**MARCH, "sequence": int(name)}
    monitor.drop_zip(ssd(ssd_linked_identifiers=IDENTIFIERS + links), manifest, f"{name}.zip")
    monitor.take_in()


def asked(monitor):
    """Ask after a run: what stands with each submission."""
    prepare(monitor.home, monitor.state, AS_OF)
    with connect(monitor.home.work_db, read_only=True) as connection:
        count = identities.ask(monitor.state, connection)
    with monitor.state.read() as connection:
        ids = [row["submission_id"] for row in monitor.ledger()]
        found = [row for one in ids for row in ledger.problems_of(connection, one)]
    rows = [row for row in found if row["rule"] in (identities.CUT, identities.RENUMBERED)]
    assert len(rows) == count
    return rows


def test_a_sender_is_asked_about_numbers_of_several_children_of_a_return(monitor):
    send(monitor, "1", upn(1))
    [row] = asked(monitor)
    assert (row["submission_id"], row["rule"], row["severity"], row["count"]) == (
        1, "TIE_CUT", "query", 1,
    )  # fmt: skip
    assert upn(1) not in row["message"]
    assert row["file_name"] is row["line"] is None


def test_it_is_asked_once_however_often_a_run_is_made(monitor):
    send(monitor, "1", upn(1))
    asked(monitor)
    assert len(asked(monitor)) == 1


def test_what_a_correction_has_put_right_is_asked_no_more(monitor):
    send(monitor, "1", upn(1))
    assert len(asked(monitor)) == 1
    send(monitor, "2", upn(2))
    assert asked(monitor) == []


def test_a_sender_is_asked_about_a_return_in_which_all_are_numbered_anew(monitor):
    send(monitor, "1", upn(2))
    prepare(monitor.home, monitor.state, AS_OF)
    with connect(monitor.home.work_db) as connection:
        connection.execute("insert into control.continuity_queries values (1, 57)").fetchall()
        assert identities.ask(monitor.state, connection) == 1
    with monitor.state.read() as connection:
        [row] = [
            one for one in ledger.problems_of(connection, 1) if one["rule"] == identities.RENUMBERED
        ]
    assert (row["severity"], row["count"]) == ("query", 57)


def test_each_rule_has_a_remedy_and_each_cut_but_the_wall_its_words():
    assert {identities.CUT, identities.RENUMBERED} <= REMEDIES.keys()
    assert "across_adoption" not in identities.MESSAGES
