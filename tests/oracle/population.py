"""Below the line: children by age and pupils on roll, from the seeds."""

import csv
from collections import defaultdict
from datetime import date
from functools import cache
from pathlib import Path

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"


@cache
def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def _by_year(name: str, year: str) -> dict[str, dict[int, dict[str, str]]]:
    found: dict[str, dict[int, dict[str, str]]] = defaultdict(dict)
    for row in seed(name):
        found[row["la_code"]][int(row[year][:4])] = row
    return found


def population(measure: str, sender: str, month: date) -> float | None:
    """The mid-year of the year that the month's financial year begins in, pupils of the January of
    its school year; beyond the first and last year that are known, the nearest."""
    if measure == "pupils":
        years = _by_year("pupils", "academic_year").get(sender, {})
        wanted = month.year - (month.month < 9)
    else:
        years = _by_year("population", "mid_year").get(sender, {})
        wanted = month.year - (month.month < 4)
    if not years:
        return None
    row = years[min(max(wanted, min(years)), max(years))]
    aged_10_17 = float(row.get("population_10_17") or 0)
    [gangs] = [one for one in seed("estimates") if one["estimate"] == "children_in_gangs"]
    return {
        "pupils": float(row.get("pupils") or 0),
        "population_0_17": float(row.get("population_0_17") or 0),
        "population_10_17": aged_10_17,
        "population_13_17": aged_10_17 * 5 / 8,
        "expected_children": aged_10_17 * float(gangs["value"]) / float(gangs["population"]),
    }[measure]
