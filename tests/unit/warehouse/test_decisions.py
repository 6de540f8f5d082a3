"""What a person decides about a submission: recorded with its reason, and never without one."""

from datetime import date

import intake_files as files
import pytest
import sqlalchemy as sa
from intake_files import YEAR, month_first, referrals, rules, ssd, upn

from sightline.warehouse.connection import connect
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.ledger import audit, decisions
from sightline.warehouse.ledger.state import submissions
from sightline.warehouse.release import inputs as release_inputs
from sightline.warehouse.timeline.in_force import known

pytestmark = pytest.mark.slow

EARLIER, DAY, LATER = date(2026, 10, 20), date(2026, 10, 21), date(2026, 10, 22)
MANY_BAD = referrals(30, *(f"R9{i},K1,bad,N1,2A,N,,\n" for i in range(6)))


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def hold(monitor, submission_id):
    with monitor.state.begin() as connection:
        connection.execute(
            submissions.update()
            .where(submissions.c.submission_id == submission_id)
            .values(held_reason="far from the sender's usual volume")
        )


def in_force(monitor, as_of):
    return [one.submission_id for one in known(monitor.state, as_of) if one.is_accepted]


def foreign():
    rows = "".join(f"L{i},K1,Unique Pupil Number,{upn(i, '302')}\n" for i in range(40))
    return ssd(ssd_linked_identifiers=files.IDENTIFIERS + rows)


def test_a_held_submission_is_in_force_from_the_day_it_is_accepted(monitor):
    """Fault 49."""
    monitor.send(ssd())
    hold(monitor, 1)
    assert in_force(monitor, LATER) == []
    decisions.accept(monitor.state, 1, "the sender says that it is right", DAY)
    assert (in_force(monitor, EARLIER), in_force(monitor, DAY)) == ([], [1])


@pytest.mark.parametrize("reason", ["", "  ", "\n"])
def test_without_a_reason_nothing_is_overridden(monitor, reason):
    monitor.send(ssd())
    hold(monitor, 1)
    with pytest.raises(SightlineError, match="say why"):
        decisions.accept(monitor.state, 1, reason, DAY)
    assert in_force(monitor, LATER) == []
    assert audit.entries(monitor.state) == []


def test_a_refusal_for_bad_rows_can_be_lifted_and_only_the_good_rows_come_in(monitor):
    refused = monitor.send(ssd(ssd_cin_episodes=MANY_BAD))
    assert rules(refused)[0] == "TOO_MANY_BAD_ROWS"
    assert monitor.raw("ssd_referrals") == []
    decisions.accept(monitor.state, 1, "the dates were lost in the export", DAY)
    [outcome] = monitor.take_in().outcomes
    assert (outcome.is_refused, outcome.quarantined) == (False, 6)
    assert outcome.records == outcome.accepted + outcome.quarantined + outcome.duplicates
    assert len(monitor.raw("ssd_referrals")) == 30
    assert (in_force(monitor, EARLIER), in_force(monitor, DAY)) == ([], [1])


def test_a_refusal_for_the_issuers_of_upns_can_be_lifted(monitor):
    assert rules(monitor.send(foreign()))[0] == "WRONG_SENDER"
    decisions.accept(monitor.state, 1, "a school of the neighbour was taken over", DAY)
    assert not monitor.take_in().outcomes[0].is_refused


def test_a_refusal_for_days_that_may_be_months_can_be_lifted(monitor):
    outcome = monitor.send(month_first(24), YEAR)
    assert rules(outcome) == ["DAY_AND_MONTH"]
    decisions.accept(monitor.state, 1, "the home counts only the first third of a month", DAY)
    [outcome] = monitor.take_in().outcomes
    assert (outcome.is_refused, outcome.quarantined) == (False, 0)
    assert len(monitor.raw("missing_episodes")) == 24


@pytest.mark.parametrize(
    "files_sent",
    [ssd(ssd_person=""), {"odd.csv": "a,b\n1,2\n"}],
    ids=["an empty table", "no known table"],
)
def test_what_could_not_be_read_cannot_be_accepted(monitor, files_sent):
    assert monitor.send(files_sent).is_refused
    with pytest.raises(SightlineError, match="ask for it again"):
        decisions.accept(monitor.state, 1, "it looks fine", DAY)


def test_a_file_that_names_another_sender_cannot_be_accepted(monitor):
    outcome = monitor.send(ssd(), files.MARCH | {"sender": "302"})
    assert rules(outcome)[0] == "WRONG_SENDER"
    with pytest.raises(SightlineError, match="names another sender"):
        decisions.accept(monitor.state, 1, "it looks fine", DAY)


@pytest.mark.parametrize("decide", [decisions.accept, decisions.withdraw])
def test_only_what_there_is_can_be_decided_on(monitor, decide):
    with pytest.raises(SightlineError, match="no submission 7"):
        decide(monitor.state, 7, "a reason", DAY)


def test_what_is_in_force_needs_no_acceptance(monitor):
    monitor.send(ssd())
    with pytest.raises(SightlineError, match="neither held back nor refused"):
        decisions.accept(monitor.state, 1, "a reason", DAY)


def test_after_a_withdrawal_the_former_submission_speaks_again(monitor):
    monitor.send(ssd())
    monitor.send(ssd(ssd_cin_episodes=referrals(3)))
    decisions.withdraw(monitor.state, 2, "sent in error", DAY)
    assert (in_force(monitor, EARLIER), in_force(monitor, DAY)) == ([1, 2], [1])


def test_a_withdrawal_stands(monitor):
    monitor.send(ssd())
    decisions.withdraw(monitor.state, 1, "sent in error", DAY)
    for decide in (decisions.accept, decisions.withdraw):
        with pytest.raises(SightlineError, match="withdrawn on 2026-10-21"):
            decide(monitor.state, 1, "a change of mind", LATER)
    monitor.drop_zip(ssd(), files.MARCH)
    assert monitor.take_in().repeated == ["301/bundle.zip"]
    assert in_force(monitor, LATER) == []


def test_the_ledger_of_a_look_back_knows_no_later_arrival_or_decision(monitor):
    monitor.send(ssd())
    hold(monitor, 1)
    decisions.accept(monitor.state, 1, "a reason", DAY)
    decisions.withdraw(monitor.state, 1, "a reason", LATER)
    query = "select submission_id, overridden_on is not null, withdrawn_on is not null"
    query += " from state.submissions"
    found = []
    for as_of in (date(2026, 10, 19), EARLIER, DAY, LATER):
        with connect() as connection:
            release_inputs.write(connection, monitor.state, {"as_of": as_of}, [], [])
            found.append(connection.execute(query).fetchall())
    assert found == [[], [(1, False, False)], [(1, True, False)], [(1, True, True)]]


def test_every_decision_says_who_when_and_why(monitor):
    monitor.send(ssd())
    decisions.withdraw(monitor.state, 1, "sent in error", DAY)
    [entry] = audit.entries(monitor.state)
    told = entry["action"], entry["subject"], entry["reason"]
    assert told == ("withdraw", "submission 1", "sent in error")
    assert entry["actor"]
    assert entry["at"]


def test_the_trail_cannot_be_changed_by_an_ordinary_statement(monitor):
    monitor.send(ssd())
    decisions.withdraw(monitor.state, 1, "sent in error", DAY)
    for statement in ("update audit set reason = 'x'", "delete from audit"):
        with pytest.raises(sa.exc.IntegrityError), monitor.state.begin() as connection:
            connection.exec_driver_sql(statement)
    audit.check(monitor.state)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("update audit set reason = 'nicer' where sequence = 1", "broken at entry 1"),
        ("update audit set actor = 'nobody' where sequence = 2", "broken at entry 2"),
        ("delete from audit where sequence = 1", "broken at entry 1"),
        ("delete from audit where sequence = 3", "cut off after entry 2"),
        ("delete from audit", "cut off after entry 0"),
    ],
)
def test_an_edited_or_cut_trail_is_noticed(monitor, statement, told):
    """Fault 122."""
    for number in range(1, 4):
        monitor.send(ssd(ssd_cin_episodes=referrals(number)))
        decisions.withdraw(monitor.state, number, "sent in error", DAY)
    audit.check(monitor.state)
    with monitor.state.begin() as connection:
        for event in ("update", "delete"):
            connection.exec_driver_sql(f"drop trigger audit_no_{event}")
        connection.exec_driver_sql(statement)
    with pytest.raises(SightlineError, match=told):
        audit.check(monitor.state)
