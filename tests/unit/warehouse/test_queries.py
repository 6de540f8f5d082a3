"""The question of the release whether our counts add up to the official ones."""

from datetime import date
from pathlib import Path

import duckdb
import pandas as pd

from sightline.warehouse.release.tables import published_tables

QUERY = Path(__file__).parents[3] / "warehouse" / "queries" / "official_against_ours.sql"
LEEDS, YORK, HULL = "E08000035", "E06000014", "E06000010"


def year(area: str, counted: float | None, months: int, verdict: str, official=100.0) -> dict:
    return {
        "indicator": "referral_rate", "area_code": area, "area_level": "local_authority",
        "period_type": "financial_year", "period_start": date(2024, 4, 1),
        "period_end": date(2025, 3, 31), "breakdown": "total", "source": "published_referrals",
        "official": official, "counted": counted, "months_covered": months, "verdict": verdict,
        "difference": None if counted is None or official is None else counted - official,
    }  # fmt: skip


def answer(years: list[dict]) -> list[tuple]:
    tables = {table.name: table for table in published_tables()}
    rows = {
        "reconciliation": pd.DataFrame(years),
        "indicators": pd.DataFrame([{"indicator": "referral_rate", "name": "Referral rate"}]),
        "areas": pd.DataFrame(
            {"area_code": (LEEDS, YORK, HULL), "area_name": ("Leeds", "York", "Hull")}
        ),
    }
    with duckdb.connect() as connection:
        for name in rows:
            columns = ", ".join(f"{n} {held.type}" for n, held in tables[name].columns.items())
            connection.execute(f"create table {name} ({columns})")
            connection.register("written", rows[name])
            connection.execute(f"insert into {name} by name from written")
        found = connection.execute(QUERY.read_text("utf-8"))
        names = [column[0] for column in found.description or ()]
        wanted = [names.index(n) for n in ("area_name", "per_cent_of_official", "months_covered")]
        return [tuple(row[place] for place in wanted) for row in found.fetchall()]


def test_only_years_that_are_covered_whole_are_compared_the_furthest_first() -> None:
    assert answer(
        [
            year(YORK, 104.0, 12, "agrees"),
            year(LEEDS, 60.0, 12, "differs"),
            year(HULL, 25.0, 3, "not_comparable"),
            year(HULL, 50.0, 11, "differs"),
        ]
    ) == [("Leeds", 60.0, 12), ("York", 104.0, 12)]


def test_an_official_symbol_gives_no_share() -> None:
    assert answer([year(YORK, 10.0, 12, "agrees", official=None)]) == [("York", None, 12)]
