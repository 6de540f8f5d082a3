"""What a replay says of its alerts: how many where nothing was planted, and how many messages."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sightline.monitoring.alerts.findings import Alert, Event
from sightline.orchestration import replay
from sightline.orchestration.demo import TRUTH
from sightline.orchestration.replay import Replayed
from sightline.simulation import found, truth
from sightline.simulation.truth import Truth
from sightline.warehouse.home import Home

ONSET = date(2026, 3, 1)


def planted(**changed: Any) -> truth.Event:
    event: dict[str, Any] = {
        "id": "drop", "kind": "referral_drop", "indicators": ("referral_rate",),
        "la_codes": ("383",), "onset": ONSET, "size": -0.3, "words": "referrals fall",
    }  # fmt: skip
    return truth.Event(**event | changed)


def told(*events: truth.Event) -> Truth:
    return Truth(
        seed=1, scenario="default", start=ONSET, until=ONSET, as_of=ONSET, la_codes=("383", "380"),
        events=events, early_senders=(), census_senders=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("indicator", "number", "period", "cause"),
    [
        ("referral_rate", "383", ONSET, "planted"),
        ("referral_rate", "383", date(2026, 2, 1), "nothing"),
        ("suspension_rate", "383", ONSET, "beside it"),
        ("referral_rate", "380", ONSET, "nothing"),
    ],
)
def test_an_alert_has_a_cause_where_something_was_worsened_by_then(
    indicator: str, number: str, period: date, cause: str
) -> None:
    assert found.causes([(indicator, number, period)], told(planted())) == {cause: 1}


def test_what_was_planted_to_keep_quiet_about_is_no_cause() -> None:
    """Schools that closed everywhere, or a return that is missing, worsen nothing for good."""
    closure = planted(la_codes=("383", "380"), expects_alert=False)
    assert found.causes([("referral_rate", "380", ONSET)], told(closure)) == {"nothing": 1}


def alert(number: int, area: str, name: str, **changed: Any) -> Alert:
    row: dict[str, Any] = {
        "alert_id": f"a{number}", "fingerprint": f"a{number}", "indicator": "referral_rate",
        "area_code": area, "area_name": name, "area_level": "local_authority",
        "breakdown": "total", "direction": "down", "severity": "warning", "state": "open",
        "opened_period": ONSET, "first_raised_on": ONSET, "last_period": ONSET,
        "resolved_on": None, "release_id": "r", "title": "", "summary": {},
    }  # fmt: skip
    return Alert(**row | changed)


def happened(number: int, name: str) -> Event:
    return Event(f"a{number}", ONSET, name, None, "open", ONSET, "", "r", {})


def test_a_replay_counts_causes_and_messages(tmp_path: Path) -> None:
    alerts = {
        one.alert_id: one
        for one in (
            alert(1, "E08000035", "Leeds", severity="critical"),
            alert(2, "E08000035", "Leeds"),
            alert(3, "E08000032", "Bradford"),
        )
    }
    days = [
        Replayed(date(2026, 4, 21), tuple(happened(n, "opened") for n in (1, 2, 3)), alerts),
        Replayed(date(2026, 5, 21), (happened(1, "resolved"), happened(2, "continued")), alerts),
        Replayed(date(2026, 6, 21), (happened(3, "continued"),), alerts),
    ]
    told(planted()).save(tmp_path / TRUTH)
    assert list(replay.in_words(Home(tmp_path), days)) == [
        "3 new alerts, 3 of them on authorities.",
        "Of those on authorities 2 are of an indicator that was worsened there, 0 of another one"
        " of such an authority, and 1 (33%) where nothing was planted.",
        "Messages a month for a lead of the country: 1.0 with news, 2 at most.",
        "For the authority that has most, Leeds: 1.0 with news, 2 at most.",
    ]
    assert len(list(replay.in_words(Home(tmp_path / "other"), days))) == 3
