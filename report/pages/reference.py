"""The pages on how to read the site and where its data are."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sightline.report import example, words
from sightline.report.accessibility import statement
from sightline.report.pages import heat, methods
from sightline.report.view import Page, View
from sightline.warehouse.release.rounding import IN_WORDS

Taken = Mapping[str, Sequence[tuple[str, str]]]
"""Files to take away, by kind: the link to each, and its words."""

START = ("index.html", "Overview")
QUERY = """select area_name, period_start, value, lower, upper, status
from trends
join areas using (area_code)
where indicator = '{indicator}'
    and period_type = 'month'
    and status = 'worsening'
order by period_start desc, area_name;"""


def pages(view: View, release: Path, relative: str, taken: Taken) -> Iterator[Page]:
    yield data_page(view, taken, release, relative)
    yield Page(
        "dictionary.html", "dictionary.html", "Dictionary", "data.html",
        lambda: {"relations": view.published.dictionary, "indicators": view.indicators,
                 "scripted": False},
        (START, ("data.html", "Data")),
    )  # fmt: skip
    yield Page("help.html", "help.html", "How to read these pages", "help.html", _help, (START,))
    yield Page(
        "accessibility.html", "accessibility.html", "Accessibility", "help.html",
        lambda: {"statement": statement(), "scripted": False}, (START, ("help.html", "Help")),
    )  # fmt: skip


def data_page(view: View, taken: Taken, release: Path | None = None, relative: str = "") -> Page:
    """Where the data are; of a copy that leaves the release behind, what goes with it."""
    held = _of_release(view, release, relative) if release else _left_behind(view)
    context = {
        **held,
        "taken": taken,
        "query": QUERY.format(indicator=view.indicators[0].indicator),
        "scripted": False,
    }
    return Page("data.html", "data.html", "Data", "data.html", lambda: context, (START,))


def _of_release(view: View, release: Path, relative: str) -> dict[str, Any]:
    whole = (
        ("sightline.duckdb", "The whole database (DuckDB)"),
        ("datapackage.json", "Data package: every file, its columns, types and keys, for programs"),
        ("manifest.json", "Manifest: release, content hash, tables and rows"),
    )
    return {
        "downloads": [(f"{relative}/{name}", said) for name, said in whole],
        "tables": [
            {
                **table,
                "parquet": _existing(release, relative, f"parquet/{table['table_name']}.parquet"),
            }
            for table in view.published.tables
        ],
        "tables_csv": [
            (f"{relative}/tables/{path.name}", path.name)
            for path in sorted((release / "tables").glob("*.csv"))
        ],
    }


def _left_behind(view: View) -> dict[str, Any]:
    tables = [{**table, "parquet": ""} for table in view.published.tables]
    return {"downloads": [], "tables": tables, "tables_csv": []}


def _existing(release: Path, relative: str, name: str) -> str:
    return f"{relative}/{name}" if (release / name).exists() else ""


def _help() -> dict[str, Any]:
    return {
        "markers": [*words.MARKERS.items(), *words.REVISIONS.items(), *words.CAVEATS.values()],
        "rounding": IN_WORDS,
        "severities": list(words.SEVERITIES.items()),
        "example": example.context(),
        "more": [
            methods.METHODS,
            methods.BACKTESTS,
            methods.REVISIONS,
            methods.GLOSSARY,
            heat.HEAT_MAP,
        ],
        "scripted": False,
    }
