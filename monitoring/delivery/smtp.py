"""Messages by e-mail, encrypted unless the server is on this very machine."""

import ipaddress
import os
import smtplib
import ssl
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitoring import rendering
from monitoring.delivery.failure import DeliveryFailed
from monitoring.messages import AlertMessage, Digest
from warehouse.home import Home


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["smtp"]
    name: str = "smtp"
    host: str
    port: int = Field(default=587, ge=1, le=65535)
    sender: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    recipients: list[str] = Field(min_length=1)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password_env: str | None = None
    timeout_seconds: float = Field(default=20, gt=0, le=300)

    @model_validator(mode="after")
    def _plain_only_on_this_machine(self) -> "Config":
        if self.security == "none" and not _is_loopback(self.host):
            raise ValueError('security = "none" is only allowed for a server on this machine')
        if self.security == "none" and self.username:
            raise ValueError("a password is never sent without encryption")
        if bool(self.username) != bool(self.password_env):
            raise ValueError("username and password_env belong together")
        return self


def send(config: Config, message: AlertMessage | Digest, _home: Home) -> None:
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
        raise DeliveryFailed(
            f"the environment variable {config.password_env} is not set", is_channel=True
        )
    server.login(config.username, password)


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
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
