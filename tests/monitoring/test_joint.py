"""Joint signals: two signs that part are marked, one alone is not; areas beside their like."""

from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from monitoring import joint, signals
from warehouse import indicators

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
            "reason": None, "areas_due": 1, "areas_included": 1,
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
    columns = ", ".join(f"{name} {kind}" for name, kind in signals.COLUMNS.items())
    connection.execute(f"create table marts.fct_signals ({columns})")
    shared = "indicator, source, area_code, period_type, period_start, breakdown"
    connection.execute(
        f"insert into marts.fct_signals by name select {shared}, expected, lower, upper, 'ok' as"
        " status from given where value is not null"
    )
    connection.execute(
        "create table marts.fct_indicator_values as select * exclude (expected, lower, upper)"
        " replace (cast(marker as varchar) as marker, cast(reason as varchar) as reason) from given"
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
    alike = pd.DataFrame(
        [(str(a), str((a + n) % len(found))) for a in range(len(found)) for n in range(1, 11)],
        columns=["la_code", "neighbour_la_code"],
    )
    return joint._month_of_neighbours(month.assign(exposed=400.0), alike).set_index("la_code")


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


def test_each_area_and_month_stands_once_though_its_parts_differ_in_being_provisional() -> None:
    found = distances()
    connection = written(found)
    for indicator in ("excluded_not_known", "missing_not_assessed"):
        connection.execute(
            "insert into marts.fct_indicator_values select * replace (? as indicator,"
            " month(period_start) % 2 = 0 and ? = 'excluded_not_known' as is_provisional)"
            " from marts.fct_indicator_values where indicator = 'suspension_rate'",
            [indicator, indicator],
        )
    joint.write(connection)
    [(rows, cells)] = connection.execute(
        "select count(*), count(distinct (area_code, period_start)) from marts.fct_joint_values"
        " where indicator = 'neighbour_gap'"
    ).fetchall()
    assert rows == cells == AREAS * (MONTHS - 11)
