"""The gate that every text typed by a person passes when it is written: nothing that looks like a
person. It knows numbers, dates and addresses, not names; so notes stay inside restricted/ too."""

import re

from sightline.warehouse.errors import WRONG_USE, SightlineError

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


def personal(text: str) -> str | None:
    """What a text seems to say of a person, in words without the value; None when it is clean."""
    return next((what for what, pattern in PATTERNS.items() if pattern.search(text)), None)


def check(text: str, name: str) -> str:
    """The text without the blanks around it; raises SightlineError, which repeats nothing of it,
    where it seems to hold something of a person."""
    if found := personal(text):
        raise SightlineError(
            f"{name} seems to hold {found}; it would be kept, so say it without", WRONG_USE
        )
    return text.strip()
