"""A server whose certificate is not trusted gets nothing; one that is put right gets it once."""

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from mail_server import mail_server
from test_delivery import by_mail, row
from test_delivery import post as post_mail
from test_http_channels import Receiver, post

from sightline.monitoring.delivery import http
from sightline.monitoring.delivery.relay import Delivered, deliver
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import read_only
from sightline.warehouse.ledger.state import State
from sightline.warehouse.settings import Settings

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
SAID = "the server's certificate is not trusted"


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    """What this machine trusts is read once."""
    http._certificates.cache_clear()
    yield
    http._certificates.cache_clear()


def certificate(folder: Path, address: str) -> tuple[ssl.SSLContext, Path]:
    """One of a server's own for an address, and the file by which it may be trusted."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    day = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(day - timedelta(1))
        .not_valid_after(day + timedelta(1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    shown = folder / f"{address}.pem"
    shown.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = folder / f"{address}.key"
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, secret)
    return context, shown


def calls(state: State) -> list[tuple[str, str, int, str]]:
    """What `health` is told of messages that are not sent."""
    with state.read() as connection:
        return [tuple(one) for one in read_only.messages_not_sent(connection)]


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"])
def test_a_mail_server_is_believed_only_with_a_certificate_that_is_trusted_and_its_own(
    home: Home,
    state: State,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    security: str,
    address: str,
) -> None:
    """Fault 93."""
    tls, shown = certificate(tmp_path, address)
    post_mail(state, "smtp")
    with mail_server(tls, security, EHLO="250-here\r\n250 STARTTLS") as server:
        chosen = by_mail(server.port, security=security)
        assert deliver(home, chosen, state, NOW) == Delivered(failed=1, pending=1)
        assert (row(state).state, row(state).fault, server.received()) == ("failed", "channel", [])
        assert calls(state) == [("smtp", "failed", 1, SAID)]
        monkeypatch.setenv("SSL_CERT_FILE", str(shown))
        done = deliver(home, chosen, state, LATER)
        is_its_own = address == "127.0.0.1"
        assert done == (Delivered(sent=1) if is_its_own else Delivered(failed=1, pending=1))
        assert server.received() == ["lead@example.org"] * is_its_own
    assert calls(state) == [] if is_its_own else [("smtp", "failed", 1, SAID)]


@contextmanager
def receiver(tls: ssl.SSLContext) -> Iterator[Receiver]:
    with Receiver() as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def test_a_server_over_https_is_believed_only_with_a_certificate_that_is_trusted(
    home: Home, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 93."""
    monkeypatch.setenv("HOOK_SECRET", "a word")
    tls, shown = certificate(tmp_path, "127.0.0.1")
    post(state, "webhook")
    with receiver(tls) as server:
        server.answers = [(202, {}, b"")]
        url = server.url.replace("http://", "https://")
        block = {"kind": "webhook", "url": url, "secret_env": "HOOK_SECRET", "timeout_seconds": 5}
        chosen = Settings(delivery=[block])
        assert deliver(home, chosen, state, NOW) == Delivered(failed=1, pending=1)
        assert server.came == []
        assert calls(state) == [("webhook", "failed", 1, SAID)]
        http._certificates.cache_clear()
        monkeypatch.setenv("SSL_CERT_FILE", str(shown))
        assert deliver(home, chosen, state, LATER) == Delivered(sent=1)
        assert [headers["Idempotency-Key"] for _, headers, _ in server.came] == ["m1"]
    assert calls(state) == []
