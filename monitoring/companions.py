"""What the other indicators of an area say in the period of an alert, as released."""

from datetime import date

import duckdb

from sightline.monitoring.message_base import Companions

BESIDE = """
select names.name, trends.status
from trends
inner join indicators as names on trends.indicator = names.indicator
where trends.area_code = ? and trends.period_start = ? and trends.indicator <> ?
    and trends.breakdown = 'total' and trends.source = 'extracts' and names.is_monitored
order by names.name
"""


def beside(
    published: duckdb.DuckDBPyConnection, indicator: str, area_code: str, period: date
) -> Companions:
    """The monitored indicators of our own that this area has for the period, but for one."""
    found: dict[str, list[str]] = {"agree": [], "disagree": [], "not_judged": []}
    for name, status in published.execute(BESIDE, [area_code, period, indicator]).fetchall():
        found[_says(status)].append(name)
    return Companions.model_validate(found)


def _says(status: str | None) -> str:
    if status == "worsening":
        return "agree"
    return "disagree" if status in ("ok", "improving") else "not_judged"
