"""What is new since the release before, in a line each, from the published table `changes`."""

from collections.abc import Iterator
from dataclasses import dataclass

from sightline.report import words
from sightline.report.data import Row
from sightline.report.view import View

HEADINGS = {
    "new": "New alerts",
    "again": "Open again",
    "worse": "More serious",
    "taken_on": "Taken on",
    "put_off": "Put off",
    "closed": "Closed",
    "retracted": "Withdrawn, because figures were corrected",
    "no_longer_supported": "No longer supported, because a return was taken back",
    "return_missing": "Returns newly missing",
    "return_in": "Returns newly in",
    "corrected": "Figures corrected",
}
COUNTED = {
    "new": ("new alert", "new alerts"),
    "again": ("alert open again", "alerts open again"),
    "worse": ("more serious", "more serious"),
    "taken_on": ("taken on", "taken on"),
    "put_off": ("put off", "put off"),
    "closed": ("closed", "closed"),
    "retracted": ("withdrawn", "withdrawn"),
    "no_longer_supported": ("no longer supported", "no longer supported"),
    "return_missing": ("return newly missing", "returns newly missing"),
    "return_in": ("return newly in", "returns newly in"),
    "corrected": ("authority with corrected figures", "authorities with corrected figures"),
}

OF_RETURNS = ("return_missing", "return_in", "corrected")


@dataclass(frozen=True)
class Line:
    """One change: of which area, what, and where to read on."""

    area: str
    place: str
    what: str
    link: str
    how: str = ""
    """How serious it was and is, or by whom and why."""


def grouped(view: View) -> list[tuple[str, list[Line]]]:
    """Every change under its heading, the most serious first."""
    rows = view.published.changes
    return [
        (heading, [_line(view, row) for row in _ordered(rows, change)])
        for change, heading in HEADINGS.items()
        if any(row["change"] == change for row in rows)
    ]


def counted(view: View) -> str:
    """How many of each kind: "3 new alerts, 1 closed and 2 returns newly missing"."""
    rows = view.published.changes
    counts = {one: sum(row["change"] == one for row in rows) for one in COUNTED}
    told = [(one, n) for one, n in counts.items() if n]
    first = next((one for one, _ in told if one not in OF_RETURNS), "")
    return words.listed([words.count(n, *_counted(one, is_first=one == first)) for one, n in told])


def _counted(change: str, *, is_first: bool) -> tuple[str, str]:
    """The first of what happened to alerts says what it is of: "1 alert taken on, 2 closed"."""
    one, several = COUNTED[change]
    if is_first and "alert" not in one:
        return f"alert {one}", f"alerts {several}"
    return one, several


def _ordered(rows: list[Row], change: str) -> list[Row]:
    places = [*words.SEVERITIES, None]
    held = [row for row in rows if row["change"] == change]
    return sorted(held, key=lambda row: (places.index(row["severity"]), row["area_name"]))


def _line(view: View, row: Row) -> Line:
    area = view.areas.get(row["la_code"] or row["area_code"])
    place = view.link(area) if area else "areas/index.html"
    if row["alert_id"] is None:
        return Line(row["area_name"], place, _of_return(row), "quality/index.html")
    alert = view.by_number[row["alert_id"]]
    return Line(row["area_name"], place, alert["headline"], f"alerts/{alert['file']}", _how(row))


def _of_return(row: Row) -> str:
    first, last = words.month(row["first_period"]), words.month(row["last_period"])
    when = first if first == last else f"{first} to {last}"
    return f"{words.extract(row['extract'])}, {when}"


def _how(row: Row) -> str:
    if row["change"] == "worse":
        return f" ({row['old_severity']}, now {row['severity']})"
    if row["change"] in ("new", "again"):
        return f" ({row['severity']})"
    return "".join(_by(row))


def _by(row: Row) -> Iterator[str]:
    if row["change"] in ("taken_on", "put_off", "closed") and row["recorded_by"]:
        yield f", by {row['recorded_by']}"
    if row["reason"]:
        yield f": {words.REASONS_CLOSED.get(row['reason'], row['reason'].replace('_', ' '))}"
