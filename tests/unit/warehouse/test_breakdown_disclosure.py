"""Parts of a breakdown give no count back, neither theirs nor that of the whole."""

from collections.abc import Mapping

import attacker
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.warehouse.errors import GateFailed
from sightline.warehouse.indicators import Relation
from sightline.warehouse.release import audit, printed, ties
from sightline.warehouse.release.disclosure import control_cells, control_sums
from sightline.warehouse.release.intervals import attained

pytestmark = pytest.mark.slow

SMALLEST = 8
QUARTER = pd.Timestamp("2026-01-01")
MONTHS = [QUARTER + pd.DateOffset(months=month) for month in range(3)]
BESIDE = Relation(measure="beside", kind="beside_parts", of="whole", breakdown="by")
HOLDER = Relation(measure="holder", kind="holds_part", of="whole", breakdown="by:one")

Counts = Mapping[str, int]


def cells(
    months: Mapping[str, list[Counts]], parts: Mapping[str, Counts], *, authorities: bool = True
) -> pd.DataFrame:
    """By measure the counts of areas in three months, and by part those of the quarter; with the
    totals of one region."""
    rows = []
    given_counts = [
        (measure, "month", MONTHS[place], "total", counts)
        for measure, of_months in months.items()
        for place, counts in enumerate(of_months)
    ] + [("whole", "quarter", QUARTER, part, counts) for part, counts in parts.items()]
    for measure, period_type, start, breakdown, counts in given_counts:
        one = {
            "indicator": measure, "measure": measure, "period_type": period_type,
            "period_start": start, "breakdown": breakdown, "sub_region_code": None,
            "region_code": "R1",
        }  # fmt: skip
        if authorities or breakdown == "total":
            rows += [
                one | {"area_code": area, "area_level": "local_authority", "count": float(count)}
                for area, count in counts.items()
            ]
        total = float(sum(counts.values()))
        rows.append(one | {"area_code": "R1", "area_level": "region", "count": total})
    return pd.DataFrame(rows)


def quarters(counts: Counts, breakdown: str = "by:three") -> pd.DataFrame:
    """What is counted each month as `beside`, in the quarter."""
    rows = [*counts.items(), ("R1", sum(counts.values()))]
    return pd.DataFrame(
        [
            {
                "indicator": "beside", "measure": "beside", "part_of": "whole",
                "period_type": "quarter",
                "breakdown": breakdown, "area_code": area,
                "area_level": "region" if area == "R1" else "local_authority",
                "period_start": QUARTER, "period_end": pd.Timestamp("2026-03-31"),
                "count": float(count),
            }
            for area, count in rows
        ]
    )  # fmt: skip


def leaks_of(frame: pd.DataFrame, *relations: Relation) -> set[tuple[str, str]]:
    """Area and breakdown of the withheld small counts that are left fewer than five values."""
    known = printed.of_cells(control_cells(frame, SMALLEST), relations, SMALLEST)
    system = ties.system(known, relations)
    counts = system.cells["count"].to_numpy(dtype=np.int64)
    wanted = system.cells["is_withheld"].to_numpy() & (counts > 0) & (counts < SMALLEST)
    found = system.cells[attained(system, counts, wanted, 5)[1]]
    return set(zip(found["area_code"], found["breakdown"], strict=True))


@pytest.mark.parametrize(
    ("count", "shown", "marker"), [(0, None, "low"), (7, None, "low"), (8, 10, None)]
)
def test_a_part_from_none_to_seven_is_low_and_nobody_can_tell_which(
    count: int, shown: int | None, marker: str | None
) -> None:
    frame = cells({}, {"by:one": {"a": count}})
    [row] = control_cells(frame, SMALLEST).query("area_code == 'a'").to_dict("records")
    assert (row["shown"] if marker is None else None) == shown
    assert row["marker"] == marker


def test_parts_that_reach_their_whole_tell_its_months_and_are_found() -> None:
    # Months of 8 to 12, none and the one that is withheld hold parts of 13 to 17: that is 1 to 7.
    wide = cells(
        {"whole": [{"a": 12, "b": 90}, {"a": 0, "b": 90}, {"a": 4, "b": 90}]},
        {"by:one": {"a": 16, "b": 90}, "by:two": {"a": 0, "b": 90}},
    )
    assert leaks_of(wide) == set()
    # Parts of 18 to 22 need six there at the least.
    narrow = cells(
        {"whole": [{"a": 12, "b": 90}, {"a": 0, "b": 90}, {"a": 7, "b": 90}]},
        {"by:one": {"a": 19, "b": 90}, "by:two": {"a": 0, "b": 90}},
    )
    assert leaks_of(narrow) == {("a", "total")}


def test_what_is_beside_the_parts_counts_with_them() -> None:
    months = {
        "whole": [{"a": 12, "b": 90}, {"a": 0, "b": 90}, {"a": 7, "b": 90}],
        "beside": [{"a": 9, "b": 30}, {"a": 0, "b": 30}, {"a": 0, "b": 30}],
    }
    frame = cells(months, {"by:one": {"a": 9, "b": 90}})
    assert leaks_of(frame) == set()
    assert leaks_of(frame, BESIDE) == {("a", "total")}


def test_a_part_is_within_the_months_of_what_holds_it() -> None:
    months = {
        "whole": [{"a": 50, "b": 90}] * 3,
        "holder": [{"a": 12, "b": 30}, {"a": 0, "b": 30}, {"a": 7, "b": 30}],
    }
    frame = cells(months, {"by:one": {"a": 19, "b": 90}})
    assert leaks_of(frame) == set()
    assert leaks_of(frame, HOLDER) == {("a", "total")}
    # Another that holds it with the first makes room.
    months["other"] = [{"a": 3, "b": 30}, {"a": 0, "b": 30}, {"a": 0, "b": 30}]
    frame = cells(months, {"by:one": {"a": 19, "b": 90}})
    other = HOLDER.model_copy(update={"measure": "other"})
    assert leaks_of(frame, HOLDER, other) == set()


def test_parts_of_a_region_alone_are_no_more_than_the_months_of_its_authorities() -> None:
    months = {"whole": [{"a": 7, "b": 7}, {"a": 0, "b": 0}, {"a": 0, "b": 0}]}
    parts = {"by:one": {"a": 7, "b": 7}}
    # Fourteen is printed as 10 (8 to 14): both may be anything that adds up to no less than 8.
    frame = cells(months, parts, authorities=False)
    assert leaks_of(frame) == set()
    known = printed.of_cells(control_cells(frame, SMALLEST), [], SMALLEST)
    # Were thirteen of them known, each would be six at the least.
    is_part = known["breakdown"] == "by:one"
    known = known.assign(lower=known["lower"].mask(is_part, 13))
    system = ties.system(known, [])
    counts = system.cells["count"].to_numpy(dtype=np.int64)
    wanted = np.asarray((counts > 0) & (counts < SMALLEST))
    assert attained(system, counts, wanted, 5)[1].sum() == 2


def test_a_repair_takes_a_part_and_leaves_the_months() -> None:
    frame = cells(
        {"whole": [{"a": 12, "b": 90}, {"a": 0, "b": 90}, {"a": 7, "b": 90}]},
        {"by:one": {"a": 19, "b": 90}, "by:two": {"a": 0, "b": 90}},
    )
    repairs = audit.audited(frame, [], SMALLEST).repairs
    assert set(repairs.withheld_counts["breakdown"]) == {"by:one"}
    assert len(repairs) == len(repairs.withheld_counts)


@pytest.mark.parametrize(
    ("months", "marker"),
    [
        ([10, 20, 9], None),  # each month is shown
        ([0, 0, 0], "low"),
        ([4, 3, 0], "low"),
        ([20, 20, 4], None),  # 43 to 47 less 36 to 44: 1 to 7
        ([12, 0, 4], None),  # 13 to 17 less 8 to 12: 1 to 7
        ([12, 0, 7], "c"),  # 18 to 22 less 8 to 12: 6 and more
        ([12, 0, 5], None),  # 13 to 17 again
        ([8, 0, 1], "c"),  # 8 to 12 less 8 to 12: 1 to 4
        ([8, 0, 5], None),
    ],
)
def test_a_quarter_is_the_sum_of_its_months_only_where_it_leaves_each_five_values(
    months: list[int], marker: str | None
) -> None:
    frame = cells({"beside": [{"a": count} for count in months]}, {})
    controlled = control_cells(frame, SMALLEST)
    told = control_sums(quarters({"a": sum(months)}), controlled, SMALLEST)
    [row] = told[told["area_code"] == "a"].to_dict("records")
    assert row["marker"] == marker
    if marker is None:
        assert row["shown"] == 5 * round(sum(months) / 5)


def test_a_quarter_takes_part_in_the_audit_of_its_months() -> None:
    frame = cells({"beside": [{"a": 12, "b": 9}, {"a": 0, "b": 9}, {"a": 4, "b": 9}]}, {})
    told = printed.sums_of_cells(
        None, quarters({"a": 16, "b": 27}), control_cells(frame, SMALLEST), SMALLEST
    )
    assert told is not None
    assert {*zip(told["area_code"], told["lower"], told["upper"], strict=True)} == {
        ("a", 13, 17), ("b", 23, 27), ("R1", 35, 44),
    }  # fmt: skip


counted = st.lists(st.integers(0, 14), min_size=3, max_size=3)


@settings(max_examples=25, deadline=None)
@given(counted, counted, st.data())
def test_no_table_gives_a_month_or_a_part_to_fewer_than_five_values(
    a: list[int], b: list[int], data: st.DataObject
) -> None:
    """The attacker tries by linear programmes every table that could be behind what is printed."""
    first = {area: data.draw(st.integers(0, sum(of))) for area, of in (("a", a), ("b", b))}
    second = {
        area: data.draw(st.integers(0, sum(of) - first[area])) for area, of in (("a", a), ("b", b))
    }
    frame = cells(
        {"whole": [{"a": a[month], "b": b[month]} for month in range(3)]},
        {"by:one": first, "by:two": second},
    )
    try:
        repairs = audit.audited(frame, [], SMALLEST).repairs
    except GateFailed:
        return  # nothing is printed
    controlled = repairs.control(frame, SMALLEST)
    large = controlled[controlled["marker"].eq("c") & (controlled["count"] >= SMALLEST)]
    if len(large):
        return  # what a repair withholds may be any count, which this attacker does not know
    named = controlled.assign(measure=controlled["measure"] + "/" + controlled["breakdown"])
    table = attacker.read(named)
    for area in "ab":
        parts = [(f"whole/by:{part}", str(QUARTER), area) for part in ("one", "two")]
        table.is_at_most(parts, [("whole/total", str(month), area) for month in MONTHS])
    left = attacker.widths(table.solved())
    for row in named[named["area_level"] == "local_authority"].itertuples():
        if 0 < row.count < SMALLEST:
            assert left[row.measure, str(row.period_start), row.area_code] >= 5
