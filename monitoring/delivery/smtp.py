"""Messages by e-mail, encrypted unless the server is on this very machine."""

import ipaddress
import os
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from sightline.monitoring import rendering
from sightline.monitoring.delivery.channels import Copy, Send
from sightline.monitoring.delivery.deadline import Deadline, within
from sightline.monitoring.delivery.failure import NOT_TRUSTED, DeliveryFailed
from sightline.monitoring.messages import Message
from sightline.warehouse.home import Home

# What servers take without asking for more: no blanks, quotes, lists or other scripts.
LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*)(\.[A-Za-z0-9_]([A-Za-z0-9_-]*))*")

# For one message the server may take as long as for three answers, but never longer than this.
ANSWERS, LONGEST, LAST_WORD = 3, 180.0, 5.0  # seconds
OK, CLOSING, TOO_LARGE, PERMANENT = 250, 421, 552, 500
# Closing, no login yet, login too weak or refused: whatever they answer, they concern everybody.
OF_CHANNEL = (CLOSING, 454, 530, 534, 535, 538)
STATUS_OF_ADDRESS = re.compile(r"5\.1\.\d")
STATUS_OF_FULL = re.compile(r"5\.2\.2")
STATUS_OF_POLICY = re.compile(r"5\.7\.\d")


def _well_formed(address: str) -> str:
    name, at, domain = address.rpartition("@")
    if not (at and LOCAL.fullmatch(name) and HOST.fullmatch(domain)):
        raise ValueError("is no e-mail address such as lead@example.gov.uk")
    return address


Address = Annotated[str, AfterValidator(_well_formed)]


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["smtp"]
    name: str = "smtp"
    host: str
    port: int = Field(default=587, ge=1, le=65535, strict=True)
    sender: Address
    recipients: list[Address] = Field(min_length=1)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password_env: str | None = None
    timeout_seconds: float = Field(default=20, gt=0, le=300)

    @field_validator("host")
    @classmethod
    def _a_host(cls, host: str) -> str:
        if not (HOST.fullmatch(host) or _is_address(host)):
            raise ValueError("is no name of a server such as mail.example.gov.uk")
        return host

    @model_validator(mode="after")
    def _plain_only_on_this_machine(self) -> "Config":
        if self.security == "none" and not _is_loopback(self.host):
            raise ValueError('security = "none" is only allowed for a server on this machine')
        if self.security == "none" and self.username:
            raise ValueError("a password is never sent without encryption")
        if bool(self.username) != bool(self.password_env):
            raise ValueError("username and password_env belong together")
        return self


def objection(config: Config, _home: Home) -> str | None:
    """Why nothing could be sent now, if so; the server is not asked."""
    if config.password_env and not os.environ.get(config.password_env):
        return _unset(config.password_env)
    return None


def seconds(config: Config) -> float:
    return min(ANSWERS * config.timeout_seconds, LONGEST)


@contextmanager
def opened(config: Config, _home: Home) -> Iterator[Send]:
    """Sends over one connection, which is made when there is something to send."""
    connection = _Connection(config)
    try:
        yield connection.send
    finally:
        connection.close()


class _Watched:
    """A conversation with a server that a deadline can end, from its first moment on."""

    sock: socket.socket | None = None

    def __init__(self, deadline: Deadline, **options: Any) -> None:
        deadline.watch(lambda: self.sock)
        super().__init__(**options)


class _Plain(_Watched, smtplib.SMTP):
    pass


class _Encrypted(_Watched, smtplib.SMTP_SSL):
    pass


class _Connection:
    def __init__(self, config: Config) -> None:
        self._config = config
        self._server: smtplib.SMTP | None = None

    def send(self, message: Message, copy: Copy, seconds: float) -> None:
        sender, recipient = self._config.sender, str(copy.recipient)
        mail = rendering.email(
            message,
            sender=sender,
            recipient=recipient,
            thread=copy.thread,
            reply_to=copy.reply_to,
        )
        with within(seconds) as deadline:
            try:
                server = self._ready(deadline)
                server.send_message(mail, sender, [recipient])
            except (OSError, smtplib.SMTPException) as fault:
                raise _failure(fault, is_late=deadline.is_over) from None

    def close(self) -> None:
        if self._server is None:
            return
        with within(LAST_WORD) as deadline, suppress(OSError, smtplib.SMTPException):
            server = self._server
            deadline.watch(lambda: server.sock)
            server.quit()
        self._server.close()

    def _ready(self, deadline: Deadline) -> smtplib.SMTP:
        """The connection, made anew where there is none or the server has closed it meanwhile."""
        server = self._server
        if server is not None:
            deadline.watch(lambda: server.sock)
            if _is_there(server):
                return server
            server.close()
        self._server = None
        self._server = _connect(self._config, deadline)
        return self._server


def _is_there(server: smtplib.SMTP) -> bool:
    try:
        return server.noop()[0] == OK
    except (OSError, smtplib.SMTPException):
        return False


def _connect(config: Config, deadline: Deadline) -> smtplib.SMTP:
    context = ssl.create_default_context()
    place: dict[str, Any] = {
        "host": config.host,
        "port": config.port,
        "timeout": config.timeout_seconds,
    }
    if config.security == "tls":
        server: smtplib.SMTP = _Encrypted(deadline, **place, context=context)
    else:
        server = _Plain(deadline, **place)
    try:
        if config.security == "starttls":
            server.starttls(context=context)
        if config.username is not None and config.password_env is not None:
            if not (password := os.environ.get(config.password_env)):
                raise DeliveryFailed(_unset(config.password_env))
            server.login(config.username, password)
    except BaseException:
        server.close()
        raise
    return server


def _failure(fault: Exception, *, is_late: bool) -> DeliveryFailed:
    """Whose fault it is, told by the answer and by what it was the answer to.

    Codes as in RFC 5321, 4.2.3 and 4.3.2, and in RFC 4954 for logging in; what stands after a code
    may be a status of RFC 3463.
    """
    if is_late:
        return DeliveryFailed("the server did not answer in time")
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        [(code, words)] = fault.recipients.values()
        return _of_recipient(code, words.decode(errors="replace"))
    if not isinstance(fault, smtplib.SMTPResponseException):
        return DeliveryFailed(_plainly(fault))
    code = fault.smtp_code
    said = f"the server answered {code}"
    is_size = isinstance(fault, smtplib.SMTPSenderRefused) and code == TOO_LARGE
    if (isinstance(fault, smtplib.SMTPDataError) and code not in OF_CHANNEL) or is_size:
        return DeliveryFailed(said, scope="message", is_final=code >= PERMANENT)
    return DeliveryFailed(said)


def _of_recipient(code: int, words: str) -> DeliveryFailed:
    """An address that was not taken; only where the server says that there is none such, or has
    taken another, is that for good."""
    said = f"the server answered {code} to the address"
    is_relaying = STATUS_OF_POLICY.match(words) or "relay" in words.lower()
    if code in OF_CHANNEL or (code >= PERMANENT and is_relaying):
        return DeliveryFailed(said, stops=code == CLOSING)
    is_full = code == TOO_LARGE or STATUS_OF_FULL.match(words) is not None
    return DeliveryFailed(
        said,
        scope="recipient",
        is_final=code >= PERMANENT and not is_full,
        is_sure=STATUS_OF_ADDRESS.match(words) is not None,
    )


def _unset(variable: str) -> str:
    return f"the environment variable {variable} is not set"


def _plainly(fault: Exception) -> str:
    """The kind of fault only: a server's words may quote what was sent."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        return NOT_TRUSTED
    if isinstance(fault, TimeoutError) or "timed out" in str(fault):
        return "the server did not answer in time"
    if isinstance(fault, smtplib.SMTPNotSupportedError):
        return "the server does not offer encryption"
    return f"no connection ({type(fault).__name__})"


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host).is_loopback if _is_address(host) else host == "localhost"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
