"""Messages to whatever Apprise knows, for services that have no channel of their own here.

Apprise is an extra of this package. Its address of a service holds that service's secrets, so it
comes from the environment. It tells of a failure no more than that there was one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Literal

from sightline.monitoring import rendering
from sightline.monitoring.delivery import http
from sightline.monitoring.delivery.channels import Copy, Send
from sightline.monitoring.delivery.failure import DeliveryFailed
from sightline.monitoring.delivery.http import Timed, Variable
from sightline.monitoring.messages import Message, headline
from sightline.warehouse.home import Home

MISSING = "it is not installed: pip install 'sightline[apprise]'"

seconds = http.seconds


class Config(Timed):
    kind: Literal["apprise"]
    name: str = "apprise"
    url_env: Variable


def objection(config: Config, _home: Home) -> str | None:
    """Why nothing could be sent now, if so; no service is asked."""
    return http.unset([config.url_env]) if find_spec("apprise") else MISSING


@contextmanager
def opened(config: Config, _home: Home) -> Iterator[Send]:
    def send(message: Message, _copy: Copy, _seconds: float) -> None:
        try:
            from apprise import Apprise
        except ImportError:
            raise DeliveryFailed(MISSING) from None
        service = Apprise()
        if not service.add(http.secret(config.url_env)):
            raise DeliveryFailed(f"{config.url_env} does not hold an address that Apprise knows")
        if not service.notify(title=headline(message), body=rendering.text(message)):
            raise DeliveryFailed("Apprise could not hand it over")

    yield send
