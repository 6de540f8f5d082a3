"""No published count of our own is from 1 to 5, and none can be worked out from the others."""

import re
from datetime import date

import duckdb
import pandas as pd
import pytest
import rendered
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.release import disclosure

MACROS = rendered.PROJECT / "macros" / "published.sql"
MONTH = date(2026, 10, 1)
REGION_OF = {"a": "R1", "b": "R1", "c": "R1", "d": "R2", "e": "R2"}


def cells(counts: dict[str, float], **more: object) -> pd.DataFrame:
    """One measure in one month for authorities a to e, their regions and England."""
    held = dict.fromkeys(REGION_OF.values(), 0.0)
    for area, count in counts.items():
        held[REGION_OF[area]] += count
    rows = [(area, "local_authority", REGION_OF[area], count) for area, count in counts.items()]
    rows += [(region, "region", region, count) for region, count in held.items()]
    rows += [("E", "country", None, sum(counts.values()))]
    frame = pd.DataFrame(rows, columns=["area_code", "area_level", "region_code", "count"])
    plain = {
        "measure": "referrals", "sub_region_code": None, "period_type": "month",
        "period_start": pd.Timestamp(MONTH), "breakdown": "total", "is_complement_small": False,
    }  # fmt: skip
    return frame.assign(**plain | more)


def hidden(frame: pd.DataFrame) -> set[str]:
    return set(frame.loc[disclosure.withheld(frame), "area_code"])


@pytest.mark.parametrize(
    ("count", "is_withheld"), [(0, False), (1, True), (5, True), (6, False), (0.5, True)]
)
def test_a_count_is_withheld_from_1_to_5(count: float, is_withheld: bool) -> None:
    assert ("a" in hidden(cells({"a": count, "b": 40, "c": 50, "d": 60, "e": 70}))) is is_withheld


def test_a_lone_withheld_authority_takes_the_smallest_other_of_its_region_with_it() -> None:
    assert hidden(cells({"a": 3, "b": 40, "c": 50, "d": 60, "e": 70})) == {"a", "b"}


@pytest.mark.parametrize(("one", "other"), [(1, 1), (2, 3)])
def test_two_withheld_authorities_that_add_up_to_5_need_a_third(one: int, other: int) -> None:
    assert hidden(cells({"a": one, "b": other, "c": 50, "d": 60, "e": 70})) == {"a", "b", "c"}


def test_two_withheld_authorities_that_add_up_to_more_protect_each_other() -> None:
    assert hidden(cells({"a": 3, "b": 4, "c": 50, "d": 60, "e": 70})) == {"a", "b"}


def test_an_authority_with_none_protects_nobody() -> None:
    assert "c" not in hidden(cells({"a": 1, "b": 40, "c": 0, "d": 60, "e": 70}))


def test_a_withheld_region_takes_another_region_and_one_of_its_authorities_with_it() -> None:
    assert hidden(cells({"a": 3, "b": 0, "c": 0, "d": 60, "e": 70})) == {"a", "R1", "R2", "d"}


def test_a_withheld_authority_of_london_is_protected_within_its_part_of_london() -> None:
    counts = {"a": 3.0, "b": 50.0, "c": 40.0, "d": 60.0, "e": 70.0}
    frame = cells(counts).assign(sub_region_code=None)
    part = frame["area_code"].map({"a": "S1", "b": "S1", "c": "S2"})
    frame["sub_region_code"] = part.where(part.notna(), None)
    parts = [
        frame[frame["area_code"] == "R1"].assign(
            area_code=code, area_level="sub_region", count=count
        )
        for code, count in (("S1", 53.0), ("S2", 40.0))
    ]
    assert hidden(pd.concat([frame, *parts], ignore_index=True)) == {"a", "b"}


def test_a_country_of_few_is_withheld_altogether() -> None:
    assert hidden(cells({"a": 2, "b": 0, "c": 0, "d": 0, "e": 0})) == {"a", "R1", "E"}


def test_a_proportion_with_few_on_the_other_side_is_withheld() -> None:
    frame = cells({"a": 30, "b": 40, "c": 50, "d": 60, "e": 70})
    frame.loc[frame["area_code"] == "c", "is_complement_small"] = True
    assert hidden(frame) == {"c", "a"}


@pytest.mark.parametrize("years", [1, 2, 3])
def test_a_mean_of_earlier_months_is_withheld_with_one_of_them(years: int) -> None:
    counts = cells({"a": 3, "b": 4, "c": 50, "d": 60, "e": 70})
    later = pd.Timestamp(MONTH) + pd.DateOffset(years=years)
    means = cells({"a": 30, "b": 40, "c": 50, "d": 60, "e": 70}, measure="usual_referrals")
    frame = pd.concat([counts, means.assign(period_start=later)], ignore_index=True)
    found = frame.loc[disclosure.withheld(frame)]
    assert set(found.loc[found["measure"] == "usual_referrals", "area_code"]) >= {"a", "b"}


counts_of_five = st.lists(st.integers(0, 30), min_size=5, max_size=5)


@settings(max_examples=120, deadline=None)
@given(counts_of_five)
def test_no_small_count_can_be_worked_out(counts: list[int]) -> None:
    """An attacker who knows every shown cell, the sums and the rule still has a choice."""
    frame = cells(dict(zip("abcde", counts, strict=True)))
    is_hidden = dict(zip(frame["area_code"], disclosure.withheld(frame), strict=True))
    small = [area for area, count in zip("abcde", counts, strict=True) if 0 < count < 6]
    assert all(is_hidden[area] for area in small)
    for area in small:
        assert len(possible(area, counts, is_hidden)) > 1


def possible(area: str, counts: list[int], is_hidden: dict[str, bool]) -> set[int]:
    """Every value that a withheld cell could have, given what is shown."""
    true = dict(zip("abcde", counts, strict=True))
    region = REGION_OF[area]
    others = [one for one in REGION_OF if is_hidden[one] and one != area]
    at_home = [one for one in others if REGION_OF[one] == region]
    if not is_hidden[region]:
        rest = true[area] + sum(true[one] for one in at_home)
        return {guess for guess in range(1, 31) if rest - guess >= len(at_home)} if at_home else {1}
    if not is_hidden["E"]:
        rest = true[area] + sum(true[one] for one in others)
        return {guess for guess in range(1, 31) if rest - guess >= len(others)} if others else {1}
    return {1, 2}


SIGNAL = (
    "expected, lower, upper, score, p_one, p_sustained, dispersion, national_effect, completeness,"
    " minimum_detectable_change, kind, method, version"
)
KEY = "indicator, source, area_code, period_type, period_start, breakdown"


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    """Figures and the judgement on each, beside what disclosure control and `trends` ask for."""
    connection = duckdb.connect()
    connection.execute(
        f"""
        create schema control;
        create schema marts;
        create table control.indicators as
        select *, true as is_monitored from (values
            ('rate', 'referrals', 'population_0_17', true, 'rate'),
            ('share', 'from_schools', 'referrals', false, 'proportion')
        ) as given(indicator, numerator, denominator, denominator_is_population, kind);
        create table judged (
            indicator varchar, area_code varchar, area_level varchar, region_code varchar,
            sub_region_code varchar, period_type varchar, period_start date, breakdown varchar,
            source varchar, numerator double, denominator double, value double, marker varchar,
            expected double, lower double, upper double, score double, p_one double,
            p_sustained double, dispersion double, national_effect double, completeness double,
            minimum_detectable_change double, kind varchar, method varchar, version varchar,
            status varchar, reason varchar
        );
        create view marts.fct_values as
        select
            {KEY}, area_level, numerator, denominator, value, marker, reason,
            null::varchar as la_code, period_start as period_end, false as is_provisional,
            false as is_revised, null::varchar as caveat, 1 as areas_due, 1 as areas_included
        from judged;
        create view marts.fct_signals as
        select {KEY}, {SIGNAL}, status, null::varchar as reason from judged;
        create view marts.dim_areas as
        select distinct area_code, region_code, sub_region_code from judged
        """
    )
    return connection


def add(connection, indicator, area, numerator, denominator, **more) -> None:
    row = {
        "indicator": indicator, "area_code": area, "area_level": "local_authority",
        "region_code": "R1", "sub_region_code": None, "period_type": "month",
        "period_start": MONTH, "breakdown": "total", "source": "extracts",
        "numerator": numerator, "denominator": denominator,
        "value": numerator / denominator * 100, "marker": None, "expected": 50.0,
        "lower": 40.0, "upper": 60.0, "score": 1.0, "p_one": 0.2, "p_sustained": 0.3,
        "dispersion": 1.2, "national_effect": 0.9, "completeness": 0.8,
        "minimum_detectable_change": 9.0, "kind": None, "method": "panel", "version": "2",
        "status": "ok", "reason": None, **more,
    }  # fmt: skip
    places = ", ".join("?" * len(row))
    connection.execute(f"insert into judged values ({places})", [*row.values()])


def controlled(connection, columns: str, indicator: str, area: str):
    disclosure.control(connection)
    return connection.execute(
        f"select {columns} from ({rendered.published('trends')})"
        " where indicator = ? and area_code = ?",
        [indicator, area],
    ).fetchone()


GIVES_BACK = (
    "numerator, value, expected, lower, upper, score, p_one, p_sustained, dispersion,"
    " national_effect, completeness, minimum_detectable_change, kind"
)


def test_everything_that_would_give_a_count_back_goes_with_it(connection) -> None:
    add(connection, "rate", "a", 3, 1000)
    assert controlled(connection, GIVES_BACK, "rate", "a") == (None,) * 13
    assert controlled(connection, "method, version", "rate", "a") == ("panel", "2")


def test_what_is_shown_keeps_all_that_was_judged_of_it(connection) -> None:
    add(connection, "rate", "a", 30, 1000)
    assert None not in controlled(connection, GIVES_BACK.removesuffix(", kind"), "rate", "a")


def test_the_population_and_the_marker_stay(connection) -> None:
    add(connection, "rate", "a", 3, 1000)
    assert controlled(connection, "denominator, marker", "rate", "a") == (1000, "c")


def test_a_small_count_is_withheld_wherever_it_serves_as_a_denominator(connection) -> None:
    add(connection, "rate", "a", 4, 1000)
    add(connection, "share", "a", 0, 4)
    assert controlled(connection, "numerator, denominator, marker", "share", "a") == (
        None, None, "c",
    )  # fmt: skip


def test_few_referrals_from_elsewhere_withhold_the_number_from_schools(connection) -> None:
    add(connection, "share", "a", 97, 100)
    assert controlled(connection, "value, marker", "share", "a") == (None, "c")


def test_official_figures_stay_as_they_stand(connection) -> None:
    add(connection, "rate", "a", 3, 1000, source="published_referrals")
    assert controlled(connection, "numerator, marker", "rate", "a") == (3, None)


def test_a_judgement_that_narrows_a_withheld_count_goes_too(connection) -> None:
    add(connection, "rate", "a", 3, 1000, lower=0.2, upper=0.4)
    assert controlled(connection, "status, reason", "rate", "a") == ("not_assessable", "withheld")


@pytest.mark.parametrize(
    ("lower", "upper", "status"),
    [(0.08, 0.52, "ok"), (0.12, 0.52, "not_assessable"), (0.08, 0.48, "not_assessable")],
)
def test_ok_is_told_of_a_withheld_count_where_it_would_be_of_each_from_1_to_5(
    connection, lower: float, upper: float, status: str
) -> None:
    add(connection, "rate", "a", 3, 1000, lower=lower, upper=upper)
    assert controlled(connection, "status", "rate", "a") == (status,)


@pytest.mark.parametrize(
    ("reason", "told"), [("too_few", "withheld"), ("reorganised", "reorganised")]
)
def test_why_a_withheld_count_was_not_judged_is_told_where_it_says_nothing_of_its_size(
    connection, reason: str, told: str
) -> None:
    add(connection, "rate", "a", 3, 1000, status="not_assessable", reason=reason)
    assert controlled(connection, "status, reason", "rate", "a") == ("not_assessable", told)


def test_a_judgement_that_any_small_count_would_share_stays(connection) -> None:
    add(connection, "rate", "a", 3, 1000, lower=2.0, upper=4.0, status="worsening")
    assert controlled(connection, "status", "rate", "a") == ("worsening",)


def test_models_and_disclosure_control_mean_the_same_small_counts() -> None:
    of_models = re.search(r"macro smallest_shown\(\) -%}\s*(\d+)", MACROS.read_text("utf-8"))
    assert of_models is not None
    assert int(of_models[1]) == disclosure.SMALLEST_SHOWN
