"""Messages by e-mail, encrypted unless the server is on this very machine."""

import ipaddress
import os
import re
import smtplib
import ssl
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from monitoring import rendering
from monitoring.delivery.failure import DeliveryFailed
from monitoring.messages import Message
from warehouse.home import Home

# What servers take without asking for more: no blanks, quotes, lists or other scripts.
LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*)(\.[A-Za-z0-9_]([A-Za-z0-9_-]*))*")


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


def send(config: Config, message: Message, _home: Home) -> None:
    mail = rendering.email(message, sender=config.sender, recipients=config.recipients)
    try:
        with _connect(config) as server:
            _authenticate(config, server)
            refused = server.send_message(mail, config.sender, config.recipients)
    except smtplib.SMTPRecipientsRefused as fault:
        codes = [code for code, _ in fault.recipients.values()]
        raise DeliveryFailed("every recipient was refused", is_final=min(codes) >= 500) from None
    except smtplib.SMTPResponseException as fault:
        raise DeliveryFailed(
            f"the server answered {fault.smtp_code}",
            is_final=fault.smtp_code >= 500
            and not isinstance(fault, smtplib.SMTPAuthenticationError),
            is_channel=isinstance(
                fault, (smtplib.SMTPAuthenticationError, smtplib.SMTPConnectError)
            ),
        ) from None
    except (OSError, smtplib.SMTPException) as fault:
        raise DeliveryFailed(_plainly(fault), is_channel=True) from None
    if refused:
        raise DeliveryFailed("some recipients were refused", is_final=True)


def _connect(config: Config) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if config.security == "tls":
        return smtplib.SMTP_SSL(
            config.host, config.port, timeout=config.timeout_seconds, context=context
        )
    server = smtplib.SMTP(config.host, config.port, timeout=config.timeout_seconds)
    if config.security == "starttls":
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def _authenticate(config: Config, server: smtplib.SMTP) -> None:
    if config.username is None or config.password_env is None:
        return
    password = os.environ.get(config.password_env)
    if not password:
        raise DeliveryFailed(_unset(config.password_env), is_channel=True)
    server.login(config.username, password)


def _unset(variable: str) -> str:
    return f"the environment variable {variable} is not set"


def _plainly(fault: Exception) -> str:
    """The kind of fault only: a server's words may quote what was sent."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        return "the server's certificate is not trusted"
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
