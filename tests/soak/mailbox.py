"""A mail server in a process of its own, which writes down each message that it took."""

import sys
import time
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Taker:
    def __init__(self, book: Path) -> None:
        self.book = book

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        content = envelope.content
        assert isinstance(content, bytes)
        with self.book.open("a", encoding="utf-8") as file:
            file.write(f"{message_from_bytes(content)['Message-ID']}\n")
        return "250 OK"


def main(port: int, book: Path) -> None:
    Controller(Taker(book), hostname="127.0.0.1", port=port).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
