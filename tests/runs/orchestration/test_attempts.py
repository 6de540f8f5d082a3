"""Every attempt is recorded with its number, who started it and how it ended."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from support import holder

from sightline.orchestration import attempts, pipeline
from sightline.orchestration.run import opened, ready
from sightline.warehouse import clock
from sightline.warehouse import home as homes
from sightline.warehouse.errors import Busy, ConfigurationError, KeyFault
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import runs
from sightline.warehouse.ledger import state as tables
from sightline.warehouse.ledger.state import State

TODAY = date(2026, 10, 20)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = homes.create(tmp_path / "monitor", today=TODAY)
    State(made.state_db).close()
    return made


def recorded(home: Home) -> list[tuple[Any, ...]]:
    state = State(home.state_db)
    columns = (
        tables.runs.c.number,
        tables.runs.c.outcome,
        tables.runs.c.exit_code,
        tables.runs.c.started_by,
    )
    with state.read() as connection:
        found = [
            tuple(row)
            for row in connection.execute(sa.select(*columns).order_by(tables.runs.c.number))
        ]
    state.close()
    return found


def test_a_run_stands_there_from_its_start(home: Home) -> None:
    with opened(home, "a", "pages"):
        assert recorded(home) == [(1, None, None, "pages")]
    assert recorded(home) == [(1, "partial", 0, "pages")]


def test_a_killed_run_is_settled_by_whoever_next_holds_the_lock(home: Home) -> None:
    state = State(home.state_db)
    runs.begin(state, "a", TODAY, "schedule")
    state.close()
    with ready(home):
        assert recorded(home) == [(1, "killed", None, "schedule")]


def test_a_run_in_a_run_is_one_attempt(home: Home) -> None:
    with ready(home) as state:
        runs.begin(state, "a", TODAY, "command line")
        with opened(home, "a", "command line") as run:
            assert run.number == 1
    assert recorded(home) == [(1, "partial", 0, "command line")]


def test_a_second_start_is_recorded_beside_the_first(home: Home, tmp_path: Path) -> None:
    with holder(home.restricted / "run.lock"), pytest.raises(Busy):
        pipeline.run(home)
    assert recorded(home) == [(1, "busy", 6, "command line")]


def test_wrong_settings_and_a_wrong_key_are_attempts(home: Home) -> None:
    settings = home.config.read_text(encoding="utf-8")
    home.config.write_text("keep_releases = 0\n", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        pipeline.run(home)
    home.config.write_text(settings, encoding="utf-8")
    home.key.write_text("short\n", encoding="utf-8")
    with pytest.raises(KeyFault):
        pipeline.run(home)
    assert recorded(home) == [
        (1, "configuration", 3, "command line"),
        (2, "key", 8, "command line"),
    ]


def test_what_fails_before_the_first_step_has_failed(home: Home) -> None:
    with pytest.raises(ZeroDivisionError), attempts.recorded(home, "a", "inbox"):
        raise ZeroDivisionError
    assert recorded(home) == [(1, "failed", 1, "inbox")]


@pytest.mark.parametrize(("step", "code"), [("release", 1), ("delivery", 7)])
def test_a_step_that_fails_after_the_release_is_never_exit_code_0(
    home: Home, step: str, code: int
) -> None:
    with opened(home, "a", "schedule") as run:
        run.released, run.release_id = "released", "r"
        with pytest.raises(ZeroDivisionError), run.step(step):
            raise ZeroDivisionError
    assert recorded(home) == [(1, "released", code, "schedule")]


def test_a_damaged_state_is_not_written_to(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = b"no database" * 1000
    home.state_db.write_bytes(damaged)
    said: list[str] = []
    monkeypatch.setattr(attempts.log, "warning", lambda text, *_: said.append(text))
    attempts.record(home, "a", "inbox", "busy", 6)
    assert home.state_db.read_bytes() == damaged
    assert len(said) == 1


def test_the_newest_is_the_one_with_the_highest_number_whatever_the_clock_said(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = State(home.state_db)
    real = clock.now
    for name, days in (("ahead", 400), ("true", 0)):
        then = real().replace(year=real().year + (1 if days else 0))
        monkeypatch.setattr(clock, "now", lambda then=then: then)
        runs.begin(state, name, TODAY, "schedule")
        runs.end(state, name, "released", 0)
    found = runs.last_built(state)
    state.close()
    assert found is not None
    assert found["run_id"] == "true"
