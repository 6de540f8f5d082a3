"""Read a release's Parquet files with pandas: python with_pandas.py published/current"""

import json
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

tables = Path(sys.argv[1]) / "parquet"
trends = pd.read_parquet(tables / "trends.parquet")
areas = pd.read_parquet(tables / "areas.parquet")

# `validate` stops where an area stood twice; `how="left"` keeps figures whatever happens.
named = trends.merge(areas[["area_code", "area_name"]], on="area_code", how="left", validate="m:1")
ours = named[(named["source"] == "extracts") & named["value"].notna()]
newest = ours.sort_values("period_start").groupby(["indicator", "area_name"]).tail(1)
print(newest[["indicator", "area_name", "period_start", "value", "status"]].head(5).to_string())

# What a column means stands in the file.
meanings = json.loads(pq.read_schema(tables / "trends.parquet").metadata[b"columns"])
print("value:", meanings["value"])
