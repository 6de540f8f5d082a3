"""The marts that detection reads, in memory, from an array of areas x months."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
REGIONS = 4


@dataclass(frozen=True)
class Marts:
    """One monitored indicator; `counts` may hold NaN where nothing was sent."""

    counts: Array
    direction: str = "down"
    minimum: int = 10
    first: date = date(2020, 9, 1)
    provisional: tuple[tuple[int, int], ...] = ()
    began: dict[int, int] = field(default_factory=dict)
    population: float = 50_000.0
    period_type: str = "month"
    school_days_only: bool = False
    kind: str = "rate"
    apart: tuple[int, ...] = ()  # areas that send no return on looked-after children
    told: dict[int, Array] = field(default_factory=dict)  # by area: each month as first told

    @property
    def months(self) -> pd.DatetimeIndex:
        periods = self.counts.shape[1]
        if self.period_type == "term":
            starts = pd.date_range(self.first, periods=4 * periods + 12, freq="MS")
            return starts[starts.month.isin((1, 4, 9))][:periods]
        return pd.date_range(self.first, periods=periods, freq="MS")

    @property
    def _apart(self) -> set[str]:
        return {f"E06{n:06d}" for n in self.apart}

    @property
    def last(self) -> date:
        newest: date = self.months[-1].date()
        return newest

    def write(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        connection.execute("create schema marts")
        connection.execute("create schema control")
        self._write(connection, "control.indicators", [self._indicator()])
        connection.execute(
            "alter table control.indicators add column numerator varchar default 'referrals'"
        )
        connection.execute(
            "create table control.annotations (annotation_id integer, indicator varchar,"
            " area_code varchar, kind varchar, starts_on date, ends_on date)"
        )
        connection.execute(
            "create table control.indicator_series (indicator varchar, series varchar,"
            " scale double, country_limit double, region_limit double)"
        )
        self._write(connection, "marts.dim_areas", self._areas())
        self._write(connection, "marts.fct_indicator_values", self._values())
        connection.execute(
            "create schema intermediate; create table intermediate.int_reporting_delay (measure"
            " varchar, la_code varchar, period_start date, age integer, reported double,"
            " final double, is_in_force boolean)"
        )
        for row in self._told():
            connection.execute(
                "insert into intermediate.int_reporting_delay values (?, ?, ?, ?, ?, ?, ?)", row
            )
        connection.execute("create view marts.fct_values as from marts.fct_indicator_values")
        return connection

    def _indicator(self) -> dict[str, Any]:
        return {
            "indicator": "referral_rate",
            "name": "Referral rate",
            "bad_direction": self.direction,
            "period_type": self.period_type,
            "is_monitored": True,
            "minimum_numerator": self.minimum,
            "school_days_only": self.school_days_only,
            "kind": self.kind,
            "denominator_is_population": True,
            "family": "identification",
            "scale": 120_000,
            "annualise": False,
        }

    def _areas(self) -> list[dict[str, Any]]:
        codes = [(f"E06{n:06d}", f"E12{n % REGIONS:06d}") for n in range(len(self.counts))]
        return [
            {"area_code": code, "area_name": f"Area {code[-2:]}", "region_code": region}
            | {"la_code": f"{int(code[3:])}", "area_level": "local_authority"}
            | {"valid_from": date(2009, 4, 1), "valid_to": None}
            for code, region in codes
        ]

    def _values(self) -> list[dict[str, Any]]:
        rows = []
        for n, series in enumerate(self.counts):
            for t in range(self.began.get(n, 0), series.size):
                given = series[t]
                sent = bool(np.isfinite(given))
                rows.append(
                    self._row(
                        f"E06{n:06d}", "local_authority", t, given if sent else None, 1, int(sent)
                    )
                    | {"is_provisional": (n, t) in self.provisional}
                )
        for t in range(self.counts.shape[1]):
            rows += [self._total(t, region) for region in range(REGIONS)] + [self._total(t, None)]
        return rows

    def _told(self) -> list[list[Any]]:
        """Each area sends a month again a month later, and never after."""
        rows: list[list[Any]] = []
        for n, series in self.told.items():
            for t in np.flatnonzero(np.isfinite(series)):
                is_newest = (n, t) in self.provisional
                final = None if is_newest else float(self.counts[n, t])
                month = self.months[t].date()
                rows.append(["referrals", f"{n}", month, 0, float(series[t]), final, is_newest])
        return rows

    def _total(self, t: int, region: int | None) -> dict[str, Any]:
        areas = np.arange(len(self.counts))
        chosen = areas if region is None else areas[areas % REGIONS == region]
        given = self.counts[chosen, t]
        included = int(np.isfinite(given).sum())
        code = "E92000001" if region is None else f"E12{region:06d}"
        level = "country" if region is None else "region"
        total = float(np.nansum(given)) if included else None
        return self._row(code, level, t, total, len(chosen), included)

    def _row(
        self, code: str, level: str, t: int, count: float | None, due: int, included: int
    ) -> dict[str, Any]:
        people = self.population * included if included else None
        value = count / people * 10_000 * 12 if count is not None and people else None
        partial = "partial_coverage" if included < 0.9 * due else None
        return {
            "indicator": "referral_rate",
            "area_code": code,
            "la_code": f"{int(code[3:])}" if level == "local_authority" else None,
            "area_level": level,
            "period_type": self.period_type,
            "period_start": self.months[t].date(),
            "breakdown": "total",
            "source": "extracts",
            "numerator": count,
            "denominator": people,
            "value": value,
            "is_provisional": False,
            "reason": "no_return" if not included else partial,
            "caveat": "without_care_return" if code in self._apart else None,
            "areas_due": due,
            "areas_included": included,
        }

    @staticmethod
    def _write(
        connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]
    ) -> None:
        frame = pd.DataFrame(rows)
        connection.register("given", frame)
        casts = ", ".join(
            f"cast({name} as {kind}) as {name}"
            for name, kind in {
                "period_start": "date",
                "reason": "varchar",
                "caveat": "varchar",
                "valid_to": "date",
                "la_code": "varchar",
                "numerator": "double",
                "denominator": "double",
                "value": "double",
                "valid_from": "date",
            }.items()
            if name in frame
        )
        chosen = f"* replace ({casts})" if casts else "*"
        connection.execute(f"create table {table} as select {chosen} from given")
        connection.unregister("given")
