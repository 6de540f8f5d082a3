"""Bytes that no ledger knows are set aside and taken in again; what is erased never comes back."""

import json

import intake_files as files
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from intake_files import IDENTIFIERS, PERSONS, referrals, ssd, upn

from sightline.orchestration.cli import commands
from sightline.warehouse import adopting, belonging, orphans
from sightline.warehouse.erasure import carry_out, forgetting
from sightline.warehouse.erasure.forgetting import Child
from sightline.warehouse.ledger.state import State, settings, submissions
from sightline.warehouse.settings import load_settings

pytestmark = pytest.mark.slow

REASON = "the disk with the newer copy is lost"
CHILD = Child("301", ("CANARY77",), (upn(77),))


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def with_canary(**changes: str) -> dict[str, str]:
    return ssd(
        ssd_person=PERSONS + "CANARY77,F,WBRI,2012-05-14\nK1,F,WBRI,2012-05-14\n",
        ssd_linked_identifiers=IDENTIFIERS + f"L1,CANARY77,Unique Pupil Number,{upn(77)}\n",
        **changes,
    )


def originals(monitor) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in monitor.home.landing.glob("*/*")}


def forget(monitor, child=CHILD):
    chosen = load_settings(monitor.home)
    return forgetting.forget(monitor.home, monitor.state, chosen, child, REASON, lambda *_: None)


def forgotten_by_the_ledger(monitor) -> None:
    """As in a state of before it came."""
    with monitor.state.begin() as connection:
        connection.execute(submissions.update().values(sha256="00" * 32))


def run(monitor, *arguments: str):
    return CliRunner().invoke(
        commands, [*arguments, "--home", str(monitor.home.root)], standalone_mode=False
    )


def test_the_journal_says_who_sent_what_before_it_lands(monitor):
    monitor.drop("märz.csv", "a")
    monitor.drop("b.csv", "b", sender="302")
    monitor.take_in()
    found = {
        one.sender: (one.name, one.received_on) for one in orphans.journal(monitor.home.landing)
    }
    assert found == {"301": ("märz.csv", "2026-10-20"), "302": ("b.csv", "2026-10-20")}
    assert {one.sha256 for one in orphans.journal(monitor.home.landing)} == set(originals(monitor))


def test_a_line_of_the_journal_that_was_cut_off_counts_as_none(monitor):
    monitor.send(ssd())
    with (monitor.home.landing / orphans.JOURNAL).open("a") as file:
        file.write('{"sha256": "ab')
    monitor.drop("b.csv", "b")
    monitor.take_in()
    names = [one.name for one in orphans.journal(monitor.home.landing)]
    assert names[0] == "bundle.zip"


def test_originals_that_no_ledger_knows_are_set_aside_and_not_deleted(monitor):
    monitor.send(ssd())
    held = originals(monitor)
    forgotten_by_the_ledger(monitor)
    carry_out.sweep_landing(monitor.home, monitor.state)
    assert originals(monitor) == {}
    assert {one.path.name: one.path.read_bytes() for one in orphans.listed(monitor.home)} == held


def test_they_are_taken_in_again_under_their_sender_and_name(monitor):
    monitor.send(ssd())
    forgotten_by_the_ledger(monitor)
    carry_out.sweep_landing(monitor.home, monitor.state)
    assert "bundle.zip" in run(monitor, "originals", "list").output
    assert "1 originals wait" in run(monitor, "originals", "take-in").output
    assert (monitor.home.inbox / "301" / "bundle.zip").is_file()
    assert [one.status for one in monitor.take_in().outcomes] == ["accepted"]


def test_what_nobody_noted_the_sender_of_is_asked_for(monitor):
    monitor.send(ssd())
    forgotten_by_the_ledger(monitor)
    (monitor.home.landing / orphans.JOURNAL).unlink()
    carry_out.sweep_landing(monitor.home, monitor.state)
    asked = run(monitor, "originals", "take-in")
    assert asked.return_value == 1
    assert "--sender" in asked.output
    assert run(monitor, "originals", "take-in", "--sender", "301").return_value == 0
    assert [one.status for one in monitor.take_in().outcomes] == ["accepted"]


def test_a_file_that_waits_under_the_same_name_is_not_written_over(monitor):
    monitor.send(ssd())
    forgotten_by_the_ledger(monitor)
    carry_out.sweep_landing(monitor.home, monitor.state)
    waiting = monitor.drop("bundle.zip", "another")
    run(monitor, "originals", "take-in")
    assert waiting.read_text() == "another"
    assert (monitor.home.inbox / "301" / "bundle (2).zip").is_file()


def test_a_sender_cannot_lead_out_of_the_inbox(monitor):
    done = run(monitor, "originals", "take-in", "--sender", "../restricted")
    assert done.exception.exit_code == 2


def test_purged_originals_are_deleted(monitor):
    monitor.send(ssd())
    with monitor.state.begin() as connection:
        connection.execute(submissions.update().values(purged_on=files.TODAY))
    carry_out.sweep_landing(monitor.home, monitor.state)
    assert originals(monitor) == {}
    assert orphans.listed(monitor.home) == []
    assert orphans.journal(monitor.home.landing) == []


@pytest.mark.parametrize("step", ["sweep_landing", "_derive_again"])
def test_the_original_of_an_erased_child_goes_also_after_a_crash(monitor, monkeypatch, step):
    monitor.send(with_canary())

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(carry_out, step, killed)
        with pytest.raises(KeyboardInterrupt):
            forget(monitor)
    belonging.check(monitor.home)
    monitor.take_in()
    belonging.check(monitor.home)
    assert orphans.listed(monitor.home) == []
    assert len(originals(monitor)) == 1


def test_copies_of_the_state_from_before_an_upgrade_go_with_an_erased_child(monitor):
    monitor.send(with_canary())
    kept = monitor.home.restricted / "state-0008-1.db"
    kept.write_text("CANARY77")
    assert forget(monitor).remains == []
    assert not kept.exists()


def test_an_earlier_copy_without_another_child_goes_too(monitor, monkeypatch):
    more = "CANARY78,F,WBRI,2012-05-14\n"
    tables = with_canary()
    tables["ssd_person.csv"] += more
    monitor.send(tables)
    forget(monitor)
    [first] = originals(monitor)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(carry_out, "sweep_landing", killed)
        with pytest.raises(KeyboardInterrupt):
            forget(monitor, Child("301", ("CANARY78",)))
    assert first in originals(monitor)
    monitor.take_in()
    [second] = originals(monitor)
    assert second != first
    assert orphans.listed(monitor.home) == []
    with monitor.state.read() as connection:
        names = set(connection.scalars(sa.select(settings.c.name)))
    assert belonging.REPLACED not in names


def test_the_journal_forgets_a_child_after_whom_a_file_was_named(monitor):
    monitor.drop_zip(with_canary(), name="CANARY77.zip")
    monitor.take_in()
    assert forget(monitor).remains == []
    assert "CANARY77" not in (monitor.home.landing / orphans.JOURNAL).read_text()


def test_an_original_of_before_an_erasure_comes_back_without_the_child(monitor):
    monitor.send(with_canary())
    whole = originals(monitor)
    forget(monitor)
    [(sha256, data)] = whole.items()
    folder = monitor.home.orphans / "originals"
    folder.mkdir(parents=True)
    (folder / sha256).write_bytes(data)
    run(monitor, "originals", "take-in", "--sender", "301")
    monitor.take_in()
    assert sha256 not in originals(monitor)
    assert orphans.listed(monitor.home) == []
    assert not any(
        b"CANARY77" in path.read_bytes() for path in monitor.home.root.rglob("*") if path.is_file()
    )


def test_rows_of_a_killed_batch_go_and_others_that_are_not_known_are_set_aside(monitor):
    monitor.send(ssd())
    [known] = (monitor.home.raw / "ssd_persons").glob("*.parquet")
    monitor.drop("b.csv", "b")
    with monitor.state.begin() as connection:
        row = {
            "submission_id": 9, "sender": "301", "received_on": files.TODAY, "sha256": "ab",
            "original_name": "x", "landing_name": "ab/ab", "status": "received", "arrival": 1,
        }  # fmt: skip
        connection.execute(submissions.insert(), row)
    for name in ("00000009-aaaaaaaa", "00000001-bbbbbbbb"):
        (known.parent / f"{name}.parquet").write_bytes(known.read_bytes())
    monitor.take_in()
    assert list((monitor.home.raw / "ssd_persons").glob("*.parquet")) == [known]
    aside = monitor.home.orphans / "raw" / "ssd_persons"
    assert [path.name for path in aside.iterdir()] == ["00000001-bbbbbbbb.parquet"]


def test_going_on_with_an_older_state_sets_aside_what_it_does_not_know(monitor, tmp_path):
    monitor.send(ssd())
    older = tmp_path / "older.db"
    with monitor.state.read() as connection:
        connection.connection.execute("vacuum into ?", (str(older),))
    monitor.send(ssd(ssd_cin_episodes=referrals(30)))
    belonging.mark(monitor.home, monitor.state)
    held = originals(monitor)
    monitor.state.close()
    monitor.home.state_db.write_bytes(older.read_bytes())
    with pytest.raises(belonging.NotTogether):
        belonging.check(monitor.home)
    done = run(monitor, "adopt", "--reason", REASON)
    assert "1 originals set aside" in done.output
    belonging.check(monitor.home)
    again = files.Monitor(monitor.home, State(monitor.home.state_db))
    run(again, "originals", "take-in")
    assert [one.status for one in again.take_in().outcomes] == ["accepted"]
    assert originals(again) == held


@pytest.mark.parametrize("damage", [b"", b"no state at all" * 1000, None])
def test_without_any_state_everything_is_set_aside_and_taken_in_again(monitor, damage):
    monitor.send(ssd())
    belonging.mark(monitor.home, monitor.state)
    monitor.state.close()
    held = originals(monitor)
    release = monitor.home.releases / "2026-10-20.1"
    release.mkdir()
    (release / "manifest.json").write_text("{}")
    monitor.home.current.symlink_to("releases/2026-10-20.1")
    if damage is None:
        monitor.home.state_db.unlink()
    else:
        monitor.home.state_db.write_bytes(damage)
    with pytest.raises(belonging.ConfigurationError):
        belonging.check(monitor.home)
    found = adopting.adopt(monitor.home, REASON)
    assert found["originals"] == found["releases"] == 1
    assert not monitor.home.current.is_symlink()
    assert found["state"] == (damage is not None)
    again = files.Monitor(monitor.home, State(monitor.home.state_db))
    run(again, "originals", "take-in")
    again.take_in()
    assert originals(again) == held
    assert json.loads((monitor.home.raw / belonging.MARK).read_text())["submission"] == 1
