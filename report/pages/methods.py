"""How figures are made and tested, how well that works, how far figures moved, and the words."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from sightline.report import glossary, revised, silence, words
from sightline.report.data import Row
from sightline.report.view import Page, View
from sightline.warehouse.release.rounding import IN_WORDS

HERE = "help.html"
START = ("index.html", "Overview")
TRAIL = (START, (HERE, "Help"))
METHODS = ("methods.html", "How the figures are made and tested")
BACKTESTS = ("backtests.html", "What this would have caught, and what it cannot see")
REVISIONS = ("revisions.html", "Revised since first published")
GLOSSARY = ("glossary.html", "Words used here")
LEVEL = "local_authority"


def pages(view: View) -> Iterator[Page]:
    made = (
        (METHODS, lambda: {"version": view.published.release["code_version"],
                           "rounding": IN_WORDS, "scripted": False}),
        (BACKTESTS, lambda: _backtests(view)),
        (REVISIONS, lambda: _revisions(view)),
        (GLOSSARY, lambda: {"groups": glossary.groups(), "scripted": False}),
    )  # fmt: skip
    for (path, title), context in made:
        yield Page(path, path, title, HERE, context, TRAIL)


# ---- Changes that were planted, and how many were found.


def _backtests(view: View) -> dict[str, Any]:
    rows = [row for row in view.published.backtests if row["indicator"] in view.by_id]
    changes = sorted({row["change"] for row in rows})
    order = {one.indicator: place for place, one in enumerate(view.indicators)}
    rows.sort(key=lambda row: (order[row["indicator"]], row["source"], row["least"], row["change"]))
    return {
        "run_on": max((row["run_on"] for row in rows), default=None),
        "changes": [words.number(100 * one) + " %" for one in changes],
        "groups": [
            (view.by_id[indicator], words.source(source), list(_sizes(list(held), changes)))
            for (indicator, source), held in groupby(rows, key=itemgetter("indicator", "source"))
        ],
        "scripted": False,
    }


def _sizes(rows: list[Row], changes: list[float]) -> Iterator[dict[str, Any]]:
    """A line for authorities of each size, with a cell for each size of change."""
    for least, held in groupby(rows, key=itemgetter("least")):
        of_size = {row["change"]: row for row in held}
        largest = of_size[max(of_size)]
        yield {
            "size": silence.size(least, largest["most"]),
            "cells": [_found(of_size.get(change)) for change in changes],
            "delay": silence.delay(largest),
            "marks": silence.marks(largest),
        }


def _found(row: Row | None) -> str:
    if row is None or not row["planted"]:
        return words.DASH
    return f"{row['found']} of {row['planted']}"


# ---- What was published of a figure before.


def _revisions(view: View) -> dict[str, Any]:
    held = [one for one in view.published.revised if one["indicator"] in view.by_id]
    largest = [one for one in view.published.revisions if one["indicator"] in view.by_id]
    order = {one.indicator: place for place, one in enumerate(view.indicators)}
    held.sort(key=lambda one: order[one["indicator"]])
    return {
        "summary": revised.summary(sum(one["revised"] for one in held)),
        "indicators": [_of_indicator(view, one) for one in held],
        "lists": [
            ("England and regions", "England and regions: the newest figures that were revised",
             [revised.line(view, row) for row in largest if row["area_level"] != LEVEL]),
            ("Authorities", "Authorities: the revisions that are largest beside the figure",
             [revised.line(view, row) for row in largest if row["area_level"] == LEVEL]),
        ],
        "scripted": False,
    }  # fmt: skip


def _of_indicator(view: View, row: Row) -> dict[str, Any]:
    indicator = view.by_id[row["indicator"]]
    said = {"indicator": indicator, "half": revised.half(row), "upwards": revised.upwards(row)}
    return {**row, **said}
