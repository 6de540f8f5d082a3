"""How large each authority is and at what rates it works, from the latest published counts.

Counts that were withheld are small: they are filled from the middle of the others' rates.
"""

import csv
import statistics
from dataclasses import dataclass
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
SEEDS = HERE.parent / "dbt_project" / "seeds"
PREDECESSORS = {"942": ("909", date(2023, 4, 1)), "943": ("909", date(2023, 4, 1))}
"""Successor, what it was part of, and since when it stands alone."""

Figures = dict[str, float | None]


@dataclass(frozen=True)
class Authority:
    la_code: str
    name: str
    region_code: str
    population: float
    referrals: float
    rereferral_share: float
    no_further_action_share: float
    factors: dict[str, float]
    pupils: float
    suspensions: float
    permanent_exclusions: float
    suspensions_per_pupil: float
    looked_after: float
    missing_incidents: float


FACTORS = {
    "13A": "factor_gangs",
    "24A": "factor_child_criminal_exploitation",
    "11A": "factor_child_sexual_exploitation",
    "12A": "factor_trafficking",
    "10A": "factor_going_missing",
}


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _figures() -> dict[str, Figures]:
    return {
        row["la_code"]: {
            name: float(value) if value else None
            for name, value in row.items()
            if name != "la_code"
        }
        for row in _read(HERE / "calibration.csv")
    }


def _names() -> dict[str, tuple[str, str]]:
    return {
        row["la_code"]: (row["area_name"], row["region_code"])
        for row in _read(SEEDS / "areas.csv")
        if row["area_level"] == "local_authority"
    }


def _populations() -> dict[str, float]:
    latest: dict[str, float] = {}
    for row in sorted(_read(SEEDS / "population.csv"), key=lambda row: row["mid_year"]):
        latest[row["la_code"]] = float(row["population_0_17"])
    return latest


def _middle_rates(figures: dict[str, Figures], populations: dict[str, float]) -> dict[str, float]:
    """The middle rate per child of every count, and the middle of every share."""
    rates: dict[str, list[float]] = {}
    for code, row in figures.items():
        for name, value in row.items():
            if value:
                share = name.endswith("_percent")
                rates.setdefault(name, []).append(value if share else value / populations[code])
    return {name: statistics.median(values) for name, values in rates.items()}


def authorities() -> dict[str, Authority]:
    figures, names, populations = _figures(), _names(), _populations()
    middle = _middle_rates(figures, populations)
    return {
        code: _authority(code, row, names[code], populations[code], middle)
        for code, row in figures.items()
        if code in populations
    }


def _authority(
    code: str, row: Figures, name: tuple[str, str], population: float, middle: dict[str, float]
) -> Authority:
    def figure(column: str) -> float:
        value = row[column]
        return middle[column] * population if value is None else value

    def share(column: str) -> float:
        value = row[column]
        return (middle[column] if value is None else value) / 100

    def factor(column: str) -> float:
        """A withheld or empty count in a large authority is unlikely to be none."""
        value = row[column]
        return value if value else min(middle[column] * population, 5.0)

    suspensions, suspended = figure("suspensions"), figure("pupils_suspended")
    return Authority(
        la_code=code,
        name=name[0],
        region_code=name[1],
        population=population,
        referrals=figure("referrals"),
        rereferral_share=min(share("rereferral_percent"), 0.45),
        no_further_action_share=share("no_further_action_percent"),
        factors={factor_code: factor(column) for factor_code, column in FACTORS.items()},
        pupils=figure("pupils"),
        suspensions=suspensions,
        permanent_exclusions=figure("permanent_exclusions"),
        suspensions_per_pupil=max(1.3, suspensions / max(suspended, 1.0)),
        looked_after=figure("looked_after"),
        missing_incidents=figure("missing_incidents"),
    )
