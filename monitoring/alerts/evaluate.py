"""Read the signals of a run and what is already known, and decide; nothing is written here."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any

import duckdb
import sqlalchemy as sa

from sightline.monitoring.alerts import storm_records as storms
from sightline.monitoring.alerts.findings import Alert, Decisions, Finding, Given
from sightline.monitoring.alerts.lifecycle import decide
from sightline.monitoring.successions import successors
from sightline.warehouse import indicators
from sightline.warehouse.connection import records
from sightline.warehouse.ledger.state import State
from sightline.warehouse.ledger.state import alert_events as event_table
from sightline.warehouse.ledger.state import alerts as alert_table

EVIDENCE = (
    "value", "expected", "lower", "upper", "score", "p_one", "p_sustained", "count",
    "expected_count",
)  # fmt: skip

FINDINGS = """
select
    signals.indicator, indicators.name as indicator_name, indicators.family,
    signals.area_code, coalesce(areas.area_name, signals.area_code) as area_name,
    facts.area_level, areas.region_code, signals.breakdown,
    indicators.bad_direction as direction, signals.period_start as period, signals.status,
    signals.kind, signals.reason,
    facts.value, signals.expected, signals.lower, signals.upper, signals.score, signals.p_one,
    signals.p_sustained,
    case when facts.numerator between 1 and 9 then 5 else rounding.numerator end as count,
    signals.expected * rounding.denominator
        / (indicators.scale * case when indicators.annualise then 12 else 1 end) as expected_count
from marts.fct_signals as signals
inner join control.indicators as indicators
    on signals.indicator = indicators.indicator
inner join marts.fct_values as facts
    on signals.indicator = facts.indicator
    and signals.area_code = facts.area_code
    and signals.period_type = facts.period_type
    and signals.period_start = facts.period_start
    and signals.breakdown = facts.breakdown
    and facts.source = signals.source
    and facts.source = 'extracts'
-- What follows from the size of a count is no more exact than the count that is published.
cross join lateral (
    select case facts.area_level when 'local_authority' then 5 else 10 end as base
) as step
cross join lateral (
    select
        floor((facts.numerator + floor(base / 2.0)) / base) * base as numerator,
        case
            when indicators.denominator_is_population then facts.denominator
            else floor((facts.denominator + floor(base / 2.0)) / base) * base
        end as denominator
) as rounding
left join (
    select area_code, arg_max(area_name, valid_from) as area_name,
        max(region_code) as region_code
    from marts.dim_areas group by area_code
) as areas
    on signals.area_code = areas.area_code
"""

# Authorities under each of their codes, that are no more on a day.
ENDED = """
select areas.area_code, areas.la_code
from marts.dim_areas as areas
inner join (
    select la_code, max(coalesce(valid_to, date '9999-12-31')) as until
    from marts.dim_areas where area_level = 'local_authority' group by la_code
) as known using (la_code)
where area_level = 'local_authority' and known.until < ?
"""
NAMES = """
select la_code, arg_max(area_name, valid_from) from marts.dim_areas
where area_level = 'local_authority' group by la_code
"""


@dataclass(frozen=True)
class Judged:
    """Everything that alerts are decided from but the alerts themselves, which people change."""

    findings: tuple[Finding, ...]
    given: Given
    as_of: date
    release_id: str

    def decide(self, connection: sa.Connection) -> Decisions:
        """What opens, goes on or ends, with the alerts as they are in this transaction."""
        given = replace(self.given, **storms.decided(connection))
        known = known_alerts(connection)
        return decide(self.findings, known, self.as_of, self.release_id, given)


def judged(connection: duckdb.DuckDBPyConnection, as_of: date, release_id: str) -> Judged:
    """What the signals say of every figure of our own, and which areas and indicators there are."""
    monitored = frozenset(one.indicator for one in indicators.load() if one.is_monitored)
    given = Given(monitored, _successors(connection, as_of))
    return Judged(tuple(findings(connection)), given, as_of, release_id)


def findings(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """What the signals say of every figure of our own."""
    return [_finding(row) for row in records(connection.execute(FINDINGS))]


def known_alerts(connection: sa.Connection) -> list[Alert]:
    rows = connection.execute(sa.select(alert_table).order_by(alert_table.c.alert_id)).mappings()
    return [Alert(**row) for row in rows]


def alert_rows(state: State, decisions: Decisions) -> list[dict[str, Any]]:
    """Every alert as it will be once the decisions are recorded."""
    with state.read() as connection:
        known = {alert.alert_id: alert for alert in known_alerts(connection)}
    merged = known | {alert.alert_id: alert for alert in decisions.alerts}
    rows = [asdict(merged[key]) for key in sorted(merged)]
    return [{**row, "summary": json.dumps(row["summary"], sort_keys=True)} for row in rows]


def event_rows(state: State, decisions: Decisions) -> list[dict[str, Any]]:
    """Every event as it will be once the decisions are recorded."""
    with state.read() as connection:
        known = connection.execute(sa.select(event_table).order_by(event_table.c.event_id))
        rows = [dict(row) for row in known.mappings()]
    first = rows[-1]["event_id"] + 1 if rows else 1
    rows += [{"event_id": first + n, **asdict(e)} for n, e in enumerate(decisions.events)]
    return [{**row, "evidence": json.dumps(row["evidence"], sort_keys=True)} for row in rows]


def _successors(connection: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, tuple[str, ...]]:
    """By code of an authority that is no more, the names of those that took over from it."""
    names: dict[str, str] = dict(connection.execute(NAMES).fetchall())
    ended = connection.execute(ENDED, [as_of]).fetchall()
    return {
        code: tuple(sorted(names.get(number, number) for number in successors(la_code)))
        for code, la_code in ended
    }


def _finding(row: Mapping[str, Any]) -> Finding:
    evidence = {name: _number(row[name]) for name in EVIDENCE}
    named = {f.name: row[f.name] for f in fields(Finding) if f.name != "evidence"}
    return Finding(**named, evidence=evidence)


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
