"""Write the leads' site: static pages from one published database, complete without script."""

import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from report import words
from report.data import Published, read
from report.pages import alerts, areas, indicators, overview, quality, reference
from report.view import Page, View

FOLDER = Path(__file__).parent
Progress = Callable[[int, int], None]

MENU = (
    ("index.html", "Overview"),
    ("areas/index.html", "Areas"),
    ("indicators/index.html", "Indicators"),
    ("alerts/index.html", "Alerts"),
    ("quality/index.html", "Data quality"),
    ("data.html", "Data"),
    ("help.html", "Help"),
)


def build_site(published_db: Path, out: Path, *, progress: Progress | None = None) -> int:
    """Write every page below `out` and return how many there are."""
    published = read(published_db)
    environment = _environment(published)
    pages = list(_pages(View(published), published_db.parent, out))
    for done, page in enumerate(pages, start=1):
        _write(environment, out, page)
        if progress:
            progress(done, len(pages))
    return len(pages)


def _pages(view: View, release: Path, out: Path) -> Iterator[Page]:
    yield from overview.pages(view)
    yield from areas.pages(view)
    yield from indicators.pages(view)
    yield from alerts.pages(view)
    yield from quality.pages(view)
    yield from reference.pages(view, release, os.path.relpath(release, out))


def _environment(published: Published) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "day": words.day,
        "month": words.month,
        "number": words.number,
        "plain": lambda code: words.words(code, {}),
    }
    environment.globals["site"] = _site(published)
    return environment


def _site(published: Published) -> dict[str, Any]:
    """What every page shares; style and script stand inside it, so a page can be mailed alone."""
    style = (FOLDER / "style.css").read_text(encoding="utf-8")
    script = (FOLDER / "table.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return {
        "release": published.release,
        "style": Markup(style),  # noqa: S704  our own file
        "script": Markup(script),  # noqa: S704  our own file
        "policy": policy,
        "menu": MENU,
    }


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _write(environment: Environment, out: Path, page: Page) -> None:
    target = out / page.path
    target.parent.mkdir(parents=True, exist_ok=True)
    html = environment.get_template(page.template).render(
        title=page.title,
        here=page.here,
        trail=page.trail,
        root="../" * page.path.count("/"),
        **page.context(),
    )
    target.write_text(html, encoding="utf-8")
