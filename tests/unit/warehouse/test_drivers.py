"""What drove a movement: contributions add up to it, and name where it was planted."""

from collections.abc import Callable
from datetime import date
from typing import Any

import duckdb
import pandas as pd
import pytest
import rendered
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.slow

ENGLAND, REGION = "E92000001", "R1"
AUTHORITIES = ("a", "b", "c")
MONTHS = [stamp.date() for stamp in pd.date_range("2022-10-01", "2026-09-01", freq="MS")]
SOURCES = {"police": 60, "schools": 40, "health": 30}
REST = 20
START = date(2025, 10, 1)
Counted = Callable[[str, str, date], int]
"""How many a source referred in an authority and month."""


def usual(area: str, source: str, month: date) -> int:
    return {**SOURCES, "rest": REST}[source] * (1 + AUTHORITIES.index(area))


def fewer(of_area: str, of_source: str, since: date = START) -> Counted:
    """A fall by half of one source in one authority."""

    def counted(area: str, source: str, month: date) -> int:
        is_hit = (area, source) == (of_area, of_source) and month >= since
        return usual(area, source, month) // (2 if is_hit else 1)

    return counted


def drivers(
    counted: Counted,
    *,
    opened: date = START,
    last: date = MONTHS[-1],
    area: str = REGION,
    level: str = "region",
    state: str = "open",
    status: Callable[[str, date], str] = lambda area, month: "ok",
    hidden: Callable[[str, date], str | None] = lambda area, month: None,
    hidden_parts: Callable[[str, str, date], bool] = lambda area, part, quarter: False,
    population: Callable[[str, date], int] = lambda area, month: 10_000,
    with_parts: bool = True,
) -> pd.DataFrame:
    """The published drivers of one alert on the rate of referrals, `area` being that of it.

    `hidden` is the marker of an authority's month that is not shown, `hidden_parts` says which
    parts are not; figures are rounded as they would be.
    """
    connection = duckdb.connect()
    connection.execute(
        """
        create schema published; create schema control;
        create table control.indicators as select 'rate' as indicator, 'month' as period_type,
            'referrals' as numerator, 'population' as denominator,
            true as denominator_is_population, cast(null as varchar) as joint;
        create table control.disclosure as
        select * from (values ('local_authority', 5), ('region', 10), ('country', 10))
            as rules(area_level, base);
        create table published.areas as
        select * from (values ('a', 'local_authority', 'R1'), ('b', 'local_authority', 'R1'),
            ('c', 'local_authority', 'R1'), ('R1', 'region', 'R1'), ('E92000001', 'country', null))
            as areas(area_code, area_level, region_code)
        """
    )
    months, quarters = [], []
    for month in MONTHS:
        totals = {"numerator": 0, "denominator": 0}
        for one in AUTHORITIES:
            marker = hidden(one, month)
            count = sum(counted(one, source, month) for source in (*SOURCES, "rest"))
            people = population(one, month)
            months.append(_month(one, "local_authority", month, count, people, marker))
            if marker != "x":
                totals["numerator"] += count
                totals["denominator"] += people
        for code, its_level in ((REGION, "region"), (ENGLAND, "country")):
            months.append(_month(code, its_level, month, *totals.values(), None))
    for month in MONTHS[::3]:
        inside = MONTHS[MONTHS.index(month) : MONTHS.index(month) + 3]
        for source in SOURCES:
            of_areas = {
                one: sum(counted(one, source, each) for each in inside if hidden(one, each) != "x")
                for one in AUTHORITIES
            }
            total = sum(of_areas.values())
            for code, count in {**of_areas, REGION: total, ENGLAND: total}.items():
                its_level = {REGION: "region", ENGLAND: "country"}.get(code, "local_authority")
                whole = sum(code not in AUTHORITIES or hidden(code, each) != "x" for each in inside)
                shown = None if hidden_parts(code, source, month) else _rounded(count, its_level)
                quarters.append(("referrals", code, its_level, month, source, shown, whole))
    trends = pd.DataFrame(months).assign(status=lambda rows: [
        status(code, month)
        for code, month in zip(rows["area_code"], rows["period_start"], strict=True)
    ])  # fmt: skip
    names = ["measure", "area_code", "area_level", "period_start", "part", "counted", "months"]
    parts = pd.DataFrame(quarters, columns=names).assign(dimension="referred_by")
    parts = parts[parts["measure"] == ("referrals" if with_parts else "nothing")]
    alerts = pd.DataFrame(
        [{"indicator": "rate", "area_code": area, "area_level": level, "state": state,
          "breakdown": "total", "opened_period": opened, "last_period": last}]
    )  # fmt: skip
    for name, rows in (("trends", trends), ("breakdowns", parts), ("alerts", alerts)):
        connection.register("rows", rows)
        dates = [column for column in rows if column.endswith(("_start", "_end", "_period"))]
        cast = ", ".join(f"cast({column} as date) as {column}" for column in dates)
        connection.execute(f"create table published.{name} as select * replace ({cast}) from rows")
        connection.unregister("rows")
    connection.execute(
        "alter table published.trends alter numerator type bigint;"
        "alter table published.trends alter denominator type bigint;"
        "alter table published.breakdowns alter counted type bigint"
    )
    found = connection.execute(f"from ({rendered.published('drivers')}) order by all").df()
    assert not found.duplicated(["indicator", "area_code", "within", "dimension", "part"]).any()
    return found


def _rounded(count: int, level: str) -> int:
    base = 5 if level == "local_authority" else 10
    return (count + base // 2) // base * base


def _month(
    area: str, level: str, month: date, count: int, people: int, marker: str | None
) -> dict[str, Any]:
    return {
        "indicator": "rate", "area_code": area, "area_level": level, "source": "extracts",
        "period_type": "month", "breakdown": "total", "period_start": month,
        "period_end": (pd.Timestamp(month) + pd.offsets.MonthEnd(0)).date(),
        "numerator": None if marker else _rounded(count, level),
        "denominator": None if marker == "x" else people, "marker": marker,
    }  # fmt: skip


def of(found: pd.DataFrame, dimension: str, part: str, within: str = "whole") -> dict[Any, Any]:
    [row] = found[
        (found["within"] == within) & (found["dimension"] == dimension) & (found["part"] == part)
    ].to_dict("records")
    return row


def assert_adds_up(found: pd.DataFrame) -> None:
    for (area, within), rows in found.groupby(["area_code", "within"]):
        [whole] = rows.loc[rows["dimension"] == "whole", "contribution"]
        others = rows[rows["dimension"] != "whole"].groupby("dimension")
        assert (others["contribution"].sum() == whole).all(), (area, within)
        assert (rows["counted"] - rows["expected"] == rows["contribution"]).all()


def test_the_source_and_the_authority_in_which_it_was_planted_are_named() -> None:
    found = drivers(fewer("b", "schools"))
    assert_adds_up(found)
    # Forty fewer a month of eighty, for twelve months.
    assert of(found, "whole", "whole")["contribution"] == -480
    assert of(found, "authority", "b")["contribution"] == -480
    assert of(found, "authority", "a")["contribution"] == 0
    assert of(found, "referred_by", "schools")["contribution"] == -480
    assert of(found, "referred_by", "police")["contribution"] == 0
    assert of(found, "authority", "b", "referred_by:schools")["share"] == 100
    assert of(found, "referred_by", "rest")["contribution"] == 0


def test_an_authority_is_taken_apart_by_parts_alone() -> None:
    found = drivers(fewer("c", "police"), area="c", level="local_authority")
    assert_adds_up(found)
    assert set(found["dimension"]) == {"whole", "referred_by"}
    assert set(found["within"]) == {"whole"}
    assert of(found, "referred_by", "police")["share"] == 100


def test_england_is_taken_apart_by_region_as_well() -> None:
    found = drivers(fewer("b", "schools"), area=ENGLAND, level="country")
    assert_adds_up(found)
    assert of(found, "region", REGION)["share"] == 100
    assert of(found, "authority", "b")["share"] == 100


def test_the_same_months_of_the_last_year_before_the_change_are_compared() -> None:
    year = of(drivers(fewer("b", "schools")), "whole", "whole")
    assert (year["first_period"], year["last_period"], year["periods"], year["years_before"]) == (
        pd.Timestamp("2025-10-01"), pd.Timestamp("2026-09-30"), 12, 1,
    )  # fmt: skip
    since = date(2025, 9, 1)
    longer = of(drivers(fewer("b", "schools", since), opened=since), "whole", "whole")
    assert longer["years_before"] == 2
    assert longer["contribution"] == -480


def test_quarters_are_left_out_whose_former_ones_the_change_had_reached() -> None:
    row = of(drivers(fewer("b", "schools"), opened=date(2025, 11, 1)), "whole", "whole")
    assert (row["periods"], row["first_period"]) == (12, pd.Timestamp("2025-10-01"))
    # July to September of 2026 would be compared with those of 2025, of which August is marked.
    row = of(
        drivers(fewer("b", "schools"), opened=date(2025, 8, 1), last=date(2026, 7, 1)),
        "whole", "whole",
    )  # fmt: skip
    assert row["years_before"] == 1
    assert row["last_period"] == pd.Timestamp("2026-06-30")


def test_months_that_fill_no_quarter_are_compared_without_parts() -> None:
    found = drivers(
        fewer("b", "schools", date(2026, 8, 1)), opened=date(2026, 8, 1),
        hidden=lambda area, month: "x" if month == date(2026, 9, 1) else None,
        last=date(2026, 8, 1),
    )  # fmt: skip
    row = of(found, "whole", "whole")
    assert (row["periods"], row["first_period"]) == (1, pd.Timestamp("2026-08-01"))
    assert set(found["dimension"]) == {"whole", "authority"}
    assert of(found, "authority", "b")["contribution"] == -40
    assert set(drivers(fewer("b", "schools"), with_parts=False)["dimension"]) == {
        "whole", "authority",
    }  # fmt: skip


@pytest.mark.parametrize(("lost", "is_told"), [(20, False), (30, True)])
def test_what_rounding_alone_could_make_is_not_taken_apart(lost: int, is_told: bool) -> None:
    """Twenty-four counts rounded to 10 are off by 14 together; twice that is 28."""

    def counted(area: str, source: str, month: date) -> int:
        is_hit = (area, source, month) == ("c", "police", date(2026, 5, 1))
        return usual(area, source, month) - (lost if is_hit else 0)

    assert (len(drivers(counted)) > 0) == is_told


def test_a_series_whose_newest_judgement_is_worsening_needs_no_alert() -> None:
    def status(area: str, month: date) -> str:
        return "worsening" if area == REGION and month >= START else "ok"

    found = drivers(fewer("b", "schools"), state="resolved", status=status)
    assert of(found, "whole", "whole")["contribution"] == -480
    assert set(found["area_code"]) == {REGION}

    def ended(area: str, month: date) -> str:
        return "worsening" if area == REGION and START <= month < MONTHS[-1] else "ok"

    assert drivers(fewer("b", "schools"), state="resolved", status=ended).empty


def test_authorities_without_a_return_in_some_periods_stand_together_and_apart_from_the_rest() -> (
    None
):
    found = drivers(
        fewer("b", "schools"),
        hidden=lambda area, month: "x" if area == "c" and month >= date(2026, 7, 1) else None,
    )
    assert_adds_up(found)
    parts = found[(found["within"] == "whole") & (found["dimension"] == "authority")]
    assert set(parts["part"]) == {"a", "b", "absent", "rest"}
    # c refers more for each child than the region, so the region refers less without it.
    assert of(found, "authority", "absent")["contribution"] < -100
    assert abs(of(found, "authority", "rest")["contribution"]) <= 1
    assert of(found, "authority", "b")["contribution"] == pytest.approx(-480, abs=30)


def test_a_withheld_month_or_part_goes_into_the_rest() -> None:
    found = drivers(
        fewer("b", "schools"),
        hidden=lambda area, month: "c" if (area, month) == ("b", START) else None,
        hidden_parts=lambda area, part, quarter: (area, part) == (REGION, "schools"),
    )
    assert_adds_up(found)
    assert of(found, "authority", "rest")["contribution"] == -480
    assert of(found, "referred_by", "rest")["contribution"] == -480
    assert "schools" not in set(found["part"])


def test_a_growing_population_is_no_rise() -> None:
    def population(area: str, month: date) -> int:
        return 11_000 if month >= START else 10_000

    found = drivers(usual, population=population)
    assert_adds_up(found)
    whole = of(found, "whole", "whole")
    # As many as before among a tenth more children: a tenth fewer than at the former rate.
    assert whole["expected"] == pytest.approx(1.1 * whole["counted"], rel=0.001)
    assert of(found, "referred_by", "police")["share"] == pytest.approx(40, abs=0.5)


@settings(max_examples=15, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(AUTHORITIES), st.sampled_from([*SOURCES, "rest"])),
        st.floats(0.2, 2.5),
        min_size=1,
    ),
    st.sets(st.tuples(st.sampled_from(AUTHORITIES), st.sampled_from(MONTHS[24:]))),
    st.sets(
        st.tuples(
            st.sampled_from((*AUTHORITIES, REGION, ENGLAND)), st.sampled_from([*SOURCES]),
            st.sampled_from(MONTHS[24::3]),
        )
    ),
    st.sampled_from([(REGION, "region"), (ENGLAND, "country"), ("b", "local_authority")]),
)  # fmt: skip
def test_contributions_add_up_whatever_moved_and_whatever_is_withheld(
    factors: dict[tuple[str, str], float],
    withheld: set[tuple[str, date]],
    withheld_parts: set[tuple[str, str, date]],
    place: tuple[str, str],
) -> None:
    def counted(area: str, source: str, month: date) -> int:
        factor = factors.get((area, source), 1.0) if month >= START else 1.0
        return int(usual(area, source, month) * factor)

    found = drivers(
        counted, area=place[0], level=place[1],
        hidden=lambda area, month: "c" if (area, month) in withheld else None,
        hidden_parts=lambda area, part, quarter: (area, part, quarter) in withheld_parts,
    )  # fmt: skip
    assert_adds_up(found)
