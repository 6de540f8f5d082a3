"""Any order of sending, correcting, repeating, being late and being killed ends in the same state.

Hypothesis draws the order; a plain reference says what the state must be. SIGHTLINE_TEST_EXAMPLES
says how many orders are tried; a usual run tries a few, the same each time, and does not shorten
what fails.
"""

import os
import signal
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import intake_files as files
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from intake_files import ASSESSMENTS, EPISODES, FACTORS, ssd, upn, zipped
from killing import kill_at
from reference import Entry, Reference, Sent, days

from sightline.warehouse import home as homes
from sightline.warehouse.calendar import month_of
from sightline.warehouse.ledger import decisions
from sightline.warehouse.ledger.state import State
from sightline.warehouse.settings import load_settings
from sightline.warehouse.take_in import take_in
from sightline.warehouse.timeline.work_file import prepare

pytestmark = pytest.mark.slow

IS_LONG = "SIGHTLINE_TEST_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("SIGHTLINE_TEST_EXAMPLES", "12"))
SENDERS = ("301", "302")
# The census outranks the first four; what is sent for the others speaks beside it.
MONTHS = tuple(date(2025 + (n + 11) // 12, (n + 11) % 12 + 1, 1) for n in range(6))
KNOWN_ON = tuple(date(2026, 6, day) for day in (1, 2, 3))
TABLES_BESIDE = 2
GOOD_ROWS = 10
SEQUENCES = (None, 10, 20)
# Functions on whose entry a run is killed, with the entry that is meant.
KILLED_BEFORE_THE_LEDGER = ("ledger.submissions", "receive", 1)
KILLED_WHILE_LANDING = (
    ("intake.receive.landing", "_move", 1),
    ("intake.receive.landing", "_clear", 1),
)
KILLED_AT = (
    KILLED_BEFORE_THE_LEDGER,
    *KILLED_WHILE_LANDING,
    ("ledger.submissions", "waiting", 2),
    ("intake.batch", "_read", 1),
    ("intake.judge.submission", "judge", 1),
    ("intake.write", "_copy", 2),
    ("filesystems", "sync", 3),
    ("ledger.submissions", "conclude", 1),
    ("ledger.submissions", "_problem_rows", 1),
)


def days_within(start: date, end: date) -> st.SearchStrategy[tuple[date, ...]]:
    return st.lists(st.sampled_from(list(days(start, end))), max_size=4).map(tuple)


@st.composite
def monthly(draw: st.DrawFn) -> Sent:
    """A monthly extract over one to three months: good, partly bad or cut off."""
    first = draw(st.integers(0, len(MONTHS) - 1))
    last = draw(st.integers(first, min(first + 2, len(MONTHS) - 1)))
    start, end = MONTHS[first], month_of(MONTHS[last]).end
    told = draw(days_within(start, end))
    strays = draw(days_within(MONTHS[0], month_of(MONTHS[-1]).end)) if draw(st.booleans()) else ()
    bad = draw(st.sampled_from([0, 0, 1, 6]))
    is_cut = draw(st.sampled_from([False, False, False, True]))
    known_on = draw(st.sampled_from(KNOWN_ON))
    sequence = draw(st.sampled_from(SEQUENCES))
    return _monthly(start, end, (*told, *strays), bad, is_cut, known_on, sequence,
                    draw(st.sampled_from(SENDERS)))  # fmt: skip


def _monthly(
    start: date, end: date, told: tuple[date, ...], bad: int, is_cut: bool, known_on: date,
    sequence: int | None, sender: str,
) -> Sent:  # fmt: skip
    """Ten referrals long before the window keep the share of bad rows in bounds."""
    dates = (*told, *[date(2020, 1, day) for day in range(1, GOOD_ROWS + 1)])
    text = EPISODES + "".join(f"R{n},K1,{day},N1,2A,N,,\n" for n, day in enumerate(dates))
    text += "".join(f"B{n},K1,never,N1,2A,N,,\n" for n in range(bad))
    manifest = {
        "period_start": str(start), "period_end": str(end), "prepared_on": str(known_on),
        "sequence": sequence, "simulated": True,
    }  # fmt: skip
    tables = ssd(
        ssd_cin_episodes=text + "R99,K" * is_cut,
        ssd_cin_assessments=ASSESSMENTS,
        ssd_assessment_factors=FACTORS,
    )
    records = TABLES_BESIDE + len(dates) + bad
    is_refused = is_cut or (bad > (len(dates) + bad) / 10 and bad >= 5)
    return Sent(
        sender, "ssd", start, end, known_on, sequence, dates,
        records=0 if is_cut else records,
        quarantined=0 if is_cut else (records if is_refused else bad),
        is_refused=is_refused,
        bad=bad, content=zipped(tables, manifest),
    )  # fmt: skip


@st.composite
def census(draw: st.DrawFn) -> Sent:
    """The yearly census of an authority, known from its manifest's day."""
    sender, known_on = draw(st.sampled_from(SENDERS)), draw(st.sampled_from(KNOWN_ON))
    start, end = date(2025, 4, 1), date(2026, 3, 31)
    dates = draw(days_within(start, end).filter(bool))
    children = "".join(
        f"<Child><ChildIdentifiers><LAchildID>C{n}</LAchildID><UPN>{upn(n)}</UPN>"
        "<PersonBirthDate>2012-05-14</PersonBirthDate><Sex>F</Sex></ChildIdentifiers>"
        f"<CINdetails><CINreferralDate>{day}</CINreferralDate><ReferralSource>2A</ReferralSource>"
        "<PrimaryNeedCode>N1</PrimaryNeedCode><ReferralNFA>0</ReferralNFA></CINdetails></Child>"
        for n, day in enumerate(dates)
    )
    text = (
        "<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>2026</Year>"
        "<ReferenceDate>2026-03-31</ReferenceDate></CollectionDetails>"
        f"<Source><LEA>{sender}</LEA></Source></Header><Children>{children}</Children></Message>"
    )
    manifest = {"prepared_on": str(known_on), "simulated": True}
    return Sent(
        sender, "cin_census", start, end, known_on, None, dates, records=2 * len(dates),
        quarantined=0, is_refused=False, content=zipped({"census.xml": text}, manifest),
    )  # fmt: skip


class Intake(RuleBasedStateMachine):
    """People drop files, runs come and are killed; the ledger must say what the reference says."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.monitor = files.monitor(Path(self.folder.name) / "monitor")
        self.reference = Reference()
        self.waiting: list[tuple[str, str, Sent]] = []
        self.dropped = 0

    def drop(self, sent: Sent) -> None:
        self.dropped += 1
        name = f"{self.dropped:04d}.zip"
        self.monitor.drop(name, sent.content, sent.sender)
        self.waiting.append((sent.sender, name, sent))

    @rule(sent=monthly())
    def submit(self, sent: Sent) -> None:
        self.drop(sent)

    @rule(sent=census())
    def submit_census(self, sent: Sent) -> None:
        self.drop(sent)

    @precondition(lambda self: self.reference.sent)
    @rule(which=st.integers(0, 1000), is_for_another=st.booleans())
    def repeat(self, which: int, is_for_another: bool) -> None:
        """The same bytes again; from another sender they are something new."""
        one = self.reference.sent[which % len(self.reference.sent)]
        if is_for_another and one.extract == "ssd" and one.overridden_on is None:
            [other] = set(SENDERS) - {one.sender}
            one = replace(one, sender=other, withdrawn_on=None)
        self.drop(one)

    @precondition(lambda self: any(one.extract == "ssd" for one in self.reference.sent))
    @rule(
        which=st.integers(0, 1000),
        bad=st.sampled_from([0, 1, 6]),
        is_cut=st.sampled_from([False, False, True]),
        known_on=st.sampled_from(KNOWN_ON),
        step=st.sampled_from([None, -1, -1, 1]),
    )
    def resubmit(
        self, which: int, bad: int, is_cut: bool, known_on: date, step: int | None
    ) -> None:
        """The same period again: fewer children, better or worse, meant to come before or after."""
        monthly = [one for one in self.reference.sent if one.extract == "ssd"]
        one = monthly[which % len(monthly)]
        fewer = one.referrals[:-GOOD_ROWS][1:]
        sequence = one.sequence + step if one.sequence and step else None
        self.drop(_monthly(one.start, one.end, fewer, bad, is_cut, known_on, sequence, one.sender))

    @precondition(lambda self: self.waiting)
    @rule()
    def run(self) -> None:
        self.monitor.take_in()
        self.expect()

    @rule(sent=monthly(), point=st.sampled_from(KILLED_AT), more=st.none() | monthly())
    def run_killed_and_run_again(
        self, sent: Sent, point: tuple[str, str, int], more: Sent | None
    ) -> None:
        """What comes in between is another intake, unless the inbox was not yet empty."""
        self.drop(sent)
        killed(self.monitor.home.root, *point)
        if point != KILLED_BEFORE_THE_LEDGER:
            self.number(goes_on=point in KILLED_WHILE_LANDING)
        if more:
            self.drop(more)
        self.monitor.take_in()
        self.expect()

    @precondition(lambda self: any(one.accepted for one in self.reference.sent))
    @rule(which=st.integers(0, 1000))
    def withdraw(self, which: int) -> None:
        alive = [
            (number, one)
            for number, one in enumerate(self.reference.sent, 1)
            if one.accepted and one.withdrawn_on is None
        ]
        if alive:
            number, one = alive[which % len(alive)]
            decisions.withdraw(self.monitor.state, number, "sent by mistake", files.TODAY)
            one.withdrawn_on = files.TODAY

    @precondition(lambda self: any(map(may_be_accepted, self.reference.sent)))
    @rule(which=st.integers(0, 1000))
    def accept_what_was_refused(self, which: int) -> None:
        refused = [item for item in enumerate(self.reference.sent, 1) if may_be_accepted(item[1])]
        number, one = refused[which % len(refused)]
        decisions.accept(self.monitor.state, number, "known to the sender", files.TODAY)
        one.accept(files.TODAY)
        self.run()

    def number(self, *, goes_on: bool = False) -> None:
        """What lies in the inbox is entered in the order of senders and names, as one intake."""
        ordered = sorted(self.waiting, key=lambda item: item[:2])
        self.reference.take_in([(name, sent) for _, name, sent in ordered], goes_on=goes_on)
        self.waiting = []

    def expect(self) -> None:
        self.number()
        names = ("sender", "status", "records", "accepted", "quarantined")
        found = [Entry(*(row[name] for name in names)) for row in self.monitor.ledger()]
        assert found == self.reference.ledger()
        assert [path for path in self.monitor.home.inbox.rglob("*") if path.is_file()] == []

    def teardown(self) -> None:
        try:
            if self.waiting:
                self.run()
            for as_of in (KNOWN_ON[0], files.TODAY):
                self.compare(as_of)
            self.compare_rows()
            assert list(self.monitor.home.spool.iterdir()) == []
        finally:
            self.monitor.state.close()
            self.folder.cleanup()

    def compare(self, as_of: date) -> None:
        """The days of each submission and the referrals of each month, as known at a date."""
        prepare(self.monitor.home, self.monitor.state, as_of)
        with duckdb.connect(str(self.monitor.home.work_db), read_only=True) as connection:
            slices = connection.execute(
                "select la_code, slice_start, slice_end, submission_id from control.slices"
                " where source = 'referrals' and is_own and speaks"
            ).fetchall()
            months = connection.execute(REFERRALS).fetchall()
        speaks = [((la, day), number) for la, *ends, number in slices for day in days(*ends)]
        assert len(speaks) == len(dict(speaks))
        assert dict(speaks) == self.reference.speaks(as_of)
        found = Counter({(la_code, month): count for la_code, month, count in months})
        assert found == self.reference.referrals(as_of)

    def compare_rows(self) -> None:
        """On disk lie the rows of what was accepted, once, whichever run and batch wrote them."""
        found = [
            number
            for table in ("ssd_referrals", "cin_referrals")
            for (number,) in self.monitor.raw(table, "submission_id")
        ]
        assert Counter(found) == self.reference.rows()


def may_be_accepted(one: Sent) -> bool:
    """Refused for its share of bad rows, so that a person may let the others in."""
    return one.is_refused and one.bad > 0 and one.records > 0


REFERRALS = """
    with referrals as (
        select submission_id, referral_date from raw.ssd_referrals
        union all
        select submission_id, referral_date from raw.cin_referrals
    )
    select slices.la_code, cast(date_trunc('month', referral_date) as date), count(*)
    from referrals
    inner join control.slices as slices
        on referrals.submission_id = slices.submission_id
        and referral_date between slice_start and slice_end
        and source = 'referrals'
        and is_own
        and speaks
    group by all
"""


def killed(root: Path, module: str, function: str, calls: int) -> None:
    """Take in, in a process that kills itself at its n-th entry into a function."""
    child = os.fork()
    if child == 0:
        try:
            kill_at(f"sightline.warehouse.{module}", function, calls)
            home = homes.find(root)
            take_in(home, load_settings(home), State(home.state_db))
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFEXITED(status) or os.WTERMSIG(status) == signal.SIGKILL


Intake.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=14,
    deadline=None,
    derandomize=not IS_LONG,
    phases=(Phase.generate, *([Phase.shrink] if IS_LONG else [])),
    suppress_health_check=list(HealthCheck),
    database=None,
)


class TestIntake(Intake.TestCase):
    """Collected by pytest; the states are those above."""


def test_wherever_a_run_is_killed_nothing_is_lost_or_counted_twice() -> None:
    """At each place once, with something new to take in by the run that makes it good."""
    machine = Intake()
    try:
        for number, point in enumerate(KILLED_AT):
            first, second = (
                _monthly(MONTHS[0], month_of(MONTHS[-1]).end, (MONTHS[-1].replace(day=day),), 1,
                         is_cut=False, known_on=KNOWN_ON[0], sequence=None, sender=SENDERS[0])
                for day in (2 * number + 1, 2 * number + 2)
            )  # fmt: skip
            machine.run_killed_and_run_again(first, point, second)
    finally:
        machine.teardown()


def test_what_comes_after_an_intake_that_was_cut_off_is_newer() -> None:
    """Whatever its period, unless the inbox was not yet empty."""
    machine = Intake()
    try:
        for day, point in enumerate(KILLED_AT, 1):
            first, second = (
                _monthly(MONTHS[0], month_of(MONTHS[last]).end, (MONTHS[0].replace(day=day),), 0,
                         is_cut=False, known_on=KNOWN_ON[0], sequence=None, sender=SENDERS[0])
                for last in (5, 4)
            )  # fmt: skip
            machine.run_killed_and_run_again(first, point, second)
            machine.compare(files.TODAY)
    finally:
        machine.teardown()
