"""Delivery to files and to a real mail server on this machine, with its faults."""

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from mail_server import mail_server
from test_messages import digest, message

from sightline.monitoring import outbox as outbox_rows
from sightline.monitoring.delivery import channels, relay
from sightline.monitoring.delivery.relay import LONGEST_WAIT, Delivered, deliver, is_due
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State, outbox, releases
from sightline.warehouse.settings import Settings

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def by_mail(port: int, **changed: Any) -> Settings:
    block = {
        "kind": "smtp",
        "host": "127.0.0.1",
        "port": port,
        "sender": "sightline@example.org",
        "recipients": ["lead@example.org"],
        "security": "none",
        "timeout_seconds": 5,
    }
    return Settings(delivery=[block | changed])


def post(ledger: State, channel: str, **changed: Any) -> None:
    row = {
        "message_id": "m1",
        "alert_id": "a1b2",
        "kind": "opened",
        "channel": channel,
        "recipient": None if channel == "files" else "lead@example.org",
        "payload": message(message_id=changed.get("message_id", "m1")).model_dump(mode="json"),
        "state": "pending",
        "created_on": NOW.date(),
    }
    with ledger.begin() as connection:
        connection.execute(sa.insert(outbox).values(row | changed))


def rows(state: State) -> list[Any]:
    with state.read() as connection:
        return list(connection.execute(sa.select(outbox)).all())


def row(state: State) -> Any:
    with state.read() as connection:
        return connection.execute(sa.select(outbox)).one()


def test_files_get_a_page_a_mail_and_json(home: Home, state: State, settings: Settings) -> None:
    post(state, "files")
    assert deliver(home, settings, state, NOW) == Delivered(sent=1)
    assert sorted(p.name for p in home.outbox.iterdir()) == ["m1.eml", "m1.html", "m1.json"]
    assert deliver(home, settings, state, NOW) == Delivered()


def test_mail_arrives_in_both_forms_with_a_stable_id(home: Home, state: State) -> None:
    post(state, "smtp")
    with mail_server() as server:
        assert deliver(home, by_mail(server.port), state, NOW) == Delivered(sent=1)
    [mail] = server.mails
    assert (mail["To"], mail["Message-ID"]) == ("lead@example.org", "<m1@example.org>")
    assert mail["References"] is None
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_a_server_that_is_down_is_tried_once_a_pass_and_again_later(
    home: Home, state: State
) -> None:
    post(state, "smtp")
    post(state, "smtp", message_id="m2")
    closed = by_mail(free_port())
    assert deliver(home, closed, state, NOW) == Delivered(failed=1, pending=2)
    with mail_server() as server:
        up = by_mail(server.port)
        soon = deliver(home, up, state, NOW + timedelta(seconds=30))
        assert soon == Delivered(sent=1, pending=1)
        assert deliver(home, up, state, NOW + timedelta(minutes=2)) == Delivered(sent=1)


@pytest.mark.parametrize(("answer", "expected"), [("451 try later", "failed"), ("554 no", "dead")])
def test_a_refusal_for_now_is_retried_and_one_for_good_is_not(
    home: Home, state: State, answer: str, expected: str
) -> None:
    post(state, "smtp")
    with mail_server(CONTENT=answer) as server:
        assert deliver(home, by_mail(server.port), state, NOW).failed == 1
    assert row(state).state == expected
    assert row(state).last_error == f"the server answered {answer[:3]}"


@pytest.mark.parametrize(("hours", "expected"), [(167, "failed"), (168, "dead"), (169, "dead")])
@pytest.mark.parametrize("answer", ["221 closed", "451 try later"])
def test_what_fails_for_a_week_is_given_up_however_often_it_was_tried(
    home: Home, state: State, answer: str, hours: int, expected: str
) -> None:
    """Faults 94 and 101."""
    since = NOW.replace(tzinfo=None) - timedelta(hours=hours)
    for number, attempts in enumerate((1, 1000)):
        at = {"failing_since": since, "message_id": f"m{number}"}
        post(state, "smtp", attempts=attempts, state="failed", **at)
    with mail_server(CONTENT=answer) as server:
        deliver(home, by_mail(server.port), state, NOW)
    assert {one.state for one in rows(state)} == {expected}


def test_a_machine_that_was_off_for_weeks_gives_nothing_up_at_once(
    home: Home, state: State
) -> None:
    post(state, "smtp", created_at=NOW.replace(tzinfo=None) - timedelta(60))
    deliver(home, by_mail(free_port()), state, NOW)
    assert (row(state).state, row(state).fault) == ("failed", "channel")


def test_what_was_given_up_begins_anew_when_it_is_asked_for(home: Home, state: State) -> None:
    since = NOW.replace(tzinfo=None) - timedelta(30)
    post(state, "smtp", state="dead", attempts=40, failing_since=since)
    assert relay.retry_now(state) == 0
    assert relay.retry_now(state, include_dead=True) == 1
    deliver(home, by_mail(free_port()), state, NOW)
    assert (row(state).state, row(state).attempts) == ("failed", 1)


def test_a_clock_that_was_ahead_makes_nothing_fail_from_a_later_day_on(
    home: Home, state: State
) -> None:
    later = NOW.replace(tzinfo=None) + timedelta(365)
    post(state, "smtp", state="failed", attempts=1, failing_since=later)
    deliver(home, by_mail(free_port()), state, NOW)
    assert row(state).failing_since < NOW.replace(tzinfo=None) + timedelta(minutes=1)


def test_no_message_is_begun_after_its_time(home: Home, state: State, settings: Settings) -> None:
    post(state, "files")
    assert deliver(home, settings, state, NOW, within=timedelta(microseconds=-1)).pending == 1
    assert deliver(home, settings, state, NOW, within=timedelta(seconds=20)).sent == 1


def test_a_server_without_encryption_is_refused_by_default(home: Home, state: State) -> None:
    post(state, "smtp")
    with mail_server() as server:
        deliver(home, by_mail(server.port, security="starttls"), state, NOW)
    assert server.mails == []
    assert row(state).last_error == "the server does not offer encryption"


def test_a_server_that_says_nothing_is_given_up(home: Home, state: State) -> None:
    post(state, "smtp")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        deliver(home, by_mail(port, timeout_seconds=0.3), state, NOW)
    assert row(state).last_error == "the server did not answer in time"


def test_a_message_that_seems_to_name_a_child_is_never_sent(home: Home, state: State) -> None:
    planted = message(why_it_matters="About A123456789012.").model_dump(mode="json")
    post(state, "files", payload=planted)
    assert deliver(home, Settings(), state, NOW) == Delivered(failed=1)
    assert row(state).state == "dead"
    assert row(state).last_error == "refused: it seems to contain a unique pupil number"
    assert list(home.outbox.iterdir()) == []


def test_a_message_that_is_not_well_formed_is_never_sent(home: Home, state: State) -> None:
    post(state, "files", payload={"kind": "opened", "row": "anything"})
    deliver(home, Settings(), state, NOW)
    assert row(state).last_error == "refused: not a well-formed message"


def test_a_digest_goes_the_same_way(home: Home, state: State, settings: Settings) -> None:
    post(state, "files", kind="digest", payload=digest().model_dump(mode="json"))
    assert deliver(home, settings, state, NOW) == Delivered(sent=1)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"host": "mail.example.org"}, "server on this machine"),
        ({"username": "u", "password_env": "P"}, "without encryption"),
        ({"recipients": []}, "recipients"),
        ({"kind": "pigeon"}, "not one of apprise, files, notify, slack, smtp, teams, webhook"),
        ({"password": "secret"}, "password"),
        ({"recipient": "lead@example.org"}, "mean recipients"),
        ({"recipients": "lead@example.org"}, "recipients: "),
        ({"recipients": ["lead@example.org", "lead.example.org"]}, r"recipients\.1: .*address"),
        ({"recipients": ["a@example.org, b@example.org"]}, r"recipients\.0: .*address"),
        ({"recipients": ["lead@example..org"]}, r"recipients\.0: .*address"),
        ({"sender": "Sightline <us@example.org>"}, "sender: .*address"),
        ({"host": "smtp://127.0.0.1"}, "host: .*server"),
        ({"port": 0}, "port: "),
        ({"port": "25"}, "port: "),
        ({"port": 65536}, "port: "),
        ({"name": "files"}, "two .* are called 'files'"),
    ],
)
def test_unsafe_or_unknown_settings_are_refused_by_name(changed: dict[str, Any], said: str) -> None:
    wrong = by_mail(**({"port": 25} | changed))
    with pytest.raises(ConfigurationError, match=said):
        channels.check(wrong)


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"kind": "files", "folder": "elsewhere"}, "files: folder: .*known are kind, name"),
        ({"host": "127.0.0.1"}, "kind is missing: it is one of apprise, files"),
    ],
)
def test_a_block_of_files_is_checked_as_any_other(block: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        channels.check(Settings(delivery=[block]))


@pytest.mark.parametrize(
    "wrong", [{"port": 0}, {"recipients": ["nobody"]}, {"kind": "pigeon", "name": "smtp"}]
)
def test_a_block_that_is_wrong_keeps_no_other_from_sending(
    home: Home, state: State, wrong: dict[str, Any]
) -> None:
    post(state, "files")
    post(state, "smtp", message_id="m2")
    post(state, "second", message_id="m3")
    with mail_server() as server:
        broken = by_mail(**({"port": server.port} | wrong)).delivery
        second = by_mail(server.port, name="second").delivery
        settings = Settings(delivery=[*broken, *second])
        assert deliver(home, settings, state, NOW) == Delivered(sent=2, failed=1, pending=1)
    assert {one.channel: one.state for one in rows(state)} == {
        "files": "sent", "smtp": "failed", "second": "sent",
    }  # fmt: skip


def test_whatever_a_channel_raises_is_its_own_fault(
    home: Home, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RecursionError("a bug, with a name in it")

    post(state, "files")
    post(state, "smtp", message_id="m2")
    monkeypatch.setattr("sightline.monitoring.delivery.files._write", broken)
    with mail_server() as server:
        assert deliver(home, by_mail(server.port), state, NOW).sent == 1
    failed = next(one for one in rows(state) if one.state == "failed")
    assert failed.last_error == "the channel broke (RecursionError)"
    assert failed.fault == "channel"


def test_a_channel_says_why_it_could_send_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    word = {"password_env": "MAIL_WORD"}
    settings = by_mail(25, host="localhost", security="tls", username="u", **word)
    assert channels.objections(home, settings) == {
        "smtp": "the environment variable MAIL_WORD is not set"
    }
    monkeypatch.setenv("MAIL_WORD", "x")
    assert channels.objections(home, settings) == {}
    home.outbox.rmdir()
    home.outbox.write_text("a file in the way")
    assert list(channels.objections(home, settings)) == ["files"]


def test_killed_between_sending_and_marking_it_is_sent_again_under_the_same_id(
    home: Home, state: State
) -> None:
    """Fault 96."""
    post(state, "smtp")
    with mail_server() as server:
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, str(home.root), str(server.port)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            check=False,
            timeout=60,
        )
        assert killed.returncode == -signal.SIGKILL
        assert row(state).state == "pending"
        soon = deliver(home, by_mail(server.port), state, NOW, within=timedelta(seconds=5))
        assert soon == Delivered(pending=1)
        later = NOW + timedelta(seconds=15 + 15 + 1)  # three answers of 5 seconds, and to mark it
        assert deliver(home, by_mail(server.port), state, later) == Delivered(sent=1)
    assert [mail["Message-ID"] for mail in server.mails] == ["<m1@example.org>"] * 2


def test_what_a_relay_that_died_had_claimed_is_waited_for(
    home: Home, state: State, settings: Settings
) -> None:
    soon = NOW.replace(tzinfo=None) + timedelta(seconds=0.3)
    post(state, "files", claimed_by="another", claimed_until=soon)
    assert deliver(home, settings, state, NOW, within=timedelta(seconds=9)) == Delivered(pending=1)
    assert deliver(home, settings, state, NOW) == Delivered(sent=1)


def test_a_claim_of_a_clock_that_was_ahead_counts_for_nothing(
    home: Home, state: State, settings: Settings
) -> None:
    later = NOW.replace(tzinfo=None) + timedelta(days=365)
    post(state, "files", claimed_by="another", claimed_until=later)
    assert deliver(home, settings, state, NOW) == Delivered(sent=1)


def test_a_time_written_by_a_clock_that_was_ahead_makes_nobody_wait_for_it(
    home: Home, state: State, settings: Settings
) -> None:
    soon = NOW.replace(tzinfo=None) + LONGEST_WAIT
    post(state, "files", next_attempt_at=soon)
    assert deliver(home, settings, state, NOW) == Delivered(pending=1)
    with state.begin() as connection:
        connection.execute(sa.update(outbox).values(next_attempt_at=soon + timedelta(days=365)))
    assert is_due(state, NOW)
    assert deliver(home, settings, state, NOW) == Delivered(sent=1)


def test_messages_go_in_the_order_of_their_releases_whatever_the_clock_said(
    home: Home, state: State
) -> None:
    for number, day in (1, date(2027, 1, 1)), (2, date(2026, 1, 1)):
        release = f"{day}.{number}"
        with state.begin() as connection:
            connection.execute(
                sa.insert(releases).values(
                    release_id=release, sequence=number, built_at=datetime(2026, 1, 1),  # noqa: DTZ001
                    as_of=day, content_hash="x", code_version="1", simulated=True,
                    is_current=False,
                )
            )  # fmt: skip
        at = {"created_on": day, "release_id": release}
        post(state, "smtp", message_id=f"m{3 - number}", **at)
        told = digest().model_dump(mode="json")
        post(state, "smtp", message_id=f"d{number}", kind="digest", payload=told, **at)
    with mail_server() as server:
        deliver(home, by_mail(server.port), state, NOW)
    kinds = ["digest" if "open" in str(mail["Subject"]) else "alert" for mail in server.mails]
    assert kinds == ["alert", "digest"] * 2
    ids = [mail["Message-ID"] for mail in server.mails][::2]
    assert ids == ["<m2@example.org>", "<m1@example.org>"]


def test_of_ten_relays_at_once_each_message_is_sent_by_one(home: Home, state: State) -> None:
    """Fault 97."""
    for number in range(50):
        post(state, "smtp", message_id=f"m{number}")

    def relays(port: int) -> Delivered:
        with closing(State(home.state_db)) as own:
            return deliver(home, by_mail(port), own, NOW)

    with mail_server() as server, ThreadPoolExecutor(10) as pool:
        done = list(pool.map(lambda _: relays(server.port), range(10)))
    assert sum(one.sent for one in done) == 50
    assert sorted(mail["Message-ID"] for mail in server.mails) == sorted(
        f"<m{number}@example.org>" for number in range(50)
    )
    assert {one.state for one in rows(state)} == {"sent"}


def test_one_connection_serves_a_pass(home: Home, state: State) -> None:
    for number in range(5):
        post(state, "smtp", message_id=f"m{number}")
    with mail_server() as server:
        assert deliver(home, by_mail(server.port), state, NOW).sent == 5
    assert server.connections == 1


THREE = ["a@example.org", "b@example.org", "c@example.org"]


def to_three(state: State, port: int, timeout: float = 5) -> Settings:
    for recipient in THREE:
        post(state, "smtp", message_id=recipient[0], copy_of="m", recipient=recipient)
    return by_mail(port, recipients=THREE, timeout_seconds=timeout)


def standing(state: State) -> dict[str, tuple[str, str | None]]:
    return {one.message_id: (one.state, one.fault) for one in rows(state)}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("421 closing", ("failed", "channel")),
        ("450 busy", ("failed", "recipient")),
        ("530 log in first", ("failed", "channel")),
        ("535 wrong", ("failed", "channel")),
        ("550 no such user", ("dead", "recipient")),
        ("550 5.1.1 no such user", ("dead", "recipient")),
        ("550 5.7.1 not allowed", ("failed", "channel")),
        ("554 relay access denied", ("failed", "channel")),
        ("552 full", ("failed", "recipient")),
        ("554 no", ("dead", "recipient")),
    ],
)
def test_one_recipient_that_is_refused_costs_no_other_its_message(
    home: Home, state: State, answer: str, expected: tuple[str, str]
) -> None:
    """Fault 94."""
    with mail_server() as server:
        server.answers = {("RCPT", "b@"): answer}
        settings = to_three(state, server.port)
        deliver(home, settings, state, NOW)
        assert standing(state)["b"] == expected
        deliver(home, settings, state, NOW + timedelta(seconds=30))
    assert server.received() == ["a@example.org", "c@example.org"]
    assert standing(state) == {"a": ("sent", None), "b": expected, "c": ("sent", None)}


@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        ("GREETING", "421 too busy"),
        ("GREETING", "554 not for you"),
        ("GREETING", "close"),
        ("GREETING", "drip"),
        ("MAIL", "421 closing"),
        ("MAIL", "450 later"),
        ("MAIL", "530 log in first"),
        ("MAIL", "550 sender refused"),
        ("MAIL", "drip"),
        ("RCPT", "550 no such user"),
        ("RCPT", "550 5.1.1 no such user"),
        ("RCPT", "554 5.7.1 relay access denied"),
        ("RCPT", "530 log in first"),
        ("RCPT", "close"),
        ("DATA", "421 closing"),
        ("CONTENT", "530 log in first"),
        ("CONTENT", "close"),
        ("CONTENT", "drip"),
    ],
)
def test_what_is_refused_to_all_is_a_fault_of_the_channel_and_never_final(
    home: Home, state: State, verb: str, answer: str
) -> None:
    """Fault 93."""
    with mail_server(**{verb: answer}) as server:
        settings = to_three(state, server.port, 0.3 if answer == "drip" else 5)
        deliver(home, settings, state, NOW)
        assert "dead" not in {one.state for one in rows(state)}
        assert {one.fault for one in rows(state)} <= {"channel", None}
        assert "channel" in {one.fault for one in rows(state)}
        server.answers = {}
        up = by_mail(server.port, recipients=THREE)
        deliver(home, up, state, NOW + timedelta(minutes=5))
    assert set(server.received()) == set(THREE)
    assert {one.state for one in rows(state)} == {"sent"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("450 later", "failed"),
        ("550 spam", "dead"),
        ("552 too large", "dead"),
        ("554 no", "dead"),
    ],
)
def test_content_that_is_refused_is_the_fault_of_that_message(
    home: Home, state: State, answer: str, expected: str
) -> None:
    post(state, "smtp", message_id="m1", copy_of="m1")
    post(state, "smtp", message_id="m2", copy_of="m2")
    with mail_server() as server:
        server.answers = {("CONTENT", "Message-ID: <m1@"): answer}
        deliver(home, by_mail(server.port), state, NOW)
    assert standing(state) == {"m1": (expected, "message"), "m2": ("sent", None)}


def test_content_that_is_refused_whatever_it_is_is_the_fault_of_the_channel(
    home: Home, state: State
) -> None:
    post(state, "smtp", message_id="m1", copy_of="m1")
    post(state, "smtp", message_id="m2", copy_of="m2")
    with mail_server(CONTENT="554 no") as server:
        deliver(home, by_mail(server.port), state, NOW)
    assert set(standing(state).values()) == {("failed", "channel")}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("550 no such user", ("failed", "recipient")),
        ("550 5.1.1 no such user", ("dead", "recipient")),
    ],
)
def test_a_single_address_is_given_up_only_where_the_server_knows_that_it_is_none(
    home: Home, state: State, answer: str, expected: tuple[str, str]
) -> None:
    post(state, "smtp")
    with mail_server(RCPT=answer) as server:
        deliver(home, by_mail(server.port), state, NOW)
    assert standing(state) == {"m1": expected}


def test_a_server_that_closes_between_two_messages_is_asked_again(home: Home, state: State) -> None:
    for number in range(3):
        post(state, "smtp", message_id=f"m{number}")
    with mail_server(NOOP="421 that was enough") as server:
        assert deliver(home, by_mail(server.port), state, NOW).sent == 3
    assert server.connections == 3


def test_nothing_is_sent_to_an_address_that_was_taken_out(home: Home, state: State) -> None:
    """Fault 100."""
    post(state, "smtp", recipient="former@example.org")
    post(state, "smtp", message_id="m2")
    with mail_server() as server:
        deliver(home, by_mail(server.port), state, NOW)
    assert server.received() == ["lead@example.org"]
    assert standing(state)["m1"] == ("dead", "recipient")


def test_a_row_without_a_recipient_becomes_one_for_each(home: Home, state: State) -> None:
    post(state, "smtp", recipient=None)
    with mail_server() as server:
        settings = by_mail(server.port, recipients=THREE)
        assert deliver(home, settings, state, NOW) == Delivered(sent=3)
    assert server.received() == THREE
    assert len({mail["Message-ID"] for mail in server.mails}) == 3


def test_a_message_is_posted_once_for_each_recipient_and_answers_the_first(
    home: Home, state: State
) -> None:
    settings, critical = by_mail(25, recipients=THREE), message(severity="critical")
    with state.begin() as connection:
        assert outbox_rows.post(connection, [critical], settings, NOW.date()) == 4
        assert outbox_rows.post(connection, [critical], settings, NOW.date()) == 0
        ended = message(message_id="m2", kind="resolved")
        assert outbox_rows.post(connection, [ended], settings, NOW.date()) == 4
    first = {one.recipient: one.message_id for one in rows(state) if one.kind == "opened"}
    thread = {one.recipient: one.thread for one in rows(state) if one.kind == "resolved"}
    assert set(first) == {None, *THREE}
    assert thread == first


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from sightline.monitoring.delivery import relay
from test_delivery import by_mail
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State

home = Home(Path(sys.argv[1]))
relay._Pass._mark = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
relay.deliver(home, by_mail(int(sys.argv[2])), State(home.state_db),
              datetime(2026, 11, 21, 9, tzinfo=UTC))
"""
