"""Messages as files in the outbox folder: JSON, a web page and an e-mail that can be opened."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from sightline.monitoring import rendering
from sightline.monitoring.delivery.channels import Copy, Send
from sightline.monitoring.messages import Message
from sightline.warehouse.home import Home

SECONDS = 20.0
SENDER, RECIPIENT = "sightline@sightline.invalid", "lead@sightline.invalid"


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["files"]
    name: str = "files"


def seconds(_config: Config) -> float:
    return SECONDS


@contextmanager
def opened(_config: Config, home: Home) -> Iterator[Send]:
    def send(message: Message, copy: Copy, _seconds: float) -> None:
        home.outbox.mkdir(parents=True, exist_ok=True)
        mail = rendering.email(
            message, sender=SENDER, recipient=RECIPIENT, thread=copy.thread, reply_to=copy.reply_to
        )
        payload = message.model_dump_json(indent=2) + "\n"
        _write(home.outbox / f"{message.message_id}.html", rendering.html(message).encode())
        _write(home.outbox / f"{message.message_id}.eml", bytes(mail))
        _write(home.outbox / f"{message.message_id}.json", payload.encode())

    yield send


def objection(_config: Config, home: Home) -> str | None:
    """Why nothing could be sent now, if so."""
    folder = home.outbox if home.outbox.exists() else home.root
    if os.access(folder, os.W_OK | os.X_OK) and folder.is_dir():
        return None
    return f"nothing can be written to {home.outbox}"


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(content)
    draft.replace(path)
