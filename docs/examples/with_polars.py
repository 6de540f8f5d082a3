"""Read a release's Parquet files with polars: python with_polars.py published/current"""

import sys
from pathlib import Path

import polars as pl

tables = Path(sys.argv[1]) / "parquet"
newest = (
    pl.scan_parquet(tables / "trends.parquet")
    .filter((pl.col("source") == "extracts") & pl.col("value").is_not_null())
    .join(pl.scan_parquet(tables / "areas.parquet"), on="area_code", how="left", validate="m:1")
    .sort("period_start")
    .group_by("indicator", "area_name")
    .last()
    .select("indicator", "area_name", "period_start", "value", "status")
    .sort("indicator", "area_name")
    .head(5)
    .collect()
)
for row in newest.rows():
    print(*row, sep="\t")
