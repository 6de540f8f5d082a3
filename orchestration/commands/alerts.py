"""Commands on alerts: what is open, why, and what people decide; and the messages about them."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from sightline.orchestration.commands.decisions import reason_option
from sightline.orchestration.console import (
    as_json,
    home_option,
    json_option,
    say,
    state_of,
    table,
    typed,
)
from sightline.warehouse.alert_terms import ROLES

if TYPE_CHECKING:
    from sightline.monitoring.alerts.acts import Act
    from sightline.warehouse.home import Home

UNDELIVERED = 7
COLUMNS = ("alert", "severity", "state", "since", "owner", "title")
day = click.DateTime(["%Y-%m-%d"])
ids_argument = click.argument("alert_ids", nargs=-1, required=True, metavar="ALERT...")

who_option = click.option(
    "--as", "who", required=True, callback=typed, help="Who decides this; kept inside."
)
note_option = click.option(
    "--note",
    required=True,
    callback=typed,
    help="Why, in a sentence; kept inside. No child's name or number.",
)
role_option = click.option(
    "--shown-as",
    "role",
    type=click.Choice(ROLES),
    help="The role under which the pages may show who did it; without it they say: a person.",
)


@click.group("alerts")
def alerts() -> None:
    """The life of an alert: listed, looked into, taken on, put off, closed.

    Example: sightline alerts list
    """


@alerts.command("list")
@click.option("--all", "is_all", is_flag=True, help="Also those that are pending or have ended.")
@click.option("--state", "states", multiple=True, help="Only in this state; may be repeated.")
@click.option("--area", help="Only of this area: a code, a three-digit number or a name.")
@click.option("--region", help="Only of this region and its authorities.")
@click.option("--indicator", help="Only of this indicator.")
@click.option("--severity", help="Only this serious or more.")
@click.option("--owner", help="Only those assigned to this name.")
@click.option(
    "--older-than", "age", type=click.IntRange(min=0), help="Only raised so many days ago."
)
@json_option
@home_option
def list_alerts(
    home: "Home", is_all: bool, states: tuple[str, ...], is_json: bool, **chosen: Any
) -> int:
    """What is open, the most serious first.

    Example: sightline alerts list --all --json
    """
    from sightline.monitoring.alerts import filters, people
    from sightline.monitoring.alerts.findings import STATES
    from sightline.warehouse.alert_terms import LIVE

    wanted = filters.checked(states, STATES) or (STATES if is_all else LIVE)
    with state_of(home) as state:
        keeps = filters.of(today=_today(home), **chosen)
        rows = people.list_alerts(state, states=wanted, keeps=keeps)
    if is_json:
        as_json(rows)
        return 0
    table(
        [
            row
            | {
                "alert": row["alert_id"][:8],
                "since": f"{row['opened_period']:%b %Y}",
                "owner": row["summary"].get("assigned_to"),
            }
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
    from sightline.monitoring.alerts import people, released
    from sightline.monitoring.alerts.findings import STATES
    from sightline.warehouse import indicators

    with state_of(home) as state:
        events = people.story(state, alert_id)
        known = people.list_alerts(state, states=STATES)
        outcomes = {row["indicator"]: row for row in people.outcomes(state)}
    alert = next(row for row in known if row["alert_id"] == events[0]["alert_id"])
    words = next((one for one in indicators.load() if one.indicator == alert["indicator"]), None)
    shown = released.in_force(home, alert["alert_id"])
    outcome = outcomes.get(alert["indicator"])
    if is_json:
        figures = shown.evidence.model_dump() if shown and shown.evidence else None
        about = words.model_dump() if words else None
        more = {"figures": figures, "events": events, "indicator": about, "outcomes": outcome}
        as_json(alert | more)
        return 0
    say(f"{alert['severity'].upper()}  {alert['title']}  ({alert['state']})")
    for line in shown.sentences() if shown else ["The release that is read does not have it yet."]:
        say(line)
    if words:
        say(words.why_it_matters)
        _listed("What to check", words.what_to_check)
        _listed("What else could explain it", words.other_explanations)
    if outcome:
        say(_outcome(outcome))
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
    from sightline.monitoring.alerts import people

    with state_of(home) as state:
        events = people.story(state, alert_id)
    if is_json:
        as_json(events)
    for row in [] if is_json else events:
        say(_event(row))
    return 0


@alerts.command("outcomes")
@json_option
@home_option
def outcomes(home: "Home", is_json: bool) -> int:
    """How alerts turned out that people closed, by indicator, and the share that was right.

    Example: sightline alerts outcomes
    """
    from sightline.monitoring.alerts import people

    with state_of(home) as state:
        rows = people.outcomes(state)
    if is_json:
        as_json(rows)
    else:
        table(rows, ("indicator", "confirmed", "explained", "false", "precision"))
    return 0


@alerts.command("ack")
@ids_argument
@who_option
@role_option
@note_option
@json_option
@home_option
def ack(home: "Home", alert_ids: tuple[str, ...], is_json: bool, **said: Any) -> int:
    """Take alerts on: no more reminders, and everybody sees who looks into it.

    Example: sightline alerts ack 3f9a1c2e --as "A. Lead" --shown-as regional_lead --note "asked"
    """
    return _act(home, alert_ids, "acknowledged", is_json, **said)


@alerts.command("assign")
@ids_argument
@click.option("--to", required=True, callback=typed, help="Whose it is from now; kept inside.")
@who_option
@role_option
@note_option
@json_option
@home_option
def assign(home: "Home", alert_ids: tuple[str, ...], is_json: bool, **said: Any) -> int:
    """Give alerts to somebody.

    Example: sightline alerts assign 3f9a1c2e --to "B. Head" --as "A. Lead" --note "knows the area"
    """
    return _act(home, alert_ids, "assigned", is_json, **said)


@alerts.command("comment")
@ids_argument
@who_option
@role_option
@note_option
@json_option
@home_option
def comment(home: "Home", alert_ids: tuple[str, ...], is_json: bool, **said: Any) -> int:
    """Add a note to alerts, whatever state they are in.

    Example: sightline alerts comment 3f9a1c2e --as "A. Lead" --note "the audit is due in May"
    """
    return _act(home, alert_ids, "comment", is_json, **said)


@alerts.command("snooze")
@ids_argument
@click.option("--until", required=True, type=day, help="Wakes then; twelve months on at most.")
@who_option
@role_option
@note_option
@json_option
@home_option
def snooze(
    home: "Home", alert_ids: tuple[str, ...], until: datetime, is_json: bool, **said: Any
) -> int:
    """Put alerts off to a day on which they wake by themselves.

    Example: sightline alerts snooze 3f9a1c2e --until 2026-12-01 --as "A. Lead" --note "audit due"
    """
    return _act(home, alert_ids, "snoozed", is_json, until=until.date(), **said)


@alerts.command("unsnooze")
@ids_argument
@who_option
@role_option
@note_option
@json_option
@home_option
def unsnooze(home: "Home", alert_ids: tuple[str, ...], is_json: bool, **said: Any) -> int:
    """Wake alerts that were put off.

    Example: sightline alerts unsnooze 3f9a1c2e --as "A. Lead" --note "the audit is done"
    """
    return _act(home, alert_ids, "unsnoozed", is_json, **said)


@alerts.command("resolve")
@ids_argument
@click.option("--reason", default="action_taken", show_default=True, help="A reason code.")
@click.option("--of", "original", help="Of a duplicate: the alert that it repeats.")
@who_option
@role_option
@note_option
@json_option
@home_option
def resolve(home: "Home", alert_ids: tuple[str, ...], is_json: bool, **said: Any) -> int:
    """Close alerts with a reason; they are raised again only after a clear month, or two.

    Example: sightline alerts resolve 3f9a1c2e --reason data_error --as "A. Lead" --note "resent"
    """
    return _act(home, alert_ids, "resolved", is_json, **said)


@alerts.command("reopen")
@ids_argument
@who_option
@role_option
@note_option
@json_option
@home_option
def reopen(home: "Home", alert_ids: tuple[str, ...], is_json: bool, **said: Any) -> int:
    """Take alerts up again that have ended.

    Example: sightline alerts reopen 3f9a1c2e --as "A. Lead" --note "closed by mistake"
    """
    return _act(home, alert_ids, "reopened", is_json, **said)


@alerts.command("held")
@json_option
@home_option
def held(home: "Home", is_json: bool) -> int:
    """Alerts that no one is told of, since a run found too many at once.

    Example: sightline alerts held
    """
    from sightline.monitoring import troubles

    with state_of(home) as state, state.read() as connection:
        rows = troubles.storms(connection)
    if is_json:
        as_json(rows)
    else:
        names = [row | {"indicators": ", ".join(row["indicators"])} for row in rows]
        table(names, ("run", "release", "held_on", "alerts", "indicators"))
    return 0


@alerts.command("confirm")
@click.argument("run")
@click.option("--as", "who", callback=typed, help="Who decides this; the account if not given.")
@reason_option
@home_option
def confirm(home: "Home", run: str, who: str | None, reason: str) -> int:
    """Let through what RUN (its number or its release) held; the next run opens it.

    Example: sightline alerts confirm 7 --as "E. Engineer" --reason "a real national change"
    """
    count = _decide(home, run, "confirmed", who, reason)
    say(f"{count:,} alerts are let through; the next run opens them: sightline run")
    return 0


@alerts.command("discard")
@click.argument("run")
@click.option("--as", "who", callback=typed, help="Who decides this; the account if not given.")
@reason_option
@home_option
def discard(home: "Home", run: str, who: str | None, reason: str) -> int:
    """Drop what RUN (its number or its release) held; each may be raised after a clear month.

    Example: sightline alerts discard 7 --as "E. Engineer" --reason "a wrong population table"
    """
    count = _decide(home, run, "discarded", who, reason)
    say(f"{count:,} alerts are dropped")
    return 0


@click.command("deliver")
@click.option("--retry", is_flag=True, help="Also what failed before, at once.")
@json_option
@home_option
def deliver(home: "Home", retry: bool, is_json: bool) -> int:
    """Send what waits in the outbox.

    Example: sightline deliver --retry
    """
    from sightline.monitoring.delivery import relay
    from sightline.orchestration.configuration import checked
    from sightline.warehouse import clock

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
    from sightline.monitoring.delivery import channels as known
    from sightline.monitoring.delivery.failure import DeliveryFailed
    from sightline.monitoring.messages import Digest
    from sightline.warehouse.errors import ConfigurationError
    from sightline.warehouse.settings import load_settings, today

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
    code = 0
    with channel.opened() as send:
        for recipient in channel.recipients or (None,):
            place = f"{name}, {recipient}" if recipient else name
            try:
                send(message, known.Copy(recipient), channel.seconds)
                say(f"{place}: delivered")
            except DeliveryFailed as failure:
                say(f"{place}: not delivered: {failure}")
                code = UNDELIVERED
    return code


def _act(home: "Home", alert_ids: tuple[str, ...], name: "Act", is_json: bool, **said: Any) -> int:
    from sightline.monitoring.alerts import people

    with state_of(home) as state:
        moved = people.act(state, alert_ids, name, today=_today(home), **said)
    if is_json:
        as_json([{"alert_id": one.alert_id, "state": one.state} for one in moved])
    for one in [] if is_json else moved:
        until = one.summary.get("snoozed_until")
        say(f"{one.title}: {one.state}{f' until {until}' if until else ''}")
    return 0


def _decide(home: "Home", run: str, decision: str, who: str | None, reason: str) -> int:
    from sightline.monitoring.alerts import storm_records

    with state_of(home) as state:
        return storm_records.decide(
            state, run, decision, who=who, reason=reason, today=_today(home)
        )


def _outcome(outcome: dict[str, Any]) -> str:
    counts = ", ".join(f"{outcome[name]} {name}" for name in ("confirmed", "explained", "false"))
    return f"Of this indicator's alerts that people closed: {counts}."


@click.group("routes")
def routes() -> None:
    """Who gets which message.

    Example: sightline routes test
    """


@routes.command("test")
@click.option("--alert", "alert_id", help="This alert alone, whether it is open or not.")
@json_option
@home_option
def test_routes(home: "Home", alert_id: str | None, is_json: bool) -> int:
    """Who would get what and why, by the routes in sightline.toml; nothing is sent.

    Example: sightline routes test --alert 3f9a1c2e
    """
    from sightline.monitoring import who_gets_what
    from sightline.orchestration.configuration import checked

    settings = checked(home)
    with state_of(home) as state:
        rows = who_gets_what.explain(state, settings, alert_id)
    if is_json:
        as_json(rows)
    else:
        table(rows, ["what", "route", "why", "how", "to"])
    return 0


def _today(home: "Home") -> Any:
    from sightline.warehouse.settings import load_settings, today

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


COMMANDS = (alerts, deliver, channels, routes)
