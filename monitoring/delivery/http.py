"""What the channels over HTTP share: one POST, an answer in time, and whose fault it is if not.

Redirects are not followed and nothing is tried twice: the outbox does that, minutes later.
"""

import asyncio
import logging
import os
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Annotated
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sightline.monitoring.delivery.channels import Copy, Send
from sightline.monitoring.delivery.failure import NOT_TRUSTED, DeliveryFailed
from sightline.monitoring.messages import Message
from sightline.warehouse import clock

VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
ANSWERS, LONGEST = 3, 180.0
# Too large, not understood, of the wrong form: the content is refused and would be again.
OF_CONTENT = frozenset({400, 413, 415, 422})
LOCAL = ("127.0.0.1", "::1", "localhost")

# They would write addresses into logs, which may be secrets, and words of an answer.
for _name in ("httpx", "httpcore", "notifications_python_client", "apprise"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

Variable = Annotated[str, Field(pattern=VARIABLE)]


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username:
        raise ValueError("is no address such as https://example.gov.uk/alerts")
    if parts.scheme == "http" and parts.hostname not in LOCAL:
        raise ValueError("begins with https://, unless the server is on this machine")
    return url


Url = Annotated[str, AfterValidator(_address)]


class Timed(BaseModel):
    """What every block of a channel over HTTP may hold."""

    model_config = ConfigDict(extra="forbid")

    timeout_seconds: float = Field(default=10, gt=0, le=300)


def seconds(config: Timed) -> float:
    """For one message: as long as for three answers."""
    return min(ANSWERS * config.timeout_seconds, LONGEST)


def unset(variables: Iterable[str | None]) -> str | None:
    """The first environment variable that is needed and not set, in words."""
    missing = (name for name in variables if name and not os.environ.get(name))
    return next((f"the environment variable {name} is not set" for name in missing), None)


def secret(variable: str) -> str:
    """The value of an environment variable; raises DeliveryFailed where there is none."""
    if objection := unset([variable]):
        raise DeliveryFailed(objection)
    return os.environ[variable]


def secret_address(variable: str) -> str:
    """An address that is itself a secret; raises DeliveryFailed where it is none."""
    try:
        return _address(secret(variable).strip())
    except ValueError:
        raise DeliveryFailed(f"{variable} does not hold an address with https://") from None


class SecretAddress(Timed):
    """The block of a channel whose address is all that it needs, and is itself a secret."""

    url_env: Variable


@contextmanager
def opened_to(
    config: SecretAddress,
    body: Callable[[Message], bytes],
    is_taken: Callable[[httpx.Response], bool],
) -> Iterator[Send]:
    """Sends what `body` makes of a message, as JSON."""

    def send(message: Message, _copy: Copy, seconds: float) -> None:
        url, headers = secret_address(config.url_env), {"Content-Type": "application/json"}
        post(url, body(message), headers, config, seconds, is_taken)

    yield send


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    config: Timed,
    within: float,
    is_taken: Callable[[httpx.Response], bool],
) -> None:
    """Returns when the other side has taken the body, as `is_taken` tells of a 2xx.

    Raises DeliveryFailed with no word of the answer, which may quote what was sent.
    """
    try:
        answer = asyncio.run(
            asyncio.wait_for(_posted(url, body, headers, config.timeout_seconds), within)
        )
    except (TimeoutError, httpx.TimeoutException):
        raise DeliveryFailed("the server did not answer in time") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as fault:
        raise DeliveryFailed(_plainly(fault)) from None
    if answer.is_success and is_taken(answer):
        return
    raise failure(answer.status_code, answer.headers.get("Retry-After"))


def failure(status: int, retry_after: str | None = None) -> DeliveryFailed:
    """Whose fault an answer is that is not the one expected (RFC 9110, 15)."""
    said = f"the server answered {status}"
    if status in OF_CONTENT:
        return DeliveryFailed(said, scope="message", is_final=True)
    if httpx.codes.is_success(status):
        said += ", but not as this channel does"
    return DeliveryFailed(said, wait=_wait(retry_after))


def is_page(answer: httpx.Response) -> bool:
    """Whether it is a web page, such as a proxy puts in the place of an answer."""
    return "html" in answer.headers.get("Content-Type", "").lower()


@cache
def _certificates() -> ssl.SSLContext:
    """Those that this machine trusts."""
    return ssl.create_default_context()


def _plainly(fault: BaseException) -> str:
    """The kind of fault, without words of the other side."""
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NOT_TRUSTED
        cause = cause.__cause__ or cause.__context__
    return f"no connection ({type(fault).__name__})"


async def _posted(
    url: str, body: bytes, headers: Mapping[str, str], timeout: float
) -> httpx.Response:
    async with httpx.AsyncClient(
        timeout=timeout, follow_redirects=False, verify=_certificates()
    ) as client:
        return await client.post(url, content=body, headers=dict(headers))


def _wait(retry_after: str | None) -> timedelta | None:
    """Seconds, or a moment (RFC 9110, 10.2.3)."""
    if retry_after is None:
        return None
    if retry_after.strip().isdigit():
        return timedelta(seconds=min(int(retry_after), 7 * 24 * 3600))
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(moment.astimezone(UTC) - clock.now().replace(tzinfo=UTC), timedelta())
