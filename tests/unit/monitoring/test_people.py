"""People take on, put off and close alerts under their name."""

from datetime import date
from pathlib import Path

import pytest
from released_figures import FALL, Released
from test_record import judged

from sightline.monitoring.alerts import acts, people
from sightline.monitoring.alerts.record import record
from sightline.warehouse.alert_terms import ROLES
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.ledger.state import State
from sightline.warehouse.settings import Settings

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
TODAY = date(2026, 11, 22)
ADA = {"who": "Ada", "note": "explained", "today": TODAY}


@pytest.fixture
def alert_id(state: State, released: Released, settings: Settings) -> str:
    with state.begin() as connection:
        record(connection, judged(FALL), released, settings)
    return str(people.list_alerts(state)[0]["alert_id"])


def test_an_alert_is_taken_on_and_the_trail_says_by_whom(state: State, alert_id: str) -> None:
    people.act(
        state, [alert_id[:6]], "acknowledged", who="Ada", note="calling the front door", today=TODAY
    )
    assert people.list_alerts(state)[0]["state"] == "acknowledged"
    assert people.story(state, alert_id)[-1]["evidence"]["who"] == "Ada"


def test_a_resolved_alert_leaves_the_list_and_cannot_move_again(
    state: State, alert_id: str
) -> None:
    people.act(state, [alert_id], "resolved", reason="expected", **ADA)
    assert people.list_alerts(state) == []
    with pytest.raises(SightlineError, match="has ended"):
        people.act(state, [alert_id], "acknowledged", who="Ada", note="again", today=TODAY)


def test_a_note_and_a_name_are_required(state: State, alert_id: str) -> None:
    with pytest.raises(SightlineError, match="note"):
        people.act(state, [alert_id], "acknowledged", who="Ada", note=" ", today=TODAY)


def test_a_snooze_needs_a_later_day(state: State, alert_id: str) -> None:
    with pytest.raises(SightlineError, match="later"):
        people.act(state, [alert_id], "snoozed", until=TODAY, **ADA)


def test_an_unknown_alert_is_named(state: State) -> None:
    with pytest.raises(SightlineError, match="no alerts"):
        people.act(state, ["ffff"], "acknowledged", who="Ada", note="?", today=TODAY)


@pytest.mark.parametrize("text", [{"note": "ask A123456789012"}, {"who": "ada@example.org"}])
def test_a_text_about_a_person_is_not_written(state: State, alert_id: str, text) -> None:
    with pytest.raises(SightlineError, match="seems to hold"):
        people.act(
            state, [alert_id], "acknowledged", **{"who": "Ada", "note": "?"} | text, today=TODAY
        )
    assert people.list_alerts(state)[0]["state"] == "open"


def test_no_figure_of_an_alert_is_listed(state: State, alert_id: str) -> None:
    """Figures are read from a release, where they are controlled."""
    [alert] = people.list_alerts(state)
    assert alert["summary"] == {"kind": FALL.kind, "periods": 2}
    assert [event["evidence"] for event in people.story(state, alert_id)] == [{}]


def test_every_reason_code_may_be_published() -> None:
    model = ROOT / "dbt_project" / "models" / "published" / "published_alert_events.sql"
    text = model.read_text("utf-8")
    assert [reason for reason in people.REASONS if f"'{reason}'" not in text] == []


def test_a_role_is_kept_beside_the_name_where_it_may_be_shown(state: State, alert_id: str) -> None:
    people.act(state, [alert_id], "acknowledged", role="regional_lead", **ADA)
    people.act(state, [alert_id], "comment", **ADA)
    agreed, silent = [one["evidence"] for one in people.story(state, alert_id)[-2:]]
    assert agreed == {"who": "Ada", "note": "explained", "role": "regional_lead"}
    assert silent == {"who": "Ada", "note": "explained"}


def test_a_role_is_one_of_the_list_so_that_no_name_is_shown(state: State, alert_id: str) -> None:
    with pytest.raises(SightlineError, match="the role must be one of: national_lead"):
        people.act(state, [alert_id], "acknowledged", role="Ada", **ADA)
    assert people.list_alerts(state)[0]["state"] == "open"


def test_every_role_may_be_published() -> None:
    model = ROOT / "dbt_project" / "models" / "published" / "published_alert_events.sql"
    text = model.read_text("utf-8")
    assert [role for role in ROLES if f"'{role}'" not in text] == []


def test_an_alert_is_put_off_for_twelve_months_at_most(state: State, alert_id: str) -> None:
    """One value below, on and above the limit."""
    for until in (date(2027, 11, 21), date(2027, 11, 22)):
        people.act(state, [alert_id], "snoozed", until=until, **ADA)
    with pytest.raises(SightlineError, match="12 months at most"):
        people.act(state, [alert_id], "snoozed", until=date(2027, 11, 23), **ADA)


def test_what_is_put_off_is_woken_by_a_person_too(state: State, alert_id: str) -> None:
    people.act(state, [alert_id], "snoozed", until=date(2027, 1, 1), **ADA)
    [woken] = people.act(state, [alert_id], "unsnoozed", **ADA)
    assert (woken.state, "snoozed_until" in woken.summary) == ("open", False)
    with pytest.raises(SightlineError, match="not put off"):
        people.act(state, [alert_id], "unsnoozed", **ADA)


def test_a_closed_alert_is_taken_up_again(state: State, alert_id: str) -> None:
    with pytest.raises(SightlineError, match="has not ended"):
        people.act(state, [alert_id], "reopened", **ADA)
    people.act(state, [alert_id], "resolved", reason="expected", **ADA)
    [again] = people.act(state, [alert_id], "reopened", **ADA)
    assert (again.state, again.resolved_on) == ("open", None)


def test_an_alert_is_assigned_and_commented_in_the_state_that_it_has(
    state: State, alert_id: str
) -> None:
    people.act(state, [alert_id], "acknowledged", **ADA)
    people.act(state, [alert_id], "assigned", to="B. Head", **ADA)
    people.act(state, [alert_id], "comment", **ADA)
    [alert] = people.list_alerts(state)
    assert (alert["state"], alert["summary"]["assigned_to"]) == ("acknowledged", "B. Head")
    assert [row["event"] for row in people.story(state, alert_id)] == [
        "opened", "acknowledged", "assigned", "comment"
    ]  # fmt: skip


def test_several_alerts_are_moved_together_or_not_at_all(state: State, alert_id: str) -> None:
    with pytest.raises(SightlineError, match="no alerts"):
        people.act(state, [alert_id, "ffff"], "acknowledged", **ADA)
    assert people.list_alerts(state)[0]["state"] == "open"
    assert len(people.act(state, [alert_id, alert_id[:6]], "acknowledged", **ADA)) == 2


def test_a_duplicate_names_its_original(state: State, alert_id: str) -> None:
    for how in ({"reason": "duplicate"}, {"reason": "expected", "original": alert_id}):
        with pytest.raises(SightlineError, match="names its original"):
            people.act(state, [alert_id], "resolved", **ADA, **how)
    with pytest.raises(SightlineError, match="no duplicate of itself"):
        people.act(state, [alert_id], "resolved", reason="duplicate", original=alert_id, **ADA)


def test_outcomes_are_counted_by_indicator(state: State, alert_id: str) -> None:
    assert people.outcomes(state) == []
    people.act(state, [alert_id], "resolved", reason="false_alarm", **ADA)
    [row] = people.outcomes(state)
    assert row == {
        "indicator": "referral_rate", "confirmed": 0, "explained": 0, "false": 1, "precision": 0.0
    }  # fmt: skip


def test_every_reason_has_one_outcome() -> None:
    outcomes = (*acts.CONFIRMED, *acts.EXPLAINED, *acts.FALSE, acts.DUPLICATE)
    assert sorted(outcomes) == sorted(set(acts.REASONS))
