"""Messages as JSON to any address, signed, for a ticket system or whatever listens."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import httpx

from sightline.monitoring.delivery import http
from sightline.monitoring.delivery.channels import Copy, Send
from sightline.monitoring.delivery.http import Timed, Url, Variable
from sightline.monitoring.messages import Message
from sightline.warehouse import clock
from sightline.warehouse.home import Home

seconds = http.seconds


class Config(Timed):
    kind: Literal["webhook"]
    name: str = "webhook"
    url: Url
    secret_env: Variable


def objection(config: Config, _home: Home) -> str | None:
    """Why nothing could be sent now, if so; the server is not asked."""
    return http.unset([config.secret_env])


@contextmanager
def opened(config: Config, _home: Home) -> Iterator[Send]:
    def send(message: Message, _copy: Copy, seconds: float) -> None:
        body = message.model_dump_json().encode()
        timestamp = f"{clock.now():%Y-%m-%dT%H:%M:%SZ}"
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.message_id,
            "Sightline-Timestamp": timestamp,
            "Sightline-Signature": signature(http.secret(config.secret_env), timestamp, body),
        }
        http.post(config.url, body, headers, config, seconds, _is_taken)

    yield send


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 (RFC 2104) over the timestamp, a full stop and the body, as hexadecimal."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _is_taken(answer: httpx.Response) -> bool:
    return not http.is_page(answer)
