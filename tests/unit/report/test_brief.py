"""The briefing is one file that says what the pages say; the site as one file is whole."""

import posixpath
import re
import zipfile
from pathlib import Path

import pytest
from lxml import html

from sightline.report.data import read
from sightline.report.downloads import brief
from sightline.report.view import View


def text(element) -> str:
    return " ".join(element.text_content().split())


def parsed(path: Path):
    return html.fromstring(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(site: Path):
    return parsed(site / "downloads" / "brief.html")


def test_it_holds_the_first_page_the_alerts_and_how_to_read(draft, site: Path, page) -> None:
    paths = brief.chosen(View(read(draft.database)))
    assert paths[0] == "index.html"
    assert paths[-1] == "help.html"
    assert "alerts/a-leeds.html" in paths
    parts = page.xpath("//section[starts-with(@id, 'part-')]")
    said = [text(one) for one in parts if re.fullmatch(r"part-\d+", one.get("id"))]
    assert said == [text(parsed(site / path).find(".//main")) for path in paths]


def test_every_link_stays_in_the_file(page) -> None:
    ids = {one.get("id") for one in page.iter() if one.get("id")}
    links = [one.get("href") for one in page.iter("a")]
    assert len(links) >= 3
    assert {link for link in links if not link.startswith("#") or link[1:] not in ids} == set()


def test_its_charts_use_what_is_theirs(page) -> None:
    ids = {one.get("id") for one in page.iter() if one.get("id")}
    for one in page.iter():
        for value in one.attrib.values():
            assert set(re.findall(r"url\(#([^)]+)\)", value)) <= ids
    assert page.findall(".//svg[@role='img']")


def test_headings_are_a_level_below_those_of_their_pages(site: Path, page) -> None:
    assert [text(one) for one in page.iter("h1")] == [page.findtext(".//h1")]
    of_pages = [text(parsed(site / name).find(".//h1")) for name in ("index.html", "help.html")]
    heads = [text(one) for one in page.iter("h2")]
    assert [heads[0], heads[-1]] == of_pages


def a_site(folder: Path, sizes: dict[str, int]) -> Path:
    for name, size in sizes.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(
            f"<html><body><main><h1>{name}</h1></main></body></html>".ljust(size)
        )
    return folder


@pytest.mark.parametrize(("size", "held"), [(799_999, 2), (800_000, 2), (800_001, 1)])
def test_alerts_that_would_make_it_too_large_to_mail_are_left_out(tmp_path, size, held) -> None:
    sizes = {"index.html": 100_000, "help.html": 100_000, "a/1.html": 800_000, "a/2.html": size}
    made = brief.sections(
        a_site(tmp_path, sizes), ["index.html", "a/1.html", "a/2.html", "help.html"]
    )
    assert len(made) == 2 + held


# ---- The site as one file.


@pytest.fixture(scope="module")
def packed(site: Path):
    with zipfile.ZipFile(site / "downloads" / "site.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_file_of_the_site_is_in_one_folder_as_it_is(draft, site: Path, packed) -> None:
    folder = f"sightline-{draft.release_id}"
    files = {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in site.rglob("*") if path.is_file() and path.name != "site.zip"
    }  # fmt: skip
    assert set(packed) == {f"{folder}/{name}" for name in files}
    assert {name for name in files if files[name] != packed[f"{folder}/{name}"]} == {"data.html"}


def test_every_link_of_the_copy_leads_to_a_file_of_it(packed) -> None:
    for name, content in packed.items():
        if name.endswith(".html"):
            for link in html.fromstring(content.decode()).iter("a"):
                target = link.get("href").partition("#")[0]
                there = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
                assert not target or there in packed, (name, link.get("href"))
