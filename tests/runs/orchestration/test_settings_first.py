"""Wrong settings stop a run before it reads a file or writes a byte, in the same words."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sightline.orchestration import doctor, pipeline
from sightline.orchestration.cli import commands
from sightline.orchestration.configuration import checked
from sightline.orchestration.run import Run, Step
from sightline.warehouse import home as homes
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State
from sightline.warehouse.settings import Settings

WRONG = {
    "keep_release = 6": "keep_releases",
    "authorities = ['999']": "999",
    "schedule = '15 6 * *'": "five fields",
    "schedule = '60 6 * * *'": "five fields",
    "schedule = '30 0-2 * * mon-fri'": "01:00 to 01:59",
    "schedule = '0 * * * *'": "01:00 to 01:59",
    "[dagster]\nfoo = 1": r'unexpected config entry "foo" at the root\.$',
    "[dagster.run_monitoring]\nmax_runtime_seconds = 'x'": "run_monitoring.max_runtime_seconds",
    "[[delivery]]\nkind = 'pigeon'": "pigeon",
    "[[delivery]]\nkind = 'smtp'\nhost = 'mail'\nsender = 'us'\nrecipients = ['a@b.uk']": "sender",
}


def everything(home: Home) -> dict[Path, int]:
    """All but the heartbeat, which tells of every attempt."""
    found = {path: path.lstat().st_mtime_ns for path in home.root.rglob("*")}
    return {path: mark for path, mark in found.items() if path.name != "heartbeat.json"}


@pytest.mark.parametrize(("text", "word"), WRONG.items())
def test_a_run_stops_at_wrong_settings_before_anything_is_read(
    tmp_path: Path, text: str, word: str
) -> None:
    home = homes.create(tmp_path / "monitor")
    (home.inbox / "301").mkdir()
    (home.inbox / "301" / "return.csv").write_text("upn\n")
    home.config.write_text(text)
    before = everything(home)
    with pytest.raises(ConfigurationError, match=word) as told:
        pipeline.run(home)
    assert told.value.exit_code == 3
    assert everything(home) == before
    said = next(fault for name, fault in doctor.examine(home) if name == "settings")
    assert said == told.value.message


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({}, 0), ({"models": "x"}, 1), ({"settings": "x"}, 3), ({"settings": "x", "models": "x"}, 3)],
)
def test_doctor_ends_as_a_run_would_at_wrong_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], code: int
) -> None:
    home = homes.create(tmp_path / "monitor")
    found = {"settings": None, "models": None} | wrong
    monkeypatch.setattr(doctor, "examine", lambda *_, **__: iter(found.items()))
    arguments = ["doctor", "--home", str(home.root)]
    assert CliRunner().invoke(commands, arguments, standalone_mode=False).return_value == code


@pytest.mark.parametrize(
    ("released", "failed_with", "steps", "code"),
    [
        ("released", None, [], 0),
        ("released", 1, [Step("delivery")], 7),
        ("unchanged", 1, [Step("delivery")], 7),
        ("released", 1, [Step("release")], 1),
        ("released", None, [Step("delivery", found={"undelivered": 1})], 7),
        ("released", 1, [Step("intake", found={"refused": 1}), Step("delivery")], 7),
        (None, 1, [Step("models")], 1),
    ],
)
def test_a_failed_step_is_never_a_good_end(
    tmp_path: Path, released: Any, failed_with: int | None, steps: list[Step], code: int
) -> None:
    home = homes.create(tmp_path / "monitor")
    state = State(home.state_db)
    run = Run("r", home, Settings(), state, date(2026, 10, 20), 1)
    run.released, run.failed_with, run.steps = released, failed_with, steps
    state.close()
    assert run.exit_code == code


@pytest.mark.parametrize("cron", ["0 0,2-23 * * *", "*/5 6-18 * * mon-fri", "0 0 1 * *"])
def test_a_schedule_may_be_any_that_spares_the_hour_of_changes(tmp_path: Path, cron: str) -> None:
    home = homes.create(tmp_path / "monitor")
    home.config.write_text(f"schedule = '{cron}'")
    assert checked(home).schedule == cron
