"""Channels over HTTP, each against a real server on this machine and its ways to fail."""

import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import sqlalchemy as sa
from test_messages import digest, message

from sightline.monitoring.delivery import channels, slack, teams
from sightline.monitoring.delivery.relay import Delivered, deliver
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State, outbox
from sightline.warehouse.settings import Settings

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
WORD = "a long word that nobody knows"
CLOSED, SLOW = -1, -2
ERROR_PAGE = (200, {"Content-Type": "text/html"}, b"<h1>Bad gateway</h1>")


class Receiver(ThreadingHTTPServer):
    """Answers as it is told to, in turn, and keeps what came."""

    daemon_threads = True

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.came: list[tuple[str, dict[str, str], bytes]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((self.path, dict(self.headers), body))
        status, headers, content = self.server.answers.pop(0)
        if status == CLOSED:
            return
        if status == SLOW:
            self._drip()
            return
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _drip(self) -> None:
        try:
            for byte in b"HTTP/1.1 200 OK\r\nServer: " + b"x" * 100:
                self.wfile.write(bytes([byte]))
                time.sleep(0.05)
        except OSError:
            return

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    monkeypatch.setenv("HOOK_SECRET", WORD)
    monkeypatch.setenv("HOOK_URL", receiver.url)


def over(kind: str, receiver: Receiver, timeout: float = 5) -> Settings:
    place = {"url": receiver.url, "secret_env": "HOOK_SECRET"}
    block = place if kind == "webhook" else {"url_env": "HOOK_URL"}
    return Settings(delivery=[{"kind": kind, "timeout_seconds": timeout} | block])


def post(ledger: State, channel: str, number: int = 1) -> None:
    key = f"m{number}"
    row = {
        "message_id": key, "copy_of": key, "kind": "opened", "channel": channel,
        "payload": message(message_id=key).model_dump(mode="json"), "state": "pending",
        "created_on": NOW.date(),
    }  # fmt: skip
    with ledger.begin() as connection:
        connection.execute(sa.insert(outbox).values(row))


def standing(state: State) -> list[tuple[str, str | None]]:
    with state.read() as connection:
        found = connection.execute(sa.select(outbox).order_by(outbox.c.message_id)).all()
    return [(one.state, one.fault) for one in found]


SENT, OF_CHANNEL, OF_MESSAGE = ("sent", None), ("failed", "channel"), ("dead", "message")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((202, {}, b""), SENT),
        ((200, {}, b"thanks"), SENT),
        ((400, {}, b""), OF_MESSAGE),
        ((413, {}, b""), OF_MESSAGE),
        ((401, {}, b""), OF_CHANNEL),
        ((404, {}, b""), OF_CHANNEL),
        ((500, {}, b""), OF_CHANNEL),
        ((CLOSED, {}, b""), OF_CHANNEL),
        ((SLOW, {}, b""), OF_CHANNEL),
        (ERROR_PAGE, OF_CHANNEL),
    ],
    ids=lambda value: str(value[0]) if isinstance(value[0], int) else "",
)
def test_each_answer_is_told_by_whose_fault_it_is(
    home: Home, state: State, receiver: Receiver, answer: Any, expected: Any
) -> None:
    """Fault 95."""
    post(state, "webhook")
    receiver.answers = [answer]
    deliver(home, over("webhook", receiver, 0.3 if answer[0] == SLOW else 5), state, NOW)
    assert standing(state) == [expected]
    assert len(receiver.came) == 1


def test_a_server_that_fails_and_then_takes_it_gets_it_under_the_same_key(
    home: Home, state: State, receiver: Receiver
) -> None:
    post(state, "webhook")
    receiver.answers = [(500, {}, b""), (200, {}, b"")]
    settings = over("webhook", receiver)
    assert deliver(home, settings, state, NOW) == Delivered(failed=1, pending=1)
    assert deliver(home, settings, state, NOW + timedelta(minutes=2)) == Delivered(sent=1)
    assert [headers["Idempotency-Key"] for _, headers, _ in receiver.came] == ["m1", "m1"]


@pytest.mark.parametrize("after", ["600", "Sat, 21 Nov 2026 09:10:00 GMT"])
def test_a_server_that_asks_to_be_left_alone_is_left_alone(
    home: Home, state: State, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    """Nor is another message tried meanwhile."""
    monkeypatch.setattr(
        "sightline.monitoring.delivery.http.clock.now", lambda: NOW.replace(tzinfo=None)
    )
    post(state, "webhook")
    post(state, "webhook", 2)
    receiver.answers = [(429, {"Retry-After": after}, b""), (200, {}, b""), (200, {}, b"")]
    settings = over("webhook", receiver)
    deliver(home, settings, state, NOW)
    assert deliver(home, settings, state, NOW + timedelta(minutes=9, seconds=55)).sent == 0
    assert len(receiver.came) == 1
    assert deliver(home, settings, state, NOW + timedelta(minutes=10, seconds=9)).sent == 2


def test_a_redirect_is_not_followed(home: Home, state: State, receiver: Receiver) -> None:
    with Receiver() as other:
        post(state, "webhook")
        receiver.answers = [(307, {"Location": other.url}, b"")]
        deliver(home, over("webhook", receiver), state, NOW)
        assert other.came == []
    assert standing(state) == [OF_CHANNEL]


def test_a_server_that_is_not_there_is_a_fault_of_the_channel(home: Home, state: State) -> None:
    post(state, "webhook")
    with Receiver() as gone:
        settings = over("webhook", gone)
    deliver(home, settings, state, NOW)
    assert standing(state) == [OF_CHANNEL]


def test_a_webhook_is_signed_over_its_time_and_its_body(
    home: Home, state: State, receiver: Receiver
) -> None:
    post(state, "webhook")
    receiver.answers = [(202, {}, b"")]
    deliver(home, over("webhook", receiver), state, NOW)
    [(_, headers, body)] = receiver.came
    signed = headers["Sightline-Timestamp"].encode() + b"." + body
    expected = hmac.new(WORD.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["Sightline-Signature"] == f"sha256={expected}"
    assert json.loads(body)["message_id"] == "m1"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [((202, {}, b""), SENT), ((400, {}, b""), OF_MESSAGE), (ERROR_PAGE, OF_CHANNEL)],
)
def test_teams_gets_a_card_in_an_attachment(
    home: Home, state: State, receiver: Receiver, answer: Any, expected: Any
) -> None:
    post(state, "teams")
    receiver.answers = [answer]
    deliver(home, over("teams", receiver), state, NOW)
    assert standing(state) == [expected]
    [(_, _, body)] = receiver.came
    [attachment] = json.loads(body)["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {block["type"] for block in card["body"]} == {"TextBlock"}
    assert "Leeds" in card["body"][0]["text"]


def test_a_card_that_would_be_too_large_is_cut_at_its_end() -> None:
    long = digest(newest=[f"warning: {'a long title ' * 20}{number}" for number in range(200)])
    body = teams.body(long)
    assert len(body) <= teams.MOST_BYTES
    blocks = json.loads(body)["attachments"][0]["content"]["body"]
    assert [block["text"] for block in blocks[-2:]] == [teams.SHORTENED, long.footer]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [((200, {}, b"ok"), SENT), ((404, {}, b"no_service"), OF_CHANNEL), (ERROR_PAGE, OF_CHANNEL)],
)
def test_slack_gets_blocks_and_says_ok(
    home: Home, state: State, receiver: Receiver, answer: Any, expected: Any
) -> None:
    post(state, "slack")
    receiver.answers = [answer]
    deliver(home, over("slack", receiver), state, NOW)
    assert standing(state) == [expected]
    [(_, _, body)] = receiver.came
    kinds = [block["type"] for block in json.loads(body)["blocks"]]
    assert kinds[0] == "header"
    assert kinds[-1] == "context"
    assert set(kinds[1:-1]) == {"section"}


def test_no_log_holds_a_secret_address(
    home: Home, state: State, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for number, answer in enumerate([(200, {}, b"ok"), (500, {}, b"")]):
        post(state, "slack", number)
        receiver.answers = [answer]
        deliver(home, over("slack", receiver), state, NOW)
    assert len(receiver.came) == 2
    assert receiver.url not in caplog.text


def test_slack_reads_no_sign_of_ours_as_its_own_and_takes_no_more_than_it_may() -> None:
    long = message(title="<!channel> & more", what_to_check=["a" * 2000, "b" * 2000])
    blocks = json.loads(slack.body(long))["blocks"]
    assert "<!" not in json.dumps(blocks[1:])
    assert all(len(block["text"]["text"]) <= 3000 for block in blocks[1:-1])
    assert len(blocks[0]["text"]["text"]) <= 150


@pytest.mark.parametrize("kind", ["webhook", "teams", "slack"])
def test_without_its_secret_a_channel_sends_nothing_and_says_so(
    home: Home,
    state: State,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    settings = over(kind, receiver)
    assert channels.objections(home, settings) == {}
    for name in ("HOOK_SECRET", "HOOK_URL"):
        monkeypatch.delenv(name)
    assert list(channels.objections(home, settings)) == [kind]
    post(state, kind)
    deliver(home, settings, state, NOW)
    assert (standing(state), receiver.came) == ([OF_CHANNEL], [])


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"kind": "webhook", "url": "http://example.org", "secret_env": "A"}, "url: .*https"),
        ({"kind": "webhook", "url": "https://u:p@example.org", "secret_env": "A"}, "url: "),
        ({"kind": "webhook", "url": "example.org", "secret_env": "A"}, "url: "),
        ({"kind": "webhook", "url": "https://example.org"}, "secret_env: "),
        ({"kind": "webhook", "url": "https://example.org", "secret_env": "a b"}, "secret_env: "),
        ({"kind": "teams", "url": "https://example.org"}, "url"),
        ({"kind": "slack", "url_env": "https://example.org"}, "url_env: "),
        ({"kind": "notify", "key_env": "A", "template": "x", "recipients": ["a@b"]}, "template: "),
    ],
)
def test_a_block_that_is_wrong_is_refused_by_name(block: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        channels.check(Settings(delivery=[block]))


@pytest.mark.parametrize("kind", ["notify", "apprise"])
def test_an_extra_that_is_not_installed_is_told(
    home: Home, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(f"sightline.monitoring.delivery.{kind}.find_spec", lambda _: None)
    more = {"key_env": "A", "template": "0" * 36, "recipients": ["a@example.org"]}
    block = {"kind": kind} | (more if kind == "notify" else {"url_env": "A"})
    [objection] = channels.objections(home, Settings(delivery=[block])).values()
    assert f"sightline[{kind}]" in objection
