"""Joint signals: two signs that part are marked, one alone is not; areas beside their like."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from sightline.monitoring import joint, tables
from sightline.warehouse import indicators

pytestmark = pytest.mark.slow

Array = NDArray[np.float64]
AREAS, MONTHS = 60, 36
PARTS = (
    "suspension_rate",
    "missing_incident_rate",
    "referral_rate",
    "exploitation_factor_rate",
)
RISING = {"suspension_rate", "missing_incident_rate"}


def code(area: int) -> str:
    return f"E06{area:06d}"


def distances(seed: int = 5) -> dict[str, Array]:
    """Ordinary months: each part a standard deviation of chance about what was expected."""
    draw = np.random.default_rng(seed)
    return {part: draw.standard_normal((AREAS, MONTHS)) for part in PARTS}


def moved(area: int, risk: float, seen: float, last: int, **only: int) -> dict[str, Array]:
    found = distances()
    for part, values in found.items():
        step = risk if part in RISING else -seen
        values[area, MONTHS - last : MONTHS - last + only.get("months", last)] += step
    return found


def written(found: dict[str, Array]) -> duckdb.DuckDBPyConnection:
    """The marts after detection, from distances in standard deviations (positive is high)."""
    connection = duckdb.connect()
    months = [date(2023 + n // 12, n % 12 + 1, 1) for n in range(MONTHS)]
    rows = [
        {
            "indicator": part, "area_code": code(area), "la_code": f"{area + 100}",
            "area_level": "local_authority", "period_type": "month", "period_start": month,
            "period_end": month, "breakdown": "total", "source": "extracts", "numerator": 50.0,
            "denominator": 100.0, "marker": None, "is_provisional": False, "is_revised": False,
            "reason": None, "caveat": None, "areas_due": 1, "areas_included": 1,
            "value": None if np.isnan(z) else 100.0 + 10 * z, "expected": 100.0,
            "lower": 100 - 10 * joint.QUANTILE, "upper": 100 + 10 * joint.QUANTILE,
        }
        for part, values in found.items()
        for area, series in enumerate(values)
        for month, z in zip(months, series, strict=True)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    connection.register("given", frame)
    connection.execute("create schema marts; create schema control; create schema reference")
    columns = ", ".join(f"{name} {kind}" for name, kind in tables.SIGNALS.items())
    connection.execute(f"create table marts.fct_signals ({columns})")
    shared = "indicator, source, area_code, period_type, period_start, breakdown"
    connection.execute(
        f"insert into marts.fct_signals by name select {shared}, expected, lower, upper,"
        " case when value is null then 'not_assessable' else 'ok' end as status from given"
    )
    connection.execute(
        "create table marts.fct_indicator_values as select * exclude (expected, lower, upper)"
        " replace (cast(marker as varchar) as marker, cast(reason as varchar) as reason,"
        " cast(caveat as varchar) as caveat) from given"
    )
    connection.execute(
        "create table marts.fct_joint_values as from marts.fct_indicator_values limit 0"
    )
    indicators.write(connection)
    connection.execute(
        "create table reference.estimates as select 'children_in_gangs' as estimate,"
        " 18700.0 as lower, 39000.0 as upper"
    )
    connection.execute(
        "create table reference.statistical_neighbours as select cast(a + 100 as varchar) as"
        " la_code, cast((a + n) % 60 + 100 as varchar) as neighbour_la_code"
        " from range(60) as areas(a) cross join range(1, 11) as near(n)"
    )
    return connection


def judged(found: dict[str, Array], area: int) -> list[dict[str, Any]]:
    connection = written(found)
    joint.write(connection)
    cursor = connection.execute(
        "from marts.fct_signals where indicator = 'divergence' and area_code = ?"
        " order by period_start",
        [code(area)],
    )
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_risk_up_and_identification_down_together_are_worsening() -> None:
    rows = judged(moved(7, 1.5, 1.5, last=8), 7)
    assert (rows[-1]["status"], rows[-1]["kind"]) == ("worsening", "sustained")
    assert rows[-1]["score"] > 3
    assert "worsening" not in {row["status"] for row in rows[:-8]}


@pytest.mark.parametrize(("risk", "seen"), [(2.0, 0.0), (0.0, 2.0), (-2.0, 2.0), (-2.0, -2.0)])
def test_one_sign_alone_or_both_for_the_better_are_not(risk: float, seen: float) -> None:
    rows = judged(moved(7, risk, seen, last=8), 7)
    assert "worsening" not in {row["status"] for row in rows}


def test_one_extreme_month_is_no_divergence() -> None:
    rows = judged(moved(7, 9.0, 9.0, last=8, months=1), 7)
    assert "worsening" not in {row["status"] for row in rows}


def test_the_second_month_in_a_row_is_needed() -> None:
    rows = judged(moved(7, 2.5, 2.5, last=8), 7)
    first = next(n for n, row in enumerate(rows) if row["status"] == "worsening")
    assert rows[first - 1]["score"] > 1


def test_one_month_alone_is_never_a_divergence(monkeypatch) -> None:
    apart = pd.DataFrame([[0.0, 4.0, 0.0, 4.0, 4.0]], index=["E92000001"])
    monkeypatch.setattr(joint, "_together", lambda found, parts: parts)
    monkeypatch.setattr(joint, "_is_awaited", lambda found: apart.isna())
    monkeypatch.setattr(joint, "_tables", lambda *given: given)
    found = pd.DataFrame({"area_level": ["country"]})
    one = SimpleNamespace(indicator="divergence", exposure=apart, identification=apart)
    *_, named = joint._diverged(found, one)
    assert named.to_numpy().tolist() == [[False, False, False, False, True]]


def test_ordinary_months_are_seldom_named() -> None:
    connection = written(distances())
    joint.write(connection)
    [(named, judged_months, spread)] = connection.execute(
        "select count(distinct area_code) filter (where status = 'worsening'),"
        " count(*) filter (where status = 'ok'), stddev(score)"
        " from marts.fct_signals where indicator = 'divergence'"
    ).fetchall()
    assert named <= 2
    assert judged_months > 1_500
    assert 0.8 < spread < 1.2


def test_without_one_of_the_two_sides_nothing_is_said() -> None:
    found = moved(7, 2.0, 2.0, last=8)
    for part in set(PARTS) - RISING:
        found[part][7] = np.nan
    rows = judged(found, 7)
    assert {(row["status"], row["reason"]) for row in rows} == {("not_assessable", "too_few_parts")}
    assert all(row["score"] is None for row in rows)


def test_the_index_carries_the_range_of_the_estimate_and_of_the_count() -> None:
    connection = written(distances())
    connection.execute(
        "insert into marts.fct_joint_values select * replace ('under_identification_index' as"
        " indicator, 75.0 as value, 40.0 as numerator) from marts.fct_indicator_values limit 1"
    )
    joint.write(connection)
    [(lower, upper)] = connection.execute(
        "select lower, upper from marts.fct_signals where method = 'estimate'"
    ).fetchall()
    of_estimate = np.log(39_000 / 18_700) / (2 * 1.96)
    reach = np.exp(1.96 * np.hypot(of_estimate, 1 / np.sqrt(40)))
    assert lower == pytest.approx(100 - 25 * reach)
    assert upper == pytest.approx(100 - 25 / reach)


def neighbours(found: Array) -> pd.DataFrame:
    """A month of areas that each have 400 exposed children."""
    month = pd.DataFrame({"la_code": [str(a) for a in range(len(found))], "found": found})
    month = month.assign(exposed=400.0, reason=None, is_provisional=False)
    alike = pd.DataFrame(
        [(str(a), str((a + n) % len(found))) for a in range(len(found)) for n in range(1, 11)],
        columns=["la_code", "neighbour_la_code"],
    )
    return joint._month_of_neighbours(month, alike).set_index("la_code")


def test_an_area_far_below_its_neighbours_stands_below_the_funnel() -> None:
    found = np.random.default_rng(2).poisson(100, 60).astype(float)
    found[7] = 30
    rows = neighbours(found)
    assert rows.loc["7", "value"] == pytest.approx(30, abs=3)
    assert rows.loc["7", "value"] < rows.loc["7", "lower"]
    others = rows.drop("7")
    assert (others["value"] < others["lower"]).sum() <= 2


def test_where_areas_differ_widely_the_funnel_is_wide() -> None:
    draw = np.random.default_rng(2)
    alike = draw.poisson(100, 60).astype(float)
    unlike = draw.poisson(100 * np.exp(draw.normal(0, 0.5, 60))).astype(float)
    assert neighbours(unlike)["lower"].mean() < neighbours(alike)["lower"].mean() - 20


GAP = ("exploitation_factor_rate", "excluded_not_known", "missing_not_assessed")


def beside(*changes: str) -> list[dict[str, Any]]:
    """The neighbour gaps of area 7 after each change to the parts, the oldest month first."""
    connection = written(distances())
    for indicator in GAP[1:]:
        connection.execute(
            "insert into marts.fct_indicator_values select * replace (? as indicator)"
            " from marts.fct_indicator_values where indicator = 'suspension_rate'",
            [indicator],
        )
    for change in changes:
        connection.execute(f"update marts.fct_indicator_values {change}")
    joint.write(connection)
    cursor = connection.execute(
        "from marts.fct_values where indicator = 'neighbour_gap' and area_code = ?"
        " order by period_start",
        [code(7)],
    )
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


OF_7 = f"area_code = '{code(7)}'"
NEWEST = "period_start = date '2025-12-01'"
MISSING = "set value = null, numerator = null, denominator = null, reason = 'no_return'"


def test_each_area_and_month_stands_once_and_says_why_it_has_no_gap() -> None:
    rows = beside()
    assert len(rows) == MONTHS
    assert {row["reason"] for row in rows[:11]} == {"too_little_history"}
    assert all(row["value"] is None for row in rows[:11])
    assert all(row["value"] is not None and row["reason"] is None for row in rows[11:])


def test_a_gap_is_not_read_before_the_last_of_its_parts() -> None:
    [*_, before, newest] = beside(
        f"{MISSING} where indicator = 'missing_not_assessed' and {OF_7} and {NEWEST}"
    )
    assert before["value"] is not None
    assert (newest["value"], newest["reason"], newest["numerator"]) == (None, "no_return", None)


@pytest.mark.parametrize(("months", "reason"), [(1, None), (2, "gap_in_history")])
def test_one_month_of_the_year_may_be_missing_and_is_said(months: int, reason: str | None) -> None:
    gap = f"period_start between date '2025-06-01' and date '2025-0{5 + months}-01'"
    row = beside(f"{MISSING} where indicator = 'excluded_not_known' and {OF_7} and {gap}")[-1]
    assert row["reason"] == reason
    assert (row["value"] is None) == (reason is not None)
    assert row["caveat"] == ("one_month_missing" if months == 1 else None)


def test_nobody_exposed_in_a_month_is_none_and_no_gap() -> None:
    none = "set value = null, denominator = null, reason = 'no_denominator'"
    row = beside(f"{none} where indicator = 'missing_not_assessed' and {OF_7}")[-1]
    assert (row["reason"], row["caveat"]) == (None, None)
    assert row["value"] > 150  # as many found among half as many exposed


@pytest.mark.parametrize("where", [OF_7, f"area_code = '{code(8)}'"], ids=["own", "neighbour's"])
def test_a_gap_is_provisional_as_long_as_anything_in_it_is(where: str) -> None:
    rows = beside(
        "set is_provisional = true where indicator = 'excluded_not_known'"
        f" and period_start = date '2025-01-01' and {where}"
    )
    january = 24
    assert all(row["is_provisional"] for row in rows[january:])
    assert not any(row["is_provisional"] for row in rows[:january])


def test_an_authority_without_the_return_on_care_is_beside_nobody() -> None:
    marked = "set caveat = 'without_care_return' where indicator = 'missing_not_assessed'"
    own = beside(f"{marked} and {OF_7}")[-1]
    assert (own["value"], own["reason"]) == (None, "without_care_return")
    six = ", ".join(f"'{code(7 + n)}'" for n in range(1, 7))
    alone = beside(f"{marked} and area_code in ({six})")[-1]
    assert (alone["value"], alone["reason"]) == (None, "too_few_neighbours")
    five = ", ".join(f"'{code(7 + n)}'" for n in range(1, 6))
    assert beside(f"{marked} and area_code in ({five})")[-1]["reason"] is None


def diverged(*changes: str) -> list[dict[str, Any]]:
    """The divergence of area 7 after each change to values and signals, the oldest first."""
    connection = written(moved(7, 1.5, 1.5, last=8))
    for change in changes:
        connection.execute(change)
    joint.write(connection)
    cursor = connection.execute(
        "from marts.fct_values where indicator = 'divergence' and area_code = ?"
        " order by period_start",
        [code(7)],
    )
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def unread(part: str, months: str) -> str:
    where = f"indicator = '{part}' and {OF_7} and {months}"
    return f"update marts.fct_indicator_values {MISSING} where {where}"


def test_a_divergence_is_not_read_before_the_last_of_its_parts() -> None:
    [*_, before, newest] = diverged(unread("suspension_rate", NEWEST))
    assert before["value"] is not None
    assert (newest["value"], newest["reason"]) == (None, "parts_awaited")


def test_a_part_that_stopped_long_ago_or_left_one_month_out_is_not_awaited() -> None:
    awaited = diverged(unread("suspension_rate", "period_start >= date '2025-08-01'"))
    assert awaited[-1]["reason"] == "parts_awaited"
    stopped = diverged(unread("suspension_rate", "period_start >= date '2025-07-01'"))
    assert stopped[-1]["value"] is not None
    between = diverged(unread("suspension_rate", "period_start = date '2025-11-01'"))
    assert between[-2]["value"] is not None


def test_a_divergence_is_provisional_as_long_as_a_part_of_its_six_months_is() -> None:
    rows = diverged(
        "update marts.fct_indicator_values set is_provisional = true, is_revised = true"
        f" where indicator = 'missing_incident_rate' and {OF_7}"
        " and period_start = date '2025-05-01'"
    )
    of_month = {row["period_start"].isoformat(): row for row in rows}
    assert [of_month[f"2025-{month:02d}-01"]["is_provisional"] for month in (4, 5, 10, 11)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert of_month["2025-10-01"]["is_revised"]


def test_a_month_in_which_no_sign_of_risk_was_expected_is_no_newest_evidence() -> None:
    """As in August: the earlier months would still say that risk rose."""
    none = (
        "update marts.fct_signals set status = 'not_assessable', reason = 'nothing_expected',"
        " expected = null, lower = null, upper = null"
        f" where {OF_7} and {NEWEST} and indicator in ('{{}}')"
    )
    one = diverged(none.format("suspension_rate"))
    assert one[-1]["value"] is not None
    both = diverged(none.format("suspension_rate', 'missing_incident_rate"))
    assert both[-2]["value"] is not None
    assert (both[-1]["value"], both[-1]["reason"]) == (None, "too_few_parts")


def test_the_first_year_of_a_new_authority_is_said_of_the_divergence_too() -> None:
    rows = diverged(
        "update marts.fct_signals set reason = 'reorganised', expected = null, lower = null,"
        f" upper = null where {OF_7} and period_start <= date '2023-12-01'"
    )
    assert {row["reason"] for row in rows[:12]} == {"reorganised"}
    assert rows[12]["reason"] == "too_few_parts"


def test_writing_again_leaves_each_value_once() -> None:
    connection = written(distances())
    joint.write(connection)
    [before] = connection.execute("select count(*) from marts.fct_values").fetchall()
    joint.write(connection)
    [after] = connection.execute("select count(*) from marts.fct_values").fetchall()
    assert before == after
