"""Read a release with DuckDB: python with_duckdb.py published/current"""

import sys
from pathlib import Path

import duckdb

release = Path(sys.argv[1])
with duckdb.connect(str(release / "sightline.duckdb"), read_only=True) as connection:
    for name, comment in connection.execute(
        "select table_name, comment from duckdb_tables() order by table_name"
    ).fetchall():
        print(f"{name}: {comment}")
    rows = connection.execute(
        """
        select area_name, period_start, value, status
        from trends join areas using (area_code)
        where source = 'extracts' and period_type = 'month' and value is not null
        order by period_start desc, area_name
        limit 5
        """
    ).fetchall()
    for row in rows:
        print(*row, sep="\t")
