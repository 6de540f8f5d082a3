"""The documentation as a site: built strictly, opened from a folder, asking for nothing."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest
from lxml import html
from pages import ROOT
from support import sightline
from test_accessibility import axe

from sightline.orchestration.cli import commands

SITE = ROOT / "docs" / "site"
# A page of each kind: one that is read, one of wide tables, a command's, what is searched.
KINDS = ("index.html", "senders/ssd.html", "comparison.html", "commands/run.html", "search.html")
MADE_BY_DBT = "lineage.html"
MODEL = re.compile(r"\bpublished_\w+")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make docs` builds."""
    out = tmp_path_factory.mktemp("site") / "docs"
    done = subprocess.run(
        [sys.executable, str(SITE / "build.py"), str(out)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ["PYTHONPATH"]])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    done = sightline("lineage", str(out / MADE_BY_DBT))
    assert (done.returncode, done.stdout) == (0, f"Written: {out / MADE_BY_DBT}\n"), done.stderr
    return out


def pages(built: Path) -> dict[str, html.HtmlElement]:
    found = {path.relative_to(built).as_posix(): path for path in built.rglob("*.html")}
    found.pop(MADE_BY_DBT)
    return {name: html.fromstring(path.read_bytes()) for name, path in found.items()}


def test_each_link_and_anchor_leads_somewhere(built: Path) -> None:
    made = pages(built)
    anchors = {name: {*page.xpath("//@id"), ""} for name, page in made.items()}
    lost = []
    for name, page in made.items():
        for link in page.xpath("//a/@href"):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            where = unquote(parts.path)
            place = os.path.normpath(Path(name).parent / where) if where else name
            if not (built / place).is_file() or parts.fragment not in anchors.get(
                place, {parts.fragment}
            ):
                lost.append((name, link))
    assert lost == []
    assert len(made) > 90


def outside(page: html.HtmlElement) -> Iterator[str]:
    """What a browser would fetch by itself."""
    for asked in page.xpath("//@src | //link/@href | //object/@data | //@srcset"):
        if urlsplit(asked).scheme not in ("", "data") or asked.startswith("//"):
            yield asked


def test_nothing_is_asked_for_outside(built: Path) -> None:
    found = {name: list(outside(page)) for name, page in pages(built).items()}
    assert {name: asked for name, asked in found.items() if asked} == {}
    sheets = [path.read_text(encoding="utf-8") for path in built.rglob("*.css")]
    assert sheets
    assert [
        one for sheet in sheets for one in re.findall(r"url\(['\"]?(?:https?:)?//", sheet)
    ] == []


def test_what_would_be_asked_for_outside_is_seen() -> None:
    page = html.fromstring('<p><img src="//a.example/x.png"><script src="https://b.example"></p>')
    assert list(outside(page)) == ["//a.example/x.png", "https://b.example"]


def every(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield "-".join((*words, name)), command
        if isinstance(command, click.Group):
            yield from every(command, (*words, name))


def test_each_command_has_a_page_with_all_that_its_help_says(built: Path) -> None:
    lacking = []
    for name, command in every(commands):
        page = html.fromstring((built / "commands" / f"{name}.html").read_bytes())
        text = " ".join(page.find(".//article").text_content().split())
        said = {option for one in command.params if isinstance(one, click.Option)
                for option in one.opts}  # fmt: skip
        lacking += [(name, word) for word in said if word not in text]
        first = (command.help or "").strip().splitlines()[0]
        lacking += [(name, first)] if _plain(first) not in _plain(text) else []
    assert lacking == []


def _plain(text: str) -> str:
    """Without what typography changes."""
    return re.sub(r"[^a-z0-9]+", "", text.lower())


def test_every_door_leads_to_its_page(built: Path) -> None:
    first = html.fromstring((built / "index.html").read_bytes())
    menu = [link.get("href") for link in first.xpath("//*[@class='sidebar-tree']//a")]
    assert {"tutorial.html", "engineers.html", "leads.html", "analysts.html", "security.html",
            "dpia.html", "comparison.html", "accessibility.html", "changelog.html",
            "commands/index.html"} <= set(menu)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[x](b.md)", ""),
        ("[x](b.md#part)", ""),
        ("[x](b.md#nowhere)", "nowhere"),
        ("[x](c.md)", "c.md"),
    ],
)
def test_a_link_that_leads_nowhere_stops_the_build(tmp_path: Path, text: str, fault: str) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "index.md").write_text(f"# A\n\n{text}\n\n```{{toctree}}\nb\n```\n")
    (folder / "b.md").write_text("# B\n\n## Part\n")
    script = "import sys, pathlib as p, build; sys.exit(build.made_of(*map(p.Path, sys.argv[1:])))"
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder), str(tmp_path / "out")],
        env=os.environ | {"PYTHONPATH": f"{SITE}:{ROOT}:{os.environ['PYTHONPATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode != 0, fault in done.stderr) == (bool(fault), True), done.stderr


# ---- In a browser.


def test_axe_finds_nothing_in_either_light(built: Path, browser) -> None:
    found = []
    for light in ("light", "dark"):
        context = browser.new_context(color_scheme=light)
        page = context.new_page()
        for kind in KINDS:
            for said in axe(page, built / kind, colours=False):
                found += [f"{light}: {one}" for one in said["found"]]
        context.close()
    assert found == []


def test_pages_and_their_search_work_from_a_folder(built: Path, page) -> None:
    page.goto((built / "index.html").as_uri())
    page.goto(f"{(built / 'search.html').as_uri()}?q=pseudonym")
    # what is found is listed one by one
    page.wait_for_selector('#search-results li a[href*="security.html"]')
    assert page.faults == []


# ---- dbt's own page.


def test_the_lineage_names_models_and_nothing_of_a_machine(built: Path) -> None:
    text = (built / MADE_BY_DBT).read_text(encoding="utf-8")
    models = {path.stem for path in (ROOT / "dbt_project" / "models" / "published").glob("*.sql")}
    assert models <= set(MODEL.findall(text))
    homes = (str(ROOT), str(Path.home()), str(built.parent), tempfile.gettempdir(), sys.prefix)
    assert [place for place in homes if len(place) > 1 and place in text] == []
    assert re.findall(r'"(?:invocation_id|user_id|root_path|compiled_path)"', text) == []


def test_the_lineage_opens_from_a_folder(built: Path, page) -> None:
    page.goto((built / MADE_BY_DBT).as_uri() + "#!/model/model.sightline.published_trends")
    page.wait_for_selector("text=published_trends", state="attached")
    assert [fault for fault in page.faults if fault.startswith("http")] == []
