"""What the workbook says: the figures of the pages, as sheets of one table each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sightline.report import words
from sightline.report.data import Area, Indicator, Point, Row, Series
from sightline.report.downloads.workbook import Cell, Column, Figure, Sheet, Table, Workbook
from sightline.report.pages.alerts import judged
from sightline.report.view import View
from sightline.warehouse.release.rounding import IN_WORDS

DECIMALS = 6  # as in the open-data files
NONE = "[z]"
NOT_KNOWN = "[x]"
LEVELS = {
    "country": "Country", "region": "Region", "sub_region": "Part of a region",
    "local_authority": "Local authority",
}  # fmt: skip
ROUNDED, USUAL, TESTED, SMALLEST, COVERED = (f"[note {number}]" for number in range(1, 6))
NOTES = {
    ROUNDED: IN_WORDS,
    USUAL: "The usual range holds 99 in 100 ordinary periods of the area, by its own past, the"
    " season and the movement of England. Of an estimate it is the likely range, where the estimate"
    " may lie.",
    TESTED: "What was tested and found. A state that is not good news need not be bad news: it is"
    " a question to ask.",
    SMALLEST: "The smallest change that the test would find here, in per cent of what is expected."
    " A smaller change than this would not be detected.",
    COVERED: "Authorities whose returns are in the figure. Fewer than were due means that the"
    " figure tells of a part of the area.",
}
AREA = (
    Column(title="Area code", meaning="Code of the Office for National Statistics."),
    Column(title="Area", meaning="Name of the area.", width=28),
    Column(
        title="Level", meaning="Country, region, part of a region or local authority.", width=16
    ),
)
AUTHORITY = (
    Column(title="Authority number", meaning="Number of the Department for Education."),
    Column(title="Authority", meaning="Name of the authority.", width=28),
)
PERIOD = Column(title="Period", meaning="The period in words.", width=18)
FIGURE_NOTES = Column(
    title="Notes on the figure", width=20,
    meaning="Letters of what to mind of a figure that is shown; the sheet says what each means.",
)  # fmt: skip
STATE = Column(
    title=f"State {TESTED}", meaning="What was tested of the newest figure and found.", width=40
)


@dataclass(frozen=True)
class _Draft:
    """A sheet before its lines are counted."""

    name: str
    title: str
    lines: Sequence[str]
    table: Table


def workbook(view: View) -> Workbook:
    release = view.published.release
    about = f"Sightline: where children at risk may go unseen, {words.day(release['as_of'])}"
    sheets = [_sheet(view, one) for one in _drafts(view)]
    tables = [one for one in sheets if one.table]
    lead = [_cover(view, about, len(tables)), _contents(tables), _notes()]
    return Workbook(
        title=f"{'[SIMULATED] ' if release['simulated'] else ''}{about}",
        subject="Children at risk of exploitation: indicators, alerts and how complete they are",
        published_at=release["built_at"],
        sheets=[*lead, *sheets],
    )


def _cover(view: View, about: str, tables: int) -> Sheet:
    release = view.published.release
    simulated = "Simulated data: every figure of our own is invented and tells of no real child."
    lines = [
        *([simulated] if release["simulated"] else []),
        f"Release {release['release_id']}, with everything received up to"
        f" {words.day(release['as_of'])}.",
        f"Published on {words.day(release['built_at'].date())}. A release is never changed: a"
        " figure that is revised stands in a later release.",
        f"This workbook has {tables} tables, one a sheet. The sheet Contents lists them and the"
        " sheet Notes explains notes and shorthand.",
        "The figures are those of the pages and of the published database of the same release.",
        IN_WORDS,
        "Aggregate statistics. They are not about any individual child: do not infer individuals.",
        "If a child is at risk follow local safeguarding procedures.",
        "Contact: the owner of each indicator, who is named on its sheet, or whoever sent you this"
        " workbook.",
        "Language: English (United Kingdom).",
    ]
    return Sheet(name="Cover", title=about, lines=lines)


def _contents(sheets: Sequence[Sheet]) -> Sheet:
    """What stands on which sheet, of those that have a table."""
    columns = [
        Column(title="Sheet", meaning="Name of the sheet, with a link.", width=24),
        Column(title="Table", meaning="What the table holds.", width=80),
        Column(title="Rows (number)", meaning="Rows under the headers."),
        Column(title="Begins in row (number)", meaning="Row of the headers."),
    ]
    rows: list[Sequence[Cell]] = [
        (one.name, one.title, len(one.table.rows), one.header_row) for one in sheets if one.table
    ]
    return Sheet(
        name="Contents",
        title="Contents",
        lines=["This sheet has one table, which begins in row 3."],
        table=Table(columns, rows),
        leads_to=[one.name for one in sheets],
    )


def _notes() -> Sheet:
    columns = [
        Column(title="Note or shorthand", meaning="As it stands in headers and cells.", width=20),
        Column(title="Meaning", meaning="What it means.", width=100),
    ]
    return Sheet(
        name="Notes",
        title="Notes and shorthand",
        lines=["This sheet has one table, which begins in row 3."],
        table=Table(columns, [*NOTES.items(), *SHORTHAND.items()]),
    )


SHORTHAND = {
    f"[{code}]": words.opening(meaning)
    for code, meaning in (
        *words.MARKERS.items(),
        *words.REVISIONS.items(),
        *words.CAVEATS.values(),
    )
}


def _sheet(view: View, draft: _Draft) -> Sheet:
    """With lines that say where the table begins and what the shorthand in it means."""
    simulated = ["Simulated data."] if view.published.release["simulated"] else []
    if not draft.table.rows:
        lines = [*simulated, *draft.lines, "There is none in this release."]
        return Sheet(name=draft.name, title=draft.title, lines=lines)
    shorthand = _shorthand(draft.table)
    lines = [*simulated, *draft.lines, *([shorthand] if shorthand else [])]
    begins = len(lines) + 3
    said = f"This sheet has one table, which begins in row {begins}. Notes are on the sheet Notes."
    return Sheet(name=draft.name, title=draft.title, lines=[*lines, said], table=draft.table)


def _shorthand(table: Table) -> str:
    """What the shorthand that occurs in a table means."""
    held = {
        part
        for row in table.rows
        for cell in row
        if isinstance(cell, str) and cell.startswith("[")
        for part in cell.split()
    }
    told = [f"{code} {words_of[0].lower()}{words_of[1:]}"
            for code, words_of in SHORTHAND.items() if code in held]  # fmt: skip
    return f"Shorthand: {'; '.join(told)}." if told else ""


def _drafts(view: View) -> Iterator[_Draft]:
    yield _newest(view)
    yield _alerts(view)
    yield _returns(view)
    yield _linkage(view)
    yield _backtests(view)
    yield from _trends(view)


# ---- England and its regions, month by month: a sheet for each indicator and kind of period.


def _trends(view: View) -> Iterator[_Draft]:
    used: Counter[str] = Counter()
    for indicator in view.indicators:
        held = [
            (area, series)
            for area in _larger(view)
            for series in view.published.series.get((area.key, indicator.indicator), [])
        ]
        held.sort(key=lambda one: one[1].period_type)
        for kind, group in groupby(held, key=lambda one: one[1].period_type):
            name = f"{indicator.code}_{kind}"
            used[name] += 1
            name += f"_{used[name]}" if used[name] > 1 else ""
            yield _trend(name, indicator, kind, list(group))


def _larger(view: View) -> list[Area]:
    return [*view.larger, *view.sub_regions]


def _trend(
    name: str, indicator: Indicator, kind: str, held: Sequence[tuple[Area, Series]]
) -> _Draft:
    unit = words.unit(kind, indicator)
    columns = [
        *AREA, PERIOD,
        Column(title="Period begins", meaning="First day of the period.", width=18),
        Column(title="Source", meaning="Who counted.", width=30),
        Column(title="Part", meaning="The whole, or a part that an official series gives apart."),
        *_values(unit, words.range_name(indicator)), STATE,
        Column(
            title=f"Authorities in the figure (number) {COVERED}", width=16,
            meaning="Authorities whose returns are in the figure.",
        ),
        Column(
            title="Authorities that owed a return (number)", width=16,
            meaning="Authorities in the area that owed a return.",
        ),
        FIGURE_NOTES,
    ]  # fmt: skip
    rows = [
        [
            *_place(area),
            words.short_period(kind, point.period_start, point.period_end),
            point.period_start,
            words.source(series.source),
            words.breakdown(series.breakdown),
            *figures(point, indicator),
            words.state(point, indicator) or NONE,
            _number(point.areas_included),
            _number(point.areas_due),
            _figure_notes(point),
        ]
        for area, series in held
        for point in reversed(series.points)
    ]
    return _Draft(
        name, f"{indicator.name}: England and regions, {words.words(kind, {}).lower()}s",
        _about(indicator), Table(columns, rows),
    )  # fmt: skip


def _values(unit: str, range_name: str) -> list[Column]:
    said = range_name.capitalize()
    return [
        Column(title=f"Value ({unit}) {ROUNDED}", meaning="The figure, as published.", width=18),
        Column(title=f"{said}, lower end ({unit}) {USUAL}", meaning="Its lower end.", width=18),
        Column(title=f"{said}, upper end ({unit}) {USUAL}", meaning="Its upper end.", width=18),
    ]


def _about(indicator: Indicator) -> list[str]:
    return [
        indicator.short_definition,
        f"Source: {indicator.source}. Owner: {indicator.owner}.",
    ]


def figures(point: Point, indicator: Indicator) -> list[Cell]:
    """Value and range: numbers, or the shorthand that stands in place of one."""
    return [
        _figure(point.value, indicator, point.marker or "x"),
        _figure(point.lower, indicator, "z"),
        _figure(point.upper, indicator, "z"),
    ]


def _figure(value: float | None, indicator: Indicator, marker: str) -> Cell:
    if value is None:
        return f"[{marker}]"
    return Figure(round(value, DECIMALS) + 0.0, indicator.decimals)


def _number(value: int | None) -> Cell:
    return NONE if value is None else int(value)


def _place(area: Area) -> list[Cell]:
    return [area.area_code, area.area_name, LEVELS[area.area_level]]


def _figure_notes(point: Point | None) -> str:
    if point is None or point.value is None:
        return NONE
    marks = [point.marker] if point.marker else []
    marks += [one for one, _ in (*words.revisions(point), *words.minded(point))]
    return " ".join(f"[{one}]" for one in marks) or NONE


# ---- Every area's newest figures.


def _newest(view: View) -> _Draft:
    columns = [
        *AREA,
        Column(title="Region", meaning="Name of its region.", width=24),
        Column(title="Indicator", meaning="Name of the indicator.", width=44),
        Column(title="Unit", meaning="What value and range are given in.", width=28),
        PERIOD, *_values("see Unit", "usual range"), STATE,
        Column(
            title=f"Smallest change we would detect (per cent) {SMALLEST}", width=18,
            meaning="Smallest change that the test would find, in per cent of what is expected.",
        ),
        FIGURE_NOTES,
    ]  # fmt: skip
    rows = [
        _newest_row(view, area, indicator)
        for area in [*_larger(view), *view.authorities]
        for indicator in view.indicators
        if indicator.indicator in view.published.headlines
    ]
    return _Draft(
        "Newest_figures",
        "Every area: the newest figure of each indicator",
        ["Filter by area for one authority, or by indicator to compare authorities."],
        Table(columns, rows),
    )


def _newest_row(view: View, area: Area, indicator: Indicator) -> list[Cell]:
    point = view.published.latest_point(area, indicator.indicator)
    region = view.region_of(area)
    change = point.minimum_detectable_change if point else None
    shown = [NOT_KNOWN, NONE, NONE] if point is None else figures(point, indicator)
    return [
        *_place(area),
        region.area_name if region else NONE,
        indicator.name,
        view.unit(indicator),
        view.short_period(indicator),
        *shown,
        words.state(point, indicator) or NONE,
        NONE if change is None else Figure(round(100 * change, DECIMALS), 0),
        _figure_notes(point),
    ]


# ---- Alerts, returns, linkage and what planted changes showed.


def _alerts(view: View) -> _Draft:
    columns = [
        Column(title="Alert", meaning="Its number.", width=20),
        *AREA,
        Column(title="Severity", meaning="Critical, warning, watch or information."),
        Column(title="State", meaning="Its state in words.", width=36),
        Column(title="What was found", meaning="The indicator and its side.", width=60),
        Column(title="Since", meaning="Period in which it began.", width=18),
        Column(title="Most recent period affected", meaning="Latest period.", width=18),
        Column(title="Raised on", meaning="Day on which it was first raised.", width=18),
        Column(title="Closed on", meaning="Day on which it ended.", width=18),
        Column(title="What we see", meaning="What was judged, in words.", width=90),
    ]
    rows = [_alert(view, alert) for alert in view.alerts]
    return _Draft(
        "Alerts",
        "Alerts, those that are open first",
        ["Each alert is a question to ask, never a verdict."],
        Table(columns, rows),
    )


def _alert(view: View, alert: Row) -> list[Cell]:
    told = " ".join(judged(alert, view.by_id.get(alert["indicator"])))
    return [
        alert["alert_id"],
        alert["area_code"],
        alert["area_name"],
        LEVELS[alert["area_level"]],
        alert["severity"].capitalize(),
        alert["state_words"],
        alert["headline"],
        alert["opened_words"],
        alert["last_words"],
        alert["first_raised_on"],
        alert["resolved_on"] or NONE,
        told or NOT_KNOWN,
    ]


def _returns(view: View) -> _Draft:
    columns = [
        *AUTHORITY,
        Column(title="Return", meaning="What was due.", width=44),
        Column(title="Period begins", meaning="First day that it is to cover.", width=18),
        Column(title="Period ends", meaning="Last day that it is to cover.", width=18),
        Column(title="Due on", meaning="Day on which it was due.", width=18),
        Column(title="Received on", meaning="Day on which it came.", width=18),
        Column(title="State", meaning="Its state in words.", width=24),
    ]
    rows = [
        [
            row["la_code"], _name(view, row["la_code"]), words.extract(extract),
            row["period_start"], row["period_end"], row["due_on"],
            row["received_on"] or NONE, words.words(row["status"], words.COVERAGE),
        ]
        for extract in view.returns
        for row in view.due[extract]
    ]  # fmt: skip
    return _Draft(
        "Returns",
        "How complete the data are: each return that was due in the last thirteen months",
        [view.position],
        Table(columns, rows),
    )


def _name(view: View, la_code: str) -> str:
    area = view.areas.get(la_code)
    return area.area_name if area else la_code


def _linkage(view: View) -> _Draft:
    columns = [
        *AUTHORITY,
        Column(title="Return", meaning="Where the records stand.", width=44),
        Column(
            title=f"Share that can be followed (per cent) {ROUNDED}", width=18,
            meaning="Share of records whose child can be followed from one source to another.",
        ),
    ]  # fmt: skip
    rows = [
        [
            row["la_code"], _name(view, row["la_code"]), words.extract(row["extract"]),
            _share(row),
        ]
        for row in view.published.linkage
    ]  # fmt: skip
    return _Draft(
        "Linkage",
        "How well records can be followed, by authority and return",
        ["A low share means that children known to services may be counted as not known."],
        Table(columns, rows),
    )


def _share(row: Row) -> Cell:
    share, marker = row["share"], row["marker"]
    return f"[{marker or 'x'}]" if share is None else Figure(round(100 * share, DECIMALS) + 0.0, 0)


def _backtests(view: View) -> _Draft:
    columns = [
        Column(title="Indicator", meaning="Name of the indicator.", width=44),
        Column(title="Figures", meaning="Who counted.", width=30),
        Column(
            title="Counts a month, from (number)", width=16,
            meaning="Size of the authorities: counts a month before the change, from this on.",
        ),
        Column(title="Counts a month, up to below (number)", meaning="Their upper end.", width=16),
        Column(title="Change (per cent)", meaning="By how much the count was changed."),
        Column(title="Planted (number)", meaning="Changes that were planted."),
        Column(title="Found (number)", meaning="Of these, found in time."),
        Column(
            title="Typically found after (periods)", width=16,
            meaning="Periods from the change to the first mark, in the middle one of those found.",
        ),
        Column(
            title="Marks where nothing was planted (per 100 authority-years)", width=20,
            meaning="Runs of marks where nothing was planted; real changes are among them.",
        ),
    ]  # fmt: skip
    rows = [
        [
            view.by_id[row["indicator"]].name, words.source(row["source"]),
            _plain(row["least"]), _plain(row["most"]),
            Figure(round(100 * row["change"], DECIMALS), 0), row["planted"], row["found"],
            _plain(row["median_delay"]), _plain(row["marks_per_100_years"], 1),
        ]
        for row in view.published.backtests
        if row["indicator"] in view.by_id
    ]  # fmt: skip
    return _Draft(
        "Back_tests",
        "Lasting changes that were planted in a copy of the figures, and how many were found",
        ["Where few were found, no alert says little."],
        Table(columns, rows),
    )


def _plain(value: float | None, decimals: int = 0) -> Cell:
    return NONE if value is None else Figure(round(value, DECIMALS) + 0.0, decimals)


def sheets_with_tables(book: Workbook) -> Iterable[tuple[Sheet, Table]]:
    return ((one, one.table) for one in book.sheets if one.table)
