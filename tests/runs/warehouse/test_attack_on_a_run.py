"""The attacker at work on what a whole run printed, beside what the run knew: tables, parts and
wholes, windows and months, parts of quarters, what drove a movement, rates, joint figures, messages
and the tables to take away."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
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
def parts(release: store.Release) -> pd.DataFrame:
    """Quarters taken apart, with the places of their areas."""
    with store.opened(release.database) as connection:
        return connection.execute(
            """
            select parts.*, areas.region_code, areas.sub_region_code,
                measure || '/' || dimension || ':' || part as name,
                'quarter/' || period_start as period
            from breakdowns as parts inner join areas using (area_code)
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
            union
            select measure || '/' || dimension || ':' || part, 'quarter/' || period_start,
                area_code, counted
            from marts.fct_breakdowns
            """
        ).fetchall()
    return {(measure, period, area): int(count) for measure, period, area, count in rows}


def period_of(row: Any) -> str:
    return f"{row.period_type}/{row.period_start:%Y-%m-%d}"


@pytest.fixture(scope="module")
def found(trends: pd.DataFrame, parts: pd.DataFrame) -> dict[attacker.Cell, tuple[int, int]]:
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
    add_parts(table, parts)
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


def add_parts(table: attacker.Table, parts: pd.DataFrame) -> None:
    """Parts of a quarter beside its months, and beside those of larger areas."""
    is_own = parts["area_level"] == "local_authority"
    for row in parts[is_own].itertuples():
        could = range(MANY) if row.marker == "c" else known_part(row)
        table.cells[row.name, row.period, row.area_code] = could
    for (measure, _, start, area), rows in parts[is_own].groupby(
        ["measure", "dimension", "period_start", "area_code"]
    ):
        months = months_of(table, measure, start, area)
        if len(months) == rows["months"].iloc[0]:
            names = [(row.name, row.period, area) for row in rows.itertuples()]
            table.is_at_most(names, months)
    for row in parts[parts["monthly_measure"].notna() & parts["counted"].notna()].itertuples():
        months = months_of(table, row.monthly_measure, row.period_start, row.area_code)
        if row.area_level == "local_authority" and len(months) == row.months:
            could = known_part(row)
            table.is_from(dict.fromkeys(months, 1), could[0], could[-1])
    areas = parts[is_own]
    for row in parts[~is_own & (parts["marker"] != "c")].itertuples():
        link = LEVELS[row.area_level]
        within = areas[(areas["name"] == row.name) & (areas["period"] == row.period)]
        if link:
            within = within[within[link] == row.area_code]
        could = known_part(row)
        terms = {(row.name, row.period, area): 1 for area in within["area_code"]}
        table.is_from(terms, could[0], could[-1])


def known_part(row: Any) -> range:
    return attacker.could_be(row.counted, row.marker, row.area_level)


def months_of(
    table: attacker.Table, measure: str, start: pd.Timestamp, area: str
) -> list[attacker.Cell]:
    """Those of a quarter that are printed."""
    starts = [start + pd.DateOffset(months=month) for month in range(3)]
    names = [(measure, f"month/{month:%Y-%m-%d}", area) for month in starts]
    return [name for name in names if name in table.cells]


def test_no_withheld_small_count_is_left_fewer_than_five_values(
    found: dict[attacker.Cell, tuple[int, int]], true: dict[attacker.Cell, int]
) -> None:
    small = {name for name in found.keys() & true.keys() if 0 < true[name] < attacker.SMALLEST}
    assert sum("/" in measure for measure, _, _ in small) > 20
    assert len(small) > 100
    wrong = {name for name in small if not found[name][0] <= true[name] <= found[name][1]}
    assert wrong == set()  # an attacker who is wrong finds nothing
    left = attacker.widths({name: found[name] for name in small})
    assert {name: n for name, n in left.items() if n < audit.NARROWEST} == {}


def print_as_before(
    table: attacker.Table, names: list[attacker.Cell], true: dict[attacker.Cell, int]
) -> None:
    """Counts of 1 to 5 withheld, all others and their sum exact; nothing where one is not known."""
    if not all(name in true for name in names):
        return
    for name in names:
        n = true[name]
        table.cells[name] = range(1, 6) if 0 < n < 6 else range(n, n + 1)
    total = sum(true[name] for name in names)
    table.is_from(dict.fromkeys(names, 1), total, total)


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
        print_as_before(table, names, true)
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


def test_the_attack_finds_months_beside_exact_quarters(
    parts: pd.DataFrame, true: dict[attacker.Cell, int]
) -> None:
    """The same run printed as before: quarters and months exact but for months of 1 to 5."""
    table = attacker.Table()
    is_sum = parts["monthly_measure"].notna() & (parts["area_level"] == "local_authority")
    for row in parts[is_sum].itertuples():
        starts = [row.period_start + pd.DateOffset(months=month) for month in range(3)]
        names = [
            (row.monthly_measure, f"month/{start:%Y-%m-%d}", row.area_code) for start in starts
        ]
        print_as_before(table, names, true)
    left = attacker.widths(table.implied())
    assert sum(0 < true[name] < 6 and width == 1 for name, width in left.items()) > 0


# ---- What drove a movement is added up from the other tables, so it tells what they tell.


def test_what_drove_a_movement_is_made_of_shown_counts(
    release: store.Release, trends: pd.DataFrame
) -> None:
    with store.opened(release.database) as connection:
        drivers = connection.execute("from drivers where within = 'whole'").df()
    own = trends.set_index(["indicator", "area_code"]).sort_index()
    added = not_added(drivers, own)
    assert added == []
    assert len(drivers[drivers["dimension"] == "authority"]) > 50


def not_added(drivers: pd.DataFrame, trends: pd.DataFrame) -> list[tuple[str, str]]:
    """Authorities and wholes whose number is no sum of shown counts of their months, and the rests
    that are not what these leave over."""
    wrong = []
    for (indicator, area), rows in drivers.groupby(["indicator", "area_code"]):
        whole = rows[rows["dimension"] == "whole"].iloc[0]
        of_areas = rows[rows["dimension"] == "authority"]
        named = of_areas[~of_areas["part"].isin(["rest", "absent"])]
        for part, counted in [(area, whole["counted"]), *named[["part", "counted"]].to_numpy()]:
            months = trends.loc[(indicator, part)]
            first, last = whole["first_period"], whole["last_period"]
            within = months[months["period_start"].between(first, last)]
            if len(within) != whole["periods"]:
                within = within[within["numerator"].notna()]  # quarters that do not follow closely
                if counted > within["numerator"].sum():
                    wrong.append((indicator, part))
            elif within["numerator"].sum(min_count=len(within)) != counted:
                wrong.append((indicator, part))
        rest = of_areas.loc[of_areas["part"] != "rest", "counted"].sum()
        told = of_areas.loc[of_areas["part"] == "rest", "counted"]
        if len(told) and told.iloc[0] != whole["counted"] - rest:
            wrong.append((indicator, "rest"))
    return wrong


def test_the_attack_finds_a_driver_that_counts_what_is_withheld(
    release: store.Release, trends: pd.DataFrame, true: dict[attacker.Cell, int]
) -> None:
    """As if contributions were made of true counts."""
    with store.opened(release.database) as connection:
        drivers = connection.execute("from drivers where within = 'whole'").df()
    one = drivers[drivers["dimension"] == "whole"].iloc[0]
    measures = trends.drop_duplicates("indicator").set_index("indicator")["above"]
    planted = drivers.assign(counted=drivers["counted"].where(drivers.index != one.name, 0))
    own = trends.set_index(["indicator", "area_code"]).sort_index()
    exact = [
        n for (measure, period, area), n in true.items()
        if (measure, area) == (measures[one["indicator"]], one["area_code"])
        and one["first_period"] <= pd.Timestamp(period.partition("/")[2]) <= one["last_period"]
    ]  # fmt: skip
    planted.loc[one.name, "counted"] = sum(exact) + 1
    assert (one["indicator"], one["area_code"]) in not_added(planted, own)


# ---- Tables to take away.

FIGURES = ("Value", "Usual range")


def tables_to_take_away(release: store.Release) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row of the sheets of indicators, by the code that names its sheet."""
    for path in sorted((release.folder / "report" / "downloads" / "csv").glob("*_*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                yield path.stem.partition("_")[0].upper(), row


def told_otherwise(
    rows: Iterable[tuple[str, Mapping[str, str]]], shown: Mapping[tuple[str, ...], Any]
) -> list[tuple[str, ...]]:
    """Rows with a figure that the published tables do not show, or show otherwise; two indicators
    may have one code."""
    found = []
    for code, row in rows:
        key = (code, row["Area code"], row["Period begins"], row["Part"])
        for name, cell in row.items():
            if not name.startswith(FIGURES) or cell.startswith("["):
                continue
            which = "value" if name.startswith("Value") else "lower" if "lower" in name else "upper"
            if float(cell) not in [one[which] for one in shown.get(key, ())]:
                found.append(key)
    return found


def test_tables_to_take_away_show_what_is_published_and_nothing_beside_a_withheld_count(
    release: store.Release,
) -> None:
    with store.opened(release.database) as connection:
        rows = connection.execute(
            """
            select indicators.code, area_code, cast(period_start as varchar) as period, breakdown,
                value, lower, upper, marker
            from trends inner join indicators using (indicator) where trends.source = 'extracts'
            """
        ).fetchall()
    shown = defaultdict(list)
    for *key, value, lower, upper, marker in rows:
        one = {"value": value, "lower": lower, "upper": upper, "marker": marker}
        shown[tuple(key)].append(one)
    told = [
        (code, row) for code, row in tables_to_take_away(release)
        if row.get("Source") == "Sightline count from council returns"
    ]  # fmt: skip
    assert len(told) > 5_000
    assert told_otherwise(told, shown) == []
    withheld = [
        (code, row) for code, row in told
        if {"c"} == {one["marker"] for one in shown[
            code, row["Area code"], row["Period begins"], row["Part"]
        ]}
    ]  # fmt: skip
    assert len(withheld) > 100
    code, row = withheld[0]
    [value] = [name for name in row if name.startswith("Value")]
    assert len(told_otherwise([(code, row | {value: "1.2"})], shown)) == 1
