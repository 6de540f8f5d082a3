"""What people type into commands stays inside restricted/, but for a sentence typed to be public.

Every option that takes such a text is given one with a name of its own, which no rule could know
for one; then the next release, the report, messages, what Dagster keeps and the log are searched
for each of them.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import click
import pytest
import sqlalchemy as sa
from support import Ran, sightline
from test_canaries import unpacked

from sightline.orchestration import cli
from sightline.orchestration.console import typed as is_typed
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import state as tables
from sightline.warehouse.ledger.state import state_of

SENTENCE = "Contacts of the night service are no longer counted as referrals."
# In this order of two alerts.
ALERTS = {
    "ack": ("feed0",),
    "assign": ("feed0",),
    "comment": ("feed0", "feed1"),
    "snooze": ("feed1", "--until", "2026-12-01"),
    "unsnooze": ("feed1",),
    "resolve": ("feed0",),
    "reopen": ("feed0",),
}
DAY = date(2026, 9, 1)


# One process for all commands: to start each takes longer than to do it.
EACH = """
import json, sys
from sightline.orchestration import cli
for words in json.load(sys.stdin):
    sys.argv = ["sightline", *words]
    try:
        cli.main()
    except SystemExit as ended:
        if ended.code:
            sys.exit(f"{words}: {ended.code}")
"""


@dataclass
class Typed:
    """A monitor of which people said things, each with a name."""

    home: Home
    names: list[str] = field(default_factory=list)
    said: set[tuple[tuple[str, ...], str]] = field(default_factory=set)
    waiting: list[tuple[str, ...]] = field(default_factory=list)

    def say(self, *command: str, options: tuple[str, ...], given: tuple[str, ...] = ()) -> None:
        """Have a command run with a canary in each of these options; `given` comes first."""
        words = (*command, *given)
        for option in options:
            self.names.append(f"Quillfeather{len(self.names):02d}x")
            self.said.add((command, option))
            words += (option, f"{self.names[-1]} told the office")
        self.waiting.append((*words, "--home", str(self.home.root)))

    def run(self) -> None:
        """Run what waits."""
        done = subprocess.run(
            [sys.executable, "-c", EACH], input=json.dumps(self.waiting), capture_output=True,
            text=True, check=False, timeout=300,
        )  # fmt: skip
        self.waiting.clear()
        assert done.returncode == 0, done.stderr


def typed_options(group: click.Group, *names: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every option of every command that takes what a person says."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from typed_options(command, *names, name)
        else:
            for one in command.params:
                if isinstance(one, click.Option) and one.callback is is_typed:
                    yield (*names, name), one.opts[0]


def open_alert(home: Home, alert_id: str) -> None:
    row = {
        "alert_id": alert_id, "fingerprint": alert_id, "indicator": "referral_rate",
        "area_code": "E92000001", "area_name": "England", "area_level": "country",
        "breakdown": "total", "direction": "down", "severity": "watch", "state": "open",
        "opened_period": DAY, "first_raised_on": DAY, "last_period": DAY, "release_id": "r",
        "title": "Referral rate in England", "summary": {},
    }  # fmt: skip
    with state_of(home) as state, state.begin() as connection:
        connection.execute(sa.insert(tables.alerts).values(row))


def hold_alerts(home: Home, release_id: str) -> None:
    row = {"release_id": release_id, "held_on": DAY, "alerts": []}
    with state_of(home) as state, state.begin() as connection:
        connection.execute(sa.insert(tables.storms).values(row))


def hold_back(home: Home, submission: int) -> str:
    """Have a rule hold a submission back; its sender."""
    with state_of(home) as state, state.begin() as connection:
        chosen = tables.submissions.c.submission_id == submission
        connection.execute(sa.update(tables.submissions).where(chosen).values(held_reason="a rule"))
        sender = connection.execute(sa.select(tables.submissions.c.sender).where(chosen))
        return str(sender.scalar_one())


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, small_home: Ran) -> Typed:
    root = tmp_path_factory.mktemp("typed") / "monitor"
    shutil.copytree(small_home.home.root, root, symlinks=True)
    typed = Typed(Home(root))
    for alert_id in ("feed0", "feed1"):
        open_alert(typed.home, alert_id)
    for name, given in ALERTS.items():
        to = ("--to",) if name == "assign" else ()
        typed.say("alerts", name, given=given, options=(*to, "--as", "--note"))
    for name, release_id in (("confirm", "r8"), ("discard", "r9")):
        hold_alerts(typed.home, release_id)
        typed.say("alerts", name, given=(release_id,), options=("--as", "--reason"))
    about = ("--area", "E92000001", "--about", "referral_rate", "--from", "2026-04-01")
    new = (*about, "--kind", "practice_change", "--code", "new_threshold")
    typed.say("annotate", "add", given=new, options=("--reason",))
    typed.say("annotate", "withdraw", given=("1",), options=("--reason",))
    public = (*new, "--public", SENTENCE, "--yes")
    typed.say("annotate", "add", given=public, options=("--reason", "--approved-by"))
    typed.said.add((("annotate", "add"), "--public"))
    sender = hold_back(typed.home, 2)
    typed.say("intake", "accept", given=("2",), options=("--reason",))
    typed.say("intake", "withdraw", given=("1",), options=("--reason",))
    typed.say("clock", "confirm", options=("--reason",))
    typed.say("sql", given=("--restricted", "select 1 as one"), options=("--reason",))
    key, child = root / "next.key", root / "restricted" / "child.txt"
    typed.waiting.append(("key", "new", str(key)))
    typed.say("key", "rotate", given=("--new-key", str(key)), options=("--reason",))
    child.write_text(f"sender: {sender}\nid: Q7\n")
    child.chmod(0o600)
    typed.say("forget", given=(str(child), "--yes"), options=("--reason",))
    typed.say("identities", "cut", given=(f"{sender}:Q1", f"{sender}:Q2"), options=("--reason",))
    typed.say("identities", "join", given=(f"{sender}:Q3", f"{sender}:Q4"), options=("--reason",))
    typed.say("identities", "withdraw", given=("1",), options=("--reason",))
    typed.say("adopt", options=("--reason",))
    typed.run()
    done = sightline("run", "--home", str(root))
    assert done.returncode == 0, done.stderr
    typed.say("releases", "rollback", options=("--reason",))
    typed.run()
    return typed


def test_every_option_that_takes_what_a_person_says_was_given_a_name(told: Typed) -> None:
    assert told.said == set(typed_options(cli.commands))


@pytest.fixture(scope="module")
def leaving(told: Typed) -> dict[Path, bytes]:
    """Every byte outside restricted/ and the inbox, unpacked; the log; and Dagster's records."""
    home = told.home
    inside = {home.restricted, home.inbox}
    paths = [path for path in home.root.rglob("*") if path.is_file()]
    dagster = [path for path in paths if "dagster" in str(path.relative_to(home.root))]
    outside = [path for path in paths if not inside.intersection(path.parents)]
    logs = list(home.logs.glob("*.jsonl"))
    assert len(outside) > 100
    assert logs
    return {path: unpacked(path) for path in {*outside, *logs, *dagster}}


def test_no_name_that_somebody_typed_leaves(told: Typed, leaving: dict[Path, bytes]) -> None:
    assert len(told.names) == len(set(told.names)) >= 21
    found = {
        str(path): name
        for path, content in leaving.items()
        for name in told.names
        if name.encode() in content
    }
    assert found == {}


def test_what_was_typed_is_kept_inside(told: Typed) -> None:
    state = told.home.state_db.read_bytes()
    assert [name for name in told.names if name.encode() not in state] == []


def test_the_sentence_for_the_public_is_published(told: Typed, leaving: dict[Path, bytes]) -> None:
    shown = [path for path, content in leaving.items() if SENTENCE.encode() in content]
    assert {path.suffix for path in shown} >= {".duckdb", ".parquet"}


def test_a_sentence_nobody_agreed_to_is_not_kept(told: Typed) -> None:
    about = ("--area", "E92000001", "--about", "referral_rate", "--from", "2026-05-01")
    asked = sightline(
        "annotate", "add", *about, "--kind", "rebaseline", "--reason", "a trial", "--public",
        "Nobody agreed to this.", "--approved-by", "B. Head", "--home", str(told.home.root),
    )  # fmt: skip
    assert asked.returncode == 2
    assert "Everybody will read: Nobody agreed to this." in asked.stdout
    assert b"Nobody agreed" not in told.home.state_db.read_bytes()
