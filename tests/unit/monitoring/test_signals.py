"""Signals: one row for each value of the last 24 months, judged or with the reason why not."""

from datetime import date
from typing import Any

import duckdb
import numpy as np
import pytest
from marts import Marts
from panels import TERM_SEASON, changed, panel

from sightline.monitoring import signals
from sightline.monitoring.alerts import evaluate
from sightline.monitoring.alerts.findings import Decisions
from sightline.warehouse.ledger.state import State

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def steady() -> Marts:
    return Marts(panel(areas=24, periods=60))


def detected(marts: Marts) -> duckdb.DuckDBPyConnection:
    connection = marts.write()
    signals.detect(connection, marts.last)
    return connection


def decided_on(connection: duckdb.DuckDBPyConnection, state: State, marts: Marts) -> Decisions:
    with state.read() as reader:
        return evaluate.judged(connection, marts.last, "r1").decide(reader)


def newest(connection: duckdb.DuckDBPyConnection, area: str) -> dict[str, Any]:
    query = "from marts.fct_signals where area_code = ? order by period_start desc limit 1"
    cursor = connection.execute(query, [area])
    names = [column[0] for column in cursor.description or []]
    return dict(zip(names, cursor.fetchall()[0], strict=True))


def test_every_value_of_the_last_24_months_has_one_row(steady: Marts) -> None:
    connection = detected(steady)
    [(rows, keys)] = connection.execute(
        "select count(*), count(distinct (area_code, period_start)) from marts.fct_signals"
    ).fetchall()
    assert rows == keys == (24 + 5) * 24


def test_a_fall_is_worsening_and_what_was_expected_is_on_the_scale_of_the_value() -> None:
    marts = Marts(changed(panel(areas=24, periods=60), 3, 0.6, last=4))
    row = newest(detected(marts), "E06000003")
    assert (row["status"], row["kind"]) == ("worsening", "sustained")
    usual = marts.counts[3, :-4].mean() / 50_000 * 10_000 * 12
    assert row["expected"] == pytest.approx(usual, rel=0.25)
    assert row["lower"] < row["expected"] < row["upper"]
    assert row["p_sustained"] < 0.001


def test_a_rise_where_a_fall_is_bad_is_improving() -> None:
    row = newest(detected(Marts(changed(panel(areas=24, periods=60), 3, 1.6, last=4))), "E06000003")
    assert row["status"] == "improving"
    assert row["kind"] is None


def test_the_same_rise_where_a_rise_is_bad_is_worsening() -> None:
    counts = changed(panel(areas=24, periods=60), 3, 1.6, last=4)
    assert newest(detected(Marts(counts, direction="up")), "E06000003")["status"] == "worsening"


def test_a_missing_return_is_not_assessable_and_says_why() -> None:
    counts = panel(areas=24, periods=60)
    counts[3, -1] = np.nan
    row = newest(detected(Marts(counts)), "E06000003")
    assert (row["status"], row["reason"]) == ("not_assessable", "no_return")
    assert row["score"] is None


def test_a_provisional_fall_raises_nothing() -> None:
    counts = changed(panel(areas=24, periods=60), 3, 0.4, last=1)
    row = newest(detected(Marts(counts, provisional=((3, 59),))), "E06000003")
    assert (row["status"], row["reason"]) == ("not_assessable", "provisional")


def test_a_provisional_figure_may_be_worse_already_but_never_better_yet() -> None:
    high = changed(panel(areas=24, periods=60), 3, 1.8, last=1)
    up = Marts(high, direction="up", provisional=((3, 59),))
    assert newest(detected(up), "E06000003")["status"] == "worsening"
    low = changed(panel(areas=24, periods=60), 3, 0.4, last=1)
    row = newest(detected(Marts(low, direction="up", provisional=((3, 59),))), "E06000003")
    assert (row["status"], row["reason"]) == ("ok", "provisional")


SHARE = 0.7


def sends_again(
    counts: Any, *, area: int = 3, share: float = SHARE, spread: float = 0.0, since: int = 0
) -> Marts:
    """One area whose months are told of a first time when this share of them is in.

    The newest month is told of only that once.
    """
    chance = np.random.default_rng(4)
    shares = share * (1 + spread * chance.choice([-1.0, 1.0], counts.shape[1]))
    told = np.rint(counts[area] * shares)
    told[:since] = np.nan
    counts = np.array(counts)
    counts[area, -1] = told[-1]
    return Marts(counts, provisional=((area, counts.shape[1] - 1),), told={area: told})


def test_what_is_usually_still_to_come_is_no_fall() -> None:
    marts = sends_again(panel(areas=24, periods=60))
    row = newest(detected(marts), "E06000003")
    assert (row["status"], row["reason"]) == ("ok", "provisional")
    assert row["completeness"] == pytest.approx(SHARE, abs=0.02)
    value = marts.counts[3, -1] / 50_000 * 10_000 * 12
    assert row["expected"] == pytest.approx(value, rel=0.25)


def test_a_true_fall_is_found_in_a_provisional_month_of_a_steady_sender() -> None:
    fallen = sends_again(changed(panel(areas=24, periods=60, mean=600), 3, 0.6, last=1))
    row = newest(detected(fallen), "E06000003")
    assert (row["status"], row["kind"]) == ("worsening", "spike")


@pytest.mark.parametrize(
    "marts",
    [
        pytest.param(
            sends_again(changed(panel(areas=24, periods=60), 3, 0.3, last=1), since=59),
            id="who has sent no month again before",
        ),
        pytest.param(
            sends_again(changed(panel(areas=24, periods=60), 3, 0.3, last=1), since=48),
            id="who has done so for eleven months",
        ),
        pytest.param(
            sends_again(changed(panel(areas=24, periods=60), 3, 0.3, last=1), spread=0.3),
            id="of whose months now more, now less is in",
        ),
    ],
)
def test_a_provisional_fall_is_held_of_a_sender(marts: Marts) -> None:
    row = newest(detected(marts), "E06000003")
    assert (row["status"], row["reason"]) == ("not_assessable", "provisional")
    assert row["completeness"] is None


def test_an_area_without_a_delay_of_its_own_borrows_none_to_be_judged_by() -> None:
    marts = sends_again(panel(areas=24, periods=60))
    told = {**marts.told, 4: np.append(np.full(59, np.nan), marts.counts[4, -1])}
    both = Marts(marts.counts, provisional=(*marts.provisional, (4, 59)), told=told)
    assert newest(detected(both), "E06000004")["reason"] == "provisional"


def test_what_is_still_to_come_of_most_authorities_is_no_fall_of_england() -> None:
    counts = panel(areas=24, periods=60)
    told = {n: np.rint(counts[n] * SHARE) for n in range(20)}
    late = np.array(counts)
    late[:20, -1] = np.rint(counts[:20, -1] * SHARE)
    provisional = tuple((n, 59) for n in range(20))
    row = newest(detected(Marts(late, provisional=provisional, told=told)), "E92000001")
    assert row["status"] == "ok"
    assert SHARE < row["completeness"] < 0.8


def test_a_final_month_is_all_in_and_one_that_was_not_sent_has_no_share() -> None:
    counts = panel(areas=24, periods=60)
    counts[3, -1] = np.nan
    connection = detected(Marts(counts))
    assert newest(connection, "E06000002")["completeness"] == 1
    assert newest(connection, "E06000003")["completeness"] is None


def test_a_missing_return_is_no_fall_of_its_region_or_of_england() -> None:
    counts = panel(areas=24, periods=60)
    counts[0, -1] = np.nan
    connection = detected(Marts(counts))
    assert newest(connection, "E12000000")["status"] == "ok"
    assert newest(connection, "E92000001")["status"] == "ok"


def test_a_region_with_too_few_returns_is_not_judged() -> None:
    counts = panel(areas=24, periods=60)
    counts[[0, 4, 8, 12], -1] = np.nan
    row = newest(detected(Marts(counts)), "E12000000")
    assert (row["status"], row["reason"]) == ("not_assessable", "partial_coverage")


def test_a_national_fall_is_seen_in_england_and_not_in_every_authority() -> None:
    counts = panel(areas=24, periods=60)
    counts[:, -2:] = np.rint(counts[:, -2:] * 0.6)
    connection = detected(Marts(counts))
    assert newest(connection, "E92000001")["status"] == "worsening"
    [(worse,)] = connection.execute(
        "select count(*) from marts.fct_signals where status = 'worsening'"
        " and method = 'panel' and period_start >= '2025-07-01'"
    ).fetchall()
    assert worse <= 2


def test_a_new_authority_is_reorganised_for_a_year_and_then_short_of_history() -> None:
    counts = panel(areas=24, periods=60)
    young = newest(detected(Marts(counts, began={3: 50})), "E06000003")
    assert (young["status"], young["reason"]) == ("not_assessable", "reorganised")
    older = newest(detected(Marts(counts, began={3: 40})), "E06000003")
    assert older["status"] == "short_history"


def test_a_tiny_authority_says_that_it_is_too_small() -> None:
    counts = panel(areas=24, periods=60)
    counts[3] = np.arange(60) % 11 == 0
    row = newest(detected(Marts(counts)), "E06000003")
    assert (row["status"], row["reason"]) == ("not_assessable", "too_few")


def test_a_small_authority_is_judged_by_longer_spells_only() -> None:
    counts = panel(areas=24, periods=60)
    counts[3] = 4
    row = newest(detected(Marts(counts)), "E06000003")
    assert (row["status"], row["reason"]) == ("ok", "too_few_for_one_month")
    assert row["p_one"] is None
    assert row["minimum_detectable_change"] < -0.3
    assert row["minimum_detectable_change"] < row["minimum_detectable_drift"] < 0
    assert 0 < row["slope_error"] < 0.1


def test_a_year_of_history_is_too_little() -> None:
    row = newest(detected(Marts(panel(areas=24, periods=11))), "E06000003")
    assert (row["status"], row["reason"]) == ("not_assessable", "too_little_history")


def terms(areas: int = 40, periods: int = 14) -> Any:
    return panel(areas=areas, periods=periods, season=TERM_SEASON)


def test_terms_are_judged_by_the_last_two_years_with_three_seasons() -> None:
    connection = detected(Marts(terms(), direction="up", period_type="term"))
    rows = connection.execute(
        "select period_type, count(distinct period_start), count(*) filter (status = 'worsening')"
        " from marts.fct_signals where method = 'panel' group by all"
    ).fetchall()
    assert [row[:2] for row in rows] == [("term", 6)]
    assert rows[0][2] <= 3


def test_a_term_that_rises_by_half_is_worsening() -> None:
    counts = changed(terms(), 3, 1.5, last=2)
    row = newest(detected(Marts(counts, direction="up", period_type="term")), "E06000003")
    assert row["status"] == "worsening"


def test_two_years_of_terms_are_the_least_that_can_be_judged() -> None:
    marts = Marts(terms(periods=7), direction="up", period_type="term")
    statuses = (
        detected(marts)
        .execute(
            "select period_start, min(status), max(reason) from marts.fct_signals"
            " where method = 'panel' group by all order by all"
        )
        .fetchall()
    )
    assert [row[1:] for row in statuses[:-1]] == [("not_assessable", "too_little_history")] * 5
    assert statuses[-1][1] == "short_history"


@pytest.mark.parametrize(("before", "status"), [(5, "not_assessable"), (6, "short_history")])
def test_a_new_authority_is_judged_by_terms_after_two_years(before: int, status: str) -> None:
    marts = Marts(terms(), direction="up", period_type="term", began={3: 13 - before})
    assert newest(detected(marts), "E06000003")["status"] == status


def test_nothing_monitored_writes_an_empty_table() -> None:
    connection = Marts(panel(areas=2, periods=3)).write()
    connection.execute("update control.indicators set is_monitored = false")
    signals.detect(connection, Marts(panel(areas=2, periods=3)).last)
    assert connection.execute("from marts.fct_signals").fetchall() == []


def test_a_found_fall_opens_one_alert(state: State) -> None:
    marts = Marts(changed(panel(areas=24, periods=60), 3, 0.6, last=4))
    decided = decided_on(detected(marts), state, marts)
    assert "E06000003" in [alert.area_code for alert in decided.alerts if alert.state == "open"]
    assert len(decided.alerts) <= 3
    assert {event.event for event in decided.events} <= {"opened", "pending"}


def with_holidays(rise: float = 1.0, last: int = 12) -> Any:
    """Six areas with some 25 suspensions a month and none in any August; one that rises."""
    counts = panel(areas=6, periods=72, mean=25)
    counts[3, -last:] = np.rint(counts[3, -last:] * rise)
    months = Marts(counts).months.month.to_numpy()
    counts[:, months == 8] = 0
    return counts


def august(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select distinct status, reason from marts.fct_signals where month(period_start) = 8"
    ).fetchall()


def test_none_where_none_was_expected_is_neither_worse_nor_better_nor_newest_evidence(
    state: State,
) -> None:
    """The last month is an August: the rise up to July is marked, and raises its alert in July."""
    marts = Marts(
        with_holidays(1.7, last=15), direction="up", school_days_only=True, first=date(2020, 9, 1)
    )
    connection = detected(marts)
    assert marts.last.month == 8
    assert august(connection) == [("not_assessable", "nothing_expected")]
    statuses = connection.execute(
        "select status from marts.fct_signals where area_code = 'E06000003'"
        " order by period_start desc limit 2"
    ).fetchall()
    assert statuses == [("not_assessable",), ("worsening",)]
    decided = decided_on(connection, state, marts)
    [alert] = [one for one in decided.alerts if one.area_code == "E06000003"]
    assert alert.last_period == date(2026, 7, 1)
    assert date(2026, 8, 1).isoformat() not in alert.summary["values"]


@pytest.mark.parametrize("direction", ["up", "down"])
def test_the_same_holds_of_falls_and_of_terms(direction: str) -> None:
    counts = terms()
    counts[:, 2::3] = 0
    marts = Marts(changed(counts, 3, 0.4, last=3), direction=direction, period_type="term")
    rows = (
        detected(marts)
        .execute("select distinct status from marts.fct_signals where month(period_start) = 4")
        .fetchall()
    )
    assert rows == [("not_assessable",)]


@pytest.mark.parametrize(
    ("count", "mean", "is_empty"),
    [(0, 0.0, True), (0, 0.99, True), (0, 1.0, False), (0, 30.0, False), (1, 0.1, False)],
)
def test_expected_none_is_fewer_than_one(count: float, mean: float, is_empty: bool) -> None:
    counts = panel(areas=24, periods=60)
    marts = Marts(counts)
    connection = marts.write()
    values = signals.read(connection, marts.last)
    grid = signals.grid_of(
        values[values["area_level"] == "local_authority"].assign(
            period_start=lambda rows: rows["period_start"].astype("datetime64[ns]")
        ),
        marts.months,
        signals.Annotations(),
    )
    grid.counts[3, -1] = count
    judged = signals._judgements(grid, grid.counts, 1, is_panel=True)
    judged.mean[3, -1] = mean
    assert bool(signals._is_empty(grid, judged, 59)[3, -1]) is is_empty


def test_the_limits_of_a_proportion_lie_within_0_and_100() -> None:
    counts = panel(areas=24, periods=60, mean=48)
    counts[3] = np.minimum(counts[3] * 0 + 50 - (np.arange(60) % 3), 50)
    marts = Marts(np.minimum(counts, 50), kind="proportion", population=50)
    connection = marts.write()
    connection.execute(
        "update marts.fct_indicator_values set value = 100 * numerator / denominator"
    )
    signals.detect(connection, marts.last)
    [(least, most, expected)] = connection.execute(
        "select min(lower), max(upper), max(expected) from marts.fct_signals"
    ).fetchall()
    assert least >= 0
    assert (most, expected <= 100) == (100, True)
    [(rate,)] = (
        detected(Marts(np.minimum(counts, 50), population=50))
        .execute("select max(upper) from marts.fct_signals")
        .fetchall()
    )
    assert rate > 10_000  # a rate for 10,000 people a year may exceed one each


SUCCESSION = date(2024, 1, 1)


def test_a_first_year_that_lacks_history_is_reorganised_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signals.successions, "taken_over", lambda: {"3": date(2025, 3, 1)})
    marts = Marts(panel(areas=24, periods=60))
    connection = marts.write()
    connection.execute(
        "update marts.fct_indicator_values set numerator = null, value = null,"
        " reason = case month(period_start) when 5 then 'no_return' else 'too_little_history' end"
        " where la_code = '3' and period_start between '2025-02-01' and '2025-05-01'"
    )
    signals.detect(connection, marts.last)
    rows = connection.execute(
        "select reason from marts.fct_signals where area_code = 'E06000003'"
        " and period_start between '2025-02-01' and '2025-05-01' order by period_start"
    ).fetchall()
    assert [row[0] for row in rows] == [
        "too_little_history", "reorganised", "reorganised", "no_return",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("months_later", "reason"),
    [(0, "reorganised"), (11, "reorganised"), (12, None)],
)
def test_the_first_year_after_a_succession_is_reorganised_though_rows_are_older(
    monkeypatch: pytest.MonkeyPatch, months_later: int, reason: str | None
) -> None:
    monkeypatch.setattr(signals.successions, "taken_over", lambda: {"3": SUCCESSION})
    connection = detected(Marts(panel(areas=24, periods=60)))
    cursor = connection.execute(
        "select status, reason from marts.fct_signals where area_code = 'E06000003'"
        f" and period_start = date '{SUCCESSION}' + interval {months_later} month"
    )
    [(status, found)] = cursor.fetchall()
    assert (found, status == "not_assessable") == (reason, reason is not None)


def test_an_authority_apart_is_judged_by_its_own_history_and_changes_no_other() -> None:
    counts = changed(panel(areas=24, periods=60), 3, 0.5, last=4)
    together, apart = detected(Marts(counts)), detected(Marts(counts, apart=(3,)))
    row = newest(apart, "E06000003")
    assert (row["method"], row["status"], row["national_effect"]) == ("series", "worsening", None)
    without = detected(Marts(np.delete(counts, 3, axis=0)))
    assert newest(apart, "E06000002")["expected"] == newest(without, "E06000002")["expected"]
    assert newest(together, "E06000002")["expected"] != newest(apart, "E06000002")["expected"]
    assert newest(apart, "E92000001")["expected"] == newest(together, "E92000001")["expected"]
