"""The tables that detection writes into the work file: names, columns and types.

dbt knows them as the source `detection`, which `sightline contract sources` writes from here.
"""

import duckdb

SIGNALS = {
    "indicator": "varchar",
    "source": "varchar",
    "area_code": "varchar",
    "period_type": "varchar",
    "period_start": "date",
    "breakdown": "varchar",
    "expected": "double",
    "lower": "double",
    "upper": "double",
    "score": "double",
    "p_one": "double",
    "p_sustained": "double",
    "dispersion": "double",
    "national_effect": "double",
    "completeness": "double",
    "minimum_detectable_change": "double",
    "minimum_detectable_drift": "double",
    "slope_error": "double",
    "status": "varchar",
    "reason": "varchar",
    "kind": "varchar",
    "method": "varchar",
    "version": "varchar",
}
VALUES = {
    "indicator": "varchar",
    "area_code": "varchar",
    "la_code": "varchar",
    "area_level": "varchar",
    "period_type": "varchar",
    "period_start": "date",
    "period_end": "date",
    "breakdown": "varchar",
    "source": "varchar",
    "numerator": "double",
    "denominator": "double",
    "value": "double",
    "marker": "varchar",
    "is_provisional": "boolean",
    "is_revised": "boolean",
    "reason": "varchar",
    "areas_due": "integer",
    "areas_included": "integer",
    "caveat": "varchar",
}
TABLES = {"fct_signals": SIGNALS, "fct_detected_values": VALUES}
# What is read of them beyond detection: its signals, and all values in one view.
SOURCES = {"fct_signals": SIGNALS, "fct_values": VALUES}
# What the models count, what they make of several indicators, and what detection adds.
ALL_VALUES = """
create or replace view marts.fct_values as
from marts.fct_indicator_values
union all by name from marts.fct_joint_values
union all by name from marts.fct_detected_values
"""


def create(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Make one of these tables anew, without rows."""
    columns = ", ".join(f"{name} {kind}" for name, kind in TABLES[table].items())
    connection.execute("create schema if not exists marts")
    connection.execute(f"create or replace table marts.{table} ({columns})")
