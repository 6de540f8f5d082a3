"""What people decided of who is one child: identifiers cut from each other, or joined.

A decision keeps pseudonyms, never an identifier as it is written. They follow from the key, so
that a decision counts only under the key that it was recorded with.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from sightline.warehouse.errors import WRONG_USE, SightlineError
from sightline.warehouse.intake.judge.identifiers import Identifier, digests
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger.state import State, identity_decisions
from sightline.warehouse.pseudonyms import keys
from sightline.warehouse.timeline.claims import Decision, Kind

WORDS = {"person": "local number", "upn": "UPN"}


@dataclass(frozen=True)
class Named:
    """An identifier as a person gives it: `301:12345`, or a UPN alone."""

    sender: str | None
    identifier: Identifier

    @property
    def described(self) -> str:
        """What kind it is and whose, without saying it."""
        kind = WORDS[self.identifier[0]]
        return f"a {kind} of {self.sender}" if self.sender else f"a {kind}"


def named(text: str) -> Named:
    """Read `SENDER:LOCAL_NUMBER` or a UPN; a mistake is told without repeating the text."""
    sender, colon, number = (part.strip() for part in text.partition(":"))
    if colon and sender.isdigit() and number:
        return Named(sender, ("person", number))
    if colon or not sender:
        raise _wrong("name each child as SENDER:LOCAL_NUMBER, or by a UPN alone")
    return Named(None, ("upn", sender))


def add(
    state: State, key: bytes, kind: Kind, one: Named, other: Named, *, reason: str, today: date
) -> int:
    """Record one; raises SightlineError where an identifier cannot be one, or both are the same."""
    with digests(key) as digest:
        found = [digest(end.sender, [end.identifier]).get(end.identifier) for end in (one, other)]
    if None in found:
        raise _wrong("an identifier is not written as one: check the UPN's letters and digits")
    if found[0] == found[1]:
        raise _wrong("both are the same identifier")
    row: dict[str, Any] = {
        "kind": kind,
        "one_key": found[0],
        "other_key": found[1],
        "one_is": one.described,
        "other_is": other.described,
        "key_fingerprint": keys.fingerprint(key),
        "reason": reason.strip(),
        "recorded_on": today,
    }
    with state.begin() as connection:
        added = connection.execute(identity_decisions.insert().values(row))
        number = int((added.inserted_primary_key or (0,))[0])
        audit.record(connection, f"{kind} identities", f"identity decision {number}", reason)
    return number


def withdraw(state: State, decision_id: int, *, reason: str, today: date) -> None:
    """It no longer counts from today on."""
    table = identity_decisions.c
    where = (table.decision_id == decision_id, table.withdrawn_on.is_(None))
    with state.begin() as connection:
        update = identity_decisions.update().where(*where).values(withdrawn_on=today)
        if not connection.execute(update).rowcount:
            raise _wrong(f"no identity decision {decision_id} is in force")
        subject = f"identity decision {decision_id}"
        audit.record(connection, "withdraw identity decision", subject, reason)


def listing(state: State) -> list[dict[str, Any]]:
    """Every decision, the newest first, without its pseudonyms; `state` says whether it counts."""
    pinned = keys.pinned(state)
    query = sa.select(identity_decisions).order_by(identity_decisions.c.decision_id.desc())
    with state.read() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    return [
        {name: value for name, value in row.items() if not name.endswith(("_key", "_fingerprint"))}
        | {"state": _state(row, pinned)}
        for row in rows
    ]


def known(state: State, as_of: date) -> list[tuple[int, Decision]]:
    """Those in force at a date, as it was known then, with their numbers."""
    table = identity_decisions.c
    query = (
        sa.select(identity_decisions)
        .where(
            table.recorded_on <= as_of,
            sa.or_(table.withdrawn_on.is_(None), table.withdrawn_on > as_of),
            table.key_fingerprint == keys.pinned(state),
        )
        .order_by(table.decision_id)
    )
    with state.read() as connection:
        rows = list(connection.execute(query))
    return [(row.decision_id, Decision(row.kind, row.one_key, row.other_key)) for row in rows]


def move_to_key(connection: sa.Connection, former: str | None, fingerprint: str) -> None:
    """Let the decisions made under one key count under another; only in a copy of a monitor."""
    connection.execute(
        identity_decisions.update()
        .where(identity_decisions.c.key_fingerprint == former)
        .values(key_fingerprint=fingerprint)
    )


def forget(connection: sa.Connection, erased: set[int]) -> None:
    """Take away the decisions that name an identifier of a child who is erased."""
    table = identity_decisions.c
    rows = connection.execute(sa.select(table.decision_id, table.one_key, table.other_key)).all()
    gone = [number for number, *ends in rows if not erased.isdisjoint(ends)]
    if gone:
        connection.execute(identity_decisions.delete().where(table.decision_id.in_(gone)))


def _state(row: dict[str, Any], pinned: str | None) -> str:
    if row["withdrawn_on"]:
        return f"withdrawn {row['withdrawn_on']}"
    if row["key_fingerprint"] != pinned:
        return "made under a former key: record it again"
    return "in force"


def _wrong(message: str) -> SightlineError:
    return SightlineError(message, WRONG_USE)
