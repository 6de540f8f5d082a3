"""The joins that analysts make over a release, of which none may lose or repeat a row."""

import duckdb

from sightline.warehouse.release.tables import published_tables

OF_A_DAY = "between figures_from and figures_to"
BY_NAME_AND_DATE = {
    "alerts by name": ("alerts", "areas", "held.area_name = areas.area_name"),
    "senders": (
        "submissions where sender similar to '\\d{3}'",
        "areas",
        "held.sender = areas.la_code",
    ),
    **{
        f"{table} by date": (
            f"{table} where {column} is not null",
            "area_codes",
            f"{code} and held.{column} {OF_A_DAY}",
        )
        for table, column, code in (
            ("trends", "period_end", "held.area_code = area_codes.current_area_code"),
            ("series_vintages", "period_end", "held.area_code = area_codes.current_area_code"),
            ("alerts", "opened_period", "held.area_code = area_codes.current_area_code"),
            ("coverage", "period_end", "held.la_code = area_codes.la_code"),
        )
    },
}


def failing(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """Joins that do not give as many rows as there are, with rows before and after."""
    joins = dict(BY_NAME_AND_DATE)
    for table in published_tables():
        for column in {"area_code", "la_code"} & set(table.columns) - {"areas"}:
            rows = f"{table.name} where {column} is not null"
            joins[f"{table.name} by {column}"] = rows, "areas", f"held.{column} = areas.{column}"
        for column, other, field in table.references:
            rows = f"{table.name} where {column} is not null"
            joins[f"{table.name}.{column}"] = rows, other, f"held.{column} = {other}.{field}"
    del joins["area_codes by area_code"]  # which holds codes that are no longer in use
    return {name: found for name, join in joins.items() if (found := _counts(connection, *join))}


def _counts(
    connection: duckdb.DuckDBPyConnection, rows: str, other: str, condition: str
) -> tuple[int, int] | None:
    [(before, after, distinct)] = connection.execute(
        f"""
        with held as (select *, row_number() over () as number from {rows})
        select
            (select count(*) from held),
            count(*),
            count(distinct held.number)
        from held inner join {other} on {condition}
        """
    ).fetchall()
    return None if before == after == distinct else (before, after)
