"""Validate the vital signs of each new submission against the limits that its contract states.

A submission that does not hold is held back alone, with its reason; the others go on. One that
has another form than its sender's last is none the worse for it, and only said so.
"""

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import sqlalchemy as sa

from sightline.expectations import forms
from sightline.expectations.carried_over import Carried, open_and_absent
from sightline.expectations.runner import CheckResult, about, judge
from sightline.expectations.signs import by_place, vital_signs
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.ledger import submissions as ledger
from sightline.warehouse.ledger.state import State, problems, submission_profiles, submissions

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

log = logging.getLogger("sightline")

NAME = "vital_signs_hold"
ABSENT = "OPEN_THEN_ABSENT"
MOST_PLACES = 5

COLUMNS = [
    submissions.c.submission_id,
    submissions.c.sender,
    submissions.c.extract,
    submissions.c.period_start,
    submissions.c.period_end,
    submissions.c.received_on,
    submissions.c.records,
    submissions.c.quarantined,
    submissions.c.batch,
]


def judge_submissions(state: State, raw: Path, after: int) -> CheckResult:
    """Judge the accepted submissions above this id; hold back those that do not keep to a limit.

    `raw` is the folder of accepted rows, in which what was open before is looked up.
    """
    accepted = _accepted(state)
    new = accepted["submission_id"] > after
    if not new.any():
        return CheckResult(NAME, True, "warning", 0, 0, {"rows": 0, "forms": 0, "held": 0})
    absent = open_and_absent(accepted, new, raw)
    _ask(state, absent)
    # Others are needed for comparison only where their sender sent the same extract again.
    alike = pd.MultiIndex.from_frame(accepted[["sender", "extract"]])
    related = accepted[alike.isin(alike[new])].reset_index(drop=True)
    profiles = _profiles(state)
    places = by_place(related, profiles)
    signs = vital_signs(related, profiles, _carried(absent), places)
    results = [_judge(str(extract), one, places) for extract, one in _by_extract(signs, after)]
    reasons_by_submission = {
        key: reason for _, reasons in results for key, reason in reasons.items()
    }
    hold(state, reasons_by_submission)
    messages = forms.changed(related, profiles, reasons_by_submission)
    changed = {number: message for number, message in messages.items() if number > after}
    _note(state, changed)
    failures = sum((Counter(_failures(result)) for result, _ in results), Counter[str]())
    return CheckResult(
        NAME,
        not reasons_by_submission,
        "warning",
        sum(result.ran for result, _ in results),
        sum(result.failed for result, _ in results),
        {
            "rows": int(new.sum()),
            **failures,
            "forms": len(changed),
            "held": len(reasons_by_submission),
        },
    )


def suite(extract: str) -> "Sequence[Expectation]":
    """The vital signs of an extract: what its contract holds each submission to, and why."""
    from great_expectations import expectations as gxe

    signs = contracts.load()[extract].vital_signs.items()
    limits = [
        gxe.ExpectColumnValuesToBeBetween(
            column=sign.sign,
            min_value=sign.least,
            max_value=sign.most,
            description=sign.reason,
            meta=about(name, f"contract of {extract}"),
        )
        for name, sign in signs
        if sign.least is not None or sign.most is not None
    ]
    needed = [
        gxe.ExpectColumnValuesToNotBeNull(
            column=sign.sign, description=sign.reason, meta=about(name, f"contract of {extract}")
        )
        for name, sign in signs
        if sign.is_needed
    ]
    return [*limits, *needed]


def hold(state: State, reasons: Mapping[int, str]) -> None:
    """Keep these submissions out of force until a person has looked."""
    with state.begin() as connection:
        for submission_id, reason in reasons.items():
            connection.execute(
                sa.update(submissions)
                .where(submissions.c.submission_id == submission_id)
                .values(held_reason=reason)
            )
    _say_held(state, reasons, "held back by its vital signs")


def keep_out(state: State, reasons: Mapping[int, str]) -> None:
    """Hold these back, also where a person has accepted them: nothing can be built with them."""
    with state.begin() as connection:
        for submission_id, reason in reasons.items():
            chosen = sa.update(submissions).where(submissions.c.submission_id == submission_id)
            was_accepted = submissions.c.overridden_on.is_not(None)
            again = f"{ledger.UNUSABLE}: {reason}"
            connection.execute(
                chosen.values(
                    held_reason=sa.case((was_accepted, again), else_=reason), overridden_on=None
                )
            )
    _say_held(state, reasons, "held back by a check of the models")


def _say_held(state: State, ids: Collection[int], what: str) -> None:
    """By number alone; the reason is for its sender."""
    query = sa.select(submissions.c.submission_id, submissions.c.sender)
    with state.read() as connection:
        rows = connection.execute(query.where(submissions.c.submission_id.in_(ids))).all()
    for number, sender in rows:
        log.warning(what, extra={"sender": sender, "submission": number})


def _by_extract(signs: pd.DataFrame, after: int) -> "list[tuple[Any, pd.DataFrame]]":
    return list(signs[signs["submission_id"] > after].groupby("extract"))


def _judge(
    extract: str, signs: pd.DataFrame, places: pd.DataFrame
) -> tuple[CheckResult, dict[int, str]]:
    stated = contracts.load()[extract].vital_signs
    # A sign that no row has is of a type that cannot be compared.
    kept = signs.astype({sign.sign: "float64" for sign in stated.values()})
    result = judge(NAME, kept, suite(extract), severity="warning", identify="submission_id")
    found: dict[int, list[str]] = {}
    for rule, ids in result.details["failing"].items():
        of_sign = places[places["sign"] == stated[rule].sign]
        for one in ids:
            here = of_sign[of_sign["submission_id"] == one]
            reason = stated[rule].reason + _where(extract, rule, here)
            found.setdefault(one, []).append(reason)
    return result, {one: "; ".join(reasons) for one, reasons in found.items()}


def _where(extract: str, rule: str, places: pd.DataFrame) -> str:
    """Which tables and columns made a sign fail; nothing of one that is of the whole."""
    holds = contracts.load()[extract].vital_signs[rule].holds
    is_low = ~places["value"].map(holds).astype(bool) & places["value"].notna()
    named = [*places[is_low].sort_values("value", kind="stable")["place"]]
    more = [f"{len(named) - MOST_PLACES} more"] if len(named) > MOST_PLACES else []
    return f" ({'; '.join(named[:MOST_PLACES] + more)})" if named else ""


def _failures(result: CheckResult) -> dict[str, int]:
    return {key: found for key, found in result.details.items() if key.startswith("failed_")}


def _carried(absent: list[Carried]) -> dict[int, tuple[int, int]]:
    """The table of each submission of which the largest share is lost."""
    ordered = sorted(absent, key=lambda one: one.lost / one.was_open)
    return {one.submission_id: (one.was_open, one.lost) for one in ordered}


def _ask(state: State, absent: list[Carried]) -> None:
    """Tell the sender how many are absent; which, the two returns say."""
    message = "it was open in the return before and is not in this one: end it or keep it"
    rows = [
        {
            "submission_id": one.submission_id,
            "table_name": one.table,
            "rule": ABSENT,
            "official": one.official,
            "message": message,
            "severity": "query",
            "count": one.lost,
        }
        for one in absent
        if one.lost
    ]
    _tell(state, ABSENT, rows)


def _note(state: State, changed: Mapping[int, str]) -> None:
    """Say to engineers which submissions have another form than their sender's last."""
    rows = [
        {
            "submission_id": submission_id,
            "rule": ledger.FORM_CHANGED,
            "message": message,
            "severity": "note",
            "count": 1,
        }
        for submission_id, message in changed.items()
    ]
    _tell(state, ledger.FORM_CHANGED, rows)


def _tell(state: State, rule: str, rows: list[dict[str, Any]]) -> None:
    """Write problems down, once also where a submission is judged again."""
    with state.begin() as connection:
        ids = [row["submission_id"] for row in rows]
        is_told = sa.and_(problems.c.rule == rule, problems.c.submission_id.in_(ids))
        connection.execute(problems.delete().where(is_told))
        if rows:
            connection.execute(problems.insert(), rows)


def _accepted(state: State) -> pd.DataFrame:
    query = sa.select(*COLUMNS).where(ledger.is_used()).order_by(submissions.c.submission_id)
    with state.read() as connection:
        rows: list[Any] = list(connection.execute(query).all())
    return pd.DataFrame(rows, columns=[column.name for column in COLUMNS])


def _profiles(state: State) -> dict[int, Any]:
    with state.read() as connection:
        rows = connection.execute(sa.select(submission_profiles)).all()
    return {row.submission_id: row.profile for row in rows}
