"""How long the audit of disclosure control takes for a nation, beside the control alone.

    python benchmarks/disclosure.py --seed 1 --kept 3

A simulated nation of counts: 153 authorities in nine regions, London in two parts, 60 months, the
measures and ties of the catalogue with counts from none to hundreds; with `--kept`, so many earlier
releases, in each of which a third of the authorities had not sent the newest three months and five
had sent other counts for all months. Prints what the audit did and seconds of this process's
processor time: the audit's, the control's, and how many times the one is the other.
"""

import argparse
import time

import click
import numpy as np
import pandas as pd

from sightline.warehouse import indicators
from sightline.warehouse.indicators import Indicator, Relation
from sightline.warehouse.release import printed, ties
from sightline.warehouse.release.audit import audited
from sightline.warehouse.release.disclosure import control_cells
from sightline.warehouse.release.ties import Ints

AUTHORITIES, REGIONS, MONTHS, SMALLEST = 153, 9, 60, 8
LONDON = "R7"
LATE, CORRECTED = 3, 5  # months that come late; authorities that replaced what they had sent
MEASURE = ["indicator", "measure"]
PERIOD = ["period_type", "period_start", "breakdown"]


def nation(seed: int, months: int = MONTHS) -> pd.DataFrame:
    """True counts as `disclosure.cells_of` gives them."""
    rng = np.random.default_rng(seed)
    catalogue = [one for one in indicators.load() if one.joint is None and one.numerator]
    size = rng.lognormal(0, 0.8, AUTHORITIES)
    counts = _counts(rng, catalogue, size, months)
    frames = [
        _frame(one.indicator, measure, counts[measure])
        for one in catalogue
        for measure in (one.numerator, None if one.denominator_is_population else one.denominator)
        if measure in counts
    ]
    return with_totals(pd.concat(frames, ignore_index=True))


def with_totals(areas: pd.DataFrame) -> pd.DataFrame:
    """Counts of authorities with the sums of parts of London, regions and England."""
    totals = [areas]
    keys = [*MEASURE, *PERIOD]
    levels = {"sub_region": ["sub_region_code", "region_code"], "region": ["region_code"]}
    for level, by in (levels | {"country": []}).items():
        summed = areas.groupby([*keys, *by], as_index=False)["count"].sum()
        code = summed[by[0]] if by else "E"
        totals.append(summed.assign(area_level=level, area_code=code))
    return pd.concat(totals, ignore_index=True)


def former(
    cells: pd.DataFrame, relations: list[Relation], seed: int, kept: int, months: int = MONTHS
) -> dict[str, ties.Publication]:
    """What earlier releases printed, each audited beside those before it, as
    `audit.former_releases` gives it."""
    rng = np.random.default_rng(seed)
    newest = np.sort(cells["period_start"].unique())[-LATE:]
    areas = cells[cells["area_level"] == "local_authority"]
    codes = areas["area_code"].unique()
    corrected = rng.choice(codes, CORRECTED, replace=False)
    others = nation(seed + 1, months)
    is_other = areas["area_code"].isin(corrected)
    before = pd.concat([areas[~is_other], others[others["area_code"].isin(corrected)]])
    found: dict[str, ties.Publication] = {}
    for number in range(kept):
        late = rng.choice(codes, AUTHORITIES // 3, replace=False)
        is_late = before["area_code"].isin(late) & before["period_start"].isin(newest)
        then = with_totals(before[~is_late])
        repairs = audited(then, relations, SMALLEST, found).repairs
        known = printed.of_cells(repairs.control(then, SMALLEST), relations, SMALLEST)
        found[f"r{number}"] = ties.Publication(known.assign(version=ties.AS_NOW, count=np.nan))
    for name, one in found.items():
        version = one.counts["area_code"].isin(corrected).map({True: "other", False: ties.AS_NOW})
        found[name] = ties.Publication(one.counts.assign(version=version))
    return found


def _counts(
    rng: np.random.Generator, catalogue: list[Indicator], size: Ints, months: int
) -> dict[str, Ints]:
    """By measure, authority and month; parts are drawn from wholes, windows from their events."""
    ties = indicators.relations(catalogue)
    names = {one.numerator for one in catalogue} | {
        one.denominator for one in catalogue if not one.denominator_is_population
    }
    above = {name: [tie for tie in ties if tie.measure == name] for name in names if name}
    found: dict[str, Ints] = {}
    for name in sorted(above, key=lambda name: (len(_chain(name, above)), name)):
        [*wholes] = (tie for tie in above[name] if tie.kind == "part")
        [*events] = (tie for tie in above[name] if tie.kind.startswith("children"))
        if any(tie.kind == "mean" for tie in above[name]):
            continue
        if any(tie.kind == "children_of_children" for tie in events):
            by_month = pd.DataFrame(found[events[0].of].T)
            found[name] = by_month.rolling(12, min_periods=1).max().to_numpy(dtype=int).T
        elif events:
            share = 0.2 if wholes else 0.8
            first = rng.binomial(found[events[0].of], share)
            sums = np.cumsum(first, axis=1)
            sums[:, 12:] = sums[:, 12:] - sums[:, :-12]
            found[name] = np.minimum.reduce([sums, *(found[tie.of] for tie in wholes)])
        elif wholes:
            most = np.minimum.reduce([found[tie.of] for tie in wholes])
            found[name] = rng.binomial(most, rng.uniform(0.2, 0.6))
        else:
            mean = np.exp(rng.uniform(np.log(5), np.log(300)))
            found[name] = rng.poisson(mean * size[:, None] * np.ones(months))
    return found


def _chain(name: str, above: dict[str, list[indicators.Relation]]) -> set[str]:
    found: set[str] = set()
    for tie in above.get(name, []):
        found |= {tie.of} | _chain(tie.of, above)
    return found


def _frame(indicator: str, measure: str, counts: Ints) -> pd.DataFrame:
    authority, month = (part.ravel() for part in np.indices(counts.shape))
    region = np.char.add("R", (authority % REGIONS + 1).astype(str))
    part = np.char.add("S", (authority // REGIONS % 2 + 1).astype(str))
    return pd.DataFrame(
        {
            "indicator": indicator,
            "measure": measure,
            "area_code": np.char.add("A", authority.astype(str)),
            "area_level": "local_authority",
            "region_code": region,
            "sub_region_code": pd.Series(part).where(pd.Series(region) == LONDON),
            "period_type": "month",
            "period_start": pd.date_range("2021-11-01", periods=counts.shape[1], freq="MS")[month],
            "breakdown": "total",
            "count": counts.ravel().astype(float),
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--months", type=int, default=MONTHS)
    parser.add_argument("--kept", type=int, default=0)
    given = parser.parse_args()
    cells = nation(given.seed, given.months)
    relations = indicators.relations(indicators.load())
    kept = former(cells, relations, given.seed, given.kept, given.months)
    began = time.process_time()
    control_cells(cells, SMALLEST)
    control = time.process_time() - began
    began = time.process_time()
    found = audited(cells, relations, SMALLEST, kept)
    audit = time.process_time() - began
    click.echo(f"{len(cells):,} printed counts")
    for name, value in found.counts().items():
        click.echo(f"{name}: {value}")
    click.echo(f"audit {audit:.1f} s, control {control:.1f} s, {audit / control:.0f} times")


if __name__ == "__main__":
    main()
