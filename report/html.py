"""How every page is made: templates that escape all they are given, style inside the page."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sightline.report import words

FOLDER = Path(__file__).parent


def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "day": words.day,
        "month": words.month,
        "number": words.number,
        "plain": lambda code: words.words(code, {}),
        "breakable": breakable,
    }
    return made


def breakable(address: str) -> Markup:
    """An address that is parted between its parts where a line is too short for it."""
    parts = re.split(r"(?<=[/_-])|(?=#)", address)
    return Markup("<wbr>").join(parts)


def style() -> dict[str, Any]:
    """The style, and the policy that lets a page load nothing but it."""
    text = (FOLDER / "style.css").read_text(encoding="utf-8")
    policy = f"default-src 'none'; style-src '{digest(text)}'; base-uri 'none'; form-action 'none'"
    return {"style": Markup(text), "policy": policy}  # noqa: S704  our own file


def digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
