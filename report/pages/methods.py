"""How figures are made and tested, how well that works, how far figures moved, and the words."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from sightline.report import glossary, silence, words
from sightline.report.data import Area, Row
from sightline.report.view import Page, View
from sightline.warehouse.release.rounding import IN_WORDS

HERE = "help.html"
START = ("index.html", "Overview")
TRAIL = (START, (HERE, "Help"))
METHODS = ("methods.html", "How the figures are made and tested")
BACKTESTS = ("backtests.html", "What this would have caught, and what it cannot see")
REVISIONS = ("revisions.html", "Revised since first published")
GLOSSARY = ("glossary.html", "Words used here")


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
    revised = sum(one["revised"] for one in held)
    return {
        "summary": _summary(revised),
        "indicators": [_of_indicator(view, one) for one in held],
        "lists": [
            ("England and regions", "England and regions: the newest figures that were revised",
             [_line(view, row) for row in largest if row["area_level"] != "local_authority"]),
            ("Authorities", "Authorities: the revisions that are largest beside the figure",
             [_line(view, row) for row in largest if row["area_level"] == "local_authority"]),
        ],
        "scripted": False,
    }  # fmt: skip


def _summary(revised: int) -> str:
    if not revised:
        return "No figure of an authority has been revised since it was first published."
    said = words.count(revised, "figure of an authority", "figures of authorities")
    return f"{said} {'has' if revised == 1 else 'have'} been revised since first published."


def _of_indicator(view: View, row: Row) -> dict[str, Any]:
    half, upwards = row["half"], row["upwards"]
    return {
        **row,
        "indicator": view.by_id[row["indicator"]],
        "half": words.DASH if half is None else f"{words.number(100 * half, 1)} %",
        "upwards": words.DASH if upwards is None else f"{words.number(100 * upwards)} %",
    }


def _line(view: View, row: Row) -> dict[str, Any]:
    indicator = view.by_id[row["indicator"]]
    area: Area | None = view.areas.get(row["area_key"])
    first, now = row["first_value"], row["now_value"]
    change = (now - first) / first if first and now is not None else None
    return {
        "area": area.area_name if area else row["area_key"],
        "link": view.link(area) if area else "areas/index.html",
        "indicator": indicator,
        "period": words.short_period(row["period_type"], row["period_start"], row["period_end"]),
        "first": _value(first, row["first_marker"], indicator.decimals),
        "first_on": row["first_on"],
        "now": _value(now, row["now_marker"], indicator.decimals),
        "now_on": row["now_on"],
        "change": words.DASH if change is None
        else f"{'+' if change > 0 else ''}{words.number(100 * change, 1)} %",
    }  # fmt: skip


def _value(value: float | None, marker: str | None, decimals: int) -> Any:
    return words.marker(marker) if value is None else words.number(value, decimals)
