"""Every figure from extracts counted a second time, over a simulated nation and over hand-made
bundles, and the sums of authorities to regions and England.

A difference says the definition, the area, the period, both values, and the children concerned by
made-up names with the places of their rows.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from oracle.figures import Cell, Figures
from oracle.measures import World
from oracle.monitor import TODAY, Monitor, shared
from oracle.reading import submissions
from orchestration import pipeline
from simulation.national import simulate
from warehouse import home as homes

AREAS, MONTHS, SEED = 8, 36, 7
MOST_SHOWN, MOST_CHILDREN = 40, 6
COUNTED = "indicator, la_code, period_start, numerator, denominator, value, reason"


@dataclass
class Recounted:
    monitor: Monitor
    figures: Figures
    left_out: list[str] = field(default_factory=list)
    """Figures that differ by no more children than have contested ties in them."""


@pytest.fixture(scope="module", params=["simulated", "hand_made"])
def recounted(request, tmp_path_factory) -> Recounted:
    """A monitor that has run once over what was sent, and the recount of the same files."""
    if request.param == "simulated":
        monitor = simulated(tmp_path_factory.mktemp("simulated"))
    else:
        monitor = shared(tmp_path_factory)
    months = monitor.rows(
        "select distinct period_start from intermediate.int_area_months order by 1"
    )
    world = World(submissions(monitor.folders, TODAY), TODAY)
    return Recounted(monitor, Figures(world, [month for (month,) in months]))


def simulated(folder: Path) -> Monitor:
    monitor = Monitor(homes.create(folder / "monitor", today=TODAY), [], [folder / "inbox"])
    for inbox in (monitor.home.inbox, folder / "inbox"):
        simulate(inbox, months=MONTHS, areas=AREAS, seed=SEED)
    monitor.reports.append(pipeline.run(monitor.home))
    return monitor


def test_nothing_was_refused_or_held(recounted):
    """The recount takes every row for good, so nothing may be kept out of the figures."""
    for report in recounted.monitor.reports:
        assert report.outcome == "released"
        assert not report.found("intake", "refused")
        assert not report.found("intake", "rows refused")
        assert not report.found("vital signs", "held back")


def test_every_figure_of_an_authority_is_the_same(recounted):
    said = list(differences(recounted))
    kinds = Counter(one.split(",")[0] for one in said)
    assert not said, "\n".join([f"{len(said)} differ: {dict(kinds)}", *said[:MOST_SHOWN]])
    print("\n".join(["Left out for contested ties:", *recounted.left_out]))  # noqa: T201
    assert len(recounted.left_out) <= 20, "\n".join(recounted.left_out)


def test_every_figure_of_a_region_and_of_england_is_a_sum(recounted):
    """Of the authorities that have a figure: nine in ten of those due, or it says so."""
    said = list(sums_that_differ(recounted.monitor))
    assert not said, "\n".join([f"{len(said)} differ", *said[:MOST_SHOWN]])


def differences(recounted: Recounted) -> Iterator[str]:
    figures = recounted.figures
    rows = recounted.monitor.rows(
        f"select {COUNTED}, caveat from marts.fct_indicator_values"
        " where source = 'extracts' and area_level = 'local_authority' order by all"
    )
    assert rows
    for indicator, sender, period, above, below, value, reason, caveat in rows:
        place = f"{indicator}, {sender}, {period}"
        cell = figures.cell(indicator, sender, period)
        if reason is None and cell.said.must:
            yield f"{place}: {above} / {below}, and no reason in place of {sorted(cell.said.must)}"
        elif reason is not None and reason not in cell.said.must | cell.said.may:
            yield f"{place}: {reason} in place of {sorted(cell.said.must) or 'a figure'}"
        elif reason is None:
            told = {one for one in (caveat or "").split(", ") if one}
            known = cell.said.may & {"one_month_missing", "without_care_return"}
            if told != known:
                yield f"{place}: caveat {sorted(told)} in place of {sorted(known)}"
            if all(
                map(_alike, (above, below, value), (cell.numerator, cell.denominator, cell.value))
            ):
                continue
            said = (
                f"{place}: {above} / {below} = {value} in place of"
                f" {cell.numerator} / {cell.denominator} = {cell.value}"
                f"{_children(figures, indicator, sender, period)}"
            )
            if _is_contested(figures, (indicator, sender, period), above, below, cell):
                recounted.left_out.append(said)
            else:
                yield said


def _alike(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def _is_contested(
    figures: Figures, place: tuple[str, str, date], above: float, below: float, cell: Cell
) -> bool:
    """Whether no more children are in question than have contested ties."""
    told = figures.indicators[place[0]]
    contested = figures.world.contested
    doubt = [contested[told[part], *place[1:]] for part in ("numerator", "denominator")]
    return (
        cell.denominator is not None
        and abs(above - cell.numerator) <= doubt[0] + doubt[1]
        and abs(below - cell.denominator) <= doubt[1]
    )


def _children(figures: Figures, indicator: str, sender: str, period: date) -> str:
    told = figures.indicators[indicator]
    lines = ""
    for name in (told["numerator"], told["denominator"]):
        held = figures.world.counts.get((name, sender, period), [])
        if held:
            lines += f"\n    {name}: {'; '.join(held[:MOST_CHILDREN])}"
            lines += " ..." if len(held) > MOST_CHILDREN else ""
    return lines


def sums_that_differ(monitor: Monitor) -> Iterator[str]:
    regions = dict(
        monitor.rows(
            "select la_code, max(region_code) from marts.dim_areas"
            " where area_level = 'local_authority' group by la_code"
        )
    )
    scales = {
        name: (scale, 12 if annualise else 1)
        for name, scale, annualise in monitor.rows(
            "select indicator, scale, annualise from control.indicators"
        )
    }
    parts: dict[tuple, list[tuple]] = {}
    wholes: dict[tuple, tuple] = {}
    for indicator, la_code, period, above, below, value, reason, area, level in monitor.rows(
        f"select {COUNTED}, area_code, area_level from marts.fct_indicator_values"
        " where source = 'extracts'"
    ):
        if level == "local_authority":
            for whole in (regions[la_code], "E92000001"):
                parts.setdefault((indicator, whole, period), []).append((above, below, reason))
        else:
            wholes[indicator, area, period] = (above, below, value, reason)
    if parts.keys() != wholes.keys():
        yield f"areas and periods differ: {sorted(map(str, parts.keys() ^ wholes.keys()))[:5]}"
    for key in parts.keys() & wholes.keys():
        held = [one for one in parts[key] if one[2] is None]
        due = sum(one[2] != "not_due" for one in parts[key])
        above, below = (math.fsum(one[i] for one in held) if held else None for i in (0, 1))
        scale, times = scales[key[0]]
        value = above / below * scale * times if held and below else None
        is_partial = bool(held) and len(held) < 0.9 * due
        shown = wholes[key]
        if not all(map(_alike, shown[:3], (above, below, value))) or (
            (shown[3] == "partial_coverage") != is_partial or (shown[3] is None) != (
                bool(held) and not is_partial)
        ):  # fmt: skip
            wanted = (above, below, value, is_partial)
            yield f"{', '.join(map(str, key))}: {shown} in place of {wanted}"
