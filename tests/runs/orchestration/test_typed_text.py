"""What people type into commands stays inside restricted/, but for a sentence typed to be public.

Every text holds a name of its own, which no rule could know for one; then the next release, the
report, messages, what Dagster keeps and the log are searched for each of them.
"""

import shutil
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from support import Ran, sightline
from test_canaries import unpacked

from warehouse.home import Home
from warehouse.ledger import state as tables
from warehouse.ledger.state import state_of

SENTENCE = "Contacts of the night service are no longer counted as referrals."
ALERTS = ("ack", "snooze", "resolve")
DAY = date(2026, 9, 1)


@dataclass
class Typed:
    """A monitor of which people said things, each with a name."""

    home: Home
    names: list[str] = field(default_factory=list)

    def say(self, *command: str, options: tuple[str, ...]) -> None:
        """Run a command with a canary in each of these options."""
        for option in options:
            self.names.append(f"Quillfeather{len(self.names):02d}x")
            command += (option, f"{self.names[-1]} told the office")
        done = sightline(*command, "--home", str(self.home.root))
        assert done.returncode == 0, (command, done.stderr)


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


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, small_home: Ran) -> Typed:
    root = tmp_path_factory.mktemp("typed") / "monitor"
    shutil.copytree(small_home.home.root, root, symlinks=True)
    typed = Typed(Home(root))
    for number, name in enumerate(ALERTS):
        alert_id = f"feed{number}"
        open_alert(typed.home, alert_id)
        until = ("--until", "2026-12-01") if name == "snooze" else ()
        typed.say("alerts", name, alert_id, *until, options=("--as", "--note"))
    about = ("--area", "E92000001", "--about", "referral_rate", "--from", "2026-04-01")
    new = ("annotate", "add", *about, "--kind", "practice_change", "--code", "new_threshold")
    typed.say(*new, options=("--reason",))
    typed.say("annotate", "withdraw", "1", options=("--reason",))
    typed.say(*new, "--public", SENTENCE, "--yes", options=("--reason", "--approved-by"))
    typed.say("intake", "withdraw", "1", options=("--reason",))
    typed.say("clock", "confirm", options=("--reason",))
    done = sightline("run", "--home", str(root))
    assert done.returncode == 0, done.stderr
    return typed


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
    assert len(told.names) == len(set(told.names)) == 12
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
