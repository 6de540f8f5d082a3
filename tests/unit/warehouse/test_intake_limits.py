"""Values on the limits of intake: the last that is taken in, and the first that is not."""

from datetime import date, timedelta

import duckdb
import intake_files as files
import pytest
from intake_files import IDENTIFIERS, errors, referrals, rules, ssd, upn

from sightline.warehouse.calendar import Span
from sightline.warehouse.contracts.schema import Column
from sightline.warehouse.intake.judge.column_rules import is_upn, judgement
from sightline.warehouse.intake.judge.periods import _window, _year
from sightline.warehouse.intake.judge.submission import _other

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("day", "found"), [("2026-10-20", []), ("2026-10-21", ["DATE_FUTURE"])])
def test_the_day_of_receipt_is_not_the_future(tmp_path, day, found):
    monitor = files.monitor(tmp_path / "monitor")
    row = f"R99,K1,{day},N1,2A,N,,\n"
    period = {"period_start": "2026-03-01", "period_end": "2026-10-20"}
    outcome = monitor.send(ssd(ssd_cin_episodes=referrals(40, row)), period)
    assert [rule for rule, _, _ in errors(outcome)] == found


@pytest.mark.parametrize(("day", "found"), [("2026-03-09", []), ("2026-03-08", ["DATE_ORDER"])])
def test_a_case_may_close_on_the_day_on_which_it_began(tmp_path, day, found):
    monitor = files.monitor(tmp_path / "monitor")
    row = f"R99,K1,2026-03-09,N1,2A,N,RC7,{day}\n"
    outcome = monitor.send(ssd(ssd_cin_episodes=referrals(40, row)))
    assert [one.rule for one in outcome.problems if one.rule == "DATE_ORDER"] == found
    assert outcome.accepted == 45


@pytest.mark.parametrize(
    ("number", "is_out"),
    [(-1, True), (0, False), (1, False), (399, False), (400, False), (401, True)],
)
def test_a_number_may_be_at_its_limits(number, is_out):
    column = Column(type="integer", minimum=0, maximum=400)
    out = " or ".join(one.condition for one in judgement(column).faults)
    found = duckdb.execute(f"select {out} from (select '{number}' as plain, {number} as v)")
    assert found.fetchall() == [(is_out,)]


@pytest.mark.parametrize(("month", "is_asked"), [("2021-03", True), ("2021-04", False)])
def test_a_code_belongs_to_its_first_year_and_to_no_year_before(tmp_path, month, is_asked):
    """Of the financial year that ends in 2022 on, child criminal exploitation has a code."""
    monitor = files.monitor(tmp_path / "monitor")
    tables = {name: text.replace("2026-03", month) for name, text in ssd().items()}
    period = {"period_start": f"{month}-01", "period_end": f"{month}-30"}
    assert ("CODE_YEAR" in rules(monitor.send(tables, period))) is is_asked


@pytest.mark.parametrize(
    ("foreign", "own", "other"),
    [(40, 2, "302"), (38, 2, None), (30, 0, "302"), (29, 0, None)],
)
def test_the_share_of_pupil_numbers_that_makes_a_file_another_authoritys(foreign, own, other):
    assert _other("301", {"302": foreign, "301": own}) == other


def test_a_file_with_a_tenth_of_its_own_pupils_is_not_refused(tmp_path):
    monitor = files.monitor(tmp_path / "monitor")
    numbers = [upn(i, "302" if i % 10 else "301") for i in range(1, 61)]
    rows = "".join(f"L{i},K{i},Unique Pupil Number,{one}\n" for i, one in enumerate(numbers))
    assert "WRONG_SENDER" not in rules(monitor.send(ssd(ssd_linked_identifiers=IDENTIFIERS + rows)))


@pytest.mark.parametrize(("good", "is_refused"), [(45, False), (44, True)])
def test_a_tenth_of_bad_rows_is_borne_and_more_is_not(tmp_path, good, is_refused):
    monitor = files.monitor(tmp_path / "monitor")
    bad = [f"B{i},K1,2026-02-30,N1,2A,N,,\n" for i in range(5)]
    outcome = monitor.send(ssd(ssd_cin_episodes=referrals(good, *bad)))
    assert outcome.is_refused is is_refused


@pytest.mark.parametrize(
    ("number", "is_valid"),
    [(upn(1), True), ("A" + upn(1)[1:], upn(1)[0] == "A"), ("B" + upn(1)[1:], upn(1)[0] == "B")],
)
def test_a_pupil_number_needs_its_check_letter(number, is_valid):
    found = duckdb.execute(f"select {is_upn('text')} from (select '{number}' as text)")
    assert found.fetchall() == [(is_valid,)]


def test_one_slip_within_a_year_does_not_stretch_a_window():
    days = [date(2025, 10, 2), date(2025, 12, 1), date(2026, 3, 30)]
    slip = {date(2025, 6, 3): 1}
    period = _window(slip | dict.fromkeys(days, 5), is_rolling=True)
    assert (period.start, period.end) == (days[0], days[-1])


def test_the_first_events_of_a_window_are_no_slips():
    """Of a thousand events the first ten are one in a hundred, and the next come a day later."""
    days = [date(2025, 10, 1) + timedelta(days=n) for n in range(180)]
    told = dict.fromkeys(days, 6)
    for slip in ({}, {days[0] - timedelta(days=90): 3}):
        assert _window(slip | told, is_rolling=True) == Span(days[0], days[-1])


@pytest.mark.parametrize(("newer", "is_known"), [(1, False), (2, False), (3, True)])
def test_the_year_of_a_return_holds_more_than_half_of_its_events(newer, is_known):
    period = _year({date(2025, 5, 1): 1, date(2024, 5, 1): 1, date(2026, 5, 1): newer})
    assert (period is not None) is is_known


def test_a_file_of_which_hardly_a_line_can_be_read_is_given_up(tmp_path, monkeypatch):
    """The numbers of tens of millions of lines would fill the memory."""
    monkeypatch.setattr("sightline.warehouse.submission.MOST_SET_ASIDE", 20)
    ragged = "R,K1\n" * 30
    monitor = files.monitor(tmp_path / "monitor")
    outcome = monitor.send(ssd(ssd_cin_episodes=referrals(5, ragged)))
    assert errors(outcome) == [("TOO_MANY_BAD_ROWS", 7, None)]
    assert "the first reason is RAGGED_ROW" in outcome.problems[0].message
    monitor = files.monitor(tmp_path / "other")
    outcome = monitor.send(ssd(ssd_cin_episodes=referrals(400, ragged)))
    assert (outcome.accepted, outcome.quarantined) == (404, 30)
