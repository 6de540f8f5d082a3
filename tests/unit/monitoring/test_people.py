"""People take on, put off and close alerts under their name."""

from datetime import date
from pathlib import Path

import pytest
from released_figures import FALL, Released
from test_record import decisions

from monitoring.alerts import people
from monitoring.alerts.record import record
from warehouse.errors import SightlineError
from warehouse.ledger.state import State
from warehouse.settings import Settings

ROOT = Path(__file__).parents[3]
TODAY = date(2026, 11, 22)


@pytest.fixture
def alert_id(state: State, released: Released, settings: Settings) -> str:
    with state.begin() as connection:
        record(connection, decisions(FALL), released, settings)
    return str(people.list_alerts(state)[0]["alert_id"])


def test_an_alert_is_taken_on_and_the_trail_says_by_whom(state: State, alert_id: str) -> None:
    people.acknowledge(state, alert_id[:6], who="Ada", note="calling the front door", today=TODAY)
    assert people.list_alerts(state)[0]["state"] == "acknowledged"
    assert people.history(state, alert_id)[-1]["evidence"]["who"] == "Ada"


def test_a_resolved_alert_leaves_the_list_and_cannot_move_again(
    state: State, alert_id: str
) -> None:
    people.resolve(state, alert_id, who="Ada", note="explained", today=TODAY)
    assert people.list_alerts(state) == []
    with pytest.raises(SightlineError, match="has ended"):
        people.acknowledge(state, alert_id, who="Ada", note="again", today=TODAY)


def test_a_note_and_a_name_are_required(state: State, alert_id: str) -> None:
    with pytest.raises(SightlineError, match="note"):
        people.acknowledge(state, alert_id, who="Ada", note=" ", today=TODAY)


def test_a_snooze_needs_a_later_day(state: State, alert_id: str) -> None:
    with pytest.raises(SightlineError, match="later"):
        people.snooze(state, alert_id, who="Ada", note="half-term", today=TODAY, until=TODAY)


def test_an_unknown_alert_is_named(state: State) -> None:
    with pytest.raises(SightlineError, match="no alerts"):
        people.acknowledge(state, "ffff", who="Ada", note="?", today=TODAY)


@pytest.mark.parametrize("text", [{"note": "ask A123456789012"}, {"who": "ada@example.org"}])
def test_a_text_about_a_person_is_not_written(state: State, alert_id: str, text) -> None:
    with pytest.raises(SightlineError, match="seems to hold"):
        people.acknowledge(state, alert_id, **{"who": "Ada", "note": "?"} | text, today=TODAY)
    assert people.list_alerts(state)[0]["state"] == "open"


def test_no_figure_of_an_alert_is_listed(state: State, alert_id: str) -> None:
    """Figures are read from a release, where they are controlled."""
    [alert] = people.list_alerts(state)
    assert alert["summary"] == {"kind": FALL.kind, "periods": 1}
    assert [event["evidence"] for event in people.history(state, alert_id)] == [{}]


def test_every_reason_code_may_be_published() -> None:
    model = ROOT / "dbt_project" / "models" / "published" / "published_alert_events.sql"
    text = model.read_text("utf-8")
    assert [reason for reason in people.REASONS if f"'{reason}'" not in text] == []
