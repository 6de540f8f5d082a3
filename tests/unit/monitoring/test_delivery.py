"""Delivery to files and to a real mail server on this machine, with its faults."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from test_messages import digest, message

from monitoring.delivery import channels, relay
from monitoring.delivery.relay import LONGEST_WAIT, MAX_ATTEMPTS, Delivered, deliver, is_due
from warehouse.errors import ConfigurationError
from warehouse.home import Home
from warehouse.settings import Settings
from warehouse.state import State, outbox, releases

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


class Mailbox:
    """Takes mail, or answers what it was told to."""

    def __init__(self, answer: str = "250 OK") -> None:
        self.answer = answer
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            parsed = message_from_bytes(content, policy=policy.default)
            assert isinstance(parsed, EmailMessage)
            self.mails.append(parsed)
        return self.answer


@contextmanager
def server(box: Mailbox) -> Iterator[int]:
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


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


def post(state: State, channel: str, **changed: Any) -> None:
    row = {
        "message_id": "m1",
        "alert_id": "a1b2",
        "kind": "opened",
        "channel": channel,
        "payload": message().model_dump(mode="json"),
        "state": "pending",
        "created_on": NOW.date(),
    }
    with state.begin() as connection:
        connection.execute(sa.insert(outbox).values(row | changed))


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
    box = Mailbox()
    with server(box) as port:
        assert deliver(home, by_mail(port), state, NOW) == Delivered(sent=1)
    [mail] = box.mails
    assert mail["Message-ID"] == "<m1@sightline.invalid>"
    assert mail["References"] == "<a1b2@sightline.invalid>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_a_server_that_is_down_is_tried_once_a_pass_and_again_later(
    home: Home, state: State
) -> None:
    post(state, "smtp")
    post(state, "smtp", message_id="m2")
    closed = by_mail(free_port())
    assert deliver(home, closed, state, NOW) == Delivered(failed=1, pending=2)
    box = Mailbox()
    with server(box) as port:
        soon = deliver(home, by_mail(port), state, NOW + timedelta(seconds=30))
        assert soon == Delivered(sent=1, pending=1)
        later = deliver(home, by_mail(port), state, NOW + timedelta(minutes=2))
        assert later == Delivered(sent=1)


@pytest.mark.parametrize(("answer", "expected"), [("451 try later", "failed"), ("554 no", "dead")])
def test_a_refusal_for_now_is_retried_and_one_for_good_is_not(
    home: Home, state: State, answer: str, expected: str
) -> None:
    post(state, "smtp")
    with server(Mailbox(answer)) as port:
        assert deliver(home, by_mail(port), state, NOW).failed == 1
    assert row(state).state == expected
    assert row(state).last_error == f"the server answered {answer[:3]}"


def test_after_the_last_attempt_a_message_is_dead(home: Home, state: State) -> None:
    post(state, "smtp", attempts=MAX_ATTEMPTS - 1)
    assert deliver(home, by_mail(free_port()), state, NOW) == Delivered(failed=1)
    assert row(state).state == "dead"


@pytest.mark.parametrize(("days", "expected"), [(6, "failed"), (7, "dead")])
def test_a_channel_that_is_down_for_days_loses_no_message(
    home: Home, state: State, days: int, expected: str
) -> None:
    written = NOW.replace(tzinfo=None) - timedelta(days)
    post(state, "smtp", attempts=MAX_ATTEMPTS + 3, created_at=written)
    deliver(home, by_mail(free_port()), state, NOW)
    assert row(state).state == expected


def test_a_message_that_is_refused_again_and_again_is_given_up_sooner(
    home: Home, state: State
) -> None:
    post(state, "smtp", attempts=MAX_ATTEMPTS - 1, created_at=NOW.replace(tzinfo=None))
    with server(Mailbox("451 try later")) as port:
        deliver(home, by_mail(port), state, NOW)
    assert row(state).state == "dead"


def test_no_message_is_begun_after_its_time(home: Home, state: State, settings: Settings) -> None:
    post(state, "files")
    assert deliver(home, settings, state, NOW, within=timedelta(microseconds=-1)).pending == 1
    assert deliver(home, settings, state, NOW, within=timedelta(seconds=20)).sent == 1


def test_a_server_without_encryption_is_refused_by_default(home: Home, state: State) -> None:
    post(state, "smtp")
    box = Mailbox()
    with server(box) as port:
        deliver(home, by_mail(port, security="starttls"), state, NOW)
    assert box.mails == []
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
        ({"kind": "pigeon"}, "not one of files, smtp"),
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
def test_unsafe_or_unknown_settings_are_refused_by_name(
    home: Home, state: State, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        deliver(home, by_mail(**({"port": 25} | changed)), state, NOW)


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"kind": "files", "folder": "elsewhere"}, "files: folder: .*known are kind, name"),
        ({"host": "127.0.0.1"}, "kind is missing: it is one of files, smtp"),
    ],
)
def test_a_block_of_files_is_checked_as_any_other(
    home: Home, block: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        channels.build(home, Settings(delivery=[block]))


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
    home: Home, state: State, tmp_path: Path
) -> None:
    post(state, "smtp")
    box = Mailbox()
    with server(box) as port:
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, str(home.root), str(port)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            check=False,
            timeout=60,
        )
        assert killed.returncode == -signal.SIGKILL
        wait_for(box)
        assert row(state).state == "pending"
        assert deliver(home, by_mail(port), state, NOW) == Delivered(sent=1)
    assert [mail["Message-ID"] for mail in box.mails] == ["<m1@sightline.invalid>"] * 2


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
    box = Mailbox()
    with server(box) as port:
        deliver(home, by_mail(port), state, NOW)
    kinds = ["digest" if mail["References"] is None else "alert" for mail in box.mails]
    assert kinds == ["alert", "digest"] * 2
    assert [mail["Message-ID"] for mail in box.mails][::2] == [
        "<m1@sightline.invalid>",
        "<m1@sightline.invalid>",
    ]


def test_of_ten_relays_at_once_each_message_is_sent_by_one(home: Home, state: State) -> None:
    """Fault 97."""
    for number in range(5):
        post(state, "smtp", message_id=f"m{number}")
    box = Mailbox()
    with server(box) as port, ThreadPoolExecutor(10) as pool:
        done = list(
            pool.map(lambda _: deliver(home, by_mail(port), State(home.state_db), NOW), range(10))
        )
    assert sum(one.sent for one in done) == 5
    assert len(box.mails) == 5


def test_a_relay_that_hangs_is_waited_for_and_then_left_alone(
    home: Home, state: State, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "PATIENCE", timedelta(seconds=0.2))
    post(state, "files")
    with (home.restricted / "outbox.lock").open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert deliver(home, settings, state, NOW) == Delivered(pending=1)
    assert deliver(home, settings, state, NOW) == Delivered(sent=1)


def wait_for(box: Mailbox) -> None:
    for _ in range(50):
        if box.mails:
            return
        time.sleep(0.1)


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from monitoring.delivery import relay
from test_delivery import by_mail
from warehouse.home import Home
from warehouse.state import State

home = Home(Path(sys.argv[1]))
relay._mark = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
relay.deliver(home, by_mail(int(sys.argv[2])), State(home.state_db), datetime.now(UTC))
"""
