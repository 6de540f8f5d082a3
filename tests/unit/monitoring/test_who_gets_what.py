"""Who would get an alert, why and how, told before anything is sent."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from test_routes import ALL, route, settings

from sightline.monitoring import who_gets_what
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.ledger.state import State, alerts

LEEDS: dict[str, Any] = {
    "alert_id": "a1b2", "fingerprint": "f", "state": "open", "indicator": "referral_rate",
    "area_code": "E08000035", "area_name": "Leeds", "area_level": "local_authority",
    "breakdown": "total", "direction": "down", "severity": "warning", "release_id": "r1",
    "opened_period": date(2026, 1, 1), "last_period": date(2026, 1, 1),
    "first_raised_on": date(2026, 2, 3), "summary": {}, "title": "Referral rate lower: Leeds",
}  # fmt: skip
OF_LEEDS = route("leeds", "authority", authorities=["383"])


@pytest.fixture
def told(state: State) -> State:
    others = [
        {"alert_id": "c3", "fingerprint": "g", "severity": "critical"},
        {"alert_id": "d4", "fingerprint": "h", "state": "resolved"},
    ]
    with state.begin() as connection:
        for other in ({}, *others):
            connection.execute(sa.insert(alerts).values(LEEDS | other))
    return state


def test_an_alert_is_known_by_the_beginning_of_its_id(told: State) -> None:
    [row] = who_gets_what.explain(told, settings(OF_LEEDS, ALL), "a1")
    assert row == {
        "what": "a1b2 Referral rate lower: Leeds", "route": "leeds", "why": "authority 383",
        "how": "in the digest", "to": "smtp (c@d.uk)",
    }  # fmt: skip
    with pytest.raises(SightlineError, match="no alert begins with 'b2'"):
        who_gets_what.explain(told, settings(OF_LEEDS, ALL), "b2")


def test_without_one_all_that_are_open_are_told_and_what_engineers_get(told: State) -> None:
    rows = who_gets_what.explain(told, settings(OF_LEEDS, ALL), None)
    assert [(row["what"][:4], row["how"]) for row in rows] == [
        ("c3 R", "at once, and in the digest"),
        ("a1b2", "in the digest"),
        ("engi", "at once"),
    ]
    assert (rows[-1]["route"], rows[-1]["why"]) == ("all", "no route is the engineers'")
