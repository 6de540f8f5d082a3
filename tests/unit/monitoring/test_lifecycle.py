"""The life of an alert: one per episode, whatever comes in whatever order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.monitoring.alerts.findings import Alert, Decisions, Finding, Given
from sightline.monitoring.alerts.lifecycle import decide
from sightline.warehouse.alert_terms import LIVE

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
            evidence={"value": 100.0 + index, "count": 80.0, "expected_count": 100.0},
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


def test_a_second_worsening_period_opens_one_alert() -> None:
    decisions = decide(leeds("ooww"), [], TODAY, "r1")
    assert events(decisions) == ["opened"]
    assert decisions.alerts[0].title == "Referral rate lower than expected: Leeds"


def test_the_first_worsening_period_of_an_authority_is_pending() -> None:
    pending = decide(leeds("ooow"), [], TODAY, "r1")
    assert events(pending) == ["pending"]
    assert pending.alerts[0].state == "pending"
    known = after(pending)
    assert decide(leeds("ooow"), known, TODAY) == Decisions()
    for later in ("ooown", "ooowo"):
        assert decide(leeds(later), known, TODAY) == Decisions()
    for second in ("oooww", "ooowow", "ooownw"):
        opened = decide(leeds(second), known, TODAY)
        assert events(opened) == ["opened"]
        assert opened.alerts[0].alert_id == known[0].alert_id


def test_a_second_period_after_three_assessable_ones_is_a_first_again() -> None:
    known = after(decide(leeds("ooow"), [], TODAY))
    dropped = decide(leeds("ooowoo"), known, TODAY)
    assert events(dropped) == ["dropped"]
    known = after(dropped, known)
    assert events(decide(leeds("ooowoow"), known, TODAY)) == ["pending"]


def test_a_pending_alert_whose_figure_is_revised_away_is_dropped() -> None:
    known = after(decide(leeds("ooow"), [], TODAY))
    revised = [*leeds("ooo"), *leeds("oooo", evidence={"value": 180.0})[3:]]
    assert events(decide(revised, known, TODAY)) == ["dropped"]


def test_a_sign_of_the_other_side_in_the_same_period_opens_it_at_once() -> None:
    up = {"indicator": "suspension_rate", "direction": "up", "family": "exposure"}
    opened = decide([*leeds("ooow"), *leeds("ooow", **up)], [], TODAY)
    assert events(opened) == ["opened", "opened"]
    elsewhere = leeds("ooow", **up, area_code="E08000032", area_name="Bradford")
    assert events(decide([*leeds("ooow"), *elsewhere], [], TODAY)) == ["pending", "pending"]
    earlier = decide([*leeds("ooow"), *leeds("oowo", **up)], [], TODAY)
    assert events(earlier) == ["pending"]


@pytest.mark.parametrize(
    ("family", "opened"),
    [("exposure", 2), ("identification", 0), ("threshold", 0), ("linkage", 0), ("joint", 0)],
)
def test_a_higher_figure_is_a_sign_of_risk_only_where_it_tells_of_exposure(
    family: str, opened: int
) -> None:
    """More referrals that are repeated come of fewer first ones: no second sign of the same."""
    up = {"indicator": "other", "direction": "up", "family": family}
    decisions = decide([*leeds("ooow"), *leeds("ooow", **up)], [], TODAY)
    assert events(decisions).count("opened") == opened


def lasting(statuses: str, since: int) -> list[Finding]:
    """From a period on it worsens only in that the level has not come back."""
    later = month(since)
    found = leeds(statuses)
    return [replace(f, reason="not_come_back") if f.period >= later else f for f in found]


def test_a_level_that_has_not_come_back_confirms_nothing() -> None:
    known = after(decide(leeds("ooow"), [], TODAY))
    assert decide(lasting("oooww", since=4), known, TODAY) == Decisions()
    assert events(decide(lasting("ooowww", since=4), known, TODAY)) == ["dropped"]
    dropped = after(decide(lasting("ooowww", since=4), known, TODAY), known)
    assert decide(lasting("ooowwww", since=4), dropped, TODAY) == Decisions()
    again = [*lasting("ooowww", since=4), *leeds("ooowwwww")[6:]]
    assert events(decide(again, dropped, TODAY)) == ["opened"]


def test_what_was_confirmed_before_the_first_run_opens_however_long_ago() -> None:
    assert events(decide(lasting("oowwwwwwww", since=4), [], TODAY)) == ["opened"]
    assert decide(lasting("oowwwwwwww", since=3), [], TODAY) == Decisions()


def chances(statuses: str, chance: float, **changed: Any) -> list[Finding]:
    found = leeds(statuses, **changed)
    return [replace(one, evidence={**one.evidence, "p_one": chance}) for one in found]


def test_of_two_periods_one_has_to_stand_out_among_what_is_not_known_yet() -> None:
    """Twenty that have long been known would let a chance of .04 pass; alone it has to be .1 of
    one in ten. One value below, on and above the limit."""
    calm = [chances("oooo", 0.9, area_code=f"E{number}") for number in range(9)]
    known = [chances("wwww", 1e-9, area_code=f"K{number}") for number in range(10)]
    live = decide([one for found in known for one in found], [], TODAY).alerts
    assert len(live) == 10
    others = [one for found in (*calm, *known) for one in found]
    events_of = {
        chance: events(decide([*chances("ooww", chance), *others], live, TODAY))
        for chance in (0.0049, 0.005, 0.0051)
    }
    assert events_of == {0.0049: ["opened"], 0.005: ["opened"], 0.0051: ["pending"]}


def test_an_episode_that_is_over_is_not_opened_at_the_first_run() -> None:
    """Fault 57."""
    assert decide(leeds("oowwoo"), [], TODAY).alerts == ()


def test_an_episode_that_came_before_the_first_run_is_dated_from_its_first_month() -> None:
    [alert] = decide(leeds("owowow"), [], TODAY).alerts
    assert alert.opened_period == month(1)
    assert alert.last_period == month(5)


def test_the_same_findings_again_change_nothing() -> None:
    known = after(decide(leeds("ooww"), [], TODAY))
    assert decide(leeds("ooww"), known, TODAY) == Decisions()


def test_a_further_month_continues_the_same_alert() -> None:
    known = after(decide(leeds("ooww"), [], TODAY))
    decisions = decide(leeds("oowww"), known, TODAY)
    assert events(decisions) == ["continued"]
    assert decisions.alerts[0].alert_id == known[0].alert_id


def sized(statuses: str, count: float, **changed: Any) -> list[Finding]:
    """Of a hundred expected each month so many were seen; surely no chance."""
    strong = {"count": count, "expected_count": 100.0, "p_sustained": 0.0001}
    found = leeds(statuses, **changed)
    return [replace(one, evidence={**one.evidence, **strong}) for one in found]


def severity(found: Sequence[Finding]) -> str:
    return decide(found, [], TODAY).alerts[0].severity


def test_severity_follows_size_length_and_certainty() -> None:
    """One value below, on and above each limit."""
    assert [severity(sized("oowwwwwwww", count)) for count in (76, 75, 74)] == [
        "warning", "critical", "critical",
    ]  # fmt: skip
    assert severity(sized("oowwwww", 70)) == "warning"
    assert severity(sized("oowwwwwww", 70)) == "critical"
    assert [severity(sized("ooww", count)) for count in (91, 90, 87)] == [
        "watch", "watch", "warning",
    ]  # fmt: skip
    weak = [
        replace(f, evidence={**f.evidence, "p_sustained": 0.0011}) for f in sized("owwwwwww", 70)
    ]
    assert severity(weak) == "warning"


def test_more_signs_of_risk_alone_are_never_critical() -> None:
    up = {"direction": "up", "family": "exposure", "indicator": "suspension_rate"}
    rising = sized("oowwwwww", 150, **up)
    assert severity(rising) == "warning"
    falling = sized("oowwwwww", 80)
    assert {alert.severity for alert in decide([*rising, *falling], [], TODAY).alerts} == {
        "critical"
    }


def test_a_small_movement_of_a_whole_country_is_never_critical() -> None:
    england = {"area_code": "E92000001", "area_name": "England", "area_level": "country"}
    assert [severity(sized("oowwww", count, **england)) for count in (96, 95, 94)] == [
        "watch", "warning", "warning",
    ]  # fmt: skip
    assert severity(sized("oowwwwwwwwwwww", 91, **england)) == "warning"
    assert severity(sized("oowwwwwwwwwwww", 90, **england)) == "critical"


def test_what_becomes_larger_is_escalated_and_never_lowered() -> None:
    known = after(decide(sized("ooww", 95), [], TODAY))
    larger = [*sized("ooww", 95), *sized("oowwww", 60)[4:]]
    higher = decide(larger, known, TODAY)
    assert events(higher) == ["escalated"]
    smaller = [*larger, *sized("oowwwww", 99)[6:]]
    later = decide(smaller, after(higher, known), TODAY)
    assert [alert.severity for alert in later.alerts] == ["warning"]


def test_two_clear_periods_keep_it_open_and_three_resolve_it() -> None:
    known = after(decide(leeds("ooww"), [], TODAY))
    assert decide(leeds("oowwoo"), known, TODAY) == Decisions()
    assert events(decide(leeds("oowwooo"), known, TODAY)) == ["resolved"]


def test_a_missing_return_neither_fires_nor_clears() -> None:
    known = after(decide(leeds("ooww"), [], TODAY))
    assert decide(leeds("oowwonnno"), known, TODAY) == Decisions()
    assert decide(leeds("ooon"), [], TODAY) == Decisions()


def test_provisional_figures_clear_nothing() -> None:
    known = after(decide(leeds("ooww"), [], TODAY))
    provisional = leeds("oowwooo", reason="provisional")[4:]
    assert decide([*leeds("ooww"), *provisional], known, TODAY) == Decisions()


def rebased(statuses: str, since: int) -> list[Finding]:
    later = month(since)
    found = leeds(statuses)
    return [replace(f, reason="rebased") if f.period >= later else f for f in found]


def test_a_fall_that_became_the_baseline_is_not_over() -> None:
    known = after(decide(leeds("ooww"), [], TODAY))
    still = rebased("oowwwwoooo", since=5)
    assert "resolved" not in events(decide(still, known, TODAY))


def test_a_level_that_shifted_before_the_episode_does_not_hold_it_open() -> None:
    early = rebased("ooooowwooo", since=2)
    known = after(decide(early[:7], [], TODAY))
    assert events(decide(early, known, TODAY)) == ["resolved"]


REVISED = [*leeds("oo"), *leeds("oooo", evidence={"value": 180.0})[2:]]


def test_revised_figures_that_never_fire_retract_it() -> None:
    """Fault 56."""
    known = after(decide(leeds("ooww"), [], TODAY))
    assert events(decide(REVISED, known, TODAY)) == ["retracted"]


def test_it_is_retracted_too_where_its_newest_period_became_provisional() -> None:
    known = after(decide(leeds("ooww"), [], TODAY))
    provisional = [*REVISED[:3], replace(REVISED[3], reason="provisional")]
    assert events(decide(provisional, known, TODAY)) == ["retracted"]


def test_the_same_figures_of_which_another_number_is_expected_retract_it() -> None:
    known = after(decide(leeds("ooww"), [], TODAY))
    retracted = decide(leeds("oooo"), known, TODAY)
    assert events(retracted) == ["retracted"]
    assert retracted.events[0].reason == "what is expected was judged anew"
    assert decide(REVISED, known, TODAY).events[0].reason == "the figures were revised"


def test_one_that_has_ended_is_not_corrected_for_what_is_expected_today() -> None:
    known = after(decide(leeds("ooww"), [], TODAY))
    known = after(decide(leeds("oowwooo"), known, TODAY), known)
    assert decide(leeds("ooooooo"), known, TODAY) == Decisions()


def test_a_return_that_was_taken_back_neither_ends_it_nor_resolves_it() -> None:
    known = after(decide(leeds("ooww"), [], TODAY))
    gone = [*leeds("oo"), *leeds("oonn", reason="no_return", evidence={})[2:]]
    assert events(decide([*leeds("oow"), gone[3]], known, TODAY)) == []
    unsupported = decide(gone, known, TODAY)
    assert events(unsupported) == ["no_longer_supported"]
    assert unsupported.alerts[0].state == "no_longer_supported"
    assert decide(gone, after(unsupported, known), TODAY) == Decisions()


def test_what_is_left_says_nothing_of_a_return_that_was_taken_back() -> None:
    """Two months stood out together; without the second one the first does not."""
    known = after(decide(leeds("ooww"), [], TODAY))
    gone = leeds("ooon", reason="no_return", evidence={})[3]
    assert events(decide([*leeds("ooo"), gone], known, TODAY)) == ["no_longer_supported"]


JUDGED_ANEW = st.lists(
    st.tuples(st.sampled_from("own"), st.sampled_from((None, "provisional")),
              st.sampled_from(("same", "revised", "gone"))),
    min_size=1, max_size=8,
)  # fmt: skip


@given(st.text(alphabet="ow", min_size=2, max_size=8), JUDGED_ANEW)
def test_an_alert_stands_as_long_as_a_period_of_it_worsens(
    statuses: str, anew: list[tuple[str, str | None, str]]
) -> None:
    """Whatever became of its figures: it stands, is retracted, or what it rested on is gone."""
    known = after(decide(leeds(statuses), [], TODAY))
    if not known or known[0].state != "open":
        return
    [alert] = known
    changed = {"same": {}, "revised": {"evidence": {"value": 180.0}}, "gone": {"evidence": {}}}
    found = [
        replace(one, status=LETTERS[letter], reason=reason, **changed[figure])
        for one, (letter, reason, figure) in zip(leeds(statuses), anew * 8, strict=False)
    ]
    decided = decide(found, known, TODAY)
    since = [one for one in found if one.period >= alert.opened_period]
    marked = [one for one in since if one.period.isoformat() in alert.summary["values"]]
    if any(one.is_worsening for one in since):
        assert not {"retracted", "no_longer_supported"} & set(events(decided))
    elif any(one.evidence.get("value") is None for one in marked):
        assert events(decided)[0] == "no_longer_supported"
    elif any(one.is_assessable or one.evidence["value"] == 180.0 for one in marked):
        assert events(decided)[0] == "retracted"
    else:
        assert not {"retracted", "no_longer_supported"} & set(events(decided))
    assert decide(found, after(decided, known), TODAY) == Decisions()


def test_an_ended_alert_whose_figures_are_revised_away_is_corrected_once() -> None:
    known = after(decide(leeds("ooww"), [], TODAY))
    known = after(decide(leeds("oowwooo"), known, TODAY), known)
    revised = [*REVISED, *leeds("oowwooo")[4:]]
    corrected = decide(revised, known, TODAY)
    assert events(corrected) == ["corrected"]
    assert corrected.alerts[0].state == "resolved"
    assert decide(revised, after(corrected, known), TODAY) == Decisions()


def test_a_retracted_alert_whose_figures_come_back_is_reopened_under_its_id() -> None:
    known = after(decide(leeds("ooww"), [], TODAY))
    known = after(decide(REVISED, known, TODAY), known)
    again = decide(leeds("ooww"), known, TODAY)
    assert events(again) == ["reopened"]
    assert again.alerts[0].alert_id == known[0].alert_id


def closed(reason: str, **more: Any) -> list[Alert]:
    """What a person closed when it had lasted for two months."""
    [alert] = decide(leeds("ooww"), [], TODAY).alerts
    summary = {**alert.summary, "decided": reason, "ended_period": "2025-04-01", **more}
    return [replace(alert, state="resolved", summary=summary)]


def test_what_a_person_resolved_stays_closed_until_it_has_been_clear() -> None:
    assert decide(leeds("oowww"), closed("action_taken"), TODAY) == Decisions()
    again = decide(leeds("oowwwow"), closed("action_taken"), TODAY)
    assert events(again) == ["reopened"]
    assert again.events[0].reason == "it had ended as action taken"
    for strict in ("false_alarm", "practice_change"):
        assert decide(leeds("oowwwow"), closed(strict), TODAY) == Decisions()
        assert events(decide(leeds("oowwwoow"), closed(strict), TODAY)) == ["reopened"]


def test_a_duplicate_stays_closed_as_long_as_its_original_is_live() -> None:
    [original] = decide(leeds("ooww", breakdown="girls"), [], TODAY).alerts
    copy = closed("duplicate", duplicate_of=original.alert_id)
    assert decide(leeds("oowwow"), [original, *copy], TODAY) == Decisions()
    over = replace(original, state="resolved")
    assert events(decide(leeds("oowwow"), [over, *copy], TODAY)) == ["reopened"]


def test_refiring_is_the_same_alert_for_six_assessable_periods() -> None:
    """One value below, on and above the limit."""
    known = after(decide(leeds("ooww"), [], TODAY))
    known = after(decide(leeds("oowwooo"), known, TODAY), known)
    found = {}
    for clear in (7, 8, 9):
        again = decide(leeds("ooww" + "o" * clear + "w"), known, TODAY)
        found[clear] = (events(again), again.alerts[0].alert_id == known[0].alert_id)
    assert found == {
        7: (["reopened"], True), 8: (["reopened"], True), 9: (["pending"], False)
    }  # fmt: skip


def test_an_authority_that_is_no_more_closes_its_alert_and_names_its_successors() -> None:
    known = after(decide(leeds("ooww"), [], TODAY))
    given = Given(successors={"E08000035": ("Northland", "Southland")})
    ended = decide([], known, TODAY, given=given)
    assert events(ended) == ["closed_by_reorganisation"]
    assert ended.alerts[0].summary["successors"] == ["Northland", "Southland"]
    assert decide([], after(ended, known), TODAY, given=given) == Decisions()


def test_an_indicator_that_is_no_longer_defined_closes_its_alerts() -> None:
    known = after(decide(leeds("ooww"), [], TODAY))
    assert events(decide([], known, TODAY, given=Given(defined=frozenset({"other"})))) == [
        "closed_by_definition"
    ]
    assert decide([], known, TODAY, given=Given(frozenset({"referral_rate"}))) == Decisions()


def test_a_snoozed_alert_wakes_on_its_day() -> None:
    [alert] = decide(leeds("ooww"), [], TODAY).alerts
    summary = {**alert.summary, "snoozed_until": "2026-12-01"}
    snoozed = [replace(alert, state="snoozed", summary=summary)]
    assert decide(leeds("ooww"), snoozed, date(2026, 11, 30)) == Decisions()
    assert events(decide(leeds("ooww"), snoozed, date(2026, 12, 1))) == ["woken"]


ENGLAND = {"area_code": "E92000001", "area_name": "England", "area_level": "country"}
YORKSHIRE = {"area_code": "E12000003", "area_name": "Yorkshire", "area_level": "region"}


def test_a_national_movement_is_one_alert() -> None:
    [alert] = decide([*leeds("ooww", **ENGLAND), *leeds("ooww", **YORKSHIRE)], [], TODAY).alerts
    assert alert.area_level == "country"


def region_of(**off: float) -> list[Finding]:
    """A region that is off by a hundred events a month, and authorities by so many of them."""
    counted = {"count": 900.0, "expected_count": 1000.0, "value": 1.0}
    found = leeds("ooww", **YORKSHIRE, evidence=counted)
    for place, (name, events_off) in enumerate(off.items()):
        counted = {"count": 500.0 - events_off, "expected_count": 500.0, "value": 1.0}
        found += leeds(
            "oooo", area_code=f"E0{place}", area_name=name, region_code="E12000003",
            evidence=counted,
        )  # fmt: skip
    return found


def test_a_region_names_the_authorities_that_carry_half_of_it_or_more() -> None:
    [alert] = decide(region_of(Leeds=40, Bradford=30, Hull=20, York=10), [], TODAY).alerts
    assert [name for _, name in alert.summary["carried_by"]] == ["Leeds", "Bradford"]
    [alert] = decide(region_of(Leeds=50, Bradford=30), [], TODAY).alerts
    assert [name for _, name in alert.summary["carried_by"]] == ["Leeds"]
    [alert] = decide(region_of(**{f"A{n}": 9 for n in range(11)}), [], TODAY).alerts
    assert "carried_by" not in alert.summary


def test_what_one_authority_explains_alone_is_no_regions_alert() -> None:
    """One value below, on and above the limit."""
    raised = [len(decide(region_of(Leeds=off), [], TODAY).alerts) for off in (79, 80, 81)]
    assert raised == [1, 0, 0]


def test_the_alert_of_an_authority_that_a_region_names_is_folded_under_it() -> None:
    found = [
        replace(one, status="worsening") if one.area_name == "Leeds" and one.period > month(1)
        else one
        for one in region_of(Leeds=50, Bradford=30)
    ]  # fmt: skip
    region, leeds_alert = sorted(decide(found, [], TODAY).alerts, key=lambda a: a.area_level)[::-1]
    assert leeds_alert.summary["folded_into"] == region.alert_id


def everywhere(count: int) -> list[Finding]:
    return [
        one for number in range(count)
        for one in leeds("ooww", area_code=f"E{number}", area_name=f"Area {number}")
    ]  # fmt: skip


def test_too_many_new_alerts_at_once_are_held() -> None:
    """Fault 98. One value below, on and above each limit."""
    calm = [
        one for number in range(1000, 1130)
        for one in leeds("oooo", area_code=f"E{number}", area_name=f"Area {number}")
    ]  # fmt: skip
    found = {}
    for count in (59, 60, 61):
        decisions = decide([*everywhere(count), *calm], [], TODAY)
        found[count] = (len(decisions.alerts), len(decisions.held))
    assert found == {59: (59, 0), 60: (60, 0), 61: (0, 61)}
    few = {count: len(decide([*everywhere(count), *calm[:4 * (33 - count)]], [], TODAY).held)
           for count in (10, 11, 12)}  # fmt: skip
    assert few == {10: 0, 11: 0, 12: 12}
    assert decide(everywhere(10), [], TODAY).held == ()


def test_what_a_person_let_through_is_opened_and_what_was_dropped_waits_to_be_clear() -> None:
    found = everywhere(20)
    held = decide(found, [], TODAY).held
    numbers = frozenset(alert.fingerprint for alert, _ in held)
    assert len(decide(found, [], TODAY, given=Given(confirmed=numbers)).alerts) == 20
    dropped = Given(discarded=dict.fromkeys(numbers, month(3)))
    assert decide(found, [], TODAY, given=dropped) == Decisions()
    again = [
        one for number in range(20)
        for one in leeds("oowwow", area_code=f"E{number}", area_name=f"Area {number}")
    ]  # fmt: skip
    assert len(decide(again, [], TODAY, given=dropped).held) == 20


def test_an_area_that_fell_silent_long_ago_opens_nothing() -> None:
    other = leeds("oooooooo", area_code="E08000032", area_name="Bradford")
    assert decide([*leeds("ooww"), *other], [], TODAY).alerts == ()


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
