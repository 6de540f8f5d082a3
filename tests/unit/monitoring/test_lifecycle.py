"""The life of an alert: one per episode, whatever comes in whatever order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitoring.alerts.lifecycle import LIVE, Alert, Decisions, Finding, decide

TODAY = date(2026, 11, 21)
LETTERS = {"o": "ok", "w": "worsening", "n": "not_assessable", "s": "short_history"}


def month(index: int) -> date:
    return date(2025 + index // 12, index % 12 + 1, 1)


def leeds(statuses: str, **changed: Any) -> list[Finding]:
    """One finding a month: o ok, w worsening, n not assessable."""
    findings = [
        Finding(
            indicator="referral_rate",
            indicator_name="Referral rate",
            area_code="E08000035",
            area_name="Leeds",
            area_level="local_authority",
            breakdown="total",
            direction="down",
            period=month(index),
            status=LETTERS[letter],
            kind="spike" if letter == "w" else None,
            evidence={"value": 100.0 + index},
        )
        for index, letter in enumerate(statuses)
    ]
    return [replace(finding, **changed) for finding in findings]


def after(decisions: Decisions, known: Sequence[Alert] = ()) -> list[Alert]:
    return list(
        ({a.alert_id: a for a in known} | {a.alert_id: a for a in decisions.alerts}).values()
    )


def events(decisions: Decisions) -> list[str]:
    return [event.event for event in decisions.events]


def test_a_worsening_at_the_newest_period_opens_one_alert() -> None:
    decisions = decide(leeds("ooow"), [], TODAY, "r1")
    assert events(decisions) == ["opened"]
    assert decisions.alerts[0].title == "Referral rate lower than expected: Leeds"
    assert decisions.alerts[0].severity == "watch"


def test_an_episode_that_is_over_is_not_opened_at_the_first_run() -> None:
    """Fault 57."""
    assert decide(leeds("oowwoo"), [], TODAY).alerts == ()


def test_an_episode_that_came_before_the_first_run_is_dated_from_its_first_month() -> None:
    [alert] = decide(leeds("owowow"), [], TODAY).alerts
    assert alert.opened_period == month(1)
    assert alert.last_period == month(5)


def test_the_same_findings_again_change_nothing() -> None:
    known = after(decide(leeds("ooow"), [], TODAY))
    assert decide(leeds("ooow"), known, TODAY) == Decisions()


def test_a_further_month_continues_the_same_alert() -> None:
    known = after(decide(leeds("ooow"), [], TODAY))
    decisions = decide(leeds("oooww"), known, TODAY)
    assert events(decisions) == ["continued"]
    assert decisions.alerts[0].alert_id == known[0].alert_id


def test_a_spike_that_becomes_sustained_is_escalated_and_never_lowered() -> None:
    known = after(decide(leeds("ooow"), [], TODAY))
    sustained = [*leeds("ooow"), *leeds("oooww", kind="sustained")[4:]]
    higher = decide(sustained, known, TODAY)
    assert events(higher) == ["escalated"]
    later = decide([*sustained, *leeds("ooooow")[5:]], after(higher, known), TODAY)
    assert [alert.severity for alert in later.alerts] == ["warning"]


def test_two_clear_periods_keep_it_open_and_three_resolve_it() -> None:
    known = after(decide(leeds("ooow"), [], TODAY))
    assert decide(leeds("ooowoo"), known, TODAY) == Decisions()
    assert events(decide(leeds("ooowooo"), known, TODAY)) == ["resolved"]


def test_a_missing_return_neither_fires_nor_clears() -> None:
    known = after(decide(leeds("ooow"), [], TODAY))
    assert decide(leeds("ooowonnno"), known, TODAY) == Decisions()
    assert decide(leeds("ooon"), [], TODAY) == Decisions()


def test_provisional_figures_clear_nothing() -> None:
    known = after(decide(leeds("ooow"), [], TODAY))
    provisional = leeds("ooowooo", reason="provisional")[4:]
    assert decide([*leeds("ooow"), *provisional], known, TODAY) == Decisions()


def rebased(statuses: str, since: int) -> list[Finding]:
    later = month(since)
    found = leeds(statuses)
    return [replace(f, reason="rebased") if f.period >= later else f for f in found]


def test_a_fall_that_became_the_baseline_is_not_over() -> None:
    known = after(decide(leeds("ooow"), [], TODAY))
    still = rebased("ooowwwoooo", since=5)
    assert "resolved" not in events(decide(still, known, TODAY))


def test_a_level_that_shifted_before_the_episode_does_not_hold_it_open() -> None:
    early = rebased("ooooooowooo", since=2)
    known = after(decide(early[:8], [], TODAY))
    assert events(decide(early, known, TODAY)) == ["resolved"]


def test_revised_figures_that_never_fire_retract_it() -> None:
    """Fault 56."""
    known = after(decide(leeds("ooow"), [], TODAY))
    revised = [*leeds("ooo"), *leeds("oooo", evidence={"value": 180.0})[3:]]
    assert events(decide(revised, known, TODAY)) == ["retracted"]


def test_the_same_figures_judged_otherwise_do_not_retract_it() -> None:
    known = after(decide(leeds("ooow"), [], TODAY))
    assert decide(leeds("oooo"), known, TODAY) == Decisions()


def test_a_retracted_alert_whose_figures_come_back_is_reopened_under_its_id() -> None:
    known = after(decide(leeds("ooow"), [], TODAY))
    revised = [*leeds("ooo"), *leeds("oooo", evidence={"value": 180.0})[3:]]
    known = after(decide(revised, known, TODAY), known)
    again = decide(leeds("ooow"), known, TODAY)
    assert events(again) == ["reopened"]
    assert again.alerts[0].alert_id == known[0].alert_id


def test_what_a_person_resolved_stays_closed_until_it_has_been_clear_once() -> None:
    [alert] = decide(leeds("ooow"), [], TODAY).alerts
    closed = [replace(alert, state="resolved")]
    assert decide(leeds("oooww"), closed, TODAY) == Decisions()
    assert events(decide(leeds("ooowwow"), closed, TODAY)) == ["opened"]


def test_a_snoozed_alert_wakes_on_its_day() -> None:
    [alert] = decide(leeds("ooow"), [], TODAY).alerts
    snoozed = [replace(alert, state="snoozed", summary={"snoozed_until": "2026-12-01"})]
    assert decide(leeds("ooow"), snoozed, date(2026, 11, 30)) == Decisions()
    assert events(decide(leeds("ooow"), snoozed, date(2026, 12, 1))) == ["woken"]


def test_a_national_movement_is_one_alert() -> None:
    england = leeds("ooow", area_code="E92000001", area_name="England", area_level="country")
    region = leeds("ooow", area_code="E12000003", area_name="Yorkshire", area_level="region")
    [alert] = decide([*england, *region], [], TODAY).alerts
    assert (alert.area_level, alert.severity) == ("country", "critical")


def test_a_region_alone_is_a_warning() -> None:
    region = leeds("ooow", area_code="E12000003", area_name="Yorkshire", area_level="region")
    [alert] = decide(region, [], TODAY).alerts
    assert alert.severity == "warning"


def test_an_area_that_fell_silent_long_ago_opens_nothing() -> None:
    other = leeds("oooooooo", area_code="E08000032", area_name="Bradford")
    assert decide([*leeds("ooow"), *other], [], TODAY).alerts == ()


@given(st.lists(st.sampled_from("ownns"), min_size=1, max_size=24), st.data())
def test_no_order_of_findings_gives_two_live_alerts_or_an_early_end(
    letters: list[str], data: st.DataObject
) -> None:
    statuses, known = "".join(letters), list[Alert]()
    seen = 0
    while seen < len(statuses):
        seen += data.draw(st.integers(1, 3))
        found = leeds(statuses[:seen])
        before = {alert.alert_id: alert for alert in known}
        decisions = decide(found, known, TODAY)
        known = after(decisions, known)
        assert decide(found, known, TODAY) == Decisions()
        live = Counter(alert.fingerprint for alert in known if alert.state in LIVE)
        assert not live or max(live.values()) == 1
        for event in decisions.events:
            if event.event == "resolved":
                last = max(before[event.alert_id].last_period, known[-1].last_period)
                clear = [f for f in found if f.period > last and f.is_assessable]
                assert len(clear) >= 3
                assert not any(f.is_worsening for f in clear)
        assert not any(event.event == "retracted" for event in decisions.events)


@given(st.text(alphabet="own", min_size=1, max_size=24), st.integers(0, 5))
def test_periods_that_cannot_be_judged_change_nothing(statuses: str, silent: int) -> None:
    known = after(decide(leeds(statuses), [], TODAY))
    assert decide(leeds(statuses + "n" * silent), known, TODAY) == Decisions()
