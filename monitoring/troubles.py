"""What engineers have to look at, told when it begins and when it is over.

Whether a trouble is open is read from what was posted of it, so nothing else is kept.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from sightline.monitoring.facts import about, identifier
from sightline.monitoring.message_base import counted, day
from sightline.monitoring.notices import Trouble, Troubles
from sightline.warehouse import indicators
from sightline.warehouse.areas import authorities
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.ledger.state import outbox, runs, submissions
from sightline.warehouse.ledger.state import storms as held
from sightline.warehouse.ledger.submissions import is_held
from sightline.warehouse.settings import Settings
from sightline.warehouse.timeline import overdue

MOST_ALONE = 3
"""So many changes at once are a message each; more are one message together."""


def news(connection: sa.Connection, settings: Settings, today: date) -> list[Troubles]:
    """Messages on what has begun and what is over since the last."""
    changes = _changes(connection, settings, today)
    parts: list[tuple[Trouble, ...]] = [(one,) for one in changes]
    if len(changes) > MOST_ALONE:
        parts = [tuple(changes)]
    facts = about(connection, settings, today)
    return [
        Troubles(message_id=_identifier(connection, part), changes=part, **facts) for part in parts
    ]


def _changes(connection: sa.Connection, settings: Settings, today: date) -> list[Trouble]:
    known, now = _told(connection), {one.key: one for one in _now(connection, settings, today)}
    open_now = {key for key, told in known.items() if not told.is_over}
    begun = [one for key, one in sorted(now.items()) if key not in open_now]
    over = [
        known[key].model_copy(update={"is_over": True, "said": ("Nothing is left to do.",)})
        for key in sorted(open_now - now.keys())
    ]
    return [*begun, *over]


def _told(connection: sa.Connection) -> dict[str, Trouble]:
    """By key, what was posted of each trouble last."""
    query = sa.select(outbox.c.payload["changes"]).where(outbox.c.kind == "trouble")
    query = query.order_by(outbox.c.number)
    rows: list[list[dict[str, Any]]] = list(connection.scalars(query))
    changes = (change for row in rows for change in row)
    return {change["key"]: Trouble.model_validate(change) for change in changes}


def _identifier(connection: sa.Connection, part: Sequence[Trouble]) -> str:
    """Another one whenever a trouble begins anew: it follows from how many were told before."""
    query = sa.select(sa.func.count(outbox.c.copy_of.distinct())).where(outbox.c.kind == "trouble")
    before = connection.execute(query).scalar_one()
    return identifier("trouble", str(before), *(f"{one.key} {one.is_over}" for one in part))


def _now(connection: sa.Connection, settings: Settings, today: date) -> Iterator[Trouble]:
    yield from _refused_or_held(connection)
    yield from _late(connection, settings, today)
    yield from _given_up(connection)
    yield from _storms(connection)


def _refused_or_held(connection: sa.Connection) -> Iterator[Trouble]:
    """Of each sender and extract, what came last, where it is not used."""
    newest = sa.select(sa.func.max(submissions.c.submission_id)).group_by(
        submissions.c.sender, submissions.c.extract
    )
    query = (
        sa.select(submissions, is_held().label("is_held"))
        .where(submissions.c.submission_id.in_(newest), submissions.c.withdrawn_on.is_(None))
        .where(sa.or_(submissions.c.status == "quarantined", is_held()))
        .order_by(submissions.c.submission_id)
    )
    for row in connection.execute(query):
        what = "held back" if row.is_held else "refused"
        yield Trouble(
            key=f"{what} {row.sender} {row.extract} {row.submission_id}",
            title=f"{_sender(row.sender)}: {_extract(row.extract)} {what}",
            said=(
                f"Submission {row.submission_id}, received on {day(row.received_on)}, is not used.",
                f"Why: sightline submissions show {row.submission_id}",
            ),
        )


def _late(connection: sa.Connection, settings: Settings, today: date) -> Iterator[Trouble]:
    """One for each sender, with the indicators that cannot be judged meanwhile."""
    late = overdue.returns(connection, settings.authorities, today)
    for sender, returns in groupby(
        sorted(late, key=lambda one: one.sender), lambda one: one.sender
    ):
        missing = list(returns)
        held = sorted({name for one in missing for name in _held_by(one.extract)})
        yield Trouble(
            key=f"late {sender}",
            title=f"{_sender(sender)}: {counted(len(missing), 'return')} late",
            said=(
                *(f"{_extract(one.extract)} was due on {day(one.due_on)}." for one in missing),
                *([f"Cannot be judged before it comes: {', '.join(held)}."] if held else []),
            ),
        )


def late_by_name(
    connection: sa.Connection, settings: Settings, today: date
) -> list[tuple[str, str]]:
    """Code of the sender, and in words what it has not sent."""
    return [
        (one.key.removeprefix("late "), one.title) for one in _late(connection, settings, today)
    ]


def _given_up(connection: sa.Connection) -> Iterator[Trouble]:
    """Recipients and channels for which the last message is given up, and messages stopped."""
    place = (outbox.c.channel, outbox.c.recipient)
    last = sa.select(sa.func.max(outbox.c.number))
    ended = outbox.c.state.in_(("sent", "dead"))
    newest = last.where(ended).group_by(*place)
    query = sa.select(outbox).where(outbox.c.number.in_(newest), outbox.c.state == "dead")
    for row in connection.execute(
        query.order_by(outbox.c.channel, outbox.c.recipient.nulls_first())
    ):
        if row.fault == "message":
            continue
        what = f"recipient {_domain(row.recipient)}" if row.recipient else "place"
        whom = f"channel {row.channel}, {what}"
        yield Trouble(
            key=f"given up {row.channel} {row.recipient}",
            title=f"{whom}: messages are given up",
            said=(f"The last reason: {row.last_error}.", "Afterwards: sightline deliver --retry"),
        )
    stopped = sa.select(
        outbox.c.copy_of, outbox.c.kind, sa.func.max(outbox.c.last_error).label("error")
    )
    stopped = stopped.where(outbox.c.state == "dead", outbox.c.fault == "message")
    for row in connection.execute(stopped.group_by(outbox.c.copy_of, outbox.c.kind)):
        yield Trouble(
            key=f"stopped {row.copy_of}",
            title=f"a message was not sent ({str(row.kind).replace('_', ' ')})",
            said=(f"The reason: {row.error}.",),
        )


def storms(connection: sa.Connection) -> list[dict[str, Any]]:
    """Each storm on which nobody has decided: its run and release, day and how many alerts."""
    run = sa.select(sa.func.min(runs.c.number)).where(runs.c.release_id == held.c.release_id)
    query = sa.select(held, run.scalar_subquery().label("run"))
    query = query.where(held.c.decision.is_(None)).order_by(held.c.held_on)
    rows = connection.execute(query).mappings().all()
    return [
        {
            "run": row["run"],
            "release": row["release_id"],
            "held_on": row["held_on"],
            "alerts": len(row["alerts"]),
            "indicators": sorted({alert["indicator"] for alert in row["alerts"]}),
        }
        for row in rows
    ]


def _storms(connection: sa.Connection) -> Iterator[Trouble]:
    """Too many new alerts at once, on which nobody has decided."""
    names = {one.indicator: one.name for one in indicators.load()}
    for row in storms(connection):
        run = row["run"] or "RUN"
        about_what = ", ".join(names.get(one, one) for one in row["indicators"])
        yield Trouble(
            key=f"storm {row['release']}",
            title=f"{counted(row['alerts'], 'new alert')} held",
            said=(
                f"They are too many to be news before somebody has looked: {about_what}.",
                "The release is published; nobody is told of these alerts.",
                "Look whether a reference table or a return has changed.",
                f'If they are right: sightline alerts confirm {run} --reason "..."',
                f'If they are not: sightline alerts discard {run} --reason "..."',
            ),
        )


@cache
def _held_by(extract: str) -> set[str]:
    """The names of the indicators that are counted from what an extract tells."""
    told = set(contracts.load()[extract].sources)
    return {one.name for one in indicators.load() if one.is_monitored and told & set(one.sources)}


def _sender(code: str) -> str:
    known = authorities().get(code)
    return f"{known.name} ({code})" if known else code


def _extract(name: str | None) -> str:
    contract = contracts.load().get(name or "")
    return contract.short_title if contract else "a file"


def _domain(address: str) -> str:
    """Addresses stay out of messages: the domain, and the settings say the rest."""
    return f"at {address.rpartition('@')[2]}"
