"""What is printed leaves withheld small counts five values: tried by an attacker of its own."""

import json
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import attacker
import duckdb
import numpy as np
import pandas as pd
import pytest
import releasing
import sqlalchemy as sa
import work_file
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.warehouse import indicators
from sightline.warehouse.errors import GateFailed, SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.indicators import Relation
from sightline.warehouse.ledger.state import state_of, submissions
from sightline.warehouse.release import audit, intervals, printed, ties
from sightline.warehouse.release import store as releases
from sightline.warehouse.release.disclosure import COUNT, FREE, control_cells
from sightline.warehouse.release.intervals import attained, completed

pytestmark = pytest.mark.slow

SMALLEST = 8
FIRST = pd.Timestamp("2026-01-01")
REGIONS = {"a": "R1", "b": "R1", "c": "R1", "d": "R2", "e": "R2", "f": "R2"}
SIX = dict.fromkeys("abcdef", "R1")
PART = Relation(measure="part", kind="part", of="whole")
WINDOW = Relation(measure="children", kind="children_of_events", of="events")


def nation(
    counts: Mapping[tuple[str, int], Mapping[str, float]], regions: Mapping[str, str] = REGIONS
) -> pd.DataFrame:
    """Cells as disclosure control takes them, by measure and month, with the totals of regions and
    England; each measure has an indicator of its name."""
    rows = []
    for (measure, month), by_area in counts.items():
        one = {
            "indicator": measure, "measure": measure, "period_type": "month",
            "period_start": FIRST + pd.DateOffset(months=month), "breakdown": "total",
            "sub_region_code": None,
        }  # fmt: skip
        totals = dict.fromkeys(regions.values(), 0.0)
        for area, count in by_area.items():
            totals[regions[area]] += count
            rows.append(
                one | {"area_code": area, "area_level": "local_authority",
                       "region_code": regions[area], "count": float(count)}
            )  # fmt: skip
        rows += [
            one | {"area_code": region, "area_level": "region", "region_code": region, "count": n}
            for region, n in totals.items()
        ]
        rows.append(
            one | {"area_code": "E", "area_level": "country", "region_code": None,
                   "count": sum(totals.values())}
        )  # fmt: skip
    return pd.DataFrame(rows)


def leaks_of(
    known: pd.DataFrame, *relations: Relation, kept: tuple[pd.DataFrame, ...] = ()
) -> set[str]:
    """Areas of the withheld small counts that are left fewer than five values."""
    systems = [ties.system(one, relations) for one in (known, *kept)]
    system, counts, _ = completed(ties.together(systems))
    wanted = system.cells["is_withheld"].to_numpy() & (counts > 0) & (counts < SMALLEST)
    return set(system.cells.loc[attained(system, counts, wanted, 5)[1], "area_code"])


def known_of(cells: pd.DataFrame, *relations: Relation) -> pd.DataFrame:
    return printed.of_cells(control_cells(cells, SMALLEST), relations, SMALLEST)


def exactly(known: pd.DataFrame, chosen: "pd.Series[bool]") -> pd.DataFrame:
    """A flaw in the control: these counts are printed as they are."""
    count = known["count"].astype(np.int64)
    return known.assign(
        lower=known["lower"].mask(chosen, count),
        upper=known["upper"].mask(chosen, count),
        is_withheld=known["is_withheld"] & ~chosen,
    )


def sent_before(known: pd.DataFrame, is_other: "pd.Series[bool]") -> pd.DataFrame:
    """As a former release printed it, which knew other submissions of the chosen rows."""
    version = is_other.map({True: "2 1", False: ties.AS_NOW})
    return known.assign(version=version, count=np.nan)


# ---- The intervals are those of the rounding.


@pytest.mark.parametrize("level", ["local_authority", "region"])
@pytest.mark.parametrize("parts", [1, 3])
def test_an_interval_holds_what_rounds_to_the_shown_count_and_nothing_else(
    level: str, parts: int
) -> None:
    mean = Relation(measure="m", kind="mean", of="n", months_before=tuple(range(1, parts + 1)))
    sums = np.arange(0, 400)
    one = nation({("m", 0): {"a": 1}}).query("area_level == @level").head(1)
    cells = one.loc[one.index.repeat(len(sums))].assign(count=sums / parts)
    controlled = control_cells(cells, SMALLEST)
    known = printed.of_cells(controlled, [mean] if parts > 1 else [], SMALLEST)
    as_shown = controlled["marker"].fillna("") + controlled["shown"].fillna(-1).astype(str)
    alike = pd.Series(sums).groupby(as_shown.to_numpy())
    is_whole = sums < 350  # the last interval goes on beyond the counts that are tried
    assert (known["lower"].to_numpy() == alike.transform("min"))[is_whole].all()
    assert (known["upper"].to_numpy() == alike.transform("max"))[is_whole].all()


# ---- The attacker works: turned on the control of before it finds what was to be had.


def test_before_six_ones_of_a_region_came_out_exactly() -> None:
    hidden = attacker.as_before(nation({("m", 0): dict.fromkeys("abcdef", 1)}, SIX))
    found = attacker.read_as_before(hidden).every_table()
    assert set(found.values()) == {(1, 1)}


def test_before_months_came_out_beside_their_windows() -> None:
    months = {("events", month): {"a": n, "b": 40} for month, n in enumerate([30, 3, 30])}
    table = attacker.read_as_before(attacker.as_before(nation(months, {"a": "R1", "b": "R1"})))
    name = ("events", str(FIRST + pd.DateOffset(months=1)), "a")
    total = {cell: 1 for cell in table.cells if cell[2] == "a"}
    assert attacker.widths(table.every_table())[name] > 5
    table.is_from(total, 63, 63)  # the gap to neighbours printed such a sum
    assert table.every_table()[name] == (3, 3)


def test_before_two_releases_gave_the_child_that_came_between_them() -> None:
    then = {"a": 3, "b": 2, "c": 4, "d": 50}
    both = [nation({("m", 0): one}, dict.fromkeys("abcd", "R1")) for one in (then, then | {"a": 4})]
    first, second = (attacker.read_as_before(attacker.as_before(one)) for one in both)
    joint = attacker.Table({("then", *cell): could for cell, could in first.cells.items()})
    joint.cells |= {("now", *cell): could for cell, could in second.cells.items()}
    for release, table in (("then", first), ("now", second)):
        for terms, least, most in table.sums:
            joint.is_from({(release, *cell): n for cell, n in terms.items()}, least, most)
    now, before = {}, {}
    for cell in first.cells:
        if cell[2] != "a":  # whose submissions are the same in both
            joint.is_from({("then", *cell): 1, ("now", *cell): -1}, 0, 0)
        else:
            now, before = {("now", *cell): 1}, {("then", *cell): -1}
    change = ("change",)
    joint.cells[change] = range(-12, 13)
    joint.is_from(now | before | {change: -1}, 0, 0)
    assert joint.solved()[change] == (1, 1)


# ---- Turned on the control of now it finds nothing.

small = st.lists(st.integers(0, 12), min_size=6, max_size=6)


@settings(max_examples=25, deadline=None)
@given(small)
def test_no_table_gives_a_withheld_small_count_to_fewer_than_five_values(counts: list[int]) -> None:
    cells = nation({("m", 0): dict(zip("abcdef", counts, strict=True))})
    assert_nothing_narrow(cells, [])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=3, max_size=3), st.data())
def test_nor_does_a_part_beside_its_whole(wholes: list[int], data: st.DataObject) -> None:
    parts = [data.draw(st.integers(0, whole)) for whole in wholes]
    counted = {
        (measure, 0): dict(zip("abc", counts, strict=True))
        for measure, counts in (("whole", wholes), ("part", parts))
    }
    assert_nothing_narrow(nation(counted), [PART])


def assert_nothing_narrow(cells: pd.DataFrame, relations: list[Relation]) -> None:
    """The attacker tries every table that could be behind what is printed after the audit."""
    try:
        repairs = audit.audited(cells, relations, SMALLEST).repairs
    except GateFailed:
        return  # nothing is printed
    controlled = repairs.control(cells, SMALLEST)
    large = controlled[controlled["marker"].notna() & (controlled["count"] >= SMALLEST)]
    table = attacker.read(controlled, repaired=list(large["area_code"]))
    for relation in relations:
        for measure, month, area in list(table.cells):
            if measure == relation.measure:
                table.is_at_most([(measure, month, area)], [(relation.of, month, area)])
    left = attacker.widths(table.every_table())
    for row in controlled[controlled["area_level"] == "local_authority"].itertuples():
        if 0 < row.count < SMALLEST:
            assert left[row.measure, str(row.period_start), row.area_code] >= 5


def test_neither_windows_nor_solvers_give_a_month_back() -> None:
    rng = np.random.default_rng(5)
    seen = {
        (month, area): list(rng.integers(0, 60, rng.poisson(4)))
        for month in range(18)
        for area in "abcdef"
    }
    events = {
        ("events", month): {area: len(seen[month, area]) for area in "abcdef"}
        for month in range(18)
    }
    children = {
        ("children", month): {
            area: len({child for k in range(12) for child in seen[month - k, area]})
            for area in "abcdef"
        }
        for month in range(11, 18)
    }
    cells = nation(events | children)
    controlled = audit.audited(cells, [WINDOW], SMALLEST).repairs.control(cells, SMALLEST)
    table = attacker.read(controlled)
    months = [str(FIRST + pd.DateOffset(months=month)) for month in range(18)]
    for month in range(11, 18):
        for area in "abcdef":
            window = ("children", months[month], area)
            inside = [("events", months[month - k], area) for k in range(12)]
            table.is_at_most([window], inside)
            if month > 11:
                former = ("children", months[month - 1], area)
                table.is_at_most([window], [former, ("events", months[month], area)])
                table.is_at_most([former], [window, ("events", months[month - 12], area)])
    left = attacker.widths(table.solved())
    for row in controlled[controlled["area_level"] == "local_authority"].itertuples():
        if 0 < row.count < SMALLEST:
            assert left[row.measure, str(row.period_start), row.area_code] >= 5


def test_months_are_solved_apart_unless_a_window_ties_them() -> None:
    events = {("events", month): {"a": 20, "b": 30} for month in range(12)}
    window = {("children", 11): {"a": 150, "b": 250}}
    for cells, relations, parts in ((events, [], 12), (events | window, [WINDOW], 1)):
        known = known_of(nation(cells, {"a": "R1", "b": "R1"}), *relations)
        system = ties.system(known, relations)
        number = intervals._apart(system, 1)
        assert len(set(number)) == parts
        for row in system.matrix.toarray():
            assert len(set(number[row != 0])) == 1


# ---- Planted flaws: the audit finds each.


def test_the_audit_finds_six_ones_beside_their_exact_total() -> None:
    known = known_of(nation({("m", 0): dict.fromkeys("abcdef", 1)}, SIX))
    assert leaks_of(exactly(known, known["area_level"] == "region")) == set("abcdef")


def test_the_audit_finds_one_count_beside_exact_others() -> None:
    known = known_of(nation({("m", 0): {"a": 3, "b": 40, "c": 50}}))
    assert not leaks_of(known)
    assert leaks_of(exactly(known, known["area_code"] != "a")) == {"a"}


def windows(*, children: int) -> pd.DataFrame:
    """A year of four events a month but for three in one, and the children who had them."""
    areas = {"a": 20, "b": 30}
    events = {("events", month): {**areas, "a": 3 if month == 5 else 20} for month in range(12)}
    return nation(events | {("children", 11): {"a": children, "b": 250}})


def test_the_audit_finds_a_month_beside_an_exact_window() -> None:
    known = known_of(windows(children=223), WINDOW)
    assert not leaks_of(known, WINDOW)
    is_else = (known["area_code"] == "a") & (known["count"] > SMALLEST)
    assert leaks_of(exactly(known, is_else), WINDOW) == {"a"}


def test_the_audit_finds_a_child_between_two_releases() -> None:
    then = {"a": 3, "b": 20, "c": 4}
    cells, former = (nation({("m", 0): one}) for one in (then | {"b": 21}, then))
    kept, is_other = known_of(former), former["area_code"] == "b"
    assert not leaks_of(known_of(cells), kept=(sent_before(kept, is_other),))
    flawed = sent_before(exactly(kept, kept["area_code"].isin(["R1", "b"])), is_other)
    now = known_of(cells)
    both = leaks_of(exactly(now, now["area_code"].isin(["R1", "b"])), kept=(flawed,))
    assert both == set()  # a and c hide each other still
    flawed = sent_before(exactly(kept, kept["area_code"].isin(["R1", "b", "c"])), is_other)
    assert leaks_of(now, kept=(flawed,)) == {"a", "c"}


def test_the_audit_finds_what_only_the_first_and_the_last_of_the_kept_releases_give() -> None:
    """The oldest tells that a and b were 23, when c had not sent, the newest that b is 20; those in
    between tell what is told now."""
    now = known_of(nation({("m", 0): {"a": 3, "b": 20, "c": 30}}))
    older = known_of(nation({("m", 0): {"a": 3, "b": 20}}))
    first = exactly(older, older["area_code"] == "R1").assign(version=ties.AS_NOW)
    last = exactly(now, now["area_code"] == "b").assign(version=ties.AS_NOW)
    between = (now.assign(version=ties.AS_NOW),) * 4
    assert leaks_of(now, kept=(last, *between)) == set()
    assert leaks_of(now, kept=(*between, first)) == set()
    assert leaks_of(now, kept=(last, *between, first)) == {"a"}


def test_a_mean_that_changed_between_two_releases_is_taken_out_of_a_total_once() -> None:
    mean = Relation(measure="usual", kind="mean", of="m", months_before=(1, 2))
    months = {("m", 0): {"a": 100, "b": 200}, ("m", 1): {"a": 120, "b": 220}}
    cells = nation(months | {("usual", 2): {"a": 110, "b": 210}})
    is_changed = (cells["measure"] == "usual") & (cells["area_code"] == "b")
    kept = sent_before(known_of(cells, mean), is_changed)
    alone = ties.system(known_of(cells, mean), [mean])
    system = ties.together([alone, ties.system(kept, [mean])])
    sums = system.matrix @ system.cells["count"].to_numpy(dtype=np.int64)
    assert ((sums >= system.lower) & (sums <= system.upper)).all()


def test_a_count_that_changed_between_two_releases_is_not_held_to_the_former() -> None:
    cells, former = (nation({("m", 0): {"a": n, "b": 30, "c": 40}}) for n in (3, 20))
    kept = known_of(former).assign(version=ties.AS_NOW)
    system = ties.together([ties.system(known_of(cells), []), ties.system(kept, [])])
    assert (system.cells["lower"] <= system.cells["count"]).all()


# ---- What senders have sent since.

TWO = {"a": "R1", "b": "R1"}


def ends_of(frame: pd.DataFrame) -> dict[str, range]:
    """What each area is printed as."""
    return {
        row.area_code: attacker.could_be(row.shown, row.marker, row.area_level)
        for row in frame.itertuples()
    }


def widths_of_both(then: pd.DataFrame, now: pd.DataFrame) -> dict[attacker.Cell, int]:
    """What an attacker is left who knows that a's sender sent another count and b's did not; a
    total that is withheld tells nothing."""
    table = attacker.Table()
    for name, frame in (("then", then), ("now", now)):
        ends = ends_of(frame)
        own = {(f"a {name}",): ends["a"], ("b",): ends["b"]}
        table.cells |= own
        total = frame[frame["area_code"] == "R1"]
        if total["marker"].isna().all():
            table.is_from(dict.fromkeys(own, 1), ends["R1"][0], ends["R1"][-1])
    return attacker.widths(table.every_table())


@pytest.mark.parametrize(
    ("other", "left"),
    [(12, 5), (13, 4), (16, 4)],  # of 20 together 12, 11 and 11 are b's at the most
)
def test_a_small_count_of_a_former_release_is_left_five_values_by_the_next(
    other: int, left: int
) -> None:
    """15 and more together were 7 and 8; then a's sender sent another file."""
    then, cells = (nation({("m", 0): {"a": n, "b": 8}}, TWO) for n in (7, other))
    before = control_cells(then, SMALLEST)
    plain = widths_of_both(before, control_cells(cells, SMALLEST))
    assert plain["a then",] == left
    kept = ties.Publication(sent_before(known_of(then), then["area_code"] != "b"))
    found = audit.audited(cells, [], SMALLEST, {"r0": kept})
    hidden = set(found.repairs.withheld_regions["region_code"])
    assert hidden == ({"R1", "E"} if left < 5 else set())
    assert not len(found.repairs.withheld_counts)
    controlled = found.repairs.control(cells, SMALLEST)
    assert widths_of_both(before, controlled)["a then",] >= 5


def test_what_former_releases_give_away_by_themselves_blocks_nothing() -> None:
    """Each total was exact, so 7 is known, whatever comes now."""
    then, cells = (nation({("m", 0): {"a": n, "b": 8}}, TWO) for n in (7, 20))
    is_other = then["area_code"] != "b"
    flawed = sent_before(exactly(known_of(then), then["area_code"].isin(["R1", "b"])), is_other)
    found = audit.audited(cells, [], SMALLEST, {"r0": ties.Publication(flawed)})
    assert len(found.repairs) == 0


def test_a_former_count_that_is_not_known_to_be_any_is_none() -> None:
    """`low` is none to seven: three and less is no small count that was found."""
    then, cells = (nation({("m", 0): {"a": n, "b": 12}}, TWO) for n in (2, 3))
    known = known_of(then)
    known = known.assign(lower=known["lower"].mask(known["area_code"] == "a", 0))
    kept = ties.Publication(sent_before(known, then["area_code"] != "b"))
    assert len(audit.audited(cells, [], SMALLEST, {"r0": kept}).repairs) == 0


@pytest.mark.parametrize(("is_sent_again", "leaking"), [(False, {"a", "b"}), (True, {"a"})])
def test_a_year_of_a_former_release_binds_the_months_that_are_still_the_same(
    is_sent_again: bool, leaking: set[str]
) -> None:
    """10 and 10 are printed of the region now, 30 of both months was before: 4 and more each."""
    known = known_of(nation({("m", month): {"a": 7, "b": 7} for month in (0, 1)}, TWO))
    is_total = known["area_level"] != "local_authority"
    then = sent_before(known, known["area_code"].eq("b") & is_sent_again)
    # of which the totals were withheld
    then = then.assign(
        lower=then["lower"].mask(is_total, 0), upper=then["upper"].mask(is_total, FREE)
    )
    system, counts, contradicted = completed(
        ties.together(
            [
                ties.system(known, []),
                ties.system(then, [], year_of(28).assign(lower=25, upper=34)),
            ]
        )
    )
    wanted = system.cells["is_withheld"].to_numpy(dtype=bool) & system.cells["count"].notna()
    narrow = attained(system, counts, np.asarray(wanted), 5)[1]
    assert set(system.cells.loc[narrow, "area_code"]) == leaking
    assert contradicted == 0


@pytest.mark.parametrize(
    ("measure", "month", "version"),
    [
        ("referrals", 5, "4"),
        ("referrals", 6, ties.AS_NOW),
        ("children", 5, "4"),
        ("children", 16, "4"),  # twelve months that begin with the sixth
        ("children", 17, ties.AS_NOW),
        ("children", 4, ties.AS_NOW),
    ],
)
def test_a_count_is_another_one_where_a_month_that_it_is_made_of_was_sent_again(
    measure: str, month: int, version: str
) -> None:
    starts = FIRST + pd.DateOffset(months=5)
    sent = pd.DataFrame(
        {"submission_id": [4], "sender": ["383"], "period_start": [starts],
         "period_end": [starts + pd.DateOffset(days=27)],
         "received_on": [pd.Timestamp("2026-11-20")]}
    )  # fmt: skip
    known = known_of(nation({(measure, month): {"a": 9}}, {"a": "R1"})).iloc[:1]
    with duckdb.connect() as connection:
        connection.execute("create table areas as select 'a' as area_code, '383' as la_code")
        before, after = (
            printed._versioned(
                connection, known.assign(published_on=pd.Timestamp(day)), sent, known, [WINDOW], []
            )
            for day in ("2026-11-19", "2026-11-20")
        )
    assert [*before["version"]] == [version]
    assert [*after["version"]] == [ties.AS_NOW]


@pytest.mark.parametrize(("count", "version"), [(7, printed.OTHER), (8, ties.AS_NOW)])
def test_a_count_that_cannot_be_the_former_one_is_another_whatever_was_sent(
    count: int, version: str
) -> None:
    known = known_of(nation({("m", 0): {"a": 9}}, {"a": "R1"})).iloc[:1]
    now = known_of(nation({("m", 0): {"a": count}}, {"a": "R1"})).iloc[:1]
    nothing = pd.DataFrame({"submission_id": [], "sender": []})
    days = pd.to_datetime([])
    sent = nothing.assign(period_start=days, period_end=days, received_on=days)
    with duckdb.connect() as connection:
        connection.execute("create table areas as select 'a' as area_code, '383' as la_code")
        former = known.assign(published_on=pd.Timestamp("2026-11-19"))
        found = printed._versioned(connection, former, sent, now, [], [])
    assert [*found["version"]] == [version]


def test_a_count_that_a_repair_names_may_be_small_or_large() -> None:
    """A repair takes a whole calendar year, small counts too: that it is named tells neither."""
    row = {
        "indicator": "m", "measure": "m", "other_measure": None, "area_code": "a",
        "area_level": "local_authority", "region_code": "R1", "sub_region_code": None,
        "period_type": "month", "period_start": FIRST, "breakdown": "total", "shown": None,
        "marker": "c", "is_derived": True,
    }  # fmt: skip
    named = {"measure": "m", "area_code": "a", "period_start": "2026-01-01", "breakdown": "total"}
    for withheld, ends in (([], (1, 7)), ([named], (0, FREE))):
        repairs = printed.NO_REPAIRS | {"withheld_counts": withheld}
        [known] = printed._as_known(pd.DataFrame([row]), [], SMALLEST, repairs).to_dict("records")
        assert (known["lower"], known["upper"]) == ends


# ---- Releases that are kept no more are told of by the next one's own history.

OTHER = "E08000032"  # the second of the two authorities of the region


def counted(home: Home, here: int, there: int) -> None:
    """What both authorities count in the newest month, and their totals."""
    releasing.set_counts(home, here)
    releasing.set_counts(home, there, OTHER)
    for total in ("E12000003", "E92000001"):
        releasing.set_counts(home, here + there, total)


def sent_again(home: Home, day: date) -> None:
    """A new submission of the newest month of the first of them."""
    october = {"period_start": date(2026, 10, 1), "period_end": date(2026, 10, 31)}
    new = october | {"submission_id": 4, "received_on": day, "sha256": "4" * 64}
    with state_of(home) as state, state.begin() as writer:
        writer.execute(sa.insert(submissions), [work_file.submission_rows()[1] | new])
    with duckdb.connect(str(home.work_db)) as connection:
        connection.execute(
            "insert into control.submissions values"
            " (4, '383', 'ssd', date '2026-10-01', date '2026-10-31', true)"
        )


@pytest.fixture(scope="module")
def pruned(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """35 of the region were 32 and 3 in the first release, 34 are 31 and 3 from the second on: of
    both together the three is 3 to 6. The first is kept no more."""
    home = releasing.monitor(tmp_path_factory.mktemp("pruned"))
    counted(home, 32, 3)
    first = releasing.release(home, 1, releasing.FIRST)
    sent_again(home, releasing.SECOND)
    counted(home, 31, 3)
    releasing.release(home, 2, releasing.SECOND)
    releases.remove(home.releases / first)
    releasing.release(home, 3, releasing.THIRD)
    return home


def test_a_pruned_release_is_audited_by_the_history_of_the_next(pruned: Home) -> None:
    third, second = releases.list_releases(pruned)
    said = audit.recorded(third)
    assert said["releases"] == [second.release_id, "2026-11-20.1 (1)"]
    assert (
        said["repairs"]["withheld_regions"] == audit.recorded(second)["repairs"]["withheld_regions"]
    )
    assert len(said["repairs"]["withheld_regions"]) == 2
    with releases.opened(third.database) as connection:
        rows = connection.execute(
            "select marker from trends where area_level <> 'local_authority'"
            f" and period_start = date '{releasing.MONTH}' and source = 'extracts'"
        ).fetchall()
    assert rows == [("c",), ("c",)]


def test_readers_of_the_history_are_left_as_many_values(pruned: Home) -> None:
    [family] = audit.seen(pruned, releases.require_current(pruned))[0]
    assert family.narrow == 0
    assert family.assumes == "everything"


# ---- Repairs.


def test_a_region_with_more_withheld_than_its_total_allows_is_printed_as_low() -> None:
    cells = nation({("m", 0): {"a": 1, "b": 2, "c": 1, "d": 2, "e": 1, "f": 0}}, SIX)
    found = audit.audited(cells, [], SMALLEST)
    [block] = found.repairs.low_blocks.to_dict("records")
    assert (block["measure"], block["region_code"]) == ("m", "R1")
    controlled = found.repairs.control(cells, SMALLEST)
    assert set(controlled.loc[controlled["region_code"] == "R1", "marker"]) == {"low"}
    assert found.counts()["narrowest"] >= 5


def test_a_window_that_gives_its_month_back_is_withheld_for_a_year() -> None:
    events = {("events", month): {"a": 3, "b": 30} for month in range(14)}
    events["events", 13] = {"a": 7, "b": 30}
    children = {
        ("children", month): {"a": n, "b": 250} for month, n in ((11, 25), (12, 27), (13, 33))
    }
    cells = nation(events | children, {"a": "R1", "b": "R1"})
    cells.loc[(cells["measure"] == "children") & (cells["area_code"] == "R1"), "count"] += 3
    repairs = audit.audited(cells, [WINDOW], SMALLEST).repairs
    hidden = repairs.withheld_counts
    assert set(hidden["area_code"]) == {"a"}
    assert list(hidden.columns) == COUNT
    starts = set(hidden["period_start"])
    assert {FIRST + pd.DateOffset(months=12), FIRST + pd.DateOffset(months=13)} <= starts


def year_of(count: int, area: str = "R1", level: str = "region") -> pd.DataFrame:
    """What is printed of a year's first months beside an official count."""
    return pd.DataFrame(
        [
            {"indicator": "m", "measure": "m", "area_code": area, "area_level": level,
             "period_start": FIRST, "period_end": FIRST + pd.DateOffset(months=12),
             "count": float(count)}
        ]
    )  # fmt: skip


def test_a_year_beside_an_official_one_gives_no_month_back() -> None:
    """14 and 14 are printed as 10 and 10, their year as 30: so each is 11 at least, and each of two
    withheld counts of it 4 at least."""
    regions = {"a": "R1", "b": "R1"}
    cells = nation({("m", month): {"a": 7, "b": 7} for month in (0, 1)}, regions)
    assert len(audit.audited(cells, [], SMALLEST).repairs) == 0
    found = audit.audited(cells, [], SMALLEST, None, year_of(28))
    hidden = found.repairs.withheld_regions
    assert set(hidden["region_code"]) == {"R1"}
    assert found.counts()["narrowest"] >= 5
    assert found.counts()["contradicted"] == 0
    controlled = found.repairs.control(cells, SMALLEST)
    assert printed.years_of_cells(year_of(28), controlled, SMALLEST).empty


def test_a_year_that_cannot_be_the_sum_of_its_months_binds_no_reader() -> None:
    known = known_of(nation({("m", 0): {"a": 20, "b": 30}}, {"a": "R1", "b": "R1"}))
    for count, is_possible in ((45, False), (46, True), (54, True), (55, False)):
        years = year_of(count).assign(lower=count, upper=count)
        system = ties.system(known, [], years=years)
        assert (len(ties.possible(system).lower) == len(system.lower)) == is_possible, count


@pytest.mark.parametrize(("count", "known"), [(0, (0, 0)), (8, (8, 14)), (15, (15, 24))])
def test_a_year_may_be_whatever_rounds_to_it(count: int, known: tuple[int, int]) -> None:
    cells = control_cells(nation({("m", 0): {"a": 20, "b": 20}}), SMALLEST)
    [row] = printed.years_of_cells(year_of(count), cells, SMALLEST).to_dict("records")
    assert (row["lower"], row["upper"]) == known


def test_a_small_year_is_not_printed() -> None:
    cells = control_cells(nation({("m", 0): {"a": 20, "b": 20}}), SMALLEST)
    assert printed.years_of_cells(year_of(7), cells, SMALLEST).empty


def test_the_same_counts_are_repaired_in_the_same_way() -> None:
    rng = np.random.default_rng(11)
    counts = {
        ("m", month): dict(zip("abcdef", rng.poisson(0.8, 6), strict=True)) for month in range(40)
    }
    cells = nation(counts, SIX)
    first = audit.audited(cells, [], SMALLEST)
    again = audit.audited(cells.sample(frac=1, random_state=1), [], SMALLEST)
    assert len(first.repairs.low_blocks) > 3
    assert first.repairs.records() == again.repairs.records()


def test_nothing_is_published_where_a_former_release_gives_a_count_away() -> None:
    cells = nation({("m", 0): {"a": 3, "b": 20, "c": 30}})
    known = known_of(cells)
    former = exactly(known, known["area_code"] != "E").assign(version=ties.AS_NOW)
    with pytest.raises(GateFailed, match="could be worked out of m"):
        audit.audited(cells, [], SMALLEST, {"r0": ties.Publication(former)})


def test_a_summary_names_blocks_and_no_count() -> None:
    cells = nation({("m", 0): {"a": 1, "b": 2, "c": 1, "d": 2, "e": 1, "f": 0}}, SIX)
    summary = json.loads(json.dumps(audit.audited(cells, [], SMALLEST).summary()))
    assert summary["repairs"]["low_blocks"] == [
        {"measure": "m", "region_code": "R1", "period_type": "month",
         "period_start": "2026-01-01", "breakdown": "total"}
    ]  # fmt: skip
    assert "cells" not in summary  # five of six that are printed as low: one of them is none
    assert summary["smallest_shown"] == SMALLEST


# ---- Relations stand in the catalogue.


def test_a_proportion_ties_its_part_to_its_whole() -> None:
    found = indicators.relations(indicators.load())
    assert Relation(measure="re_referrals", kind="part", of="referrals") in found
    assert len(found) == len(set(found))


def test_every_relation_is_between_counts_of_the_catalogue() -> None:
    catalogue = indicators.load()
    counted = {name for one in catalogue for name in (one.numerator, one.denominator)}
    for relation in indicators.relations(catalogue):
        assert {relation.measure, relation.of} <= counted, relation


# ---- A release, as its readers have it.


@pytest.fixture
def copied(draft: releases.Draft, tmp_path: Path) -> tuple[Home, releases.Release]:
    home = Home(tmp_path / "monitor")
    folder = home.releases / draft.release_id
    shutil.copytree(draft.folder, folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700)
    return home, releases.read(folder)


def change(release: releases.Release, statement: str) -> None:
    with duckdb.connect(str(release.database)) as connection:
        connection.execute(statement)


def test_a_release_stands_the_audit_of_its_readers(copied: tuple[Home, releases.Release]) -> None:
    found, underived = audit.seen(*copied)
    assert sum(family.cells for family in found) > 0
    assert {family.assumes for family in found} == {"everything"}
    assert not any(family.narrow for family in found)
    assert underived == 0


@pytest.mark.parametrize(
    "flaw",
    [
        "value = value * 1.002 where numerator is not null",  # the true count in the digits
        "value = 1.23456 where marker = 'c'",  # a figure made of a withheld part
    ],
)
def test_readers_find_a_value_that_the_shown_counts_do_not_give(
    copied: tuple[Home, releases.Release], flaw: str
) -> None:
    change(copied[1], f"update trends set {flaw} and source = 'extracts'")
    assert audit.seen(*copied)[1] > 0


def test_a_release_from_before_the_audit_is_not_judged(
    copied: tuple[Home, releases.Release],
) -> None:
    home, release = copied
    path = release.folder / releases.MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | {"audit": {}}), encoding="utf-8")
    with pytest.raises(SightlineError, match="before there was an audit"):
        audit.seen(home, release)
