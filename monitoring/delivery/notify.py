"""Messages by GOV.UK Notify, through a template of two fields: ((subject)) and ((body)).

Its client is an extra of this package. Notify keeps what is sent: statistics alone go there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Literal

from pydantic import Field

from sightline.monitoring import rendering
from sightline.monitoring.delivery import http
from sightline.monitoring.delivery.channels import Copy, Send
from sightline.monitoring.delivery.failure import DeliveryFailed
from sightline.monitoring.delivery.http import Timed, Url, Variable
from sightline.monitoring.delivery.smtp import Address
from sightline.monitoring.messages import Message, headline
from sightline.warehouse.home import Home

MISSING = "its client is not installed: pip install 'sightline[notify]'"

seconds = http.seconds


class Config(Timed):
    kind: Literal["notify"]
    name: str = "notify"
    key_env: Variable
    template: str = Field(pattern=r"^[0-9a-fA-F-]{36}$")
    recipients: list[Address] = Field(min_length=1)
    url: Url = "https://api.notifications.service.gov.uk"


def objection(config: Config, _home: Home) -> str | None:
    """Why nothing could be sent now, if so; Notify is not asked."""
    is_there = find_spec("notifications_python_client") is not None
    return http.unset([config.key_env]) if is_there else MISSING


@contextmanager
def opened(config: Config, _home: Home) -> Iterator[Send]:
    def send(message: Message, copy: Copy, seconds: float) -> None:
        try:
            from notifications_python_client import errors
        except ImportError:
            raise DeliveryFailed(MISSING) from None
        client = _client(config, min(config.timeout_seconds, seconds))
        try:
            client.send_email_notification(
                email_address=copy.recipient,
                template_id=config.template,
                personalisation={"subject": headline(message), "body": rendering.text(message)},
                reference=message.message_id,
            )
        except errors.HTTPError as fault:
            raise http.failure(fault.status_code) from None
        except errors.InvalidResponse:
            raise DeliveryFailed("the answer is not one of GOV.UK Notify's") from None

    yield send


def _client(config: Config, timeout: float) -> Any:
    from notifications_python_client.notifications import NotificationsAPIClient

    client = NotificationsAPIClient(
        http.secret(config.key_env), base_url=config.url, timeout=timeout
    )
    client.request_session.max_redirects = 0
    return client
