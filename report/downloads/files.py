"""Write what readers take away with them, beside the pages and with the same figures."""

from collections.abc import Mapping
from pathlib import Path

from sightline.report import words
from sightline.report.downloads import archive, brief, csv_files, ods, tables, xlsx
from sightline.report.pages.reference import Taken
from sightline.report.view import Page, View

FOLDER = "downloads"
CSV = "csv"
BRIEF = f"{FOLDER}/brief.html"
SITE = (f"{FOLDER}/site.zip", "All pages in one file, to unpack on a shared drive or a web server")
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
        "whole": [
            (
                BRIEF,
                "Briefing to mail: the first page, the alerts that it puts first, how to read them",
            ),
            *((f"{FOLDER}/{name}", said) for name, said, _ in WORKBOOKS),
        ],
        "csv": [(f"{FOLDER}/{CSV}/{name}", said) for name, said in written],
    }


def brief_page(view: View, out: Path) -> Page:
    """One page made of those that are written by now."""
    release = view.published.release
    context = {"sections": brief.sections(out, brief.chosen(view)), "scripted": False}
    title = f"Briefing, {words.day(release['as_of'])}"
    return Page(BRIEF, "brief.html", title, BRIEF, lambda: context)


def write_site(view: View, out: Path, instead: Mapping[str, str]) -> None:
    """Pack all that is written by now; some pages are others in a copy."""
    release = view.published.release["release_id"]
    archive.write(out, out / SITE[0], f"sightline-{release}", instead)
