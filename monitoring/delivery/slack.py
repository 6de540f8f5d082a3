"""Messages to a channel of Slack, as blocks to the address of an incoming webhook, a secret."""

import json
from contextlib import AbstractContextManager
from typing import Any, Literal

import httpx

from sightline.monitoring.delivery import http
from sightline.monitoring.delivery.channels import Send
from sightline.monitoring.delivery.http import SecretAddress
from sightline.monitoring.message_base import cut
from sightline.monitoring.messages import Message, headline, paragraphs
from sightline.warehouse.home import Home

MOST_BLOCKS, LONGEST_TEXT, LONGEST_HEADER = 50, 3000, 150

seconds = http.seconds


class Config(SecretAddress):
    kind: Literal["slack"]
    name: str = "slack"


def objection(config: Config, _home: Home) -> str | None:
    """Why nothing could be sent now, if so; the server is not asked."""
    return http.unset([config.url_env])


def opened(config: Config, _home: Home) -> AbstractContextManager[Send]:
    return http.opened_to(config, body, _is_taken)


def body(message: Message) -> bytes:
    """Header, a section for each block of the message, the footer; within Slack's limits."""
    head = headline(message)
    sections = [
        _text("section", f"*{_escaped(heading)}*\n" + "\n".join(_lines(lines)))
        for heading, lines in paragraphs(message)
    ]
    title = {"type": "header", "text": {"type": "plain_text", "text": cut(head, LONGEST_HEADER)}}
    foot = {"type": "context", "elements": [{"type": "mrkdwn", "text": _escaped(message.footer)}]}
    blocks = [title, *sections[: MOST_BLOCKS - 2], foot]
    return json.dumps({"text": _escaped(head), "blocks": blocks}).encode()


def _lines(lines: Any) -> list[str]:
    return [f"• {_escaped(line)}" if len(lines) > 1 else _escaped(line) for line in lines]


def _text(kind: str, text: str) -> dict[str, Any]:
    return {"type": kind, "text": {"type": "mrkdwn", "text": cut(text, LONGEST_TEXT)}}


def _escaped(text: str) -> str:
    """Slack reads these three signs as its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _is_taken(answer: httpx.Response) -> bool:
    return answer.text.strip() == "ok"
