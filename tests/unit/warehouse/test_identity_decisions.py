"""People say who is one child: recorded, withdrawn, known as of a date, never in clear."""

from datetime import date

import intake_files as files
import pytest
from intake_files import TODAY, upn
from test_identities import link, send, sizes

from sightline.orchestration import pending
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.ledger import audit
from sightline.warehouse.pseudonyms import keys
from sightline.warehouse.timeline import identity_decisions
from sightline.warehouse.timeline.identity_decisions import named

pytestmark = pytest.mark.slow

LATER = date(2026, 11, 20)


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def decide(monitor, kind, one, other, today=TODAY):
    key = keys.in_use(monitor.home, monitor.state)
    ends = named(one), named(other)
    return identity_decisions.add(monitor.state, key, kind, *ends, reason="case 17", today=today)


def test_a_tie_is_cut_and_comes_back_when_the_decision_is_withdrawn(monitor):
    send(monitor, link("K1", 1))
    assert sizes(monitor) == [2]
    number = decide(monitor, "cut", "301:K1", upn(1))
    assert sizes(monitor) == [1, 1]
    identity_decisions.withdraw(monitor.state, number, reason="put right", today=TODAY)
    assert sizes(monitor) == [2]
    assert [one["state"] for one in identity_decisions.listing(monitor.state)] == [
        f"withdrawn {TODAY}"
    ]
    assert [one["action"] for one in audit.entries(monitor.state)] == [
        "cut identities", "withdraw identity decision",
    ]  # fmt: skip
    audit.check(monitor.state)


def test_local_numbers_are_joined_however_they_are_written(monitor):
    send(monitor, link("K1", 1), link("K2", 2))
    decide(monitor, "join", "301: k1", "301:K2 ")
    assert sizes(monitor) == [4]


def test_a_decision_is_known_from_its_day_on(monitor):
    decide(monitor, "join", "301:K1", "301:K2", today=LATER)
    assert identity_decisions.known(monitor.state, TODAY) == []
    assert len(identity_decisions.known(monitor.state, LATER)) == 1


def test_a_decision_is_a_reason_to_run(monitor):
    before = pending.fingerprint(monitor.home, monitor.state, TODAY)
    number = decide(monitor, "join", "301:K1", "301:K2")
    after = pending.fingerprint(monitor.home, monitor.state, TODAY)
    assert (before["identities"], after["identities"]) == ([], [number])
    assert pending.WORDS["identities"]


def test_an_identifier_is_kept_nowhere_in_clear(monitor):
    decide(monitor, "cut", "301:CANARY77", upn(77))
    kept = b"".join(path.read_bytes() for path in monitor.home.root.rglob("*") if path.is_file())
    assert b"CANARY77" not in kept
    assert upn(77).encode() not in kept
    assert "_key" not in str(identity_decisions.listing(monitor.state))


@pytest.mark.parametrize("text", ["", "K1", "x:K1", "301:", f"301{upn(1)}", "I301000000001"])
def test_what_is_no_identifier_is_refused_without_being_repeated(monitor, text):
    with pytest.raises(SightlineError) as refused:
        decide(monitor, "cut", text, "301:K2")
    assert not text or text not in refused.value.message
    assert identity_decisions.listing(monitor.state) == []


def test_an_identifier_is_not_joined_to_itself(monitor):
    with pytest.raises(SightlineError, match="the same"):
        decide(monitor, "join", "301:K1", "301:k1")


def test_a_decision_under_a_former_key_no_longer_counts_and_says_so(monitor):
    decide(monitor, "join", "301:K1", "301:K2")
    with monitor.state.begin() as connection:
        keys.pin(connection, bytes(range(7, 39)))
    assert identity_decisions.known(monitor.state, TODAY) == []
    [row] = identity_decisions.listing(monitor.state)
    assert "former key" in row["state"]
