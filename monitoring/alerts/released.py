"""What a release shows of an alert: the only figures that messages and commands may quote."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from sightline.monitoring.alerts.findings import PENDING
from sightline.warehouse.alert_terms import LIVE
from sightline.warehouse.connection import records
from sightline.warehouse.home import Home
from sightline.warehouse.release import evidence, store
from sightline.warehouse.release.evidence import Direction, Evidence, Scale

SHOWN = """
select
    alerts.opened_period, alerts.last_period, alerts.direction, alerts.periods_passed,
    alerts.periods_marked, alerts.summary, trends.marker,
    trends.value as value_now, trends.expected as expected_now,
    indicators.unit, indicators.decimals, indicators.period_type
from alerts
inner join indicators
    on alerts.indicator = indicators.indicator
left join trends
    on alerts.indicator = trends.indicator
    and alerts.area_code = trends.area_code
    and alerts.breakdown = trends.breakdown
    and alerts.last_period = trends.period_start
    and trends.source = 'extracts'
where alerts.alert_id = ?
"""

UNTOLD = """
select count(*) > 0
from trends
inner join alerts using (indicator, area_code, breakdown)
where alerts.alert_id = ? and trends.period_start = ? and trends.source = 'extracts'
    and trends.marker in ('c', 'low') and trends.status is distinct from 'worsening'
"""

# What was expected stands beside a figure on the side of the indicator, and the range beside one
# that lies beyond it: several periods can stand out of which none does alone.
WORSENING = """
select
    areas.area_name as area, alerts.alert_id as alert, trends.value,
    case when side * (trends.value - trends.expected) > 0 then trends.expected end as expected,
    case when side * (trends.value - if(side > 0, trends.upper, trends.lower)) > 0
        then trends.lower end as lower,
    case when side * (trends.value - if(side > 0, trends.upper, trends.lower)) > 0
        then trends.upper end as upper,
    trends.marker
from (select unnest($areas) as area_code) as worsening
inner join areas using (area_code)
inner join (
    select indicator, if(bad_direction = 'up', 1, -1) as side from indicators
) as known on known.indicator = $indicator
left join trends
    on trends.area_code = worsening.area_code
    and trends.indicator = known.indicator
    and trends.period_start = $period
    and trends.breakdown = 'total'
    and trends.source = 'extracts'
left join alerts
    on alerts.area_code = worsening.area_code
    and alerts.indicator = known.indicator
    and alerts.breakdown = 'total'
    and alerts.state in (select unnest($live))
order by area
"""


@dataclass(frozen=True)
class Shown:
    """One alert in one release; `marker` says why the figure of its latest period is not shown."""

    opened_period: date
    last_period: date
    direction: Direction
    periods_passed: int | None
    periods_marked: int | None
    marker: str | None
    evidence: Evidence | None
    value_now: float | None
    """Of the latest period alone, and what is expected of it."""
    expected_now: float | None
    scale: Scale

    def sentences(self) -> list[str]:
        """How long it has lasted and what was judged."""
        kind = self.scale.period_type
        lasted = evidence.lasted(
            self.opened_period, self.periods_passed or 1, self.periods_marked, kind
        )
        if self.evidence is None:
            return [f"{lasted}.", "The figures behind it are not shown."]
        judged = evidence.judged(self.evidence, self.direction, self.scale, self.last_period)
        alone = evidence.newest(self.evidence, self.direction, self.scale)
        return [f"{lasted}.", judged, *([alone] if alone else [])]


def shown(published: duckdb.DuckDBPyConnection, alert_id: str) -> Shown | None:
    """None where the release does not have the alert."""
    rows = list(records(published.execute(SHOWN, [alert_id])))
    if not rows:
        return None
    row = rows[0]
    scale = Scale(row.pop("unit"), row.pop("decimals"), row.pop("period_type"))
    return Shown(**row | {"evidence": evidence.read(row.pop("summary"))}, scale=scale)


def is_told(published: duckdb.DuckDBPyConnection, alert_id: str, period: date) -> bool:
    """Whether the release tells, or has no reason to withhold, how a period was judged."""
    [(is_untold,)] = published.execute(UNTOLD, [alert_id, period]).fetchall()
    return not is_untold


def in_force(home: Home, alert_id: str) -> Shown | None:
    """What the release that readers see shows of an alert; None where it does not have it."""
    release = store.current(home)
    if release is None:
        return None
    with store.opened(release.database) as published:
        return shown(published, alert_id)


def worsening(
    published: duckdb.DuckDBPyConnection, indicator: str, period: date, areas: Sequence[str]
) -> list[dict[str, Any]]:
    """A row for each of these areas: its figure, or why it has none, and its alert."""
    chosen = {
        "areas": list(areas),
        "indicator": indicator,
        "period": period,
        "live": [PENDING, *LIVE],
    }
    return records(published.execute(WORSENING, chosen))
