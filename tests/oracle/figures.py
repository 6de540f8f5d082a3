"""Every indicator from extracts, by authority and period, recounted from the definitions."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import yaml

from oracle import absence, assessments, exclusions, linkage, missing, placements, referrals
from oracle.coverage import Coverage, Said
from oracle.days import add_months
from oracle.measures import World
from oracle.population import population

FOLDER = Path(__file__).parents[2] / "dbt_project" / "indicators"


@dataclass(frozen=True)
class Cell:
    numerator: float
    denominator: float | None
    value: float | None
    said: Said


class Figures:
    def __init__(self, world: World, months: list[date]) -> None:
        self.world = world
        self.coverage = Coverage(world, months)
        referrals.measure(world)
        assessments.measure(world)
        self.risks = risks = {"exclusion": exclusions.measure(world)}
        self._enrolments: Counter[tuple[str, str, date]]
        self._enrolments, risks["severe_absence"] = absence.measure(world)
        risks["alternative_provision"] = placements.measure(world)
        risks["missing"] = missing.measure(world)
        linkage.measure(world, risks)

    @cached_property
    def indicators(self) -> dict[str, dict]:
        """The definitions of those that are counted from extracts, as their files say them."""
        told = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.yml")]
        return {one["indicator"]: one for one in told if one.get("sources")}

    def measured(self, measure: str, sender: str, period: date) -> float:
        return self._enrolments[measure, sender, period] or len(
            self.world.counts.get((measure, sender, period), ())
        )

    def cell(self, indicator: str, sender: str, period: date) -> Cell:
        told = self.indicators[indicator]
        said = self.coverage.said(told, sender, period)
        above = self.measured(told["numerator"], sender, period)
        below = self._below(told, sender, period)
        if below is None:
            said.must.add(told.get("without_denominator", "no_denominator"))
        elif below == 0:
            said.must.add("no_denominator")
        factor = told.get("scale", 1) * (12 if told.get("annualise") else 1)
        return Cell(above, below, above / below * factor if below else None, said)

    def _below(self, told: dict, sender: str, period: date) -> float | None:
        if told["denominator_is_population"]:
            return population(told["denominator"], sender, period)
        if told["denominator"] == "usual_referrals":
            return self._usual(sender, period)
        count = self.measured(told["denominator"], sender, period)
        if told.get("without_denominator") == "partial_roll":
            pupils = population("pupils", sender, period) or 0
            enrolled = self.measured("enrolments", sender, period)
            return count if enrolled and enrolled >= absence.WHOLE * pupils else None
        return count

    def _usual(self, sender: str, month: date) -> float | None:
        """The mean of the same month in the three years before, where each is covered."""
        years = [add_months(month, -12 * i) for i in (1, 2, 3)]
        if not all(self.coverage.is_covered(sender, "front_door", one) for one in years):
            return None
        return sum(self.measured("referrals", sender, one) for one in years) / 3
