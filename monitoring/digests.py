"""What each audience is told in one message: with a release, when somebody should be reminded, or
once a month that there is nothing new.

A digest speaks of the events since the one before it, which is read from the outbox.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from sightline.monitoring import routes, troubles, working_days
from sightline.monitoring.facts import about, identifier
from sightline.monitoring.message_base import day
from sightline.monitoring.messages import AlertMessage, Digest, paragraphs
from sightline.monitoring.notices import AudienceDigest, Change, Entry, NotTakenOn
from sightline.monitoring.routes import Route, Subject
from sightline.warehouse.alert_terms import LIVE
from sightline.warehouse.areas import numbers
from sightline.warehouse.ledger.state import alert_events, alerts, outbox
from sightline.warehouse.settings import Settings

# Of the events of one alert the one that is named first is told.
CHANGES: dict[str, Change] = {
    "retracted": "corrected",
    "corrected": "corrected",
    "no_longer_supported": "ended",
    "closed_by_reorganisation": "ended",
    "closed_by_definition": "ended",
    "resolved": "ended",
    "closed": "ended",
    "opened": "new",
    "reopened": "new",
    "escalated": "more_serious",
    "pending": "pending",
    "woken": "woken",
    "unsnoozed": "woken",
    "acknowledged": "taken_on",
    "assigned": "taken_on",
    "snoozed": "put_off",
}
# By these an alert begins to wait for somebody who takes it on.
BEGINS_TO_WAIT = ("opened", "reopened", "escalated", "woken", "unsnoozed")
FIRST_REMINDER, LATER_REMINDERS = 14, 30  # days after that
A_MONTH = timedelta(days=28)
WORKING_DAYS = 5
MOST_ENTRIES = 200
SEEN = "What we see"


@dataclass(frozen=True)
class Last:
    """What the digest before told a route."""

    on: date | None = None
    events_until: int | None = None


def compose(
    connection: sa.Connection,
    settings: Settings,
    today: date,
    messages: Iterable[AlertMessage] = (),
    release: Digest | None = None,
) -> Iterator[tuple[AudienceDigest, Route]]:
    """A digest for each route that has news or, with a release, had none for a month."""
    known = routes.load_or_usual(settings)
    rows = _rows(connection, _waiting_since(sa.select(alerts)))
    said = {message.alert_id: _said(message) for message in messages}
    facts = about(connection, settings, today)
    if release:
        facts = release.model_dump(include=set(facts))
    newest = connection.execute(sa.select(sa.func.max(alert_events.c.event_id))).scalar() or 0
    late = troubles.late_by_name(connection, settings, today)
    for route in known:
        if route.audience == "engineers":
            continue
        last = _last(connection, route)
        mine = {row["alert_id"]: row for row in rows if _is_for(row, route, known)}
        changed = _events(connection, last, facts["release_id"], mine)
        changes = _unfolded(changed, mine)
        waiting = {
            key for key in mine.keys() - changes.keys() if _is_waiting(mine[key], last, today)
        }
        if not changes and not waiting and not _is_monthly(last, today, release):
            continue
        entries = changes | dict.fromkeys(waiting, "waiting")
        digest = AudienceDigest(
            message_id=identifier(
                "digest", route.name, facts["release_id"], str(today), str(newest)
            ),
            audience=route.audience,
            route=route.name,
            entries=tuple(
                _entry(mine[key], change, said.get(key, ())) for key, change in entries.items()
            ),
            folded=len(changed) - len(changes),
            open=sum(row["state"] in LIVE for row in mine.values()),
            late=tuple(text for code, text in late if _is_near(code, route)),
            events_until=newest,
            **facts,
        )
        yield digest, route


def not_taken_on(
    connection: sa.Connection, settings: Settings, today: date
) -> Iterator[tuple[NotTakenOn, Route]]:
    """Critical alerts that nobody has taken on for five working days, for those above."""
    known = routes.load_or_usual(settings)
    above = [route for route in known if route.escalate_to]
    query = sa.select(alerts).where(alerts.c.state == "open", alerts.c.severity == "critical")
    for row in _rows(connection, _waiting_since(query)) if above else ():
        if working_days.between(row["waits_since"], today) >= WORKING_DAYS:
            for route in above:
                if _is_for(row, route, known):
                    yield _not_taken_on(connection, settings, row, route, today), route


def reminders_due(days: int) -> int:
    """How many reminders an alert has had by so many days after it was raised."""
    return 0 if days < FIRST_REMINDER else 1 + (days - FIRST_REMINDER) // LATER_REMINDERS


def _not_taken_on(
    connection: sa.Connection, settings: Settings, row: Mapping[str, Any], route: Route, today: date
) -> NotTakenOn:
    return NotTakenOn(
        message_id=identifier("not_taken_on", row["alert_id"], route.name, str(row["waits_since"])),
        alert_id=row["alert_id"],
        area_name=row["area_name"],
        title=row["title"],
        raised_on=row["waits_since"],
        working_days=WORKING_DAYS,
        **about(connection, settings, today),
    )


def subject_of(row: Mapping[str, Any]) -> Subject:
    """What routes are matched against, from a row of the alerts."""
    return Subject(row["indicator"], row["severity"], row["area_level"], row["area_code"])


def _is_for(row: Mapping[str, Any], route: Route, known: list[Route]) -> bool:
    return any(one.name == route.name for one in routes.all_matching(known, subject_of(row)))


def _last(connection: sa.Connection, route: Route) -> Last:
    payload = outbox.c.payload
    query = (
        sa.select(outbox.c.created_on, payload["events_until"].as_integer())
        .where(outbox.c.kind == "audience_digest", payload["route"].as_string() == route.name)
        .order_by(outbox.c.number.desc())
    )
    row = connection.execute(query.limit(1)).first()
    return Last(row[0], row[1]) if row else Last()


def _events(
    connection: sa.Connection, last: Last, release_id: str, mine: Mapping[str, Any]
) -> dict[str, Change]:
    """By alert, what is new since the last digest; before the first, what this release brought."""
    columns = alert_events.c
    is_new = columns.release_id == release_id
    if last.events_until is not None:
        is_new = columns.event_id > last.events_until
    query = sa.select(columns.alert_id, columns.event).where(is_new).order_by(columns.event_id)
    found: dict[str, Change] = {}
    order = list(dict.fromkeys(CHANGES.values()))
    for row in _rows(connection, query):
        alert_id, change = str(row["alert_id"]), CHANGES.get(row["event"])
        if change and alert_id in mine:
            found[alert_id] = min(found.get(alert_id, change), change, key=order.index)
    return found


def _unfolded(
    changes: dict[str, Change], mine: Mapping[str, Mapping[str, Any]]
) -> dict[str, Change]:
    """Without alerts that one on their region or England names, where that is told too."""
    return {
        alert_id: change
        for alert_id, change in changes.items()
        if mine[alert_id]["summary"].get("folded_into") not in changes
    }


def _waiting_since(query: "sa.Select[Any]") -> "sa.Select[Any]":
    """Alerts with the day on which each began to wait: one that is pending does not wait yet."""
    columns = alert_events.c
    is_own = sa.and_(columns.alert_id == alerts.c.alert_id, columns.event.in_(BEGINS_TO_WAIT))
    began = sa.select(sa.func.max(columns.occurred_on)).where(is_own).scalar_subquery()
    return query.add_columns(sa.func.coalesce(began, alerts.c.first_raised_on).label("waits_since"))


def _rows(connection: sa.Connection, query: "sa.Select[Any]") -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(query).mappings()]


def _is_waiting(row: Mapping[str, Any], last: Last, today: date) -> bool:
    """Whether a reminder has come due since the last digest, of what nobody has taken on."""
    if row["state"] != "open":
        return False
    since = row["waits_since"]
    before = reminders_due((last.on - since).days) if last.on else 0
    return reminders_due((today - since).days) > before


def _is_monthly(last: Last, today: date, release: Digest | None) -> bool:
    return release is not None and (last.on is None or today - last.on >= A_MONTH)


def _entry(row: Mapping[str, Any], change: Change, said: tuple[str, ...]) -> Entry:
    when = f"Raised on {day(row['first_raised_on'])}."
    if until := row["summary"].get("snoozed_until"):
        when = f"{when} Put off until {day(date.fromisoformat(until))}."
    return Entry(
        change=change,
        alert_id=row["alert_id"],
        area_name=row["area_name"],
        area_level=row["area_level"],
        severity=row["severity"],
        title=row["title"],
        said=said if change not in ("waiting", "taken_on", "put_off", "woken") else (when,),
    )


def _said(message: AlertMessage) -> tuple[str, ...]:
    """What the alert's own message says of what was seen."""
    return tuple(dict(paragraphs(message)).get(SEEN, ()))


def _is_near(la_code: str, route: Route) -> bool:
    """Whether a sender lies where the audience of a route looks."""
    if not route.authorities and not route.regions:
        return True
    codes = [code for code, number in numbers().items() if number == la_code]
    near = [Subject("", "critical", "local_authority", code) for code in codes]
    return any(routes.looks_at(route, one) for one in near)
