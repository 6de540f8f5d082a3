"""Runs that fail are told by message: once until one ends well, to the channels that there are."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from sightline.monitoring import failed_runs, gate, rendering
from sightline.monitoring.messages import RunFailed, headline, parse
from sightline.monitoring.notices import Troubles
from sightline.warehouse import clock
from sightline.warehouse.ledger.state import FAILED, State, outbox, releases, runs
from sightline.warehouse.settings import Settings

TODAY = date(2026, 11, 21)
MAIL = {
    "kind": "smtp",
    "host": "mail.example.gov.uk",
    "sender": "monitor@example.gov.uk",
    "recipients": ["operator@example.gov.uk"],
}


def ended(state: State, number: int, outcome: str | None, **more: Any) -> None:
    row = {
        "run_id": f"run{number}",
        "number": number,
        "started_at": clock.now(),
        "as_of": TODAY,
        "outcome": outcome,
        "started_by": "schedule",
        "exit_code": 1,
        "detail": {"gates": []},
    }
    with state.begin() as connection:
        connection.execute(sa.insert(runs).values(row | more))


def posted(state: State, kind: type = RunFailed) -> list[tuple[str, Any]]:
    with state.read() as connection:
        rows = connection.execute(sa.select(outbox).order_by(outbox.c.created_at)).all()
    found = [(row.channel, parse(row.payload)) for row in rows]
    return [(channel, message) for channel, message in found if isinstance(message, kind)]


@pytest.mark.parametrize("outcome", FAILED)
def test_every_way_to_fail_is_told(state: State, settings: Settings, outcome: str) -> None:
    ended(state, 1, outcome, exit_code=None)
    assert failed_runs.tell(state, settings, TODAY) == 1
    [(_, message)] = posted(state)
    assert (message.run, message.outcome, message.started_by) == (1, outcome, "schedule")


@pytest.mark.parametrize("outcome", ["released", "unchanged", "nothing", "partial", "busy", None])
def test_what_is_no_failure_is_not_told(
    state: State, settings: Settings, outcome: str | None
) -> None:
    ended(state, 1, outcome)
    assert failed_runs.tell(state, settings, TODAY) == 0
    assert posted(state) == []


def test_a_run_that_somebody_stopped_is_not_told(state: State, settings: Settings) -> None:
    ended(state, 1, "killed", exit_code=130)
    assert failed_runs.tell(state, settings, TODAY) == 0


def test_it_is_told_once_until_a_run_ends_well(state: State, settings: Settings) -> None:
    ended(state, 2, "failed")
    assert failed_runs.tell(state, settings, TODAY) == 1
    ended(state, 1, "killed", exit_code=None)  # found out later
    ended(state, 3, "gate_failed")
    assert failed_runs.tell(state, settings, TODAY) == 0
    ended(state, 4, "unchanged")
    assert failed_runs.tell(state, settings, TODAY) == 1
    assert failed_runs.tell(state, settings, TODAY) == 0
    ended(state, 5, "failed")
    assert failed_runs.tell(state, settings, TODAY) == 1
    assert [message.run for _, message in posted(state)] == [2, 5]
    [over] = posted(state, Troubles)
    assert over[1].changes[0].is_over
    assert headline(over[1]) == "Sightline: runs that fail - over"


def test_nobody_is_mailed_where_no_channel_says_so(state: State, settings: Settings) -> None:
    ended(state, 1, "failed")
    failed_runs.tell(state, settings, TODAY)
    assert [channel for channel, _ in posted(state)] == ["files"]
    failed_runs.tell(state, settings.model_copy(update={"delivery": [MAIL]}), TODAY)
    assert [channel for channel, _ in posted(state)] == ["files", "smtp"]


def test_it_names_gates_and_no_file_and_what_readers_still_see(
    state: State, settings: Settings
) -> None:
    release = {
        "release_id": "2026-11-20.7", "sequence": 7, "built_at": clock.now(),
        "as_of": TODAY, "content_hash": "x", "code_version": "1", "simulated": True,
        "is_current": True,
    }  # fmt: skip
    with state.begin() as connection:
        connection.execute(sa.insert(releases).values(release))
    gates = ["marts_are_coherent", "dbt: stg_referrals; new since the last release: 383/smith.csv"]
    ended(state, 1, "gate_failed", exit_code=5, detail={"gates": gates})
    failed_runs.tell(state, settings, TODAY)
    [(_, message)] = posted(state)
    said = rendering.text(message)
    assert "Sightline: run 1 failed" in said
    assert "ended as gate failed (exit code 5)" in said
    assert "marts_are_coherent" in said
    assert "dbt: stg_referrals." in said
    assert "smith" not in said
    assert "Readers still see release 2026-11-20.7." in said
    assert gate.objection(message) is None
