"""What engineers have to look at is told when it begins and when it is over, and once."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from sightline.monitoring import between_runs, gate, rendering
from sightline.monitoring.messages import headline, parse
from sightline.monitoring.notices import Troubles
from sightline.warehouse.ledger.state import State, outbox, submissions
from sightline.warehouse.settings import Settings

DAY = date(2026, 11, 20)


def came(state: State, number: int, sender: str, **changed: Any) -> None:
    row = {
        "submission_id": number, "sender": sender, "extract": "ssd", "received_on": DAY,
        "period_start": date(2026, 10, 1), "period_end": date(2026, 10, 31),
        "sha256": str(number), "original_name": "smith.csv", "landing_name": "a",
        "status": "accepted", "arrival": number,
    }  # fmt: skip
    with state.begin() as connection:
        connection.execute(sa.insert(submissions).values(row | changed))


def told(state: State, settings: Settings, day: date = DAY) -> list[str]:
    """The subjects of what is posted now."""
    with state.read() as connection:
        before = connection.execute(sa.select(sa.func.count()).select_from(outbox)).scalar_one()
    between_runs.tell(state, settings, day)
    query = sa.select(outbox.c.payload).order_by(sa.text("rowid")).offset(before)
    with state.read() as connection:
        found = [parse(row) for row in connection.execute(query).scalars()]
    for message in found:
        assert isinstance(message, Troubles)
        assert gate.objection(message) is None
        assert "smith" not in rendering.text(message)
    return [headline(message).removeprefix("Sightline: ") for message in found]


def test_nothing_is_told_of_a_monitor_that_is_well(state: State, settings: Settings) -> None:
    came(state, 1, "383")
    assert told(state, settings) == []


def test_a_refused_file_is_told_until_another_one_is_accepted(
    state: State, settings: Settings
) -> None:
    came(state, 1, "383", status="quarantined")
    [said] = told(state, settings)
    assert said.startswith("Leeds (383): ")
    assert said.endswith(" refused")
    assert told(state, settings) == []
    came(state, 2, "383")
    assert told(state, settings) == [f"{said} - over"]
    assert told(state, settings) == []


def test_a_file_that_is_held_back_is_told(state: State, settings: Settings) -> None:
    came(state, 1, "383", held_reason="VOLUME")
    [said] = told(state, settings)
    assert said.endswith(" held back")


def test_a_late_return_names_what_cannot_be_judged(state: State, settings: Settings) -> None:
    came(state, 1, "383")
    assert told(state, settings, date(2026, 12, 10)) == []
    assert told(state, settings, date(2027, 1, 10)) == ["Leeds (383): 1 return late"]
    with state.read() as connection:
        payload = connection.execute(sa.select(outbox.c.payload)).scalars().first()
    assert "Referrals to children's social care" in " ".join(parse(payload).changes[0].said)
    came(state, 2, "383", period_start=date(2026, 11, 1), period_end=date(2026, 11, 30))
    [said] = told(state, settings, date(2027, 1, 10))
    assert said == "Leeds (383): 1 return late - over"


def test_many_things_at_once_are_one_message(state: State, settings: Settings) -> None:
    for number, sender in enumerate(("383", "380", "381", "382"), 1):
        came(state, number, sender, status="quarantined")
    assert told(state, settings) == ["4 things to look at"]
    came(state, 9, "383")
    assert len(told(state, settings)) == 1


def test_a_recipient_that_is_given_up_is_told_by_domain(state: State, settings: Settings) -> None:
    row = {
        "message_id": "m1", "copy_of": "m", "kind": "digest", "channel": "smtp", "state": "dead",
        "recipient": "lead@example.org", "fault": "recipient", "payload": {"changes": []},
        "last_error": "the server answered 550 to the address", "created_on": DAY,
        "created_at": datetime(2026, 11, 20, 9), # noqa: DTZ001
    }  # fmt: skip
    with state.begin() as connection:
        connection.execute(sa.insert(outbox).values(row))
    [said] = told(state, settings)
    assert said == "channel smtp, recipient at example.org: messages are given up"
    with state.begin() as connection:
        sent = {"message_id": "m2", "state": "sent", "fault": None}
        connection.execute(sa.insert(outbox).values(row | sent))
    assert told(state, settings) == [f"{said} - over"]


def test_a_message_that_was_stopped_is_told(state: State, settings: Settings) -> None:
    row = {
        "message_id": "m1", "copy_of": "m", "kind": "opened", "channel": "files", "state": "dead",
        "fault": "message", "payload": {}, "created_on": DAY,
        "last_error": "refused: it seems to contain a postcode",
    }  # fmt: skip
    with state.begin() as connection:
        connection.execute(sa.insert(outbox).values(row))
    assert told(state, settings) == ["a message was not sent (opened)"]
