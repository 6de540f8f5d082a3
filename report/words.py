"""Plain words for numbers, periods, states, markers and reasons."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from markupsafe import Markup

from sightline.report.data import Indicator, Point, Series
from sightline.warehouse.calendar import period_name
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.ledger.annotations import REASONS as REASONS_RECORDED

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

DASH = "\u2013"
"""Stands where there is nothing to tell."""
WITHHELD = ("c", "low", "high")
"""Markers of figures that are there and not shown."""
HELP = "@help"
"""Stands in a link for the page on how to read, wherever that lies from the page that has it."""

MARKERS = {
    "c": "withheld, because a count behind it is small",
    "x": "not available",
    "z": "not applicable",
    "k": "rounds to zero",
    "low": "a share under 5 per cent of fewer than 1,000, or a count that is small or none; of"
    " official figures: rounds to zero",
    "high": "a share over 95 per cent of fewer than 1,000",
    "u": "unreliable",
}

# Beside a figure that is shown.
REVISIONS = {
    "p": "provisional: a later return is expected to change it",
    "r": "revised: another figure was published before",
}

REASONS = {
    "no_return": "no return received",
    "not_due": "return not due yet",
    "late": "return late",
    "quarantined": "return refused by the checks",
    "censored": "too recent: what follows is not known yet",
    "too_little_history": "too little history",
    "short_history": "too little history",
    "partial_coverage": "some authorities are not in the figure",
    "reorganised": "new boundary: the first year of a new authority",
    "no_denominator": "nothing to divide by",
    "withheld": "count withheld",
    "official_in_parts": "the official series gives its parts apart",
    "months_missing": "not all months of the year are covered",
    "not_monitored": "for context; raises no alerts",
    "published_series": "official figure; raises no alerts",
    "not_tested": "earlier than the period we test",
    "provisional": "provisional",
    "too_few": "numbers too small to tell",
    "too_few_for_one_month": "numbers too small to judge one month",
    "no_count": "no count",
    "partial_roll": "the school census did not cover all pupils",
    "partly_covered": "the returns received cover only a part of the period",
    "gap_in_history": "a gap in the months before",
    "gap_after": "a gap in the months after, in which what follows is looked for",
    "not_come_back": "a change found before has not come back",
    "rebased": "an earlier shift of level has become the usual",
    "marked_in_source": "marked so by its publisher",
    "possible_recording_change": "more than in any ordinary year: ask whether recording changed",
    "practice_change": "a recorded change of practice: judged anew from then on",
    "recording_change": "a recorded change of recording: judged anew from then on",
    "rebaseline": "a recorded new level: judged anew from then on",
    "renumbering": "children were numbered anew, as recorded: judged anew from then on",
    "numbers_changed": "the sender numbered children anew: who came before is not known",
    "data_problem": "somebody recorded that the figures are wrong",
    "judged_together": "judged together with the other parts of the indicator",
    "no_former_year": "no year before to compare with",
    "break_in_series": (
        "its publisher counts something else from here on: not compared with what was before"
    ),
    "no_limit_set": "no limit is set for this series",
    "nothing_expected": "nothing counted where nothing was expected, as in school holidays",
    "known_rests_on_missing_return": (
        "a return has not come that tells which children are known to social care"
    ),
    "other_returns_missing": (
        "returns of other authorities have not come in which this authority's children are"
        " usually found"
    ),
    "without_care_return": (
        "no return on looked-after children is sent; compared with its own history only"
    ),
    "parts_awaited": "a part of it cannot be read yet",
    "too_few_parts": "too few of its parts could be judged",
    "too_few_neighbours": "too few of the areas like it have figures",
}

# What to mind of a figure that is shown: its letter and what it means.
CAVEATS = {
    "one_month_missing": ("m", "a return of one of the months behind it is missing"),
    "without_care_return": (
        "s",
        "no return on looked-after children is sent, so children known for that are not counted as"
        " known; compared with its own history only",
    ),
    "break_in_series": ("b", "its publisher counts something else from here on than before"),
}

STATUSES = {
    "ok": "Inside its usual range",
    "worsening": "Worse than usual",
    "improving": "Better than usual",
    "not_assessable": "Cannot be judged",
    "short_history": "Too little history",
}
ONE_SIDE = "Outside, but only one side moved"

FAMILIES = {
    "identification": "Are children coming to notice?",
    "threshold": "What happens to referrals?",
    "exploitation": "Is exploitation being identified?",
    "exposure": "Is risk visible elsewhere?",
    "linkage": "Are children at risk known to services?",
    "joint": "What do the signs say together?",
}

SEVERITIES = {
    "critical": "Critical: act on it at once",
    "warning": "Warning: look into it now",
    "watch": "Watch: keep an eye on it",
    "info": "For information",
}

STATES = {
    "open": "Open",
    "acknowledged": "Acknowledged: someone is looking into it",
    "snoozed": "Put off: to be looked at on a later day",
    "resolved": "Resolved",
    "pending": "Pending: seen for the first time; a second month opens it",
    "retracted": "Retracted: corrected data show no worsening",
    "no_longer_supported": "No longer supported: the return behind it was taken back",
    "closed_by_reorganisation": "Closed with its authority: it no longer exists",
    "closed_by_definition": "Closed with its indicator: it is no longer defined",
    "dropped": "Dropped: nothing confirmed a first month",
}

# How a person's reason for closing an alert counts; a duplicate says nothing of its own.
OUTCOMES = {
    "action_taken": "confirmed",
    "practice_change": "explained",
    "data_error": "explained",
    "definition_change": "explained",
    "expected": "explained",
    "false_alarm": "false",
}

# Why a person closed an alert.
REASONS_CLOSED = {
    "action_taken": "action was taken",
    "practice_change": "practice had changed",
    "data_error": "the data were wrong",
    "definition_change": "a definition had changed",
    "expected": "it was expected",
    "false_alarm": "it was a false alarm",
    "duplicate": "another alert says the same",
}

CONFIDENCE = {"high": "High", "medium": "Medium", "low": "Low"}
WORST_PARTS = {
    "completeness": "returns that came",
    "timeliness": "returns on time",
    "validity": "rows accepted",
    "linkage": "records with a pupil number",
}

COVERAGE = {
    "received": "Received",
    "late": "Received late",
    "partial": "Partial",
    "quarantined": "Refused or held back",
    "missing": "Missing",
    "not_due": "Not due yet",
}

ANNOTATIONS = {
    "practice_change": "a change of practice",
    "recording_change": "a change of recording",
    "rebaseline": "a new usual level",
    "renumbering": "children numbered anew",
    "data_problem": "wrong figures",
}


def number(value: float, decimals: int = 0) -> str:
    return f"{value:,.{decimals}f}".replace("-", "\u2212")


def words(code: str | None, known: dict[str, str]) -> str:
    """The words for a code; a code without any is at least readable."""
    if not code:
        return ""
    return known.get(code) or code.replace("_", " ").capitalize()


def confidence(row: Mapping[str, Any] | None) -> str:
    """How far the figures of an authority can be relied upon, with what is worst."""
    if row is None:
        return "Not known"
    worst = WORST_PARTS.get(row["worst_part"] or "")
    return CONFIDENCE[row["level"]] + (f"; lowest for {worst}" if worst else "")


def extract(name: str | None) -> str:
    """What a return is called; one that no contract knows any more is at least readable."""
    contract = contracts.load().get(name or "")
    return contract.short_title if contract else words(name, {})


def source(name: str) -> str:
    """Where figures come from: our own count, or the publisher of an official series."""
    return "Sightline count from council returns" if name == "extracts" else extract(name)


def breakdown(code: str) -> str:
    return code.replace("_", " ")


def reason(point: Point) -> str:
    return REASONS.get(point.reason or "", (point.reason or "").replace("_", " "))


def ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in (11, 12, 13) else 0)
    return f"{number}{ending or 'th'}"


def day(value: date | None) -> str:
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}" if value else ""


def month(value: date) -> str:
    return f"{MONTHS[value.month - 1]} {value.year}"


def period(kind: str, start: date, end: date) -> str:
    if kind in ("month", "term", "academic_year"):
        return period_name(kind, start)
    if kind == "week":
        return f"Week of {day(start)}"
    if kind == "quarter":
        return f"Quarter to {month(end)}"
    if kind == "mid_year":
        return f"Mid-{end.year}"
    if kind == "financial_year":
        return f"Year to {month(end)}"
    return f"{period_name('academic_year', start)} to date"


def short_period(kind: str, start: date, end: date) -> str:
    if kind == "month":
        return f"{MONTHS[start.month - 1][:3]} {start.year}"
    if kind == "term":
        return period(kind, start, end).replace(" term", "")
    return f"{end.year}" if kind == "financial_year" else period(kind, start, end)


def marker(code: str | None) -> Markup:
    meaning = MARKERS.get(code or "x", "not available")
    return Markup('<abbr title="{}">[{}]</abbr>').format(meaning, code or "x")


def value(point: Point | None, decimals: int) -> str | Markup:
    if point is None:
        return marker("x")
    if point.value is None:
        return marker(point.marker)
    shown = number(point.value, decimals)
    marks = [marker(point.marker)] if point.marker else []
    marks += [
        Markup('<abbr title="{}">[{}]</abbr>').format(said, one)
        for one, said in (*revisions(point), *minded(point))
    ]
    return Markup(" ").join([shown, *marks]) if marks else shown


def revisions(point: Point) -> list[tuple[str, str]]:
    """The letter and the meaning of each: that a figure will change, or has."""
    held = {"p": point.is_provisional, "r": point.is_revised}
    return [(one, meaning) for one, meaning in REVISIONS.items() if held[one]]


def minded(point: Point) -> list[tuple[str, str]]:
    """The letter and the meaning of each caveat of a figure."""
    return [CAVEATS.get(one, ("!", one.replace("_", " "))) for one in caveats(point)]


def caveats(point: Point) -> list[str]:
    return point.caveat.split(", ") if point.caveat else []


def range_name(indicator: Indicator) -> str:
    """Of an estimate the range is what it may be, not what the area usually has."""
    return "likely range" if indicator.kind == "share_of_expected" else "usual range"


def usual_range(point: Point | None, decimals: int) -> str:
    """The ends of a range, usual or likely."""
    if point is None or point.lower is None or point.upper is None:
        return DASH
    return f"{number(point.lower, decimals)} to {number(point.upper, decimals)}"


def state(point: Point | None, indicator: Indicator) -> str:
    """What was tested and found, in words that can stand alone."""
    if point is None:
        return "No figure"
    if point.status in {"worsening", "improving"}:
        return _moved(point, indicator)
    if point.status in {"not_assessable", "short_history"}:
        why = reason(point)
        said = STATUSES[point.status]
        return said if not why or why == said.lower() else f"{said}: {why}"
    if point.status == "ok":
        return _not_moved(point, indicator)
    return reason(point).capitalize()


def _moved(point: Point, indicator: Indicator) -> str:
    is_low = (point.status == "worsening") == (indicator.bad_direction == "down")
    side = "low" if is_low else "high"
    found = {
        "sustained": f"{side} for several {_periods(point)}",
        "spike": f"{side} once, outside its range",
    }.get(point.kind or "", f"{side}er than usual")
    if point.reason == "possible_recording_change":
        found = f"{side}, {reason(point)}"
    return f"Better: {found}" if point.status == "improving" else found.capitalize()


def _not_moved(point: Point, indicator: Indicator) -> str:
    """An index that is tested needs both of its sides to have moved; of any other a figure that is
    rounded, or made of few, may lie outside and be no finding."""
    if side_of_range(point) in (None, "inside"):
        return STATUSES["ok"]
    if indicator.kind == "index" and indicator.is_monitored:
        return ONE_SIDE
    return f"Outside, but {REASONS['too_few_for_one_month']}"


def _periods(point: Point) -> str:
    days = (point.period_end - point.period_start).days
    return "years" if days > 300 else "terms" if days > 80 else "months" if days > 6 else "weeks"


def tag(point: Point | None, indicator: Indicator) -> Markup:
    """What was found, with a link to what it means."""
    said = state(point, indicator)
    if point is None or not point.status:
        return Markup('<span class="quiet">{}</span>').format(said)
    return Markup('<a class="tag tag-{}" href="{}#states">{}</a>').format(point.status, HELP, said)


def sentence(series: Series, point: Point, indicator: Indicator, area: str) -> str:
    """What a chart shows, for those who read it before or instead of the chart."""
    when = period(series.period_type, point.period_start, point.period_end)
    opening = f"{area}, {inside(when)}"
    if point.value is None:
        meaning = MARKERS.get(point.marker or "x", "not available")
        why = f" ({reason(point)})" if point.marker == "x" and point.reason else ""
        return f"{opening}: {meaning}{why}."
    shown = number(point.value, indicator.decimals)
    said = f"{opening}: {shown} {unit(series.period_type, indicator)}"
    if point.lower is not None and point.upper is not None:
        ends = usual_range(point, indicator.decimals)
        if indicator.kind == "share_of_expected":
            said += f", with a likely range of {ends}"
        else:
            said += f", {side_of_range(point)} its usual range of {ends}"
    notes = [f" Note: {meaning}." for _, meaning in minded(point)]
    told = "." + (" The figure is provisional." if point.is_provisional else "")
    told += " It was revised." if point.is_revised else ""
    return said + told + "".join(notes)


def annotation(row: Mapping[str, Any]) -> str:
    """What somebody recorded of a series."""
    when = f"from {day(row['starts_on'])}" + (
        f" to {day(row['ends_on'])}" if row["ends_on"] else ""
    )
    what = words(row["kind"], ANNOTATIONS)
    why = f": {REASONS_RECORDED[row['reason']]}" if row["reason"] in REASONS_RECORDED else ""
    said = f"Recorded by a person on {day(row['recorded_on'])}: {what} {when}{why}."
    return f"{said} {row['public_sentence']}" if row["public_sentence"] else said


def inside(period_words: str) -> str:
    """A period as it stands within a sentence."""
    return f"y{period_words[1:]}" if period_words.startswith("Year") else period_words


def unit(period_type: str, indicator: Indicator) -> str:
    return indicator.unit if period_type == "month" else indicator.official_unit or indicator.unit


def side_of_range(point: Point) -> str | None:
    """On which side of its range a figure lies; None where there is no figure or no range."""
    if point.value is None or point.lower is None or point.upper is None:
        return None
    if point.lower <= point.value <= point.upper:
        return "inside"
    return "below" if point.value < point.lower else "above"


def opening(said: str) -> str:
    """With a capital at its beginning, and the rest as it is."""
    return said[:1].upper() + said[1:]


def listed(names: list[str]) -> str:
    """a, b and c."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def count(number_of: int, singular: str, plural: str | None = None) -> str:
    return f"{number_of:,} {singular if number_of == 1 else plural or singular + 's'}"


def lines(text: str) -> list[str]:
    return [line.replace(" - ", " \u2013 ") for line in (text or "").split("\n") if line.strip()]
