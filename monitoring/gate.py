"""The last gate before a message leaves: anything that looks like a person stops it."""

import re

from monitoring import rendering
from monitoring.messages import Message

PATTERNS = {
    "a unique pupil number": re.compile(r"\b[A-Z]\d{11}[0-9A-Z]\b", re.IGNORECASE),
    "an NHS number": re.compile(r"\b\d{3}[ -]?\d{3}[ -]?\d{4}\b"),
    "a date of birth": re.compile(
        r"\b(\d{1,2}[/.]\d{1,2}[/.](19|20)\d{2}|(19|20)\d{2}-\d{2}-\d{2})\b"
    ),
    "a postcode": re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b"),
    "an e-mail address": re.compile(r"[^\s<>@]+@[^\s<>@]+\.[a-z]{2,}", re.IGNORECASE),
    "a small count": re.compile(
        r"\b(?<![.,])([1-5]|one|two|three|four|five) "
        r"(child|children|pupil|pupils|referral|referrals|assessment|assessments|"
        r"suspension|suspensions|exclusion|exclusions|episode|episodes|girl|girls|boy|boys)\b",
        re.IGNORECASE,
    ),
}


def personal(said: str) -> str | None:
    """What a text seems to say of a person, in words without the value; None when it is clean."""
    return next((what for what, pattern in PATTERNS.items() if pattern.search(said)), None)


def objection(message: Message) -> str | None:
    """What the message seems to contain, in words without the value; None when it may go."""
    said = rendering.text(message)
    for reference in (message.release_id, message.message_id, getattr(message, "alert_id", "")):
        said = said.replace(reference, "") if reference else said
    return personal(said)
