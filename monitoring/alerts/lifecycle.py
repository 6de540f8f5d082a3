"""Decide when alerts open, go on and end: a pure function of findings, known alerts and a date.

Only people acknowledge, snooze or close by reason; only data resolve by clear periods or retract.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from typing import Any

CLEAR_PERIODS = 3  # as many assessable periods without a worsening end an episode
STALE_PERIODS = 3  # a first alert is only raised for an area whose figures are this recent
LIVE = ("open", "acknowledged", "snoozed")
CLEAR = ("ok", "improving", "short_history")
SEVERITIES = ("info", "watch", "warning", "critical")

Evidence = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """The judgement on one figure of one area and period."""

    indicator: str
    indicator_name: str
    area_code: str
    area_name: str
    area_level: str
    breakdown: str
    direction: str
    period: date
    status: str
    kind: str | None = None
    reason: str | None = None
    evidence: Evidence = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """What the finding is about; the period is not in it."""
        return _digest(self.indicator, self.area_code, self.breakdown, self.direction)

    @property
    def is_worsening(self) -> bool:
        return self.status == "worsening"

    @property
    def is_assessable(self) -> bool:
        return self.is_worsening or (self.status in CLEAR and self.reason != "provisional")

    @property
    def severity(self) -> str:
        if self.area_level == "country":
            return "critical"
        return "warning" if self.area_level == "region" or self.kind == "sustained" else "watch"


@dataclass(frozen=True)
class Alert:
    """One episode: a row of the state's alerts."""

    alert_id: str
    fingerprint: str
    indicator: str
    area_code: str
    area_name: str
    area_level: str
    breakdown: str
    direction: str
    severity: str
    state: str
    opened_period: date
    first_raised_on: date
    last_period: date
    resolved_on: date | None
    release_id: str
    title: str
    summary: Mapping[str, Any]


@dataclass(frozen=True)
class Event:
    """One change of an alert."""

    alert_id: str
    occurred_on: date
    event: str
    old_state: str | None
    new_state: str
    period: date | None
    reason: str
    release_id: str
    evidence: Evidence


@dataclass(frozen=True)
class Decisions:
    """What has to be written: alerts as they are now, and one event for each change."""

    alerts: tuple[Alert, ...] = ()
    events: tuple[Event, ...] = ()

    def counts(self) -> dict[str, int]:
        """By event, how many."""
        return dict(Counter(event.event for event in self.events))


Change = tuple[Alert, Event]


def decide(
    findings: Iterable[Finding], known: Iterable[Alert], today: date, release_id: str = ""
) -> Decisions:
    """Decide every change; deciding again on what was decided changes nothing.

    `known` holds every alert, ended ones too, so that one ended by a person is not raised again.
    """
    series = _by_fingerprint(findings)
    newest = _newest_assessable(series.values())
    national = _national_periods(series.values())
    former = _latest(known)
    changes: list[Change] = []
    for fingerprint, found in sorted(series.items()):
        alert = former.get(fingerprint)
        context = _Context(today, release_id, newest, national)
        change = _next(alert, found, context)
        if change:
            changes.append(change)
    return Decisions(tuple(alert for alert, _ in changes), tuple(event for _, event in changes))


def alert_id(fingerprint: str, opened_period: date) -> str:
    return _digest(fingerprint, opened_period.isoformat())


@dataclass(frozen=True)
class _Context:
    today: date
    release_id: str
    newest: Mapping[tuple[str, str], Sequence[date]]
    national: frozenset[tuple[str, str, date]]


def _next(alert: Alert | None, found: list[Finding], context: _Context) -> Change | None:
    if alert is None or alert.state not in LIVE:
        return _opening(alert, found, context)
    return (
        _retraction(alert, found, context)
        or _resolution(alert, found, context)
        or _continuation(alert, found, context)
        or _waking(alert, context)
    )


def _opening(former: Alert | None, found: list[Finding], context: _Context) -> Change | None:
    """A new episode, current at the newest assessable period."""
    judged = [finding for finding in found if finding.is_assessable]
    if not judged or not judged[-1].is_worsening:
        return None
    last = judged[-1]
    if not _is_recent(last, context) or _is_national(last, context):
        return None
    since = [f for f in judged if former is None or f.period > _ended(former)]
    if former and former.state == "resolved" and all(f.is_worsening for f in since):
        return None
    episode = _episode(since if former and former.state == "resolved" else judged)
    first = episode[0]
    fired = [finding for finding in episode if finding.is_worsening]
    opened = Alert(
        alert_id=alert_id(last.fingerprint, first.period),
        fingerprint=last.fingerprint,
        indicator=last.indicator,
        area_code=last.area_code,
        area_name=last.area_name,
        area_level=last.area_level,
        breakdown=last.breakdown,
        direction=last.direction,
        severity=max((f.severity for f in fired), key=SEVERITIES.index),
        state="open",
        opened_period=first.period,
        first_raised_on=context.today,
        last_period=last.period,
        resolved_on=None,
        release_id=context.release_id,
        title=title(last),
        summary=_summary(fired),
    )
    if former and former.alert_id == opened.alert_id:
        return _change(former, opened, "reopened", last, "the data show it again", context)
    return _change(None, opened, "opened", last, f"{last.kind or 'change'} found", context)


def _retraction(alert: Alert, found: list[Finding], context: _Context) -> Change | None:
    """The figures it rested on were revised; the new ones would never have raised it."""
    since = [finding for finding in found if finding.period >= alert.opened_period]
    if not since or found[0].period > alert.opened_period or any(f.is_worsening for f in since):
        return None
    before = alert.summary.get("values", {})
    rested = [finding for finding in since if finding.period.isoformat() in before]
    if not rested or not all(finding.is_assessable for finding in rested):
        return None
    if all(_same(f.evidence.get("value"), before[f.period.isoformat()]) for f in rested):
        return None
    gone = replace(alert, state="retracted", resolved_on=context.today)
    return _change(alert, gone, "retracted", since[-1], "the figures were revised", context)


def _resolution(alert: Alert, found: list[Finding], context: _Context) -> Change | None:
    last = _last_fired(alert, found)
    clear = [f for f in found if f.period > last and f.is_assessable]
    if len(clear) < CLEAR_PERIODS:
        return None
    ended = replace(alert, state="resolved", resolved_on=context.today, last_period=last)
    reason = f"{len(clear)} periods in a row without a worsening"
    return _change(alert, ended, "resolved", clear[-1], reason, context)


def _continuation(alert: Alert, found: list[Finding], context: _Context) -> Change | None:
    """It holds in a further period, or has become more serious; severity is never lowered."""
    fired = [f for f in found if f.is_worsening and f.period >= alert.opened_period]
    if not fired or fired[-1].period <= alert.last_period:
        return None
    highest = max((*(f.severity for f in fired), alert.severity), key=SEVERITIES.index)
    values = {**alert.summary.get("values", {}), **_summary(fired)["values"]}
    onward = replace(
        alert,
        severity=highest,
        last_period=fired[-1].period,
        summary={**_summary(fired), "values": values, **_kept(alert)},
    )
    name = "continued" if highest == alert.severity else "escalated"
    reason = "it holds in a further period" if name == "continued" else f"now {highest}"
    return _change(alert, onward, name, fired[-1], reason, context)


def _waking(alert: Alert, context: _Context) -> Change | None:
    until = alert.summary.get("snoozed_until")
    if alert.state != "snoozed" or until is None or date.fromisoformat(until) > context.today:
        return None
    awake = replace(alert, state="open")
    return awake, _event(alert, awake, "woken", None, "the snooze is over", context, {})


def title(finding: Finding) -> str:
    """The alert in one line, without a figure."""
    way = "higher" if finding.direction == "up" else "lower"
    return f"{finding.indicator_name} {way} than expected: {finding.area_name}"


def _change(
    old: Alert | None, new: Alert, name: str, finding: Finding, reason: str, context: _Context
) -> Change:
    return new, _event(old, new, name, finding.period, reason, context, finding.evidence)


def _event(
    old: Alert | None,
    new: Alert,
    name: str,
    period: date | None,
    reason: str,
    context: _Context,
    evidence: Evidence,
) -> Event:
    return Event(
        alert_id=new.alert_id,
        occurred_on=context.today,
        event=name,
        old_state=old.state if old else None,
        new_state=new.state,
        period=period,
        reason=reason,
        release_id=context.release_id,
        evidence=dict(evidence),
    )


def _by_fingerprint(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    ordered = sorted(findings, key=lambda finding: (finding.fingerprint, finding.period))
    return {key: _held(list(group)) for key, group in groupby(ordered, key=lambda f: f.fingerprint)}


def _held(found: list[Finding]) -> list[Finding]:
    """Where a worsening lasted until it became the baseline, that clears nothing.

    The level has not come back; a person closes the alert, and says why.
    """
    kept: list[Finding] = []
    clear, was_rebased, is_absorbed = CLEAR_PERIODS, False, False
    for finding in found:
        if finding.is_assessable:
            is_rebased = finding.reason == "rebased"
            is_absorbed = is_rebased and (is_absorbed if was_rebased else clear < CLEAR_PERIODS)
            was_rebased = is_rebased
            if is_absorbed and not finding.is_worsening:
                kept.append(replace(finding, status="not_assessable"))
                continue
            clear = 0 if finding.is_worsening else clear + 1
        kept.append(finding)
    return kept


def _newest_assessable(
    series: Iterable[list[Finding]],
) -> dict[tuple[str, str], list[date]]:
    """The most recent periods that could be judged anywhere, by indicator and breakdown."""
    periods: dict[tuple[str, str], set[date]] = {}
    for found in series:
        own = periods.setdefault((found[0].indicator, found[0].breakdown), set())
        own.update(finding.period for finding in found if finding.is_assessable)
    return {key: sorted(own)[-STALE_PERIODS:] for key, own in periods.items()}


def _national_periods(series: Iterable[list[Finding]]) -> frozenset[tuple[str, str, date]]:
    return frozenset(
        (finding.indicator, finding.breakdown, finding.period)
        for found in series
        for finding in found
        if finding.area_level == "country" and finding.is_worsening
    )


def _latest(known: Iterable[Alert]) -> dict[str, Alert]:
    ordered = sorted(known, key=lambda a: (a.state in LIVE, a.opened_period, a.first_raised_on))
    return {alert.fingerprint: alert for alert in ordered}


def _is_recent(finding: Finding, context: _Context) -> bool:
    return finding.period in context.newest[finding.indicator, finding.breakdown]


def _is_national(finding: Finding, context: _Context) -> bool:
    """A region that worsens while England does is part of one national alert."""
    movement = (finding.indicator, finding.breakdown, finding.period)
    return finding.area_level == "region" and movement in context.national


def _ended(former: Alert) -> date:
    return former.last_period if former.state == "resolved" else date.min


def _episode(judged: list[Finding]) -> list[Finding]:
    """Back from the newest period to where the episode began: fewer than three clear between."""
    start, clear = len(judged) - 1, 0
    for index in range(len(judged) - 1, -1, -1):
        clear = 0 if judged[index].is_worsening else clear + 1
        if clear >= CLEAR_PERIODS:
            break
        if judged[index].is_worsening:
            start = index
    return judged[start:]


def _last_fired(alert: Alert, found: list[Finding]) -> date:
    fired = [f.period for f in found if f.is_worsening and f.period >= alert.opened_period]
    return max((alert.last_period, *fired))


def _summary(fired: list[Finding]) -> dict[str, Any]:
    return {
        "kind": fired[-1].kind,
        "periods": len(fired),
        "values": {f.period.isoformat(): f.evidence.get("value") for f in fired},
        "latest": dict(fired[-1].evidence),
    }


def _kept(alert: Alert) -> dict[str, Any]:
    return {k: v for k, v in alert.summary.items() if k in ("snoozed_until", "notes")}


def _same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return bool(abs(float(one) - float(other)) <= 1e-9 * max(1.0, abs(float(other))))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
