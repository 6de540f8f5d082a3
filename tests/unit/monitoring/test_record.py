"""Decisions, events and messages are written together and once."""

from dataclasses import replace
from datetime import date

import duckdb
import pytest
import sqlalchemy as sa
from released_figures import FALL, Released

from sightline.monitoring import between_runs, gate, rendering, troubles
from sightline.monitoring.alerts import history, people, storm_records
from sightline.monitoring.alerts.evaluate import Judged, alert_rows, event_rows, known_alerts
from sightline.monitoring.alerts.findings import Decisions, Finding, Given
from sightline.monitoring.alerts.lifecycle import decide
from sightline.monitoring.alerts.record import record
from sightline.monitoring.messages import AlertMessage, Digest, headline, parse
from sightline.monitoring.notices import Troubles
from sightline.warehouse import clock
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.ledger.state import State, alert_events, outbox, runs
from sightline.warehouse.settings import Settings

pytestmark = pytest.mark.slow

RELEASE, TODAY = "2026-11-21-r1", date(2026, 11, 21)


def judged(*findings: Finding) -> Judged:
    """As if each had worsened for a second period."""
    before = [replace(one, period=date(2026, 7, 1)) for one in findings]
    return Judged((*before, *findings), Given(), TODAY, RELEASE)


def decisions(*findings: Finding) -> Decisions:
    return decide(judged(*findings).findings, [], TODAY, RELEASE)


def posted(state: State) -> list[AlertMessage | Digest]:
    with state.read() as connection:
        of_release = outbox.c.kind != "audience_digest"
        query = sa.select(outbox.c.payload).where(of_release).order_by(outbox.c.kind)
        rows = connection.execute(query).scalars()
        return [parse(row) for row in rows]


def test_an_alert_its_event_and_its_message_are_written_together(
    state: State, released: Released, settings: Settings
) -> None:
    with state.begin() as connection:
        record(connection, judged(FALL), released, settings)
    digest, alert = posted(state)
    assert isinstance(alert, AlertMessage)
    assert alert.figures.value == 400.04
    assert alert.what_to_check == ("Is the return complete?", "Did recording change?")
    assert alert.is_simulated
    assert isinstance(digest, Digest)
    assert (digest.new, digest.open) == (1, 1)
    assert (digest.returns_received, digest.returns_due) == (1, 2)


def test_an_alert_says_what_drove_it_and_one_on_withheld_counts_does_not(
    state: State, released: Released, settings: Settings
) -> None:
    bradford = replace(FALL, area_code="E08000032", area_name="Bradford")
    with state.begin() as connection:
        record(connection, judged(FALL, bradford), released, settings)
    told = {one.area_name: one for one in posted(state) if isinstance(one, AlertMessage)}
    assert told["Leeds"].driven_by == (
        "July 2026 to September 2026: about 75 fewer referrals than at the rate of the year"
        " before, that is 20% less.",
        "Four fifths of the fall is from schools.",
    )
    assert told["Leeds"].driven_by[1] in rendering.text(told["Leeds"])
    assert told["Bradford"].driven_by == ()


def test_recording_twice_writes_once(state: State, released: Released, settings: Settings) -> None:
    for _ in range(2):
        with state.begin() as connection:
            record(connection, judged(FALL), released, settings)
    with state.read() as connection:
        assert len(known_alerts(connection)) == 1
        assert len(connection.execute(sa.select(alert_events)).all()) == 1
    assert len(posted(state)) == 2


def test_a_withheld_figure_is_withheld_in_the_message(
    state: State, released: Released, settings: Settings
) -> None:
    bradford = replace(FALL, area_code="E08000032", area_name="Bradford")
    with state.begin() as connection:
        record(connection, judged(bradford), released, settings)
    [message] = [m for m in posted(state) if isinstance(m, AlertMessage)]
    assert message.figures.is_withheld
    assert message.figures.value is None


@pytest.mark.parametrize("marker", ["low", "high"])
def test_a_coded_figure_is_coded_in_the_message(
    state: State, released: Released, settings: Settings, marker: str
) -> None:
    with duckdb.connect(str(released.database)) as connection:
        connection.execute("update trends set marker = ? where marker = 'c'", [marker])
    bradford = replace(FALL, area_code="E08000032", area_name="Bradford")
    with state.begin() as connection:
        record(connection, judged(bradford), released, settings)
    [message] = [m for m in posted(state) if isinstance(m, AlertMessage)]
    assert (message.figures.is_withheld, message.figures.marker) == (True, marker)


def test_what_was_expected_of_a_withheld_figure_stays_out_of_the_message(
    state: State, released: Released, settings: Settings
) -> None:
    with duckdb.connect(str(released.database)) as connection:
        connection.execute("update alerts set summary = (select max(summary) from alerts)")
    bradford = replace(FALL, area_code="E08000032", area_name="Bradford")
    with state.begin() as connection:
        record(connection, judged(bradford), released, settings)
    [message] = [m for m in posted(state) if isinstance(m, AlertMessage)]
    assert (message.figures.expected, message.figures.lower) == (None, None)


def test_a_return_that_is_due_today_is_not_counted_yet(
    state: State, released: Released, settings: Settings
) -> None:
    with duckdb.connect(str(released.database)) as connection:
        today = f"('383', 'ssd', '2026-10-31', '{released.as_of}', null, 'not_due')"
        connection.execute(f"insert into coverage values {today}")
    with state.begin() as connection:
        record(connection, judged(), released, settings)
    [digest] = posted(state)
    assert isinstance(digest, Digest)
    assert (digest.returns_received, digest.returns_due) == (1, 2)


def test_a_run_without_alerts_still_posts_its_digest(
    state: State, released: Released, settings: Settings
) -> None:
    with state.begin() as connection:
        record(connection, judged(), released, settings)
    [digest] = posted(state)
    assert isinstance(digest, Digest)
    assert digest.new == 0


def test_each_configured_channel_gets_its_own_copy(state: State, released: Released) -> None:
    mail = {"kind": "smtp", "host": "127.0.0.1", "sender": "a@b", "recipients": ["c@d"]}
    with state.begin() as connection:
        record(connection, judged(FALL), released, Settings(delivery=[mail]))
    with state.read() as connection:
        rows = connection.execute(sa.select(outbox.c.channel, outbox.c.kind)).all()
    of_files = [("files", kind) for kind in ("audience_digest", "digest", "opened")]
    assert sorted(map(tuple, rows)) == [*of_files, ("smtp", "audience_digest")]


def test_the_rows_to_publish_hold_what_is_about_to_be_recorded(state: State) -> None:
    [alert] = alert_rows(state, decisions(FALL))
    [event] = event_rows(state, decisions(FALL))
    assert alert["state"] == "open"
    assert (event["event_id"], event["event"]) == (1, "opened")


def recorded(state: State, released: Released, settings: Settings, given: Judged) -> Decisions:
    with state.begin() as connection:
        return record(connection, given, released, settings)


@pytest.mark.parametrize("act", ["acknowledged", "snoozed", "resolved"])
def test_what_a_person_did_during_a_run_stands(
    state: State, released: Released, settings: Settings, act: str
) -> None:
    """The run had decided to go on with it as open."""
    recorded(state, released, settings, judged(FALL))
    later = replace(judged(FALL), release_id="2026-11-21-r2")
    further = replace(later, findings=(*later.findings, replace(FALL, period=date(2026, 9, 1))))
    with state.read() as connection:
        [alert] = known_alerts(connection)
        assert further.decide(connection).counts() == {"continued": 1}
    how = {
        "acknowledged": {},
        "snoozed": {"until": date(2027, 1, 1)},
        "resolved": {"reason": "expected"},
    }[act]
    people.act(state, [alert.alert_id], act, who="Ada", note="known", today=TODAY, **how)
    recorded(state, released, settings, further)
    with state.read() as connection:
        [now] = known_alerts(connection)
    assert now.state == act
    assert now.last_period == date(2026, 8 if act == "resolved" else 9, 1)
    history.check(state)


def storm() -> Judged:
    return judged(*(replace(FALL, area_code=f"E{number}") for number in range(20)))


def of_storms(state: State, settings: Settings) -> list[str]:
    """The subjects of engineers' messages that are posted after a run."""
    before = len(posted(state))
    between_runs.tell(state, settings, TODAY)
    return [headline(one) for one in posted(state)[before:]]


def test_a_storm_is_told_once_to_engineers_and_no_alert_of_it_to_anybody(
    state: State, released: Released, settings: Settings
) -> None:
    """Fault 98."""
    began = {"run_id": "r", "started_at": clock.now(), "as_of": TODAY, "release_id": RELEASE}
    with state.begin() as connection:
        connection.execute(sa.insert(runs).values(began | {"number": 7}))
    recorded(state, released, settings, storm())
    assert of_storms(state, settings) == ["Sightline: 20 new alerts held"]
    recorded(state, released, settings, storm())
    assert of_storms(state, settings) == []
    assert [type(message) for message in posted(state)] == [Digest, Troubles]
    text = rendering.text(posted(state)[-1])
    assert "sightline alerts confirm 7" in text
    assert gate.objection(posted(state)[-1]) is None
    assert people.list_alerts(state) == []
    assert waiting(state) == [20]


def waiting(state: State) -> list[int]:
    with state.read() as connection:
        return [row["alerts"] for row in troubles.storms(connection)]


@pytest.mark.parametrize(("decision", "opened"), [("confirmed", 20), ("discarded", 0)])
def test_a_person_lets_a_storm_through_or_drops_it(
    state: State, released: Released, settings: Settings, decision: str, opened: int
) -> None:
    recorded(state, released, settings, storm())
    of_storms(state, settings)
    said = {"who": "Ada", "reason": "a table was wrong", "today": TODAY}
    with pytest.raises(SightlineError, match="wait for a decision"):
        storm_records.decide(state, "9", decision, **said)
    assert storm_records.decide(state, RELEASE, decision, **said) == 20
    assert of_storms(state, settings) == ["Sightline: 20 new alerts held - over"]
    next_run = replace(storm(), release_id="2026-11-21-r2")
    done = recorded(state, released, settings, next_run)
    assert (len(done.alerts), len(done.held)) == (opened, 0)
    assert waiting(state) == []


def test_a_storm_that_is_gone_by_itself_is_over(
    state: State, released: Released, settings: Settings
) -> None:
    """The table was put right before anybody had decided."""
    recorded(state, released, settings, storm())
    of_storms(state, settings)
    recorded(state, released, settings, replace(judged(), release_id="2026-11-22-r1"))
    assert of_storms(state, settings) == ["Sightline: 20 new alerts held - over"]


def test_a_message_tells_no_period_of_which_the_release_withholds_the_judgement(
    state: State, released: Released, settings: Settings
) -> None:
    """It stands with the first month of its quarter, in the message and in what is made of it."""
    hidden = replace(FALL, area_code="E08000032")
    with duckdb.connect(str(released.database)) as connection:
        connection.execute(
            "update alerts set last_period = opened_period, periods_passed = null,"
            " periods_marked = 0 where area_code = 'E08000032'"
        )
        connection.execute(
            "insert into trends select * replace (date '2026-07-01' as period_start) from trends"
            " where area_code = 'E08000032'"
        )
    recorded(state, released, settings, judged(hidden))
    [message] = [one for one in posted(state) if isinstance(one, AlertMessage)]
    assert message.opened_period == message.period == date(2026, 7, 1)
    assert (message.periods_seen, message.periods_passed, message.pattern) == (0, 0, None)
    assert message.figures.is_withheld
    told = rendering.text(message)
    assert "It has lasted since about July 2026" in told
    assert "August" not in told


def test_the_alert_of_an_indicator_that_is_no_longer_defined_is_closed_in_words(
    state: State, released: Released, settings: Settings
) -> None:
    """The release has no words for it any more; what was told of it is there."""
    recorded(state, released, settings, judged(FALL))
    with duckdb.connect(str(released.database)) as connection:
        connection.execute("delete from indicators")
    gone = Judged((), Given(defined=frozenset({"other"})), TODAY, "2026-11-22-r1")
    recorded(state, released, settings, gone)
    [message] = [one for one in posted(state) if one.kind == "closed_by_definition"]
    text = " ".join(rendering.text(message).split())
    assert "This indicator is no longer defined, so its alerts are closed." in text
    assert "It was told as: 400.0 per 10,000 children a year in August 2026." in text
