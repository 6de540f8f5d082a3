"""A message as plain text, as a web page and as an e-mail; all three from the same blocks."""

import textwrap
from datetime import UTC
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from pathlib import Path

import css_inline
import jinja2

from sightline.monitoring import figures_table
from sightline.monitoring.message_base import SIMULATED, cut
from sightline.monitoring.messages import AlertMessage, Message, headline, paragraphs
from sightline.warehouse import clock

TEMPLATES = Path(__file__).with_name("templates")
WIDTH = 72
LONGEST_SUBJECT = 70
LONGEST_NAME = 26
"""Of an indicator in a subject; only one that is no longer defined has none so short."""
LIST_NAME = "Sightline"
WHOLE_SUBJECTS = policy.default.clone(max_line_length=90)
"""A subject of 70 characters stays on one line; text has shorter ones anyway."""
# What a follow-up of an alert is about, behind the words that its thread shares.
TAILS = {
    "reopened": ", again",
    "escalated": ", more serious",
    "resolved": ", ended",
    "retracted": ", withdrawn",
    "corrected": ", corrected",
    "no_longer_supported": ", unsupported",
}
CLOSED = ", closed"


def text(message: Message) -> str:
    """Every line whole, as long as it is."""
    lines = [headline(message), ""]
    for heading, body in paragraphs(message):
        lines.append(heading)
        lines += [f"- {line}" for line in body] if len(body) > 1 else list(body)
        lines.append("")
    return "\n".join([*lines, message.footer, ""])


def wrapped(message: Message) -> str:
    """The text in lines of at most 72 characters; what cannot be parted, as an address, stays."""
    return "\n".join(_wrapped(line) for line in text(message).split("\n"))


def html(message: Message) -> str:
    """A page with every style at its element, as mail programs ask; no image and no script."""
    page = _template().render(
        headline=headline(message),
        blocks=[(heading, list(lines)) for heading, lines in paragraphs(message)],
        table=figures_table.rows(message) if isinstance(message, AlertMessage) else [],
        footer=message.footer,
    )
    return css_inline.inline(page, load_remote_stylesheets=False) + "\n"


def subject(message: Message) -> str:
    """At most 70 characters: of an alert its area first, then words that its thread shares."""
    mark = SIMULATED if message.is_simulated else ""
    if not isinstance(message, AlertMessage):
        return cut(headline(message), LONGEST_SUBJECT)
    is_new = message.kind == "opened"
    tails = figures_table.tails(message) if is_new else [TAILS.get(message.kind, CLOSED)]
    indicator = cut(message.short_name or message.indicator, LONGEST_NAME)
    room = LONGEST_SUBJECT - len(f"{mark}: {indicator}")
    tail = next((one for one in tails if len(message.area_name) + len(one) <= room), tails[-1])
    return f"{mark}{cut(message.area_name, room - len(tail))}: {indicator}{tail}"


def email(
    message: Message,
    *,
    sender: str,
    recipient: str,
    thread: str | None = None,
    reply_to: str | None = None,
) -> EmailMessage:
    """Multipart text and HTML with a stable id, marked as automatic.

    `thread` is the id of the first mail to this recipient on the same matter.
    """
    domain = sender.rpartition("@")[2]
    mail = EmailMessage(WHOLE_SUBJECTS)
    mail["Subject"] = subject(message)
    mail["From"] = sender
    mail["To"] = recipient
    if reply_to:
        mail["Reply-To"] = reply_to
    mail["Date"] = format_datetime(clock.now().replace(tzinfo=UTC))
    mail["Message-ID"] = f"<{message.message_id}@{domain}>"
    mail["List-Id"] = f"{LIST_NAME} <sightline.{domain}>"
    if thread:
        mail["In-Reply-To"] = mail["References"] = f"<{thread}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Sightline-Simulated"] = "yes" if message.is_simulated else "no"
    mail.set_content(wrapped(message))
    mail.add_alternative(html(message), subtype="html")
    return mail


def _wrapped(line: str) -> str:
    indent = "  " if line.startswith("- ") else ""
    return textwrap.fill(
        line,
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("message.html")
