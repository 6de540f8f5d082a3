"""Decide when alerts open, go on and end: a pure function of findings, what is known and a date.

Only people acknowledge, snooze or close by reason; only data resolve by clear periods or retract.
An authority's first worsening period is pending: a second one, or a sign of the other side in the
same period, opens it. Of two at least one has to stand out among those that are not known yet: the
many that go on would let as many new ones pass by chance as a tenth of themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

from sightline.monitoring.alerts import carriers, storms
from sightline.monitoring.alerts.findings import (
    ENDED,
    PENDING,
    Alert,
    Change,
    Decisions,
    Event,
    Evidence,
    Finding,
    Given,
    digest,
)
from sightline.monitoring.alerts.severity import severity_of
from sightline.warehouse.alert_terms import LIVE, SEVERITIES
from sightline.warehouse.calendar import quarter_of

CLEAR_PERIODS = 3  # as many assessable periods without a worsening end an episode
STALE_PERIODS = 3  # a first alert is only raised for an area whose figures are this recent
CONFIRMED_BY, WITHIN = 2, 3  # marked periods of as many assessable ones, to open an alert
NEW_IN_ERROR = 0.10  # share of the authorities named in a period that may be named wrongly
REOPENED_WITHIN = 6  # assessable periods after an end, in which the same alert is taken up again
# Assessable periods without a worsening after which a person's decision no longer holds.
REARMED_AFTER = {"false_alarm": 2, "practice_change": 2}
FIRST = "a first period; a second one opens it"

Series = tuple[str, str, date]
"""Indicator, breakdown and period."""


def decide(
    findings: Iterable[Finding],
    known: Iterable[Alert],
    today: date,
    release_id: str = "",
    given: Given | None = None,
) -> Decisions:
    """Decide every change; deciding again on what was decided changes nothing.

    `known` holds every alert, ended ones too, so that one ended by a person is not raised again.
    """
    series = _by_fingerprint(findings)
    former = _latest(known)
    given = given or Given()
    context = _context(series, given, former, today, release_id)
    changes: list[Change] = []
    # regions and England first: what they name of authorities is folded under them
    for fingerprint in sorted(series, key=lambda key: (series[key][0].is_of_authority, key)):
        change = _next(former.get(fingerprint), series[fingerprint], context)
        if change:
            changes.append(change)
            context.note(change[0])
    closed = [_closing(alert, context) for alert in former.values()]
    changed = {alert.alert_id for alert, _ in changes}
    changes += [one for one in closed if one and one[0].alert_id not in changed]
    kept, held = storms.parted(changes, series.values(), given)
    return Decisions(
        tuple(alert for alert, _ in kept), tuple(event for _, event in kept), tuple(held)
    )


def alert_id(fingerprint: str, opened_period: date) -> str:
    """The same for all periods of a quarter: which of them the first was may not be published, and
    whoever tries each would find the one of an identifier made of it."""
    return digest(fingerprint, quarter_of(opened_period).start.isoformat())


@dataclass(frozen=True)
class _Context:
    given: Given
    live: frozenset[str]
    """Numbers of the alerts that are live."""
    today: date
    release_id: str
    newest: Mapping[tuple[str, str], Sequence[date]]
    national: frozenset[tuple[str, str, date]]
    worse: frozenset[tuple[str, str | None, date]]
    """Area, side and period of each worsening."""
    unknown: Mapping[Series, Mapping[str, float]]
    """By indicator, breakdown and period the chances of the authorities without a live alert, by
    fingerprint."""
    authorities: carriers.Excess
    named: dict[Series, frozenset[str]]
    """Of `unknown`, those that stand out, as far as that was asked."""
    folds: dict[tuple[str, str, str], str]
    """By indicator, breakdown and authority the alert on a region or England that names it."""

    def is_confirmed_elsewhere(self, finding: Finding) -> bool:
        """Whether in the same area and period something of the other side worsens too: signs of
        risk rise, or fewer children are seen."""
        other = {"risk": "seen", "seen": "risk"}.get(finding.side or "")
        return other is not None and (finding.area_code, other, finding.period) in self.worse

    def stands_out(self, finding: Finding) -> bool:
        """Whether it is named also among the authorities without a live alert."""
        if finding.chance is None:
            return True
        series = (finding.indicator, finding.breakdown, finding.period)
        if series not in self.named:
            self.named[series] = _named_of(self.unknown.get(series, {}))
        return finding.fingerprint in self.named[series]

    def note(self, alert: Alert) -> None:
        """Fold the authorities that a live alert names under it."""
        if alert.state in LIVE:
            for code, _ in alert.summary.get("carried_by", ()):
                self.folds.setdefault((alert.indicator, alert.breakdown, code), alert.alert_id)


def _context(
    series: Mapping[str, list[Finding]],
    given: Given,
    former: Mapping[str, Alert],
    today: date,
    release_id: str,
) -> _Context:
    found = [finding for one in series.values() for finding in one]
    worse = [finding for finding in found if finding.is_worsening]
    context = _Context(
        given=given,
        live=frozenset(alert.alert_id for alert in former.values() if alert.state in LIVE),
        today=today,
        release_id=release_id,
        newest=_newest_assessable(series.values()),
        national=frozenset(
            (one.indicator, one.breakdown, one.period) for one in worse
            if one.area_level == "country"
        ),
        worse=frozenset((one.area_code, one.side, one.period) for one in worse),
        unknown=_chances(found, former),
        authorities=carriers.excesses(found),
        named={},
        folds={},
    )  # fmt: skip
    for alert in former.values():
        context.note(alert)
    return context


def _next(alert: Alert | None, found: list[Finding], context: _Context) -> Change | None:
    if alert is None or alert.state in ENDED:
        return _correction(alert, found, context) or _opening(alert, found, context)
    if alert.state == PENDING:
        return _opening(alert, found, context) or _dropping(alert, found, context)
    return (
        _retraction(alert, found, context)
        or _resolution(alert, found, context)
        or _continuation(alert, found, context)
        or _waking(alert, context)
    )


def _opening(former: Alert | None, found: list[Finding], context: _Context) -> Change | None:
    """A new episode, or one that is taken up again, current at the newest assessable period."""
    judged = [finding for finding in found if finding.is_assessable]
    if not judged or not judged[-1].is_worsening:
        return None
    last = judged[-1]
    if not _is_recent(last, context) or _is_national(last, context):
        return None
    if _is_discarded(judged, context):
        return None
    if former and former.state in ENDED and not _is_armed(former, judged, context):
        return None
    again = former is not None and former.state in ENDED and _is_soon(former, judged)
    episode = _episode(judged if former is None or again else _since(former, judged))
    fired = [finding for finding in episode if finding.is_worsening]
    named: list[tuple[str, str]] = []
    if not last.is_of_authority:
        carried = carriers.shares(fired, context.authorities)
        if carried and carried[0][2] >= carriers.ALONE:
            return None
        named = carriers.half_of(carried)
    if former and again:
        return _reopening(former, fired, named, context)
    is_open = _is_confirmed(last, episode, context)
    if not is_open and not last.is_marked:
        return None
    if former and former.state == PENDING:
        return _confirming(former, fired, named, context, is_open=is_open)
    opened = Alert(
        alert_id=alert_id(last.fingerprint, episode[0].period),
        fingerprint=last.fingerprint,
        indicator=last.indicator,
        area_code=last.area_code,
        area_name=last.area_name,
        area_level=last.area_level,
        breakdown=last.breakdown,
        direction=last.direction,
        severity=_severity(fired, context),
        state="open" if is_open else PENDING,
        opened_period=episode[0].period,
        first_raised_on=context.today,
        last_period=last.period,
        resolved_on=None,
        release_id=context.release_id,
        title=title(last),
        summary=_summary(fired, named, context),
    )
    # one that was dropped may begin in the same period
    before = former if former and former.alert_id == opened.alert_id else None
    if is_open:
        return _change(before, opened, "opened", last, f"{last.kind or 'change'} found", context)
    return _change(before, opened, PENDING, last, FIRST, context)


def _reopening(
    former: Alert, fired: list[Finding], named: list[tuple[str, str]], context: _Context
) -> Change:
    """What was decided when it ended is said."""
    last = fired[-1]
    decided = former.summary.get("decided")
    kept = {name: former.summary[name] for name in ("decided", "assigned_to", "successors")
            if name in former.summary}  # fmt: skip
    opened = replace(
        former,
        state="open",
        severity=_highest(former.severity, _severity(fired, context)),
        last_period=last.period,
        resolved_on=None,
        release_id=context.release_id,
        summary=_summary(fired, named, context) | kept,
    )
    reason = f"it had ended as {decided}" if decided else f"it had ended as {former.state}"
    return _change(former, opened, "reopened", last, reason.replace("_", " "), context)


def _confirming(
    former: Alert,
    fired: list[Finding],
    named: list[tuple[str, str]],
    context: _Context,
    *,
    is_open: bool,
) -> Change | None:
    """What was pending is opened, or goes on to be pending from a later period."""
    last = fired[-1]
    if not is_open and last.period <= former.last_period:
        return None
    later = replace(
        former,
        state="open" if is_open else PENDING,
        severity=_highest(former.severity, _severity(fired, context)),
        last_period=last.period,
        release_id=context.release_id,
        summary=_summary(fired, named, context),
    )
    if is_open:
        return _change(former, later, "opened", last, "it is confirmed", context)
    return _change(former, later, PENDING, last, FIRST, context)


def _dropping(alert: Alert, found: list[Finding], context: _Context) -> Change | None:
    """A first period that nothing confirmed, or whose figure was revised."""
    since = [f for f in found if f.period >= alert.opened_period]
    after = [f for f in since if f.period > alert.last_period and f.is_assessable]
    is_gone = bool(since) and not any(f.is_worsening for f in since)
    if not is_gone and len(after) < WITHIN - CONFIRMED_BY + 1:
        return None
    gone = replace(alert, state="dropped", resolved_on=context.today)
    return _change(alert, gone, "dropped", since[-1], "nothing confirmed it", context)


def _retraction(alert: Alert, found: list[Finding], context: _Context) -> Change | None:
    """Judged as it is now, nothing of it worsens any more, or the figures are no longer there."""
    rested = _rested_on(alert, found)
    if _is_gone(rested):
        state, reason = "no_longer_supported", "the figures behind it are no longer there"
    elif _is_revised(rested):
        state, reason = "retracted", "the figures were revised"
    elif any(finding.is_assessable for finding, _ in rested):
        state, reason = "retracted", "what is expected was judged anew"
    else:
        return None
    ended = _ended(alert, state, found[-1].period, context)
    return _change(alert, ended, state, found[-1], reason, context)


def _rested_on(alert: Alert, found: list[Finding]) -> list[tuple[Finding, Any]]:
    """The periods that it rested on as they are judged now, with their values of then.

    None where any period of the episode worsens still, or its newest one cannot be seen any more.
    """
    before: Mapping[str, Any] = alert.summary.get("values", {})
    since = [finding for finding in found if finding.period >= alert.opened_period]
    if any(finding.is_worsening for finding in since):
        return []
    rested = [(f, before[f.period.isoformat()]) for f in since if f.period.isoformat() in before]
    return rested if alert.last_period in [finding.period for finding, _ in rested] else []


def _is_gone(rested: list[tuple[Finding, Any]]) -> bool:
    now = [(finding.evidence.get("value"), before) for finding, before in rested]
    return any(value is None and before is not None for value, before in now)


def _is_revised(rested: list[tuple[Finding, Any]]) -> bool:
    now = [(finding.evidence.get("value"), before) for finding, before in rested]
    return any(value is not None and not _same(value, before) for value, before in now)


def _correction(alert: Alert | None, found: list[Finding], context: _Context) -> Change | None:
    """An alert that has ended, whose figures were revised since, would not have been raised with
    those of today: said once. What is expected of the past goes on changing, and is no news."""
    if alert is None or alert.state != "resolved" or alert.summary.get("corrected"):
        return None
    if not _is_revised(_rested_on(alert, found)):
        return None
    corrected = replace(alert, summary={**alert.summary, "corrected": True})
    reason = "the figures were revised after it had ended"
    return _change(alert, corrected, "corrected", found[-1], reason, context)


def _resolution(alert: Alert, found: list[Finding], context: _Context) -> Change | None:
    last = _last_fired(alert, found)
    clear = [f for f in found if f.period > last and f.is_assessable]
    if len(clear) < CLEAR_PERIODS:
        return None
    ended = replace(
        _ended(alert, "resolved", clear[CLEAR_PERIODS - 1].period, context), last_period=last
    )
    reason = f"{len(clear)} periods in a row without a worsening"
    return _change(alert, ended, "resolved", clear[-1], reason, context)


def _continuation(alert: Alert, found: list[Finding], context: _Context) -> Change | None:
    """It holds in a further period, or has become more serious; severity is never lowered."""
    fired = [f for f in found if f.is_worsening and f.period >= alert.opened_period]
    if not fired or fired[-1].period <= alert.last_period:
        return None
    highest = _highest(alert.severity, _severity(fired, context))
    named = [(code, name) for code, name in alert.summary.get("carried_by", ())]
    summary = _summary(fired, named, context)
    values = {**alert.summary.get("values", {}), **summary["values"]}
    onward = replace(
        alert,
        severity=highest,
        last_period=fired[-1].period,
        summary={**summary, "values": values, "periods": len(values), **_kept(alert)},
    )
    name = "continued" if highest == alert.severity else "escalated"
    reason = "it holds in a further period" if name == "continued" else f"now {highest}"
    return _change(alert, onward, name, fired[-1], reason, context)


def _waking(alert: Alert, context: _Context) -> Change | None:
    until = alert.summary.get("snoozed_until")
    if alert.state != "snoozed" or until is None or date.fromisoformat(until) > context.today:
        return None
    summary = {name: value for name, value in alert.summary.items() if name != "snoozed_until"}
    awake = replace(alert, state="open", summary=summary)
    return awake, _event(alert, awake, "woken", None, "the snooze is over", context, {})


def _closing(alert: Alert, context: _Context) -> Change | None:
    """Its area or its indicator is no more."""
    if alert.state in ENDED:
        return None
    given = context.given
    if alert.area_code in given.successors:
        named = given.successors[alert.area_code]
        gone = _ended(alert, "closed_by_reorganisation", alert.last_period, context)
        gone = replace(gone, summary={**gone.summary, "successors": list(named)})
        reason = f"the area has ended; after it: {', '.join(named)}" if named else "it has ended"
        return gone, _event(alert, gone, gone.state, None, reason, context, {})
    if given.defined is not None and alert.indicator not in given.defined:
        gone = _ended(alert, "closed_by_definition", alert.last_period, context)
        reason = "the indicator is no longer defined"
        return gone, _event(alert, gone, gone.state, None, reason, context, {})
    return None


def title(finding: Finding) -> str:
    """The alert in one line, without a figure."""
    way = "higher" if finding.direction == "up" else "lower"
    return f"{finding.indicator_name} {way} than expected: {finding.area_name}"


def _ended(alert: Alert, state: str, period: date, context: _Context) -> Alert:
    summary = {**alert.summary, "ended_period": period.isoformat(), "decided": state}
    return replace(alert, state=state, resolved_on=context.today, summary=summary)


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


def _latest(known: Iterable[Alert]) -> dict[str, Alert]:
    ordered = sorted(
        known, key=lambda a: (a.state not in ENDED, a.opened_period, a.first_raised_on)
    )
    return {alert.fingerprint: alert for alert in ordered}


def _is_recent(finding: Finding, context: _Context) -> bool:
    return finding.period in context.newest[finding.indicator, finding.breakdown]


def _is_national(finding: Finding, context: _Context) -> bool:
    """A region that worsens while England does is part of one national alert."""
    movement = (finding.indicator, finding.breakdown, finding.period)
    return finding.area_level == "region" and movement in context.national


def _is_confirmed(last: Finding, episode: list[Finding], context: _Context) -> bool:
    """Whether as many periods were marked together, now or since the episode began."""
    if not last.is_of_authority or context.is_confirmed_elsewhere(last):
        return True
    for end in range(CONFIRMED_BY, len(episode) + 1):
        marked = [finding for finding in episode[max(end - WITHIN, 0) : end] if finding.is_marked]
        if len(marked) >= CONFIRMED_BY and any(context.stands_out(one) for one in marked):
            return True
    return False


def _chances(
    found: Iterable[Finding], former: Mapping[str, Alert]
) -> dict[Series, dict[str, float]]:
    chances: dict[Series, dict[str, float]] = {}
    for one in found:
        alert = former.get(one.fingerprint) if one.is_of_authority else None
        is_known = alert is not None and alert.state in LIVE
        if one.is_of_authority and not is_known and one.chance is not None:
            series = (one.indicator, one.breakdown, one.period)
            chances.setdefault(series, {})[one.fingerprint] = one.chance
    return chances


def _named_of(chances: Mapping[str, float]) -> frozenset[str]:
    import numpy as np  # slow to import, as is what follows, and seldom needed

    from sightline.monitoring.detection.discovery import discoveries

    kept = discoveries(np.array(list(chances.values())), NEW_IN_ERROR)
    return frozenset(name for name, is_kept in zip(chances, kept, strict=True) if is_kept)


def _is_discarded(judged: list[Finding], context: _Context) -> bool:
    """Whether a person has said that this episode is none, and it has not been clear since."""
    until = context.given.discarded.get(judged[-1].fingerprint)
    return until is not None and all(f.is_worsening for f in judged if f.period > until)


def _is_armed(former: Alert, judged: list[Finding], context: _Context) -> bool:
    """Whether enough periods were clear since a person ended it; what the data ended is armed.

    The duplicate of an alert is never, as long as that one is live.
    """
    decided = former.summary.get("decided")
    if former.state != "resolved" or decided == "resolved":
        return True
    if former.summary.get("duplicate_of") in context.live:
        return False
    clear = sum(not finding.is_worsening for finding in _since(former, judged))
    return clear >= REARMED_AFTER.get(str(decided), 1)


def _is_soon(former: Alert, judged: list[Finding]) -> bool:
    """Whether it worsens again before so many assessable periods have passed since its end."""
    if former.state in ("dropped", "closed_by_reorganisation", "closed_by_definition"):
        return False
    ended = former.summary.get("ended_period", former.last_period.isoformat())
    after = [finding for finding in judged if finding.period.isoformat() > ended]
    return len(after) <= REOPENED_WITHIN


def _since(former: Alert, judged: list[Finding]) -> list[Finding]:
    """What came after an end; what it was pending or retracted on is judged once more."""
    if former.state not in ("resolved", "closed_by_reorganisation", "closed_by_definition"):
        return judged
    return [finding for finding in judged if finding.period > former.last_period]


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


def _severity(fired: Sequence[Finding], context: _Context) -> str:
    return severity_of(fired, both_sides=context.is_confirmed_elsewhere(fired[-1]))


def _highest(*severities: str) -> str:
    return max(severities, key=SEVERITIES.index)


def _summary(
    fired: list[Finding], named: list[tuple[str, str]], context: _Context
) -> dict[str, Any]:
    last = fired[-1]
    found: dict[str, Any] = {
        "kind": last.kind,
        "periods": len(fired),
        "values": {f.period.isoformat(): f.evidence.get("value") for f in fired},
        "latest": dict(last.evidence),
    }
    if named:
        found["carried_by"] = [list(one) for one in named]
    folded = context.folds.get((last.indicator, last.breakdown, last.area_code))
    if folded and last.is_of_authority:
        found["folded_into"] = folded
    return found


def _kept(alert: Alert) -> dict[str, Any]:
    names = ("snoozed_until", "notes", "assigned_to", "decided", "folded_into", "duplicate_of")
    return {name: alert.summary[name] for name in names if name in alert.summary}


def _same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return bool(abs(float(one) - float(other)) <= 1e-9 * max(1.0, abs(float(other))))
