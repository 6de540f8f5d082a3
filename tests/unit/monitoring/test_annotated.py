"""What people recorded of a series is respected: wrong months left out, new levels judged anew."""

from dataclasses import replace
from datetime import date
from typing import Any

import duckdb
import pytest
from marts import Marts
from panels import changed, panel

from sightline.monitoring import signals

pytestmark = pytest.mark.slow

AREA = "E06000003"


def detected(marts: Marts, *annotations: tuple[str, str, str | None]) -> list[dict[str, Any]]:
    """The signals of the third area, oldest first."""
    connection = marts.write()
    rows = [(n, "referral_rate", AREA, *one) for n, one in enumerate(annotations)]
    if rows:
        connection.executemany("insert into control.annotations values (?, ?, ?, ?, ?, ?)", rows)
    signals.detect(connection, marts.last)
    return signals_of(connection, AREA)


def signals_of(connection: duckdb.DuckDBPyConnection, area: str) -> list[dict[str, Any]]:
    query = "from marts.fct_signals where area_code = ? order by period_start"
    cursor = connection.execute(query, [area])
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def month_of(marts: Marts, back: int) -> str:
    return str(marts.months[-back].date())


@pytest.fixture(scope="module")
def fallen() -> Marts:
    """The third area falls by a third for good, 20 months before the end."""
    return Marts(changed(panel(areas=24, periods=72), 3, 0.67, last=20))


def test_without_a_word_the_fall_is_worsening(fallen: Marts) -> None:
    assert "worsening" in {row["status"] for row in detected(fallen)[-18:]}


@pytest.mark.parametrize("kind", ["practice_change", "recording_change", "rebaseline"])
def test_a_change_that_was_recorded_is_judged_anew_and_carries_its_name(
    fallen: Marts, kind: str
) -> None:
    rows = detected(fallen, (kind, month_of(fallen, 20), None))
    since, before = rows[-20:], rows[:-20]
    assert {row["status"] for row in since[:12]} == {"not_assessable"}
    assert {row["status"] for row in since[13:]} == {"short_history"}
    assert {row["reason"] for row in since[:12]} == {kind}
    assert {row["reason"] for row in since[13:] if row["reason"] != "provisional"} == {kind}
    assert kind not in {row["reason"] for row in before}
    new_level = fallen.counts[3, -20:].mean() / fallen.population * 10_000 * 12
    assert since[-1]["expected"] == pytest.approx(new_level, rel=0.2)


def test_a_further_fall_after_a_recorded_change_is_found(fallen: Marts) -> None:
    again = replace(fallen, counts=changed(fallen.counts, 3, 0.6, last=4))
    rows = detected(again, ("practice_change", month_of(again, 20), None))
    assert rows[-1]["status"] == "worsening"


def test_a_change_moves_no_total_that_the_area_is_part_of() -> None:
    counts = changed(panel(areas=8, periods=72), 3, 0.05, last=20)
    marts = Marts(counts)
    connection = marts.write()
    row = (1, "referral_rate", AREA, "recording_change", month_of(marts, 20), None)
    connection.execute("insert into control.annotations values (?, ?, ?, ?, ?, ?)", row)
    signals.detect(connection, marts.last)
    [(worsening,)] = connection.execute(
        "select count(*) from marts.fct_signals where status = 'worsening' and method = 'series'"
    ).fetchall()
    assert worsening == 0


def test_months_that_are_wrong_are_not_judged_and_move_nothing() -> None:
    marts = Marts(changed(panel(areas=24, periods=72), 3, 0.2, last=2))
    rows = detected(marts, ("data_problem", month_of(marts, 2), str(date(2099, 1, 1))))
    assert [(row["status"], row["reason"]) for row in rows[-2:]] == [
        ("not_assessable", "data_problem")
    ] * 2
    assert "worsening" not in {row["status"] for row in rows}


def test_only_the_months_that_a_problem_touches_are_left_out() -> None:
    marts = Marts(panel(areas=24, periods=72))
    first, last = marts.months[-6].date(), marts.months[-5].date()
    rows = detected(marts, ("data_problem", str(first.replace(day=28)), str(last.replace(day=1))))
    named = [row["reason"] == "data_problem" for row in rows]
    assert named == [False] * 18 + [True, True] + [False] * 4
