"""Write what readers take away with them, beside the pages and with the same figures."""

from pathlib import Path

from report.downloads import csv_files, ods, tables, xlsx
from report.pages.reference import Taken
from report.view import View

FOLDER = "downloads"
CSV = "csv"
WORKBOOKS = (
    ("sightline.xlsx", "Workbook for Excel (XLSX)", xlsx.write),
    ("sightline.ods", "Workbook for any spreadsheet (ODS)", ods.write),
)


def write_tables(view: View, out: Path) -> Taken:
    """Write workbooks and CSV below `out`; the links to them, with words."""
    book = tables.workbook(view)
    folder = out / FOLDER
    folder.mkdir(parents=True)
    for name, _, write in WORKBOOKS:
        write(book, folder / name)
    written = csv_files.write(book, folder / CSV)
    return {
        "workbooks": [(f"{FOLDER}/{name}", said) for name, said, _ in WORKBOOKS],
        "csv": [(f"{FOLDER}/{CSV}/{name}", said) for name, said in written],
    }
