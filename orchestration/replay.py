"""What would have been raised month by month, each month with only what was known then."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sightline.monitoring import joint, signals
from sightline.monitoring.alert_context import OPENING
from sightline.monitoring.alerts import ongoing
from sightline.monitoring.alerts.evaluate import findings
from sightline.monitoring.alerts.findings import Alert, Event, Given
from sightline.monitoring.alerts.lifecycle import decide
from sightline.monitoring.digests import CHANGES
from sightline.monitoring.outbox import MOST_ALONE
from sightline.monitoring.routes import AT_ONCE
from sightline.orchestration import dbt_runner
from sightline.orchestration.demo import TRUTH
from sightline.orchestration.run import ready
from sightline.simulation import found
from sightline.simulation import truth as truths
from sightline.warehouse.areas import numbers
from sightline.warehouse.connection import connect
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State
from sightline.warehouse.settings import load_settings
from sightline.warehouse.timeline.work_file import prepare

Progress = Callable[[str, int, int], None]
TOLD = ("opened", "reopened", "resolved", "retracted", "no_longer_supported", "escalated")
OF_ALERT = ("indicator", "area_code", "area_name", "area_level", "severity", "title")
DAY = 21  # of a month: the monthly returns of the month before are due on the twentieth


@dataclass(frozen=True)
class _Aside(Home):
    """The same monitor with its work file elsewhere, so that a replay disturbs nothing."""

    @property
    def work(self) -> Path:
        return self.restricted / "replay"


@dataclass(frozen=True)
class Replayed:
    """One day of history: what would have opened and ended on it, and what was open after it."""

    as_of: date
    events: tuple[Event, ...]
    alerts: dict[str, Alert]

    @property
    def open(self) -> int:
        return sum(alert.state == "open" for alert in self.alerts.values())

    def rows(self) -> list[dict[str, Any]]:
        """One row a change, for people and for files."""
        return [
            {
                "as_of": self.as_of,
                "event": event.event,
                "period": event.period,
                **{
                    name: value
                    for name, value in asdict(self.alerts[event.alert_id]).items()
                    if name in OF_ALERT
                },
            }
            for event in self.events
            if event.event in TOLD
        ]


def replay(
    home: Home, first: date, last: date, *, progress: Progress | None = None
) -> Iterator[Replayed]:
    """Rebuild, judge and decide for each month from first to last, in order.

    Raises SightlineError where nothing was known by then.
    """
    days = list(_days(first, last))
    if not days:
        raise SightlineError("no month ends between those dates", 2)
    aside = _Aside(home.root)
    aside.work.mkdir(mode=0o700, exist_ok=True)
    say = progress or (lambda _stage, _done, _of: None)
    with ready(home) as state:
        manifest = dbt_runner.parse(aside)
        known: dict[str, Alert] = {}
        try:
            for done, day in enumerate(days):
                say("replaying", done, len(days))
                yield _replayed(aside, state, manifest, day, known)
        finally:
            for leftover in aside.work.glob("*"):
                leftover.unlink()


def in_words(home: Home, replayed: Sequence[Replayed]) -> Iterator[str]:
    """How many alerts were new, where nothing was planted if the history is a simulated one, and
    how many messages a month an audience would have had."""
    opened = [
        (one.alerts[event.alert_id], event)
        for one in replayed for event in one.events if event.event == "opened"
    ]  # fmt: skip
    own = [
        (alert.indicator, numbers().get(alert.area_code, ""), event.period)
        for alert, event in opened if alert.area_level == "local_authority" and event.period
    ]  # fmt: skip
    yield f"{len(opened)} new alerts, {len(own)} of them on authorities."
    truth = home.root / TRUTH
    if truth.is_file() and own:
        count = found.causes(own, truths.load(truth))
        yield (
            f"Of those on authorities {count['planted']} are of an indicator that was worsened"
            f" there, {count['beside it']} of another one of such an authority, and"
            f" {count['nothing']} ({count['nothing'] / len(own):.0%}) where nothing was planted."
        )
    yield from _messages_in_words(replayed)


def _messages_in_words(replayed: Sequence[Replayed]) -> Iterator[str]:
    """Where each audience has a route of its own, for digests and what is critical alone."""
    everywhere = [_messages(one, one.events) for one in replayed]
    yield f"Messages a month for a lead of the country: {_each_month(everywhere)}."
    last = replayed[-1].alerts.values()
    names = {one.area_code: one.area_name for one in last if one.area_level == "local_authority"}
    if names:
        of_area = {
            code: [_messages(one, _of(one, code)) for one in replayed] for code in sorted(names)
        }
        most = max(of_area, key=lambda code: sum(of_area[code]))
        yield f"For the authority that has most, {names[most]}: {_each_month(of_area[most])}."


def _of(one: Replayed, area_code: str) -> list[Event]:
    return [event for event in one.events if one.alerts[event.alert_id].area_code == area_code]


def _messages(one: Replayed, events: Sequence[Event]) -> int:
    """A digest if there is news, and what is critical alone, as the outbox has it."""
    news = [event for event in events if event.event in CHANGES]
    urgent = sum(
        event.event in OPENING and one.alerts[event.alert_id].severity == AT_ONCE for event in news
    )
    return bool(news) + (urgent if urgent <= MOST_ALONE else 0)


def _each_month(counts: Sequence[int]) -> str:
    return f"{sum(counts) / len(counts):.1f} with news, {max(counts)} at most"


def _replayed(
    aside: Home, state: State, manifest: Any, day: date, known: dict[str, Alert]
) -> Replayed:
    prepare(aside, state, day)
    if not _built(dbt_runner.build(aside, manifest, tests=False)):
        raise SightlineError(f"the models of {day} could not be built")
    with connect(aside.work_db, home=aside, settings=load_settings(aside)) as connection:
        signals.detect(connection, day, ongoing.of(known.values()))
        joint.write(connection)
        judged = findings(connection)
        # however many there are: a replay is there to count them
        given = Given(confirmed=frozenset(finding.fingerprint for finding in judged))
        decided = decide(judged, known.values(), day, f"{day.isoformat()}.replay", given)
    known |= {alert.alert_id: alert for alert in decided.alerts}
    return Replayed(day, decided.events, dict(known))


def _built(results: Sequence[Any]) -> bool:
    return bool(results) and all(str(result.status) == "success" for result in results)


def _days(first: date, last: date) -> Iterator[date]:
    day = first.replace(day=DAY)
    while day <= last:
        if day >= first:
            yield day
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=DAY)
