"""Every command that a page shows exists as it stands there, and is run by a test."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import intake_files as files
import pytest
from click.testing import CliRunner
from intake_files import ssd
from pages import ROOT, Shown, blocks, lines
from pages import commands as shown
from support import SIGHTLINE

from sightline.orchestration.cli import commands
from sightline.orchestration.commands.backup import CreatesByDefault
from sightline.warehouse import home as homes
from sightline.warehouse.ledger import overview
from sightline.warehouse.ledger.state import State
from sightline.warehouse.settings import load_settings, today

SHOWN = shown()
SEPTEMBER = {"period_start": "2026-09-01", "period_end": "2026-09-30"}
SENT = "ssd_2026-09.zip"
# What takes a nation, a long history or a browser is run where that is there: the words that run
# it stand in the test named.
ELSEWHERE = {
    ("--help",): ("tests/runs/orchestration/test_commands.py", 'sightline("--help")'),
    ("channels", "test"): (
        "tests/runs/orchestration/test_commands.py",
        'sightline("channels", "test"',
    ),
    ("contract", "sources"): (
        "tests/unit/orchestration/test_dbt_sources.py",
        "written == dbt_sources.text()",
    ),
    ("audit", "disclosure"): (
        "tests/runs/orchestration/test_commands.py",
        'sightline("audit", "disclosure"',
    ),
    ("report", "pdf"): ("tests/unit/report/test_pdf.py", '"report", "pdf"'),
    ("releases", "list"): (
        "tests/runs/orchestration/test_second_delivery.py",
        'sightline("releases", "list"',
    ),
    ("releases", "show"): (
        "tests/unit/warehouse/test_rollback.py",
        'run_of(home, "releases", "show"',
    ),
    ("releases", "rollback"): (
        "tests/unit/warehouse/test_rollback.py",
        'run_of(home, "releases", "rollback"',
    ),
    ("releases", "diff"): (
        "tests/unit/warehouse/test_differences.py",
        '["releases", "diff"',
    ),
    ("adopt",): ("tests/unit/warehouse/test_orphans.py", 'run(monitor, "adopt"'),
    ("backup", "create"): (
        "tests/runs/orchestration/test_backup_of_a_run.py",
        'sightline("backup", ',
    ),
    ("backup", "verify"): (
        "tests/runs/orchestration/test_backup_of_a_run.py",
        'sightline("backup", "verify"',
    ),
    ("originals", "list"): ("tests/unit/warehouse/test_orphans.py", '"originals", "list"'),
    ("originals", "take-in"): ("tests/unit/warehouse/test_orphans.py", '"originals", "take-in"'),
    ("releases", "verify"): (
        "tests/runs/orchestration/test_run.py",
        'sightline("releases", "verify"',
    ),
    ("restore",): ("tests/runs/orchestration/test_backup_of_a_run.py", '"restore", str('),
    ("upgrade",): ("tests/unit/warehouse/test_upgrades.py", '"upgrade", "--check"'),
    ("move-state",): (
        "tests/postgres/test_copies_of_a_server.py",
        'sightline("move-state"',
    ),
    ("backtest",): ("tests/runs/orchestration/test_history.py", 'sightline("backtest"'),
    ("demo",): (
        "tests/runs/orchestration/test_commands.py",
        "from sightline.orchestration.demo import",
    ),
    ("replay",): ("tests/runs/orchestration/test_history.py", 'sightline("replay"'),
    ("sql",): ("tests/runs/stories/test_docs.py", '["sql", query'),
    ("lineage",): ("tests/runs/report/test_docs_site.py", 'sightline("lineage"'),
    ("annotate", "withdraw"): (
        "tests/runs/stories/test_published_series.py",
        'sightline("annotate", "withdraw"',
    ),
    ("alerts", "reopen"): ("tests/runs/orchestration/test_typed_text.py", '"reopen": ('),
    ("up",): ("tests/runs/orchestration/test_up.py", "with up(home)"),
    ("alerts", "confirm"): (
        "tests/runs/orchestration/test_typed_text.py",
        '("confirm", "r8")',
    ),
    ("alerts", "discard"): (
        "tests/runs/orchestration/test_typed_text.py",
        '("discard", "r9")',
    ),
}


def bundle(sequence: int = 1) -> bytes:
    tables = {name: text.replace("2026-03", "2026-09") for name, text in ssd().items()}
    return files.zipped(tables, SEPTEMBER | {"sequence": sequence})


def resolved(words: list[str]) -> tuple[tuple[str, ...], click.Command, list[str]]:
    """The command that words name, and what is left of them for it."""
    command: click.Command = commands
    path: list[str] = []
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        path.append(words[0])
        command, words = command.commands[words[0]], words[1:]
    if isinstance(command, CreatesByDefault) and words not in ([], ["--help"]):
        path.append(command.default)
        command = command.commands[command.default]
    return tuple(path), command, words


def parsed(one: Shown) -> tuple[tuple[str, ...], list[str]]:
    path, _, rest = resolved(shlex.split(one.command)[1:])
    return (path, rest) if path or not rest else ((rest[0],), rest[1:])


@pytest.mark.parametrize("one", SHOWN, ids=lambda one: f"{one.page}-{one.command}"[:80])
def test_a_command_on_a_page_has_the_options_that_it_is_shown_with(one: Shown) -> None:
    words = shlex.split(one.command)[1:]
    path, command, rest = resolved(words)
    assert path or rest == ["--help"], "there is no such command"
    assert not isinstance(command, click.Group) or rest in ([], ["--help"])
    if rest and rest != ["--help"]:
        context = click.Context(command, info_name=" ".join(path))
        # Raises where an option is not one of the command's.
        given, left, _ = command.make_parser(context).parse_args(list(rest))
        assert left == []
        needed = [one.name for one in command.params if one.required]
        assert [name for name in needed if given.get(name or "") is None] == []


def test_every_command_on_a_page_is_run_by_some_test() -> None:
    # The tutorial is typed as a whole, in its own order.
    paths = {parsed(one)[0] for one in SHOWN if one.page != TUTORIAL}
    groups = {path for path in paths if isinstance(resolved(list(path))[1], click.Group)}
    assert paths - groups - set(ELSEWHERE) - set(RUN) == set()
    for file, words in ELSEWHERE.values():
        assert words in (ROOT / file).read_text(encoding="utf-8"), file


@pytest.fixture(scope="module")
def began(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the first block of the engineers' page was typed as it stands."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / SENT).write_bytes(bundle())
    tool = folder / "bin" / "sightline"
    tool.parent.mkdir()
    start = f"import sys; sys.argv[0] = 'sightline'; {SIGHTLINE[-1]}"
    tool.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{start}" "$@"\n')
    tool.chmod(0o755)
    script = blocks(ROOT / "docs" / "engineers.md", "sh")[0]
    done = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=folder,
        env=os.environ | {"PATH": f"{tool.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 accepted" in done.stdout
    return folder


def test_the_first_steps_are_the_same_on_both_pages() -> None:
    pages = (ROOT / "README.md", ROOT / "docs" / "engineers.md")
    steps = [
        [part.strip() for line in lines(page) for part in line.split("&&") if "mymonitor" in part]
        for page in pages
    ]
    assert steps[0] == steps[1]
    assert len(steps[0]) == 5


@pytest.fixture(scope="module")
def monitor(began: Path) -> Path:
    """The same monitor, with a second return that waits for a person."""
    home = homes.find(began / "mymonitor")
    made = files.Monitor(home, State(home.state_db))
    made.drop("ssd_2026-09_b.zip", bundle(2), "383")
    made.take_in()
    with made.state.begin() as connection:
        connection.exec_driver_sql("update submissions set held_reason = 'odd' where sequence = 2")
    made.state.close()
    return home.root


Prepared = Callable[[Path, list[str]], list[str]]


def as_shown(_home: Path, rest: list[str]) -> list[str]:
    return rest


def of(number: str) -> Prepared:
    """A submission or decision that is there, for the number on the page."""
    return lambda _home, rest: [number if one.isdigit() else one for one in rest]


def to_check(home: Path, rest: list[str]) -> list[str]:
    (home / "FILE").mkdir(exist_ok=True)
    for name, text in ssd().items():
        (home / "FILE" / name).write_text(text)
    (home / "FILE" / "manifest.json").write_text(json.dumps(files.MARCH))
    return rest


def to_compare(home: Path, rest: list[str]) -> list[str]:
    (home / rest[1]).write_bytes(files.zipped(ssd(), files.MARCH))
    return rest


def to_forget(home: Path, rest: list[str]) -> list[str]:
    child = home / "child.txt"
    child.write_text("sender: 383\nid: K999\n")
    child.chmod(0o600)
    return [*("child.txt" if one == "FILE" else one for one in rest), "--yes"]


def with_two(_home: Path, rest: list[str]) -> list[str]:
    """The identifiers, where the page leaves them to be asked for."""
    return rest if ":" in rest[0] else ["301:12345", "301:98765", *rest]


def of_today(home: Path, rest: list[str]) -> list[str]:
    """The day on the page, where one is named, is one of which something was published."""
    day = today(load_settings(homes.find(home))).isoformat()
    return [day if one.startswith("20") else str(home) if one == "DIR" else one for one in rest]


def into_a_folder(home: Path, _rest: list[str]) -> list[str]:
    return [str(home / "pages")]


def with_its_key(home: Path, rest: list[str]) -> list[str]:
    assert (home / rest[1]).is_file(), "the page makes the key before"
    return rest


# In the order in which they are run, since some change what others look at.
RUN: dict[tuple[str, ...], Prepared] = {
    ("init",): as_shown,
    ("run",): of_today,
    ("status",): as_shown,
    ("health",): as_shown,
    ("doctor",): as_shown,
    ("deliver",): as_shown,
    ("routes", "test"): as_shown,
    ("validate",): to_check,
    ("contract", "diff"): to_compare,
    ("contract", "pages"): into_a_folder,
    ("dictionary",): as_shown,
    ("submissions", "list"): as_shown,
    ("submissions", "show"): of("1"),
    ("submissions", "as-of"): as_shown,
    ("intake", "list"): as_shown,
    ("intake", "accept"): of("2"),
    ("intake", "withdraw"): of("2"),
    ("annotate", "add"): as_shown,
    ("annotate", "kinds"): as_shown,
    ("annotate", "list"): as_shown,
    ("identities", "cut"): with_two,
    ("identities", "join"): with_two,
    ("identities", "list"): as_shown,
    ("identities", "withdraw"): of("1"),
    ("retention",): as_shown,
    ("key", "fingerprint"): as_shown,
    ("key", "new"): as_shown,
    ("key", "rotate"): with_its_key,
    ("forget",): to_forget,
    ("releases", "rebuild"): of_today,
    ("audit",): as_shown,
    ("clock", "confirm"): as_shown,
    ("alerts", "held"): as_shown,
}
# A monitor of today has no day that is over, on most days nothing but September of its sender, and
# no alert.
MAY_BE_REFUSED = {
    ("releases", "rebuild"): "only a day that is over can be looked back at",
    ("routes", "test"): "no alert begins with '3f9a1c2e'",
    ("health",): "RETURN_OVERDUE: 1 return of 1 sender should have come: 383 ssd since",
}
TUTORIAL = "docs/tutorial.md"
# Typed in the first block, or the same without its folder.
TYPED = ("init", "run", "status")


def test_every_command_does_what_the_page_says(
    began: Path, monitor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(monitor)
    held = [one for one in SHOWN if not one.page.startswith(("docs/senders/", TUTORIAL))]
    failed = {}
    for path, prepare in RUN.items():
        for rest in {tuple(parsed(one)[1]): None for one in held if parsed(one)[0] == path}:
            if (path[0] in TYPED and "mymonitor" in rest) or _is_a_mention(path, rest):
                continue
            words = [*path, *prepare(monitor, list(rest))]
            done = CliRunner().invoke(commands, words, standalone_mode=False)
            told = str(done.exception or (done.output if done.return_value else ""))
            if told and not told.startswith(MAY_BE_REFUSED.get(path, told + "!")):
                failed[" ".join(words)] = told
    assert failed == {}
    assert [one for one in overview.held(State(homes.find(monitor).state_db)) if "odd" in one] == []


def _is_a_mention(path: tuple[str, ...], rest: tuple[str, ...]) -> bool:
    """A command that a sentence names without what it needs."""
    return not rest and any(one.required for one in resolved(list(path))[1].params)
