"""What a person does with an alert: a pure step from the alert as it is to what it becomes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Literal

from sightline.monitoring.alerts.findings import ENDED, Alert, Change, Event
from sightline.warehouse.alert_terms import LIVE, ROLES
from sightline.warehouse.errors import WRONG_USE, SightlineError

Act = Literal["acknowledged", "snoozed", "unsnoozed", "resolved", "reopened", "assigned", "comment"]

# How a person's decision turned out, and the code by which it is published.
CONFIRMED = ("action_taken",)
EXPLAINED = ("practice_change", "data_error", "definition_change", "expected")
FALSE = ("false_alarm",)
DUPLICATE = "duplicate"
REASONS = (*CONFIRMED, *EXPLAINED, *FALSE, DUPLICATE)

STATES: Mapping[Act, str | None] = {
    "acknowledged": "acknowledged",
    "snoozed": "snoozed",
    "unsnoozed": "open",
    "resolved": "resolved",
    "reopened": "open",
    "assigned": None,
    "comment": None,
}
LONGEST_SNOOZE = 12  # months


def acted(
    alert: Alert,
    act: Act,
    today: date,
    *,
    who: str,
    note: str,
    role: str | None = None,
    until: date | None = None,
    reason: str | None = None,
    original: str | None = None,
    to: str | None = None,
) -> Change:
    """The alert after it, and the event.

    `role` is given where who does it agreed to be shown by it. `until` is of a snooze, `reason` of
    what is resolved, `original` the alert that a duplicate repeats, `to` who it is assigned to.
    Raises SightlineError where that cannot be done.
    """
    if role and role not in ROLES:
        raise SightlineError(f"the role must be one of: {', '.join(ROLES)}", WRONG_USE)
    _check(alert, act, today, until=until, reason=reason, original=original)
    summary = {name: value for name, value in alert.summary.items() if name != "snoozed_until"}
    if act in ("assigned", "comment"):
        summary = dict(alert.summary)
    if until:
        summary["snoozed_until"] = until.isoformat()
    if to:
        summary["assigned_to"] = to
    if act == "resolved":
        summary |= {"decided": reason, "ended_period": alert.last_period.isoformat()}
        summary |= {"duplicate_of": original} if original else {}
    moved = replace(
        alert,
        state=STATES[act] or alert.state,
        summary=summary,
        resolved_on=_resolved_on(alert, act, today),
    )
    more = {"to": to, "role": role}
    evidence: dict[str, Any] = {"who": who, "note": note}
    evidence |= {name: said for name, said in more.items() if said}
    return moved, Event(
        alert_id=alert.alert_id,
        occurred_on=today,
        event=act,
        old_state=alert.state,
        new_state=moved.state,
        period=alert.last_period,
        reason=reason or "by a person",
        release_id=alert.release_id,
        evidence=evidence,
    )


def _check(
    alert: Alert,
    act: Act,
    today: date,
    *,
    until: date | None,
    reason: str | None,
    original: str | None,
) -> None:
    if act == "reopened" and (alert.state not in ENDED or alert.state == "dropped"):
        raise SightlineError(f"alert {alert.alert_id} has not ended ({alert.state})", WRONG_USE)
    if act == "unsnoozed" and alert.state != "snoozed":
        raise SightlineError(f"alert {alert.alert_id} is not put off ({alert.state})", WRONG_USE)
    if act not in ("reopened", "comment") and alert.state not in LIVE:
        ended = "has ended" if alert.state in ENDED else "has not opened"
        raise SightlineError(f"alert {alert.alert_id} {ended} ({alert.state})", WRONG_USE)
    if act == "snoozed" and (until is None or until <= today):
        raise SightlineError("an alert can only be put off to a later day", WRONG_USE)
    if until and until > _months_on(today, LONGEST_SNOOZE):
        raise SightlineError(
            f"an alert can be put off for {LONGEST_SNOOZE} months at most", WRONG_USE
        )
    if act == "resolved" and reason not in REASONS:
        raise SightlineError(f"the reason must be one of: {', '.join(REASONS)}", WRONG_USE)
    if (reason == DUPLICATE) != (original is not None):
        raise SightlineError("a duplicate, and nothing else, names its original", WRONG_USE)
    if original == alert.alert_id:
        raise SightlineError("an alert is no duplicate of itself", WRONG_USE)


def _resolved_on(alert: Alert, act: Act, today: date) -> date | None:
    if act == "comment":
        return alert.resolved_on
    return today if act == "resolved" else None


def _months_on(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    last = 28 if month == 1 else 30
    return date(day.year + years, month + 1, min(day.day, last))
