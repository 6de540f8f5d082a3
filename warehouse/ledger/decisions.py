"""What a person decides about a submission: take it in after all, or take it out of force."""

from collections.abc import Callable
from datetime import date
from typing import Any

import sqlalchemy as sa

from sightline.warehouse.errors import WRONG_USE, SightlineError
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger import submissions as ledger
from sightline.warehouse.ledger.state import State, problems, submissions

# Judgements about a file that was read to its end. What could not be read, or says of itself that
# it is another authority's, has to be sent again.
MAY_BE_OVERRIDDEN = ("TOO_MANY_BAD_ROWS", "WRONG_SENDER", "DAY_AND_MONTH")


def accept(state: State, submission_id: int, reason: str, on: date) -> None:
    """Put a held submission in force; let a refused one be read again with the refusal lifted."""
    _decide(state, submission_id, "accept", reason, lambda c, row: _accept(c, row, on))


def withdraw(state: State, submission_id: int, reason: str, on: date) -> None:
    """Take a submission out of force at its sender's word; the former one speaks again."""
    _decide(state, submission_id, "withdraw", reason, lambda c, row: _withdraw(c, row, on))


def _decide(
    state: State,
    submission_id: int,
    action: str,
    reason: str,
    change: Callable[[sa.Connection, "sa.Row[Any]"], None],
) -> None:
    with state.begin() as connection:
        query = sa.select(submissions).where(submissions.c.submission_id == submission_id)
        row = connection.execute(query).one_or_none()
        if row is None:
            raise _wrong(f"there is no submission {submission_id}")
        if row.withdrawn_on is not None:
            raise _wrong(
                f"submission {submission_id} was withdrawn on {row.withdrawn_on} and stays so;"
                " its sender can send another"
            )
        audit.record(connection, action, f"submission {submission_id}", reason)
        change(connection, row)


def _accept(connection: sa.Connection, row: "sa.Row[Any]", on: date) -> None:
    if row.status == "quarantined":
        _lift_refusal(connection, row, on)
    elif row.status != "accepted" or row.held_reason is None or row.overridden_on is not None:
        raise _wrong(f"submission {row.submission_id} is neither held back nor refused")
    else:
        _update(connection, row.submission_id, overridden_on=on)


def _lift_refusal(connection: sa.Connection, row: "sa.Row[Any]", on: date) -> None:
    query = (
        sa.select(problems.c.rule)
        .where(problems.c.submission_id == row.submission_id, problems.c.severity == "error")
        .order_by(problems.c.problem_id)
        .limit(1)
    )
    rule = connection.execute(query).scalar()
    if rule not in MAY_BE_OVERRIDDEN or not row.records or row.period_start is None:
        raise _wrong(
            f"submission {row.submission_id} was refused for {rule}: nobody can accept what could"
            " not be read or names another sender; ask for it again"
        )
    if row.purged_on is not None:
        raise _wrong(f"the bytes of submission {row.submission_id} are gone; ask for it again")
    ledger.forget_outcome(connection, row.submission_id)
    _update(connection, row.submission_id, overridden_on=on, held_reason=f"refused: {rule}")


def _withdraw(connection: sa.Connection, row: "sa.Row[Any]", on: date) -> None:
    if row.status != "accepted":
        raise _wrong(f"submission {row.submission_id} was not taken in, so it is not in force")
    _update(connection, row.submission_id, withdrawn_on=on)


def _update(connection: sa.Connection, submission_id: int, **values: object) -> None:
    connection.execute(
        submissions.update().where(submissions.c.submission_id == submission_id).values(**values)
    )


def _wrong(message: str) -> SightlineError:
    return SightlineError(message, WRONG_USE)
