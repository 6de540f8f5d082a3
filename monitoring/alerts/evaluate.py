"""Read the signals of a run and what is already known, and decide; nothing is written here."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date
from typing import Any

import duckdb
import sqlalchemy as sa

from monitoring.alerts.lifecycle import Alert, Decisions, Finding, decide
from warehouse.connection import records
from warehouse.ledger.state import State
from warehouse.ledger.state import alert_events as event_table
from warehouse.ledger.state import alerts as alert_table

EVIDENCE = ("value", "expected", "lower", "upper", "score", "p_one", "p_sustained")

FINDINGS = f"""
select
    signals.indicator, indicators.name as indicator_name,
    signals.area_code, coalesce(areas.area_name, signals.area_code) as area_name,
    facts.area_level, signals.breakdown, indicators.bad_direction as direction,
    signals.period_start as period, signals.status, signals.kind, signals.reason,
    facts.value, {", ".join(f"signals.{name}" for name in EVIDENCE[1:])}
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
left join (
    select area_code, arg_max(area_name, valid_from) as area_name
    from marts.dim_areas group by area_code
) as areas
    on signals.area_code = areas.area_code
"""


def evaluate(
    connection: duckdb.DuckDBPyConnection, state: State, as_of: date, release_id: str
) -> Decisions:
    """What opens, goes on or ends with these signals."""
    with state.read() as reader:
        known = known_alerts(reader)
    return decide(findings(connection), known, as_of, release_id)


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


def _finding(row: Mapping[str, Any]) -> Finding:
    evidence = {name: _number(row[name]) for name in EVIDENCE}
    named = {f.name: row[f.name] for f in fields(Finding) if f.name != "evidence"}
    return Finding(**named, evidence=evidence)


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
