"""A mail server on this machine that answers as it is told to, verb by verb."""

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

CLOSE = "close"
"""An answer: the connection is closed instead."""
DRIP = "drip"
"""An answer: a byte of a line that never ends, now and then."""
GREETING = "GREETING"
CONTENT = "CONTENT"
USUAL = {
    GREETING: "220 here",
    "EHLO": "250-here\r\n250 SIZE 1000000",
    "STAR": "220 go on",
    "DATA": "354 go on",
    "QUIT": "221 bye",
}


class MailServer(socketserver.ThreadingTCPServer):
    """`answers` by verb, or by verb and what its line holds, as in ("RCPT", "b@example.org")."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 50

    def __init__(
        self,
        answers: Mapping[str | tuple[str, str], str],
        tls: ssl.SSLContext | None = None,
        security: str = "none",
    ) -> None:
        self.answers, self.tls, self.security = answers, tls, security
        self.mails: list[EmailMessage] = []
        self.connections = 0
        super().__init__(("127.0.0.1", 0), _Conversation)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def answer(self, verb: str, line: str = "") -> str:
        for key, text in self.answers.items():
            if isinstance(key, tuple) and key[0] == verb and key[1] in line:
                return text
        return self.answers.get(verb, USUAL.get(verb, "250 fine"))

    def received(self) -> list[str]:
        """To whom each mail went that was taken."""
        return sorted(str(mail["To"]) for mail in self.mails)


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        try:
            self._converse()
        except ssl.SSLError:
            return  # the client does not trust us

    def _encrypt(self) -> None:
        assert self.server.tls is not None
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self.setup()

    def _converse(self) -> None:
        if self.server.security == "tls":
            self._encrypt()
        self.server.connections += 1
        if not self._say(self.server.answer(GREETING)):
            return
        while line := self.rfile.readline().decode():
            verb = line[:4].upper()
            if not self._say(answer := self.server.answer(verb, line)):
                return
            if verb == "STAR":
                self._encrypt()
            if verb == "QUIT":
                return
            if verb == "DATA" and answer.startswith("354"):
                content = b"".join(iter(self.rfile.readline, b".\r\n"))
                answer = self.server.answer(CONTENT, content.decode(errors="replace"))
                if answer.startswith("250"):
                    mail = message_from_bytes(content, policy=policy.default)
                    assert isinstance(mail, EmailMessage)
                    self.server.mails.append(mail)
                if not self._say(answer):
                    return

    def _say(self, text: str) -> bool:
        """Whether the conversation goes on."""
        if text == CLOSE:
            self.connection.shutdown(socket.SHUT_RDWR)
            return False
        try:
            while text == DRIP:
                self.wfile.write(b"2")
                time.sleep(0.05)
            self.wfile.write(text.encode() + b"\r\n")
        except OSError:
            return False
        return True


@contextmanager
def mail_server(
    tls: ssl.SSLContext | None = None, security: str = "none", **answers: str
) -> Iterator[MailServer]:
    """A server with answers by verb; those by a tuple are put into `answers` by the test."""
    with MailServer(dict(answers), tls, security) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()
