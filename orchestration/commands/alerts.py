"""Commands on alerts: what is open, why, and what people decide; and the messages about them."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from orchestration.console import as_json, home_option, json_option, say, state_of, table, typed

if TYPE_CHECKING:
    from warehouse.home import Home

UNDELIVERED = 7
ENDED = ("resolved", "retracted")
COLUMNS = ("alert", "severity", "state", "since", "title")

who_option = click.option(
    "--as", "who", required=True, callback=typed, help="Who decides this; kept inside."
)
note_option = click.option(
    "--note",
    required=True,
    callback=typed,
    help="Why, in a sentence; kept inside. No child's name or number.",
)


@click.group("alerts")
def alerts() -> None:
    """The life of an alert: listed, looked into, taken on, put off, closed.

    Example: sightline alerts list
    """


@alerts.command("list")
@click.option("--all", "is_all", is_flag=True, help="Also those that have ended.")
@json_option
@home_option
def list_alerts(home: "Home", is_all: bool, is_json: bool) -> int:
    """What is open, the most serious first.

    Example: sightline alerts list --all --json
    """
    from monitoring.alerts import people
    from monitoring.alerts.lifecycle import LIVE

    with state_of(home) as state:
        rows = people.list_alerts(state, states=LIVE + ENDED if is_all else LIVE)
    if is_json:
        as_json(rows)
        return 0
    table(
        [
            row | {"alert": row["alert_id"][:8], "since": f"{row['opened_period']:%b %Y}"}
            for row in rows
        ],
        COLUMNS,
    )
    return 0


@alerts.command("show")
@click.argument("alert_id")
@json_option
@home_option
def show(home: "Home", alert_id: str, is_json: bool) -> int:
    """One alert, with why it matters, what to check and what else could explain it.

    Example: sightline alerts show 3f9a1c2e
    """
    from monitoring.alerts import people, released
    from monitoring.alerts.lifecycle import LIVE
    from warehouse import indicators

    with state_of(home) as state:
        events = people.history(state, alert_id)
        known = people.list_alerts(state, states=LIVE + ENDED)
    alert = next(row for row in known if row["alert_id"] == events[0]["alert_id"])
    words = next(one for one in indicators.load() if one.indicator == alert["indicator"])
    shown = released.in_force(home, alert["alert_id"])
    if is_json:
        figures = shown.evidence.model_dump() if shown and shown.evidence else None
        as_json(alert | {"figures": figures, "events": events, "indicator": words.model_dump()})
        return 0
    say(f"{alert['severity'].upper()}  {alert['title']}  ({alert['state']})")
    for line in shown.sentences() if shown else ["The release that is read does not have it yet."]:
        say(line)
    say(words.why_it_matters)
    _listed("What to check", words.what_to_check)
    _listed("What else could explain it", words.other_explanations)
    _listed("What has happened", [_event(row) for row in events])
    return 0


@alerts.command("history")
@click.argument("alert_id")
@json_option
@home_option
def history(home: "Home", alert_id: str, is_json: bool) -> int:
    """Every change of one alert, oldest first.

    Example: sightline alerts history 3f9a1c2e
    """
    from monitoring.alerts import people

    with state_of(home) as state:
        events = people.history(state, alert_id)
    if is_json:
        as_json(events)
    for row in [] if is_json else events:
        say(_event(row))
    return 0


@alerts.command("ack")
@click.argument("alert_id")
@who_option
@note_option
@home_option
def ack(home: "Home", alert_id: str, who: str, note: str) -> int:
    """Take an alert on: no more reminders, and everybody sees who looks into it.

    Example: sightline alerts ack 3f9a1c2e --as "A. Lead" --note "asked the front door"
    """
    from monitoring.alerts import people

    with state_of(home) as state:
        moved = people.acknowledge(state, alert_id, who=who, note=note, today=_today(home))
    say(f"{moved.title}: {moved.state}")
    return 0


@alerts.command("snooze")
@click.argument("alert_id")
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Wakes then.")
@who_option
@note_option
@home_option
def snooze(home: "Home", alert_id: str, until: datetime, who: str, note: str) -> int:
    """Put an alert off to a day on which it wakes by itself.

    Example: sightline alerts snooze 3f9a1c2e --until 2026-12-01 --as "A. Lead" --note "audit due"
    """
    from monitoring.alerts import people

    with state_of(home) as state:
        moved = people.snooze(
            state, alert_id, who=who, note=note, today=_today(home), until=until.date()
        )
    say(f"{moved.title}: {moved.state} until {until:%d %B %Y}")
    return 0


@alerts.command("resolve")
@click.argument("alert_id")
@click.option("--reason", default="action_taken", show_default=True, help="A reason code.")
@who_option
@note_option
@home_option
def resolve(home: "Home", alert_id: str, reason: str, who: str, note: str) -> int:
    """Close an alert with a reason; it is raised again only after a clear month.

    Example: sightline alerts resolve 3f9a1c2e --reason data_error --as "A. Lead" --note "resent"
    """
    from monitoring.alerts import people

    with state_of(home) as state:
        moved = people.resolve(
            state, alert_id, who=who, note=note, today=_today(home), reason=reason
        )
    say(f"{moved.title}: {moved.state}")
    return 0


@click.command("deliver")
@click.option("--retry", is_flag=True, help="Also what failed before, at once.")
@json_option
@home_option
def deliver(home: "Home", retry: bool, is_json: bool) -> int:
    """Send what waits in the outbox.

    Example: sightline deliver --retry
    """
    from monitoring.delivery import relay
    from orchestration.configuration import checked
    from warehouse import clock

    settings = checked(home)
    with state_of(home) as state:
        if retry:
            relay.retry_now(state, include_dead=True)
        done = relay.deliver(home, settings, state, clock.now())
    if is_json:
        as_json({"sent": done.sent, "failed": done.failed, "pending": done.pending})
    else:
        say(f"{done.sent:,} sent, {done.failed:,} failed, {done.pending:,} still waiting")
    return UNDELIVERED if done.failed or done.pending else 0


@click.group("channels")
def channels() -> None:
    """Where messages go.

    Example: sightline channels test files
    """


@channels.command("test")
@click.argument("name")
@home_option
def test_channel(home: "Home", name: str) -> int:
    """Send a harmless message over one channel.

    Example: sightline channels test files
    """
    from monitoring.delivery import channels as known
    from monitoring.delivery.failure import DeliveryFailed
    from monitoring.messages import Digest
    from warehouse.errors import ConfigurationError
    from warehouse.settings import load_settings, today

    settings = load_settings(home)
    channel = known.build(home, settings).get(name)
    if channel is None:
        raise ConfigurationError(f"no channel is called {name}: {known.names(settings)}")
    message = Digest(
        message_id=f"test-{name}",
        monitor=settings.name,
        release_id="test",
        as_of=today(settings),
        is_simulated=True,
        new=0,
        escalated=0,
        ended=0,
        open=0,
        returns_received=0,
        returns_due=0,
    )
    try:
        channel.send(message)
    except DeliveryFailed as failure:
        say(f"{name}: not delivered: {failure}")
        return UNDELIVERED
    say(f"{name}: delivered")
    return 0


def _today(home: "Home") -> Any:
    from warehouse.settings import load_settings, today

    return today(load_settings(home))


def _listed(head: str, lines: list[str]) -> None:
    say(f"{head}:")
    for line in lines:
        say(f"  - {line}")


def _event(row: dict[str, Any]) -> str:
    who = (row["evidence"] or {}).get("who")
    note = (row["evidence"] or {}).get("note")
    return f"{row['occurred_on']}  {row['event']}: {note or row['reason']}" + (
        f" ({who})" if who else ""
    )


COMMANDS = (alerts, deliver, channels)
