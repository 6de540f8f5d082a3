"""The briefing: the first page, the alerts that it puts first and how to read them, in one file.

It is put together from the pages as they were written, so that it cannot say anything else.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lxml import html
from markupsafe import Markup

from sightline.report.pages import overview
from sightline.report.view import View

FIRST, LAST = "index.html", "help.html"
MOST_BYTES = 1_800_000
NAMES = ("aria-labelledby", "aria-describedby", "aria-controls", "for", "headers")
"""Attributes that name other elements of a page."""
IN_URL = re.compile(r"url\(#([^)]+)\)")


def chosen(view: View) -> list[str]:
    """The pages that the briefing is made of, in the order of reading."""
    alerts = [f"alerts/{alert['file']}" for alert in overview.places(view)[: overview.WORST]]
    return [FIRST, *alerts, LAST]


def sections(out: Path, paths: Sequence[str]) -> list[Markup]:
    """What stands in these pages, as parts of one: headings a level down, names of their own."""
    held = list(_that_fit(out, paths))
    places = {path: f"part-{number}" for number, path in enumerate(held, start=1)}
    return [Markup(_section(out, path, places)) for path in held]  # noqa: S704  our own pages


def _that_fit(out: Path, paths: Sequence[str]) -> Iterator[str]:
    """All of them, or as many alerts as leave the file small enough to mail."""
    left = MOST_BYTES - sum((out / path).stat().st_size for path in (FIRST, LAST))
    for path in paths:
        if path not in (FIRST, LAST):
            left -= (out / path).stat().st_size
            if left < 0:
                continue
        yield path


def _section(out: Path, path: str, places: Mapping[str, str]) -> str:
    page = html.fromstring((out / path).read_text(encoding="utf-8"))
    main = page.find(".//main")
    part = places[path]
    for one in main.iter():
        _rename(one, part)
        if re.fullmatch("h[1-5]", str(one.tag)):
            one.tag = f"h{int(one.tag[1]) + 1}"
    for link in list(main.iter("a")):
        _lead(link, path, places)
    main.tag = "section"
    main.attrib.clear()
    main.set("id", part)
    return str(html.tostring(main, encoding="unicode", with_tail=False))


def _rename(element: html.HtmlElement, part: str) -> None:
    if "id" in element.attrib:
        element.set("id", f"{part}-{element.get('id')}")
    for name in NAMES:
        if name in element.attrib:
            element.set(name, " ".join(f"{part}-{one}" for one in element.get(name).split()))
    for name, value in element.attrib.items():
        if "url(#" in value:
            element.set(name, IN_URL.sub(rf"url(#{part}-\1)", value))


def _lead(link: html.HtmlElement, path: str, places: Mapping[str, str]) -> None:
    """Lead to the part of this file; what leads to a page that is not in it is no link any more."""
    target, _, fragment = link.get("href", "").partition("#")
    page = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
    part = places.get(page)
    if part:
        link.set("href", f"#{part}-{fragment}" if fragment else f"#{part}")
        return
    del link.attrib["href"]
    is_drawn = any(one.tag == "svg" for one in link.iterancestors())
    link.tag = "g" if is_drawn else "span"
    if "aria-label" in link.attrib:
        link.set("role", "img")
