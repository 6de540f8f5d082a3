"""The audit trail of decisions: a hash chain, which a changed or removed entry breaks."""

import getpass
import hashlib
import json
import os
from typing import Any

import sqlalchemy as sa

from sightline.warehouse import clock, typed_text
from sightline.warehouse.errors import WRONG_USE, SightlineError
from sightline.warehouse.ledger.state import State, audit, settings

HEAD = "audit_head"
START = "0" * 64
HASHED = ("sequence", "at", "actor", "action", "subject", "reason", "previous_hash")


def record(
    connection: sa.Connection, action: str, subject: str, reason: str, *, is_typed: bool = True
) -> None:
    """Add an entry in the caller's transaction; raises SightlineError where the reason is empty or,
    typed by a person, seems to hold something of a child."""
    reason = typed_text.check(reason, "the reason") if is_typed else reason
    if not reason:
        raise SightlineError("say why: a decision without a reason is not taken", WRONG_USE)
    sequence, previous = _head(connection)
    entry: dict[str, Any] = {
        "sequence": sequence + 1,
        "at": clock.now(),
        "actor": actor(),
        "action": action,
        "subject": subject,
        "reason": reason,
        "previous_hash": previous,
    }
    entry["hash"] = _hash(entry)
    connection.execute(audit.insert(), entry)
    connection.execute(settings.delete().where(settings.c.name == HEAD))
    connection.execute(
        settings.insert(), {"name": HEAD, "value": f"{entry['sequence']} {entry['hash']}"}
    )


def entries(state: State) -> list[dict[str, Any]]:
    """Every decision, the oldest first."""
    with state.read() as connection:
        query = sa.select(audit).order_by(audit.c.sequence)
        return [dict(row) for row in connection.execute(query).mappings()]


def check(state: State) -> None:
    """Raises SightlineError at the first entry that is not as it was written, or is gone."""
    previous = START
    found = entries(state)
    for place, entry in enumerate(found, 1):
        is_linked = entry["sequence"] == place and entry["previous_hash"] == previous
        if not is_linked or entry["hash"] != _hash(entry):
            raise SightlineError(f"the audit trail is broken at entry {place}")
        previous = entry["hash"]
    with state.read() as connection:
        if _head(connection) != (len(found), previous):
            raise SightlineError(f"the audit trail is cut off after entry {len(found)}")


def _head(connection: sa.Connection) -> tuple[int, str]:
    query = sa.select(settings.c.value).where(settings.c.name == HEAD)
    value = connection.execute(query).scalar()
    if value is None:
        return 0, START
    sequence, digest = str(value).split()
    return int(sequence), digest


def _hash(entry: dict[str, Any]) -> str:
    content = [str(entry[name]) for name in HASHED]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def actor() -> str:
    """The account; where a person acts through another account, that person first."""
    try:
        account = getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        account = f"account {os.geteuid()}"
    person = os.environ.get("SUDO_USER")
    return f"{person} as {account}" if person and person != account else account
