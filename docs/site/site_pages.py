"""Lay the pages of the site out in one folder: what stands in the repository, and a page for each
command, made from its --help."""

import os
import re
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from sightline.orchestration.cli import commands

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"(\]\()([^)\s]+)(\))")
FENCED = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)
# Pages that do not lie in docs/, and files of the repository that pages lead to.
ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "LICENSE": "licence.txt",
    "README.md": "index.md",
    "SECURITY.md": "security.md",
    "report/glossary.md": "glossary.md",
}
# What each door leads to, in the order in which it is read. A page that stands nowhere is added to
# the engineers' own.
DOORS = {
    "Begin": ("tutorial",),
    "Engineers": ("engineers", "deploying", "commands/index", "senders/index"),
    "Leads": ("leads", "messages", "accessibility"),
    "Analysts": ("analysts", "detection", "glossary"),
    "About": (
        "security",
        "dpia",
        "comparison",
        "decisions/index",
        "contributing",
        "changelog",
    ),
}
OTHERS = "Engineers"
# Made beside the pages by `sightline lineage`, so no link that is checked can lead to it.
LINEAGE = """
<p><a href="lineage.html">How every table is made of others</a>: the models and their graph, as dbt
shows them; it needs script.</p>
"""


def lay_out(folder: Path) -> None:
    """Every page and what it shows, with links that lead from one to another in `folder`."""
    places = dict(_places())
    for source, place in places.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        if source.suffix != ".md":
            shutil.copy(source, folder / place)
            continue
        text = source.read_text(encoding="utf-8")
        (folder / place).write_text(relinked(text, source, places), encoding="utf-8")
    for place, text in command_pages():
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).write_text(text, encoding="utf-8")
    _listed(folder)


def _places() -> Iterator[tuple[Path, str]]:
    """Each file of the repository that the site has, and where it stands there."""
    for name, place in ELSEWHERE.items():
        yield ROOT / name, place
    for source in sorted((ROOT / "docs").rglob("*")):
        inside = source.relative_to(ROOT / "docs")
        if source.is_file() and inside.parts[0] != "site" and "__pycache__" not in inside.parts:
            yield source, inside.as_posix().replace("README.md", "index.md")


def relinked(text: str, source: Path, places: dict[Path, str]) -> str:
    """The text with each relative link led to where its file stands on the site.

    A link to what the site has not is an error.
    """

    def led(found: re.Match[str]) -> str:
        target, _, anchor = found[2].partition("#")
        if not target or ":" in target:
            return found[0]
        path = Path(os.path.normpath(source.parent / target))
        path = path / "README.md" if path.is_dir() else path
        if path not in places:
            raise ValueError(f"{source}: {found[2]} leads to no page of the site")
        start = Path(places[source]).parent.as_posix()
        there = os.path.relpath(places[path], start)
        return f"{found[1]}{there}{'#' + anchor if anchor else ''}{found[3]}"

    parts = FENCED.split(text)
    return "".join(part if part.startswith("```") else LINK.sub(led, part) for part in parts)


def _listed(folder: Path) -> None:
    """The first page, with the lists that the menu is made of."""
    named = {name for names in DOORS.values() for name in names} | {"index"}
    found = sorted(path.relative_to(folder).as_posix()[:-3] for path in folder.rglob("*.md"))
    top = [name for name in found if "/" not in name or name.endswith("/index")]
    unnamed = [name for name in top if name not in named]
    with (folder / "index.md").open("a", encoding="utf-8") as first:
        first.write(LINEAGE)
        for door, names in DOORS.items():
            more = unnamed if door == OTHERS else []
            first.write(_toctree([*names, *more], caption=door))
    senders = [name.removeprefix("senders/") for name in found if name.startswith("senders/")]
    with (folder / "senders" / "index.md").open("a", encoding="utf-8") as index:
        index.write(_toctree([name for name in senders if name != "index"]))


def _toctree(names: list[str], caption: str = "") -> str:
    heading = f":caption: {caption}\n" if caption else ""
    return f"\n```{{toctree}}\n:hidden:\n{heading}\n" + "\n".join(names) + "\n```\n"


# ---- Commands.

BAR = "\\|"


@dataclass(frozen=True)
class Told:
    """A command and the words that call it."""

    words: tuple[str, ...]
    command: click.Command

    @property
    def name(self) -> str:
        return " ".join(("sightline", *self.words))

    @property
    def file(self) -> str:
        return "-".join(self.words) + ".md"

    @property
    def in_short(self) -> str:
        return self.command.get_short_help_str(200)


def every_command(group: click.Group = commands, words: tuple[str, ...] = ()) -> Iterator[Told]:
    """Groups and commands, each group before its own, as `--help` lists them."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        yield Told((*words, name), command)
        if isinstance(command, click.Group):
            yield from every_command(command, (*words, name))


def command_pages() -> Iterator[tuple[str, str]]:
    """A list of all, then a page for each: what it does, how it is called, its options."""
    told = list(every_command())
    first = ["# Commands\n", "Each page here is what the command's `--help` prints.\n"]
    rows = [f"| [`{one.name}`]({one.file}) | {_cell(one.in_short)} |" for one in told]
    yield "commands/index.md", "\n".join([*first, "| command | what it does |", "|---|---|", *rows])
    for one in told:
        yield f"commands/{one.file}", "\n".join(_page(one, told))


def _page(one: Told, told: list[Told]) -> Iterator[str]:
    context = click.Context(
        one.command,
        info_name=one.name,
        max_content_width=88,
        help_option_names=["-h", "--help"],
    )
    # Not in the menu, which would be longer than any page; the list of commands leads to it.
    yield "---\norphan: true\n---\n"
    yield f"# {one.name}\n"
    above = one.words[:-1]
    parent = f"[sightline {' '.join(above)}]({'-'.join(above)}.md)" if above else ""
    yield " \u203a ".join(filter(None, ["[Commands](index.md)", parent])) + "\n"
    what, _, example = textwrap.dedent(one.command.help or "").strip().partition("Example: ")
    yield f"{_escaped(what)}\n"
    yield _block(one.command.get_usage(context).removeprefix("Usage: "))
    if example:
        yield "Example:\n"
        yield _block(" ".join(example.split()))
    inner = [each for each in told if each.words[:-1] == one.words]
    if inner:
        rows = [f"| [`{each.words[-1]}`]({each.file}) | {_cell(each.in_short)} |" for each in inner]
        yield "\n".join(["| command | what it does |", "|---|---|", *rows, ""])
    records = [param.get_help_record(context) for param in one.command.get_params(context)]
    told_of = [record for record in records if record and record[1]]
    rows = [f"| `{name.replace('|', BAR)}` | {_cell(says)} |" for name, says in told_of]
    yield "\n".join(["| option | meaning |", "|---|---|", *rows, ""])


def _block(text: str) -> str:
    return f"```text\n{text}\n```\n"


def _cell(text: str) -> str:
    return _escaped(text).replace("|", BAR).replace("\n", " ")


def _escaped(text: str) -> str:
    """Words of a help text, none of which is markup."""
    return re.sub(r"([*_<\[\]])", r"\\\1", text) if "`" not in text else text
