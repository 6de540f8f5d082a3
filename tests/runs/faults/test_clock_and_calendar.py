"""Clocks that are wrong, zones and years that differ: the same rows, the right period."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import intake_files as files
import pytest
from intake_files import MARCH, Monitor, referrals, ssd

from sightline.warehouse import calendar
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.settings import Settings, today

KEY = "aae24849842d7082b66f57ce8270bd04da2c39ffb97df22803c270983032c4e5"


@pytest.fixture
def zone() -> Iterator[None]:
    """The machine's time zone is put back afterwards."""
    former = os.environ.get("TZ")
    yield
    if former is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = former
    time.tzset()


@pytest.mark.usefixtures("zone")
def test_fault_086_the_machines_time_zone_changes_no_row(tmp_path: Path) -> None:
    found = []
    for name in ("Pacific/Auckland", "America/Los_Angeles", "UTC"):
        os.environ["TZ"] = name
        time.tzset()
        monitor = files.monitor(tmp_path / name.replace("/", "_"))
        monitor.home.key.write_text(KEY)
        monitor.send(ssd(ssd_cin_episodes=referrals(31)))
        found.append((monitor.raw("ssd_referrals"), monitor.raw("ssd_persons")))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 6, 30, 23, 30, tzinfo=UTC), date(2026, 7, 1)),  # summer time
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), date(2026, 12, 31)),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), date(2026, 3, 29)),  # the hour that is missing
        (datetime(2026, 10, 25, 0, 59, tzinfo=UTC), date(2026, 10, 25)),  # the hour that repeats
    ],
)
def test_fault_087_today_is_the_date_in_london(
    monkeypatch: pytest.MonkeyPatch, moment: datetime, day: date
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return moment.astimezone(tz)

    monkeypatch.setattr("sightline.warehouse.clock.datetime", Clock)
    assert today(Settings()) == day


@pytest.mark.parametrize(
    ("day", "year_ending", "term"),
    [
        (date(2026, 3, 31), 2026, (2026, "Spring")),
        (date(2026, 4, 1), 2027, (2026, "Summer")),
        (date(2026, 8, 31), 2027, (2026, "Summer")),
        (date(2026, 9, 1), 2027, (2026, "Autumn")),
        (date(2026, 12, 31), 2027, (2026, "Autumn")),
        (date(2027, 1, 1), 2027, (2027, "Spring")),
        (date(2028, 2, 29), 2028, (2028, "Spring")),
    ],
)
def test_fault_089_a_day_lies_in_its_financial_year_and_its_term(
    day: date, year_ending: int, term: tuple[int, str]
) -> None:
    year = calendar.financial_year_of(day)
    assert year == calendar.financial_year(year_ending)
    assert year.start <= day <= year.end
    assert calendar.term_of(day) == term


@pytest.mark.parametrize("year", [2024, 2025, 2026, 2027, 2028])
@pytest.mark.parametrize(("every", "parts"), [("month", 12), ("quarter", 4), ("term", 3)])
def test_fault_090_periods_follow_each_other_without_a_gap_or_an_overlap(
    year: int, every: str, parts: int
) -> None:
    """Quarter ends and New Year too: no day is in two periods or in none."""
    spans = [calendar.span_of(date(year, 1, 1), every)]
    while spans[-1].end < date(year, 12, 31):
        spans.append(calendar.next_span(spans[-1], every))
    assert len(spans) == parts
    assert (spans[0].start, spans[-1].end) == (date(year, 1, 1), date(year, 12, 31))
    assert sum((span.end - span.start).days + 1 for span in spans) == 365 + (year % 4 == 0)


@pytest.mark.parametrize("moment", [0, 4_070_908_800])
def test_fault_092_the_time_of_a_file_means_nothing(monitor: Monitor, moment: int) -> None:
    """1970 and 2099."""
    path = monitor.drop_zip(ssd())
    os.utime(path, (moment, moment))
    [outcome] = monitor.take_in().outcomes
    assert (outcome.accepted, outcome.received_on) == (5, files.TODAY)


def test_fault_092_a_clock_behind_the_ledger_stops_intake_before_anything_moves(
    monitor: Monitor,
) -> None:
    """Else what came last would count as having come first."""
    monitor.send(ssd())
    path = monitor.drop_zip(ssd(ssd_cin_episodes=referrals(9)), MARCH, name="later.zip")
    config = monitor.home.config
    config.write_text(config.read_text().replace("today = 2026-10-20", "today = 2025-10-20"))
    with pytest.raises(SightlineError, match=r"2025-10-20.*2026-10-20"):
        monitor.take_in()
    assert path.exists()
    assert len(monitor.ledger()) == 1
