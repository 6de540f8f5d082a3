"""The tutorial, line by line as it stands, in the order in which it stands."""

import filecmp
import fnmatch
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pages import BLOCK, COMMENT, ROOT
from support import Ran, sightline

PAGE = ROOT / "docs" / "tutorial.md"
ALERT = "1d0199e2"


@dataclass(frozen=True)
class Step:
    """What is typed, and what the page shows of the answer; nothing where it shows none."""

    typed: tuple[str, ...]
    shown: str


def steps() -> list[Step]:
    found = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    answers = [*found[1:], ("", "")]
    return [
        Step(tuple(COMMENT.sub("", line) for line in text.splitlines()),
             answer if kind_after == "text" else "")
        for (kind, text), (kind_after, answer) in zip(found, answers, strict=True)
        if kind == "sh"
    ]  # fmt: skip


def as_shown(shown: str, said: str) -> list[str]:
    """Lines of the page that the answer has not, in the page's order; `...` is anything."""
    left = iter(said.splitlines())
    lines = [line for line in shown.splitlines() if line != "..."]
    # Ends of lines are cut, as a table fills the last column of its rows with blanks.
    wanted = [line.rstrip().replace("[", "[[]").replace("...", "*") for line in lines]
    return [line for line in wanted if not any(fnmatch.fnmatchcase(one.rstrip(), line)
                                               for one in left)]  # fmt: skip


def typed(line: str) -> str:
    """What one line says; it is typed in the folder and environment of this process."""
    if line.startswith("sightline "):
        done = sightline(*shlex.split(line)[1:])
    else:
        script = f"{line}\nenv -0 > environment"
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
        held = Path("environment").read_text(encoding="utf-8").split("\0")
        os.environ.update(one.split("=", 1) for one in held if one.startswith("SIGHTLINE_HOME="))
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def followed(
    tmp_path_factory: pytest.TempPathFactory,
    simulated: tuple[Path, object],
    another_demo: Ran,
) -> Iterator[dict[str, list[str]]]:
    """What the page shows and nobody said, by the line that was typed.

    Its first run is that of `another_demo`, which had the same settings and files.
    """
    folder, before = tmp_path_factory.mktemp("tutorial"), Path.cwd()
    os.chdir(folder)
    wrong = {}
    has_run = False
    for step in steps():
        if step.typed == ("sightline run",) and not has_run:
            said, has_run = _run_elsewhere(folder / "tutorial", simulated[0], another_demo), True
        else:
            said = "".join(typed(line) for line in step.typed)
        wrong[step.typed[0]] = as_shown(step.shown, said)
    assert has_run
    yield wrong
    os.chdir(before)


def _run_elsewhere(monitor: Path, inbox: Path, done: Ran) -> str:
    assert (monitor / "sightline.toml").read_text() == done.home.config.read_text()
    assert not list(_differing(filecmp.dircmp(monitor / "inbox", inbox)))
    shutil.rmtree(monitor)
    shutil.move(done.home.root, monitor)
    return done.output


def _differing(compared: filecmp.dircmp[str]) -> Iterator[str]:
    yield from compared.left_only + compared.right_only
    yield from filecmp.cmpfiles(
        compared.left, compared.right, compared.common_files, shallow=False
    )[1]
    for inner in compared.subdirs.values():
        yield from _differing(inner)


def test_each_command_says_what_the_page_shows(followed: dict[str, list[str]]) -> None:
    assert {line: missing for line, missing in followed.items() if missing} == {}


def test_the_page_goes_from_an_empty_folder_to_an_answer() -> None:
    lines = [line for step in steps() for line in step.typed]
    wanted = ["init", "simulate", "run", "alerts list", "alerts ack", "annotate add",
              "alerts resolve", "run"]  # fmt: skip
    words = iter(lines)
    assert [one for one in wanted
            if not any(line.startswith(f"sightline {one}") for line in words)] == []  # fmt: skip
    assert [line for line in lines if "alerts " in line and "list" not in line and ALERT not in line
            and not line.startswith("sightline sql")] == []  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "said", "missing"),
    [
        ("a\n...\nc\n", "a\nb\nc\n", []),
        ("c\na\n", "a\nb\nc\n", ["a"]),
        ("in ... folder\n", "in my folder\n", []),
        ("in ... folder\n", "in my house\n", ["in * folder"]),
    ],
)
def test_what_is_shown_is_looked_for_in_order(shown: str, said: str, missing: list[str]) -> None:
    assert as_shown(shown, said) == missing
