"""The release in the Department's open-data shape (explore education statistics): a view for each
kind of period, and for each indicator a data file with its metadata file.

Columns, time identifiers and symbols follow the Department's guidance on open data,
https://dfe-analytical-services.github.io/analysts-guide/statistics-production/ud.html.
"""

from pathlib import Path

import duckdb

from sightline.warehouse.quoting import quoted
from sightline.warehouse.release.tables import describe

HERE = Path(__file__).parent
SHAPE = HERE / "open_data.sql"
METADATA = HERE / "open_data_metadata.sql"
README = "README.md"

# The kinds of period that the standard has an identifier for.
PERIOD_TYPES = ("month", "week", "quarter", "term", "financial_year", "academic_year")
# The columns of the views and data files, in their order, with what they mean.
COLUMNS = {
    "time_period": "Year: four digits for a calendar or reporting year, six (202425) for a year"
    " that spans two.",
    "time_identifier": "What of that year: January, Week 37, Autumn term, Financial year Q1,"
    " Reporting year, Academic year.",
    "geographic_level": "National, Regional (Inner and Outer London too) or Local authority.",
    "country_code": "Office for National Statistics code of the country.",
    "country_name": "Name of the country.",
    "region_code": "Office for National Statistics code of the region; empty for England.",
    "region_name": "Name of the region; empty for England.",
    "old_la_code": "Department for Education three-digit number; empty above local authorities.",
    "new_la_code": "Office for National Statistics code of the authority; empty above local"
    " authorities.",
    "la_name": "Name of the authority; empty above local authorities.",
    "source": "extracts for our own figures, otherwise the official series.",
    "indicator": "Identifier of the indicator.",
    "breakdown": "Total, or a part that the official series gives apart.",
    "status": "Final, Provisional (later returns are expected to change it), Revised (another was"
    " published before) or Provisional and revised: what pages mark by [p] and [r].",
    "numerator": "Count above the line, or the symbol in its place.",
    "denominator": "Count or population below the line, or the symbol in its place.",
    "value": "The indicator in its unit, or the symbol in its place: c confidential, low rounds"
    " to zero, k low, u unreliable, x not available, z not applicable.",
}
METADATA_COLUMNS = (
    "col_name", "col_type", "label", "indicator_grouping", "indicator_unit", "indicator_dp",
    "filter_hint", "filter_grouping_column", "filter_default",
)  # fmt: skip
# The names alone tell a reader of the folder what a file holds.
LEFT_OUT_OF_FILES = ("indicator",)

ABOUT = """\
# Open-data files

Each `<indicator>_<kind of period>.csv` is in the shape of explore education statistics, with its
metadata in `<the same name>.meta.csv`. No cell of a figure is blank; where there is no figure, a
symbol stands in its place:

- `c` confidential: a count of ours is too small to show, or a share too near 0 or 100 per cent
- `low`, `k` a small figure that rounds to zero
- `u` unreliable
- `x` not available
- `z` not applicable: the indicator has no such count

Cells of figures hold numbers and these symbols alone. Whether a figure is provisional (`[p]` on our
pages) or revised (`[r]`) stands beside them in the column `status`.

What the standard has no time identifier for is not here. It stands in the table `trends` of
`sightline.duckdb` and in `parquet/trends.parquet`:

- mid-year populations and rates (`period_type = 'mid_year'`)
- academic years that have not ended (`period_type = 'year_to_date'`)
- the 53rd week of a year that has one (`period_type = 'week'`)

Judgements, usual ranges, reasons and caveats are there too; no standard column holds them.
Text that a spreadsheet would take for a formula begins with an apostrophe.
"""


def create_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Make published.ees_<kind of period>, one for each that the standard has."""
    columns = ", ".join(COLUMNS)
    for period_type in PERIOD_TYPES:
        name = f"ees_{period_type}"
        connection.execute(
            f"create view published.{name} as select {columns} "
            f"from ({_sql(SHAPE)}) as open_data where period_type = '{period_type}'"
        )
        describe(
            connection,
            "view",
            name,
            f"Trends by {period_type.replace('_', ' ')} in the open-data shape of the Department"
            " for Education; symbols stand in place of figures.",
            COLUMNS,
        )


def write_files(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write a data file and its metadata file for each indicator and kind of period into a new
    folder, and a page that says what is in them and what is not."""
    folder.mkdir()
    (folder / README).write_text(ABOUT, encoding="utf-8")
    connection.execute(f"create temp table open_data as {_sql(SHAPE)}")
    connection.execute(f"create temp table open_data_metadata as {_sql(METADATA)}")
    files = connection.execute(
        "select distinct data_file, indicator, period_type, part from open_data_metadata"
        " order by data_file"
    ).fetchall()
    columns = tuple(name for name in COLUMNS if name not in LEFT_OUT_OF_FILES)
    for name, *which in files:
        _copy(
            connection,
            columns,
            "from open_data where indicator = ? and period_type = ?"
            " and breakdown = coalesce(?, breakdown)"
            " order by time_period, time_identifier, geographic_level, region_code, new_la_code,"
            " source, breakdown",
            which,
            folder / f"{name}.csv",
        )
        _copy(
            connection,
            METADATA_COLUMNS,
            "from open_data_metadata where data_file = ? order by column_order",
            [name],
            folder / f"{name}.meta.csv",
        )
    connection.execute("drop table open_data")
    connection.execute("drop table open_data_metadata")


def _copy(
    connection: duckdb.DuckDBPyConnection,
    columns: tuple[str, ...],
    rows: str,
    values: list[str],
    target: Path,
) -> None:
    cells = ", ".join(f"{_cell(name)} as {name}" for name in columns)
    connection.execute(
        f"copy (select {cells} {rows}) to {quoted(target)} (format csv, header)", values
    )


def _cell(column: str) -> str:
    """A text that a spreadsheet would run as a formula gets an apostrophe; a number stays one."""
    is_formula = f"regexp_matches({column}, '^[=+@\\t\\r-]')"
    return (
        f"nullif(case when {is_formula} and try_cast({column} as double) is null"
        f" then '''' || {column} else {column} end, '')"
    )


def _sql(path: Path) -> str:
    return path.read_text(encoding="utf-8")
