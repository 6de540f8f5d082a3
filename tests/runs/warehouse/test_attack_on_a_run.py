"""The attacker at work on what a whole run printed, beside what the run knew: tables, parts and
wholes, windows and months, rates, joint figures and messages."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import attacker
import duckdb
import pandas as pd
import pytest
from support import Ran

from sightline.warehouse import indicators
from sightline.warehouse.release import audit, store

MANY = 10**6
LEVELS = {"region": "region_code", "sub_region": "sub_region_code", "country": None}


@pytest.fixture(scope="module")
def release(demo_home: Ran) -> store.Release:
    return store.require_current(demo_home.home)


@pytest.fixture(scope="module")
def trends(release: store.Release) -> pd.DataFrame:
    """Our own figures, with the places and words of their areas and indicators."""
    with store.opened(release.database) as connection:
        return connection.execute(
            """
            select trends.*, areas.region_code, areas.sub_region_code, indicators.family,
                indicators.numerator as above, indicators.denominator as below,
                indicators.denominator_is_population as is_rate, indicators.kind as of_kind,
                indicators.scale * if(annualise, 12, 1) as unit
            from trends
            inner join indicators using (indicator)
            inner join areas using (area_code)
            where trends.source = 'extracts' and family <> 'joint' and indicators.kind <> 'index'
            """
        ).df()


@pytest.fixture(scope="module")
def true(demo_home: Ran) -> dict[attacker.Cell, int]:
    """What the run counted, by measure, period and area."""
    with duckdb.connect(str(demo_home.home.warehouse_db), read_only=True) as connection:
        rows = connection.execute(
            """
            with facts as (
                select facts.*, indicators.numerator as above, indicators.denominator as below,
                    denominator_is_population
                from marts.fct_values as facts
                inner join control.indicators as indicators using (indicator)
                where facts.source = 'extracts' and joint is null and indicators.kind <> 'index'
            )

            select above, period_type || '/' || period_start, area_code, numerator
            from facts where numerator is not null
            union
            select below, period_type || '/' || period_start, area_code, denominator
            from facts where denominator is not null and not denominator_is_population
            """
        ).fetchall()
    return {(measure, period, area): int(count) for measure, period, area, count in rows}


def period_of(row: Any) -> str:
    return f"{row.period_type}/{row.period_start:%Y-%m-%d}"


@pytest.fixture(scope="module")
def found(trends: pd.DataFrame) -> dict[attacker.Cell, tuple[int, int]]:
    """What somebody makes out who has the tables and the catalogue."""
    table = attacker.Table()
    for row in trends[trends["area_level"] == "local_authority"].itertuples():
        for measure, shown in ((row.above, row.numerator), (row.below, row.denominator)):
            if measure == row.below and row.is_rate:
                continue
            could = known(row, shown, is_above=measure == row.above)
            name = (measure, period_of(row), row.area_code)
            before = table.cells.get(name, could)
            both = range(max(could[0], before[0]), min(could[-1], before[-1]) + 1)
            table.cells[name] = both
        if row.of_kind == "proportion":
            part, whole = ((m, period_of(row), row.area_code) for m in (row.above, row.below))
            table.is_at_most([part], [whole])
    add_totals(table, trends)
    add_windows(table)
    return table.implied()


def known(row: Any, shown: float, *, is_above: bool) -> range:
    if pd.notna(shown):
        return attacker.could_be(shown, None, row.area_level)
    if is_above and row.is_rate and row.marker in ("c", "low"):
        return attacker.could_be(None, row.marker, row.area_level)
    return range(MANY)  # it is not said which of two counts is small, or why there is none


def add_totals(table: attacker.Table, trends: pd.DataFrame) -> None:
    keys = ["indicator", "period_type", "period_start"]
    is_counted = trends["numerator"].notna() | trends["marker"].isin(["c", "low", "high"])
    areas = trends[(trends["area_level"] == "local_authority") & is_counted]
    for level, link in LEVELS.items():
        members = defaultdict(list)
        by = [*keys, link] if link else keys
        for key, rows in areas.groupby(by):
            members[key] = list(rows["area_code"])
        for row in trends[trends["area_level"] == level].itertuples():
            key = (row.indicator, row.period_type, row.period_start)
            within = members[(*key, row.area_code) if link else key]
            for measure, shown in ((row.above, row.numerator), (row.below, row.denominator)):
                if pd.isna(shown) or (measure == row.below and row.is_rate):
                    continue
                could = attacker.could_be(shown, None, level)
                terms = {(measure, period_of(row), area): 1 for area in within}
                table.is_from(terms, could[0], could[-1])


def add_windows(table: attacker.Table) -> None:
    """Children of twelve months beside the events of the months."""
    for tie in indicators.relations(indicators.load()):
        if not tie.kind.startswith("children"):
            continue
        for measure, period, area in [*table.cells]:
            if measure == tie.measure:
                kind, start = period.split("/")
                last = pd.Timestamp(start)
                starts = [last - pd.DateOffset(months=back) for back in range(12)]
                months = [(tie.of, f"{kind}/{month:%Y-%m-%d}", area) for month in starts]
                if all(month in table.cells for month in months):
                    table.is_at_most([(measure, period, area)], months)


def test_no_withheld_small_count_is_left_fewer_than_five_values(
    found: dict[attacker.Cell, tuple[int, int]], true: dict[attacker.Cell, int]
) -> None:
    small = {name for name in found.keys() & true.keys() if 0 < true[name] < attacker.SMALLEST}
    assert len(small) > 100
    wrong = {name for name in small if not found[name][0] <= true[name] <= found[name][1]}
    assert wrong == set()  # an attacker who is wrong finds nothing
    left = attacker.widths({name: found[name] for name in small})
    assert {name: n for name, n in left.items() if n < audit.NARROWEST} == {}


def test_the_attack_finds_counts_beside_exact_totals(
    trends: pd.DataFrame, true: dict[attacker.Cell, int]
) -> None:
    """The same run printed as before: totals of regions exact, 1 to 5 withheld."""
    chosen = trends[
        (trends["area_level"] == "local_authority")
        & (trends["above"] == "permanent_exclusions")
        & (trends["indicator"] == "permanent_exclusion_rate")
    ]
    table = attacker.Table()
    for _, rows in chosen.groupby(["period_start", "region_code"]):
        names = [(row.above, period_of(row), row.area_code) for row in rows.itertuples()]
        if not all(name in true for name in names):
            continue
        for name in names:
            n = true[name]
            table.cells[name] = range(1, 6) if 0 < n < 6 else range(n, n + 1)
        total = sum(true[name] for name in names)
        table.is_from(dict.fromkeys(names, 1), total, total)
    left = attacker.widths(table.implied())
    exact = sum(0 < true[name] < 6 and width == 1 for name, width in left.items())
    assert exact > 10


def test_a_rate_gives_back_the_printed_count_and_none_beside_a_withheld_one(
    trends: pd.DataFrame,
) -> None:
    rates = trends[trends["is_rate"] & (trends["of_kind"] == "rate")]
    hidden = rates[rates["numerator"].isna()]
    figures = ["value", "expected", "lower", "upper", "score", "p_one", "p_sustained", "dispersion"]
    assert hidden[figures].isna().all(axis=None)
    shown = rates[rates["numerator"].notna() & (rates["denominator"] > 0)]
    back = shown["value"] * shown["denominator"] / shown["unit"]
    assert ((back - shown["numerator"]).abs() < 0.5).all()


def test_a_joint_figure_rests_on_no_withheld_count(
    release: store.Release, true: dict[attacker.Cell, int]
) -> None:
    with store.opened(release.database) as connection:
        printed = connection.execute(
            "select indicator, area_code, period_start, value, trends.numerator from trends"
            " inner join indicators using (indicator)"
            " where family = 'joint' and area_level = 'local_authority'"
        ).fetchall()
    catalogue = {one.indicator: one for one in indicators.load()}
    shown = 0
    for indicator, area, start, value, numerator in printed:
        one = catalogue[indicator]
        if one.joint not in ("divergence", "neighbours"):
            continue
        assert numerator is None
        if value is None:
            continue
        shown += 1
        found = [catalogue[part].numerator for part in one.identification]
        if one.joint == "neighbours":
            exposed = [catalogue[part].denominator for part in one.exposure]
        else:
            exposed = [catalogue[part].numerator for part in one.exposure]
        months = [
            pd.Timestamp(start) - pd.DateOffset(months=n) for n in range(one.months_before + 1)
        ]
        behind = [
            (str(measure), f"month/{month:%Y-%m-%d}", area)
            for measure in (*found, *exposed)
            for month in months
        ]
        assert [name for name in behind if 0 < true.get(name, 0) < attacker.SMALLEST] == []
    assert shown > 0


def test_a_message_says_of_a_figure_what_the_release_says(
    demo_home: Ran, release: store.Release
) -> None:
    told = [json.loads(path.read_text()) for path in Path(demo_home.home.outbox).glob("*.json")]
    alerts = [one for one in told if one.get("figures")]
    assert alerts
    with store.opened(release.database) as connection:
        for one in alerts:
            [(summary,)] = connection.execute(
                "select summary from alerts where alert_id = ?", [one["alert_id"]]
            ).fetchall()
            printed = json.loads(summary or "{}")
            for name in ("first", "last", "value", "expected", "lower", "upper", "difference"):
                figure = one["figures"][name]
                assert figure in (printed.get(name), None), (one["alert_id"], name)
