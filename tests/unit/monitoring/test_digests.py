"""Each audience is told in one message, of what concerns it, when there is news or monthly."""

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from test_messages import digest as heartbeat
from test_messages import message

from sightline.monitoring import between_runs, digests, gate, outbox, rendering
from sightline.monitoring.messages import headline, parse
from sightline.monitoring.notices import AudienceDigest, NotTakenOn
from sightline.warehouse.ledger import state as tables
from sightline.warehouse.ledger.state import State
from sightline.warehouse.settings import Settings

DAY = date(2026, 11, 20)  # a Friday
MAIL = {"kind": "smtp", "host": "mail", "sender": "a@b.uk", "recipients": ["c@d.uk"]}
LEEDS = {
    "name": "Leeds", "audience": "authority", "authorities": ["383"], "channels": ["smtp"],
    "reply_to": "desk@leeds.gov.uk", "continue": True,
}  # fmt: skip
ALL = {"name": "all", "audience": "national", "channels": ["smtp"], "fallback": True}
ENGINEERS = {"name": "crew", "audience": "engineers", "channels": ["smtp"]}


def settings(*routes: dict[str, Any]) -> Settings:
    return Settings(delivery=[MAIL], route=list(routes))


def alert(state: State, alert_id: str, area: str, name: str, **changed: Any) -> None:
    row = {
        "alert_id": alert_id, "fingerprint": alert_id, "indicator": "referral_rate",
        "area_code": area, "area_name": name, "area_level": "local_authority",
        "breakdown": "total", "direction": "down", "severity": "warning", "state": "open",
        "opened_period": date(2026, 8, 1), "first_raised_on": DAY, "last_period": DAY,
        "release_id": "r1", "title": f"Referral rate lower than expected: {name}", "summary": {},
    }  # fmt: skip
    with state.begin() as connection:
        connection.execute(sa.insert(tables.alerts).values(row | changed))


def event(state: State, alert_id: str, name: str, release: str = "r1") -> None:
    row = {"alert_id": alert_id, "occurred_on": DAY, "event": name, "release_id": release}
    with state.begin() as connection:
        connection.execute(sa.insert(tables.alert_events).values(row))


@pytest.fixture
def two(state: State) -> State:
    """New alerts on Leeds and Bradford, the second the more serious."""
    alert(state, "a1", "E08000035", "Leeds")
    alert(state, "b2", "E08000032", "Bradford", severity="critical")
    event(state, "a1", "opened")
    event(state, "b2", "opened")
    return state


def release(state: State, chosen: Settings, day: date = DAY, *more: Any, name: str = "r1") -> None:
    beat = heartbeat(message_id=f"d {name}", release_id=name, as_of=day)
    with state.begin() as connection:
        outbox.post(connection, [*more, beat], chosen, day)


def posted(state: State, channel: str = "smtp") -> list[Any]:
    query = sa.select(tables.outbox.c.payload).where(tables.outbox.c.channel == channel)
    with state.read() as connection:
        rows = connection.execute(query.order_by(sa.text("rowid"))).scalars().all()
    return [parse(row) for row in rows]


def told(state: State) -> dict[str, list[tuple[str, str]]]:
    """By route, alert and change of its last digest."""
    found = [one for one in posted(state) if isinstance(one, AudienceDigest)]
    return {one.route: [(e.alert_id, e.change) for e in one.entries] for one in found}


def test_an_audience_gets_one_digest_of_its_areas(two: State) -> None:
    release(two, settings(LEEDS, ALL))
    assert told(two) == {"Leeds": [("a1", "new")], "all": [("b2", "new")]}


def test_a_digest_is_grouped_by_area_the_worst_first_and_passes_the_gate(two: State) -> None:
    release(two, settings(ALL))
    [digest] = posted(two)
    text = rendering.text(digest)
    assert text.index("Bradford") < text.index("Leeds")
    assert "New, critical: Referral rate lower than expected." in text
    assert "2 new, 2 open." in text
    assert headline(digest) == "Sightline: 2 new alerts, 2 open"
    assert gate.objection(digest) is None


def test_an_alert_that_one_on_its_region_names_is_told_by_that_one(two: State) -> None:
    with two.begin() as connection:
        folded = sa.update(tables.alerts).where(tables.alerts.c.alert_id == "a1")
        connection.execute(folded.values(summary={"folded_into": "b2"}))
    release(two, settings(ALL))
    assert told(two) == {"all": [("b2", "new")]}
    release(two, settings(LEEDS, ALL))
    assert told(two)["Leeds"] == [("a1", "new")]


def test_an_entry_says_what_the_alert_says(two: State) -> None:
    seen = message(alert_id="a1", message_id="x")
    release(two, settings(ALL), DAY, seen)
    entry = next(e for e in posted(two)[0].entries if e.alert_id == "a1")
    assert "400.0 per 10,000 children a year" in " ".join(entry.said)


def test_without_news_a_month_passes_before_the_next(two: State) -> None:
    chosen = settings(ALL)
    release(two, chosen)
    release(two, chosen, DAY + timedelta(13), name="r2")
    assert len(posted(two)) == 1
    with two.begin() as connection:
        connection.execute(sa.update(tables.alerts).values(state="acknowledged"))
    release(two, chosen, DAY + timedelta(27), name="r3")
    assert len(posted(two)) == 1
    release(two, chosen, DAY + timedelta(28), name="r4")
    assert headline(posted(two)[-1]) == "Sightline: nothing new, 2 alerts open"


def test_what_people_and_figures_did_since_is_told_once(two: State) -> None:
    chosen = settings(ALL)
    release(two, chosen)
    event(two, "a1", "acknowledged", "")
    event(two, "b2", "resolved", "r2")
    release(two, chosen, DAY + timedelta(1), name="r2")
    assert told(two)["all"] == [("a1", "taken_on"), ("b2", "ended")]
    release(two, chosen, DAY + timedelta(2), name="r3")
    assert len(posted(two)) == 2


@pytest.mark.parametrize(
    ("days", "due"), [(13, 0), (14, 1), (15, 1), (43, 1), (44, 2), (45, 2), (74, 3)]
)
def test_reminders_come_after_two_weeks_and_then_every_thirty_days(days: int, due: int) -> None:
    assert digests.reminders_due(days) == due


def test_what_nobody_has_taken_on_is_told_again_between_releases(two: State) -> None:
    chosen = settings(ALL)
    release(two, chosen)
    with two.begin() as connection:
        taken = tables.alerts.c.alert_id == "b2"
        connection.execute(sa.update(tables.alerts).where(taken).values(state="acknowledged"))
    for days in (13, 14, 15):
        between_runs.tell(two, chosen, DAY + timedelta(days))
    assert told(two)["all"] == [("a1", "waiting")]
    assert len([one for one in posted(two) if isinstance(one, AudienceDigest)]) == 2


@pytest.mark.parametrize(("days", "told_above"), [(6, 0), (7, 1), (20, 1)])
def test_a_critical_alert_goes_higher_after_five_working_days(
    two: State, days: int, told_above: int
) -> None:
    """From a Friday on, five working days are a week."""
    chosen = settings(ALL | {"escalate_to": ["smtp"]})
    for _ in range(2):
        between_runs.tell(two, chosen, DAY + timedelta(days))
    above = [one for one in posted(two) if isinstance(one, NotTakenOn)]
    assert [one.alert_id for one in above] == ["b2"] * told_above


@pytest.mark.parametrize(("days", "told_above"), [(6, 0), (7, 1)])
def test_five_working_days_begin_when_it_becomes_critical_and_open(
    two: State, days: int, told_above: int
) -> None:
    """Not when it was first seen and pending, nor when it was a mere warning."""
    long_ago = DAY - timedelta(90)
    with two.begin() as connection:
        connection.execute(sa.update(tables.alerts).values(first_raised_on=long_ago))
        connection.execute(sa.update(tables.alert_events).values(occurred_on=long_ago))
    event(two, "b2", "escalated")
    between_runs.tell(two, settings(ALL | {"escalate_to": ["smtp"]}), DAY + timedelta(days))
    above = [one for one in posted(two) if isinstance(one, NotTakenOn)]
    assert [one.raised_on for one in above] == [DAY] * told_above


def test_only_what_is_critical_travels_alone_and_who_got_it_hears_its_end(two: State) -> None:
    chosen = settings(ALL)
    warning = message(alert_id="a1", message_id="x")
    critical = message(alert_id="b2", message_id="y", severity="critical")
    release(two, chosen, DAY, warning, critical)
    ended = [
        message(alert_id=key, message_id=f"end {key}", kind="resolved") for key in ("a1", "b2")
    ]
    release(two, chosen, DAY + timedelta(1), *ended, name="r2")
    alone = [one for one in posted(two) if not isinstance(one, AudienceDigest)]
    assert [(one.alert_id, one.kind) for one in alone] == [("b2", "opened"), ("b2", "resolved")]
    files = [one for one in posted(two, "files") if one.kind in ("opened", "resolved")]
    assert len(files) == 4


def test_a_route_may_have_all_at_once(two: State) -> None:
    warning = message(alert_id="a1", message_id="x")
    release(two, settings(LEEDS | {"when": "at once"}, ALL), DAY, warning)
    assert [one.kind for one in posted(two)] == ["opened", "audience_digest", "audience_digest"]
    with two.read() as connection:
        query = sa.select(tables.outbox.c.reply_to).where(tables.outbox.c.kind == "opened")
        assert set(connection.execute(query).scalars()) == {None, "desk@leeds.gov.uk"}


@pytest.mark.parametrize(("count", "alone"), [(2, 2), (3, 0)])
def test_a_first_run_on_a_history_sends_an_audience_three_mails_at_most(
    state: State, count: int, alone: int
) -> None:
    criticals = []
    for number in range(count):
        alert(state, f"c{number}", "E08000035", "Leeds", severity="critical")
        event(state, f"c{number}", "opened")
        about = {"alert_id": f"c{number}", "message_id": f"x{number}", "severity": "critical"}
        criticals.append(message(**about))
    release(state, settings(ALL), DAY, *criticals)
    assert len(posted(state)) == alone + 1


def test_the_heartbeat_goes_to_engineers_alone(two: State) -> None:
    release(two, settings(ALL, ENGINEERS))
    assert [one.kind for one in posted(two)] == ["digest", "audience_digest"]
    release(two, settings(ALL), DAY + timedelta(1), name="r2")
    assert len(posted(two)) == 2
