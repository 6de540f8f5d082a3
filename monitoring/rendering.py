"""A message as plain text, as a web page and as an e-mail; all three from the same blocks."""

from email.message import EmailMessage
from html import escape

from monitoring.messages import Message, headline, paragraphs

STYLE = "font-family: Arial, sans-serif; font-size: 16px; line-height: 1.5; max-width: 40em"


def text(message: Message) -> str:
    lines = [headline(message), ""]
    for heading, body in paragraphs(message):
        lines.append(heading)
        lines += [f"- {line}" for line in body] if len(body) > 1 else list(body)
        lines.append("")
    return "\n".join([*lines, message.footer, ""])


def html(message: Message) -> str:
    blocks = "\n".join(
        f"<h2>{escape(heading)}</h2>\n{_body(list(body))}" for heading, body in paragraphs(message)
    )
    return (
        '<!doctype html>\n<html lang="en-GB">\n<head><meta charset="utf-8">'
        f"<title>{escape(headline(message))}</title></head>\n"
        f'<body style="{STYLE}">\n<h1>{escape(headline(message))}</h1>\n{blocks}\n'
        f"<p><small>{escape(message.footer)}</small></p>\n</body>\n</html>\n"
    )


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
    mail = EmailMessage()
    mail["Subject"] = headline(message)
    mail["From"] = sender
    mail["To"] = recipient
    if reply_to:
        mail["Reply-To"] = reply_to
    mail["Message-ID"] = f"<{message.message_id}@{domain}>"
    if thread:
        mail["In-Reply-To"] = mail["References"] = f"<{thread}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Sightline-Simulated"] = "yes" if message.is_simulated else "no"
    mail.set_content(text(message))
    mail.add_alternative(html(message), subtype="html")
    return mail


def _body(lines: list[str]) -> str:
    if len(lines) == 1:
        return f"<p>{escape(lines[0])}</p>"
    items = "\n".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>\n{items}\n</ul>"
