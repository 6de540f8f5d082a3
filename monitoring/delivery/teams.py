"""Messages to a channel of Microsoft Teams, as Adaptive Cards to the address of a workflow.

The address, of a workflow "when a Teams webhook request is received", is a secret: whoever has it
may post. It answers 202 when it has taken the card, which is not to say that it is shown.
"""

import json
from contextlib import AbstractContextManager
from typing import Any, Literal

import httpx

from sightline.monitoring.delivery import http
from sightline.monitoring.delivery.channels import Send
from sightline.monitoring.delivery.http import SecretAddress
from sightline.monitoring.messages import Message, headline, paragraphs
from sightline.warehouse.home import Home

CARD = "application/vnd.microsoft.card.adaptive"
MOST_BYTES = 27_000
"""Teams refuses messages of more than about 28 KB."""
SHORTENED = "The rest is in the message that was written to the monitor's outbox."

seconds = http.seconds


class Config(SecretAddress):
    kind: Literal["teams"]
    name: str = "teams"


def objection(config: Config, _home: Home) -> str | None:
    """Why nothing could be sent now, if so; the server is not asked."""
    return http.unset([config.url_env])


def opened(config: Config, _home: Home) -> AbstractContextManager[Send]:
    return http.opened_to(config, body, _is_taken)


def body(message: Message) -> bytes:
    """One card of version 1.4; blocks at its end are left out where it would be too large."""
    blocks = [_block(headline(message), size="Large", weight="Bolder")]
    for heading, lines in paragraphs(message):
        blocks.append(_block(heading, weight="Bolder", spacing="Medium"))
        blocks += [_block(f"- {line}" if len(lines) > 1 else line) for line in lines]
    end = [_block(message.footer, isSubtle=True, size="Small")]
    while len(whole := _as_json([*blocks, *end])) > MOST_BYTES:
        blocks.pop()
        end = [_block(SHORTENED), _block(message.footer, isSubtle=True, size="Small")]
    return whole


def _block(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True, **style}


def _as_json(blocks: list[dict[str, Any]]) -> bytes:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    attachment = {"contentType": CARD, "contentUrl": None, "content": card}
    return json.dumps({"type": "message", "attachments": [attachment]}).encode()


def _is_taken(answer: httpx.Response) -> bool:
    return answer.status_code == httpx.codes.ACCEPTED or not http.is_page(answer)
