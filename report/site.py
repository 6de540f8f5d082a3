"""Write the leads' site: static pages from one published database, complete without script."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from sightline.report import html
from sightline.report.data import read
from sightline.report.downloads import files
from sightline.report.pages import (
    alerts,
    areas,
    drivers,
    groups,
    heat,
    identification,
    indicators,
    methods,
    overview,
    quality,
    reference,
)
from sightline.report.view import Page, View
from sightline.report.words import HELP
from sightline.warehouse.release.rounding import IN_WORDS

Progress = Callable[[int, int], None]

MENU = (
    ("index.html", "Overview"),
    ("areas/index.html", "Areas"),
    ("indicators/index.html", "Indicators"),
    ("alerts/index.html", "Alerts"),
    ("identification.html", "Under-identification"),
    ("drivers/index.html", "What drove it"),
    ("quality/index.html", "Data quality"),
    ("data.html", "Data"),
    ("help.html", "Help"),
)


def build_site(
    published_db: Path,
    out: Path,
    *,
    report_url: str | None = None,
    progress: Progress | None = None,
) -> int:
    """Write every page below `out`, and what is taken away; how many pages there are.

    `report_url` is where readers find the newest release, for permalinks.
    """
    view = View(read(published_db), report_url)
    environment = _environment(view)
    taken = files.write_tables(view, out)
    whole = {**taken, "whole": [*taken["whole"], files.SITE]}
    pages = list(_pages(view, published_db.parent, out, whole))
    for done, page in enumerate(pages, start=1):
        _write(environment, out, page)
        if progress:
            progress(done, len(pages))
    _write(environment, out, files.brief_page(view, out))
    alone = reference.data_page(view, taken)
    files.write_site(view, out, {alone.path: _text(environment, alone)})
    return len(pages)


def _pages(view: View, release: Path, out: Path, taken: reference.Taken) -> Iterator[Page]:
    yield from overview.pages(view)
    yield from areas.pages(view)
    yield from indicators.pages(view)
    yield from alerts.pages(view)
    yield from drivers.pages(view)
    yield from identification.pages(view)
    yield from groups.pages(view)
    yield from quality.pages(view)
    yield from heat.pages(view)
    yield from methods.pages(view)
    yield from reference.pages(view, release, os.path.relpath(release, out), taken)


def _environment(view: View) -> Environment:
    made = html.environment()
    made.globals["site"] = _site(view)
    return made


def _site(view: View) -> dict[str, Any]:
    """What every page shares; style and script stand inside it, so a page can be mailed alone."""
    script = (html.FOLDER / "table.js").read_text(encoding="utf-8")
    shared = html.style()
    return {
        "release": view.published.release,
        "permalinks": view.permalinks,
        "style": shared["style"],
        "script": Markup(script),  # noqa: S704  our own file
        "policy": f"{shared['policy']}; script-src '{html.digest(script)}'",
        "menu": MENU,
        "rounding": IN_WORDS,
    }


def _write(environment: Environment, out: Path, page: Page) -> None:
    target = out / page.path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(_text(environment, page), encoding="utf-8")


def _text(environment: Environment, page: Page) -> str:
    root = "../" * page.path.count("/")
    text = environment.get_template(page.template).render(
        title=page.title,
        here=page.here,
        trail=page.trail,
        path=page.path,
        root=root,
        **page.context(),
    )
    return text.replace(f'href="{HELP}', f'href="{root}help.html')
