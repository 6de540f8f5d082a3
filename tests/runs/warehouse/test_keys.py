"""The key: refused when it is weak or another, and changed with all history or not at all."""

import inspect
import os
import signal
import subprocess
import sys
from datetime import date

import duckdb
import intake_files as files
import killing
import pytest
from intake_files import care, referrals, ssd, upn

from sightline.warehouse import belonging
from sightline.warehouse import home as homes
from sightline.warehouse.erasure.rotation import rotate
from sightline.warehouse.errors import KeyFault, SightlineError
from sightline.warehouse.ledger import audit
from sightline.warehouse.pseudonyms import keys
from sightline.warehouse.settings import load_settings
from sightline.warehouse.take_in import take_in
from sightline.warehouse.timeline.work_file import prepare

REASON = "the old key was in a lost backup"
WEAK = {
    "empty": "",
    "short": "ab",
    "zeros": "00" * 32,
    "31 bytes": os.urandom(31).hex(),
    "no hexadecimal": "abcd" * 16 + "x",
    "no plain letters": "é" * 64,
    "counts up": bytes(range(32)).hex(),
    "counts down": bytes(range(255, 223, -1)).hex(),
    "as in examples": "0123456789abcdef" * 4,
    "says it twice": os.urandom(16).hex() * 2,
}

KILLED_AT = f"""{inspect.getsource(killing)}

from pathlib import Path
from sightline.warehouse import home as homes
from sightline.warehouse.erasure import rotation
from sightline.warehouse.settings import load_settings
from sightline.warehouse.ledger.state import State

folder, new_key, module, function, calls = sys.argv[1:]
home = homes.find(Path(folder))
state = State(home.state_db)
settings = load_settings(home).model_copy(update={{"threads": 1}})
kill_at(module, function, int(calls))
rotation.rotate(home, state, settings, Path(new_key), "a reason", lambda *_: None)
"""


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


@pytest.fixture
def new_key(tmp_path):
    path = tmp_path / "new.key"
    homes.write_secret(path, os.urandom(32))
    return path


@pytest.mark.parametrize("text", WEAK.values(), ids=WEAK)
def test_a_weak_key_is_refused_without_being_shown(monitor, text):
    """Fault 102."""
    monitor.home.key.write_text(text)
    monitor.drop_zip(ssd())
    with pytest.raises(KeyFault) as raised:
        monitor.take_in()
    assert raised.value.exit_code == 8
    assert not text or text not in raised.value.message
    assert monitor.ledger() == []


def test_a_key_that_others_can_read_is_refused(monitor):
    """Fault 102."""
    monitor.home.key.chmod(0o644)
    with pytest.raises(KeyFault, match="chmod 600"):
        monitor.take_in()


def test_a_missing_key_is_refused(monitor):
    """Fault 102."""
    monitor.home.key.unlink()
    with pytest.raises(KeyFault, match="cannot be read"):
        monitor.take_in()


def test_another_key_is_refused_before_a_row_is_read(monitor, new_key):
    """Fault 103."""
    monitor.send(ssd())
    first = keys.fingerprint(keys.read(monitor.home.key))
    new_key.replace(monitor.home.key)
    monitor.drop_zip(ssd(ssd_cin_episodes=referrals(2)))
    with pytest.raises(KeyFault, match=f"expected {first}"):
        monitor.take_in()
    assert len(monitor.ledger()) == 1


def test_a_fingerprint_tells_keys_apart_and_not_what_they_are(monitor, new_key):
    one, other = keys.read(monitor.home.key), keys.read(new_key)
    assert keys.fingerprint(one) != keys.fingerprint(other)
    assert keys.fingerprint(one) not in one.hex()


def send_history(monitor):
    monitor.send(ssd(ssd_cin_episodes=referrals(40, "R99,K1,bad,N1,2A,N,,\n")))
    monitor.send(ssd(ssd_linked_identifiers=files.IDENTIFIERS + link("K1", 1) + link("K2", 2)))
    monitor.drop_zip(care(), {"period_start": "2025-04-01", "period_end": "2025-06-30"}, "b.zip")
    monitor.drop("c.csv", "")
    monitor.take_in()


def link(person, number):
    return f"L{person},{person},Unique Pupil Number,{upn(number)}\n"


def pseudonyms(monitor):
    return {row[0] for row in monitor.raw("ssd_referrals", "person_key")}


def children(monitor):
    """Which rows belong to one child, told without the pseudonyms."""
    prepare(monitor.home, monitor.state, date(2026, 10, 20))
    with duckdb.connect(str(monitor.home.work_db), read_only=True) as connection:
        rows = connection.execute(
            """
            select list(place order by place) as places
            from (
                select child_key, concat('ssd ', submission_id, ' ', line) as place
                from raw.ssd_referrals inner join control.identities
                    on person_key = identifier_key
                union all
                select child_key, concat('care ', submission_id, ' ', line)
                from raw.care_children inner join control.identities
                    on person_key = identifier_key
            )
            group by child_key order by all
            """
        ).fetchall()
    return [places for (places,) in rows]


def test_after_a_rotation_every_pseudonym_is_new_and_every_link_is_as_before(monitor, new_key):
    """Fault 103."""
    send_history(monitor)
    before = pseudonyms(monitor), children(monitor), monitor.ledger(), monitor.refused_lines()
    new = keys.read(new_key)
    settings = load_settings(monitor.home)
    rotate(monitor.home, monitor.state, settings, new_key, REASON, lambda *_: None)
    assert pseudonyms(monitor).isdisjoint(before[0])
    assert children(monitor) == before[1]
    assert any(len(places) > 1 for places in before[1])
    assert (monitor.ledger(), monitor.refused_lines()) == before[2:]
    assert keys.read(monitor.home.key) == new
    assert not monitor.home.rotation.exists()
    [entry] = audit.entries(monitor.state)
    assert (entry["action"], entry["subject"]) == ("rotate", f"key {keys.fingerprint(new)}")
    assert take_in(monitor.home, settings, monitor.state).is_clean


def test_a_rotation_to_the_same_key_is_refused(monitor):
    settings = load_settings(monitor.home)
    with pytest.raises(KeyFault, match="in use already"):
        rotate(monitor.home, monitor.state, settings, monitor.home.key, REASON, lambda *_: None)


def test_without_a_reason_the_key_is_not_changed(monitor, new_key):
    monitor.send(ssd())
    key, settings = keys.read(monitor.home.key), load_settings(monitor.home)
    with pytest.raises(SightlineError, match="say why"):
        rotate(monitor.home, monitor.state, settings, new_key, " ", lambda *_: None)
    assert keys.in_use(monitor.home, monitor.state) == key


@pytest.mark.parametrize(
    ("module", "function", "calls", "is_done"),
    [
        ("sightline.warehouse.intake.batch", "_load", 1, False),
        ("sightline.warehouse.intake.batch", "_load", 3, False),
        ("sightline.warehouse.ledger.audit", "record", 1, False),
        ("sightline.warehouse.pseudonyms.keys", "finish_rotation", 2, True),
        ("sightline.warehouse.pseudonyms.keys", "_put_in_place", 2, True),
    ],
)
def test_a_rotation_killed_anywhere_is_whole_or_not_begun(
    monitor, new_key, module, function, calls, is_done
):
    send_history(monitor)
    before, links = pseudonyms(monitor), children(monitor)
    old, new = keys.read(monitor.home.key), keys.read(new_key)
    arguments = [str(monitor.home.root), str(new_key), module, function, str(calls)]
    done = subprocess.run([sys.executable, "-c", KILLED_AT, *arguments], check=False)
    assert done.returncode == -signal.SIGKILL
    belonging.check(monitor.home)
    used = keys.in_use(monitor.home, monitor.state)
    assert used == (new if is_done else old)
    monitor.take_in()
    assert (pseudonyms(monitor) == before) == (used == old)
    assert children(monitor) == links
    settings = load_settings(monitor.home)
    if used == old:
        rotate(monitor.home, monitor.state, settings, new_key, REASON, lambda *_: None)
    assert keys.in_use(monitor.home, monitor.state) == new
    belonging.check(monitor.home)
    assert pseudonyms(monitor).isdisjoint(before)
    assert children(monitor) == links
