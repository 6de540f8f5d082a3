"""What the pages have in common: rows of tables, cards with a chart, look-ups over the data."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import dropwhile, groupby
from typing import Any

from markupsafe import Markup, escape

from sightline.report import silence, verdict, words
from sightline.report.charts import LETTERS, Beside, line_chart
from sightline.report.comparisons import Comparisons
from sightline.report.data import Area, Indicator, Point, Published, Row, Series
from sightline.report.findings import finding
from sightline.report.permalinks import permalinks
from sightline.warehouse import indicators as catalogue
from sightline.warehouse.alert_terms import LIVE
from sightline.warehouse.calendar import Span, next_span, period_name
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.release import drivers
from sightline.warehouse.release.evidence import Direction

FRONT_DOOR = "front_door"
NOT_IN = ("missing", "quarantined")
MOST = 0.9
"""Where fewer authorities than this share are in a figure, its line is dashed."""
JUDGED = ("ok", "worsening", "improving", "short_history")


@dataclass(frozen=True)
class Page:
    """One page to write; its context is made when it is its turn."""

    path: str
    template: str
    title: str
    here: str
    context: Callable[[], dict[str, Any]]
    trail: tuple[tuple[str, str], ...] = field(default=())


class View:
    def __init__(self, published: Published, report_url: str | None = None) -> None:
        self.published = published
        self.permalinks = permalinks(published.release["release_id"], report_url)
        self.indicators = published.indicators
        self.by_id = {one.indicator: one for one in published.indicators}
        self.areas = {area.key: area for area in published.areas}
        self.england = next(iter(published.of_level("country")), None)
        self.regions = published.of_level("region")
        self.sub_regions = published.of_level("sub_region")
        self.larger = [*([self.england] if self.england else []), *self.regions]
        self.region_names = {region.area_code: region for region in self.regions}

    @cached_property
    def known(self) -> list[Area]:
        """Authorities with rows: one that sent nothing has them too, one never asked has not."""
        held = {key for key, _ in self.published.series}
        return [one for one in self.published.of_level("local_authority") if one.key in held]

    @cached_property
    def authorities(self) -> list[Area]:
        """The authorities of today."""
        return [area for area in self.known if not area.ended_on]

    @cached_property
    def former(self) -> list[Area]:
        return [area for area in self.known if area.ended_on]

    def region_of(self, area: Area) -> Area | None:
        return self.region_names.get(area.region_code or "")

    @cached_property
    def comparisons(self) -> Comparisons:
        return Comparisons(self.published)

    @cached_property
    def gap(self) -> catalogue.Indicator:
        """What holds signs of risk against children seen."""
        return next(one for one in catalogue.load() if one.joint == "divergence")

    def of_region(self, region: Area) -> list[Area]:
        """The authorities of a region, or of Inner or Outer London."""
        if region.area_level == "sub_region":
            return [one for one in self.authorities if one.sub_region_code == region.area_code]
        return [one for one in self.authorities if one.region_code == region.area_code]

    @cached_property
    def worsening(self) -> dict[str, list[str]]:
        """Indicators that are worsening in each area, in the newest month that can be read."""
        found: dict[str, list[str]] = defaultdict(list)
        for area in self.published.areas:
            for indicator in self.indicators:
                point = self.published.latest_point(area, indicator.indicator)
                if point and point.status == "worsening":
                    found[area.key].append(indicator.name)
        return found

    @cached_property
    def assessed(self) -> set[str]:
        """Areas in which at least one indicator could be judged; of the others nothing is known."""
        return {
            area.key
            for area in self.published.areas
            for indicator in self.indicators
            if (point := self.published.latest_point(area, indicator.indicator))
            and point.status in JUDGED
        }

    def of_assessed(self, areas: Iterable[Area]) -> str:
        """How many of the authorities that can be judged have something worsening: "3 of 150"."""
        judged = [area for area in areas if area.key in self.assessed]
        return f"{sum(bool(self.worsening.get(area.key)) for area in judged)} of {len(judged)}"

    @cached_property
    def alerts(self) -> list[Row]:
        """Alerts with what the pages say about them."""
        return [self._alert(alert) for alert in self.published.alerts]

    def _alert(self, alert: Row) -> Row:
        area = self.areas.get(alert["area_key"])
        indicator = self.by_id.get(alert["indicator"])
        found = verdict.of(alert, indicator)
        kind = indicator.period_type if indicator else "month"
        taken_on_by = self._taken_on_by(alert)
        said = words.words(alert["state"], words.STATES)
        return {
            **alert,
            "place": self.link(area) if area else "areas/index.html",
            "file": f"{alert['alert_id']}.html",
            "verdict": found,
            "headline": found.finding,
            "period_type": kind,
            "opened_words": period_name(kind, alert["opened_period"]),
            "last_words": period_name(kind, alert["last_period"]),
            "state_words": said.replace("someone", taken_on_by or "someone"),
            "state_word": said.partition(":")[0],
            "taken_on_by": taken_on_by,
        }

    def _taken_on_by(self, alert: Row) -> str:
        """The role of who looks into it; nothing where nobody agreed to be shown by one."""
        events = self.published.events.get(alert["alert_id"], [])
        taken = [one["recorded_by"] for one in events if one["event"] == "acknowledged"]
        is_shown = alert["state"] == "acknowledged" and taken and taken[-1] != "a person"
        return taken[-1] if is_shown else ""

    @cached_property
    def names(self) -> dict[str, str]:
        """What areas are called, by code."""
        return {area.area_code: area.area_name for area in self.published.areas}

    def driven_by(self, area: Area, indicator: str) -> list[str]:
        """What drove a marked movement, in sentences; nothing where it was not taken apart."""
        about = self.by_id.get(indicator)
        rows = self.published.drivers.get((indicator, area.key), [])
        if about is None or about.bad_direction == "none":
            return []
        direction: Direction = "up" if about.bad_direction == "up" else "down"
        return drivers.sentences(rows, direction, about.counted or "events", self.names)

    def drivers_page(self, area: Area, indicator: str) -> str:
        return f"drivers/{indicator}-{area.key}.html"

    @cached_property
    def by_number(self) -> dict[str, Row]:
        return {alert["alert_id"]: alert for alert in self.alerts}

    @cached_property
    def live_alerts(self) -> list[Row]:
        return [alert for alert in self.alerts if alert["state"] in LIVE]

    @cached_property
    def live_on(self) -> dict[tuple[str, str], Row]:
        """The open alert on an area's indicator."""
        return {(one["area_key"], one["indicator"]): one for one in self.live_alerts}

    @cached_property
    def alerts_of(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for alert in self.alerts:
            found[alert["area_key"]].append(alert)
        return found

    @cached_property
    def annotations(self) -> dict[tuple[str, str], list[Row]]:
        """What people recorded of each area and indicator."""
        found: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.published.annotations:
            found[row["area_key"], row["indicator"]].append(row)
        return found

    def rests_on(self, area: Area, point: Point | None) -> str:
        """How much of a larger area is in a figure of ours: "94 of 153 authorities"."""
        if point is None or not point.areas_due or not self._whole(area):
            return ""
        included = point.areas_included or 0
        return f"{included} of {max(self._whole(area), included)} authorities"

    def is_partial(self, area: Area, point: Point) -> bool:
        """Whether fewer than nine in ten authorities of a larger area are in a figure."""
        if not point.areas_due or not self._whole(area):
            return False
        return (point.areas_included or 0) < MOST * self._whole(area)

    def _whole(self, area: Area) -> int:
        """How many authorities a region or England has; none of an authority."""
        return self._wholes.get(area.key, 0)

    @cached_property
    def _wholes(self) -> dict[str, int]:
        found = {one.key: len(self.of_region(one)) for one in [*self.regions, *self.sub_regions]}
        return found | ({self.england.key: len(self.authorities)} if self.england else {})

    def sends(self, area: Area) -> str:
        """Of an authority that sends its referrals once a year, when it is due to send again."""
        row = self.referral_returns.get(area.key)
        contract = contracts.load().get(row["extract"]) if row else None
        if row is None or contract is None or contract.due is None or contract.due.every != "year":
            return ""
        after = next_span(Span(row["period_start"], row["period_end"]), "year")
        return f"Sends once a year; next due {words.month(contract.due.due_on(after))}"

    def confidence(self, area: Area) -> str:
        return words.confidence(self.published.confidence.get(area.key))

    def confidence_of(self, area: Area, indicator: Indicator) -> str:
        """How far figures of one indicator can be relied upon; nothing where it is not known."""
        row = self.published.indicator_confidence.get((indicator.indicator, area.key))
        return words.confidence(row) if row else ""

    def confidence_in(self, areas: Iterable[Area]) -> str:
        """In how many of some authorities it is high, medium or low."""
        known = self.published.confidence
        levels = [known[area.key]["level"] for area in areas if area.key in known]
        counts = {one: levels.count(one) for one in words.CONFIDENCE}
        said = words.listed([f"{one} in {count}" for one, count in counts.items() if count])
        return f"Confidence in the data is {said}." if said else ""

    def live_in(self, area: Area) -> int:
        return sum(alert["state"] in LIVE for alert in self.alerts_of[area.key])

    @cached_property
    def due(self) -> dict[str, list[Row]]:
        """Returns whose day has come, by extract, the newest period last."""
        as_of = self.published.release["as_of"]
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.published.coverage:
            if row["status"] != "not_due" and row["due_on"] <= as_of:
                found[row["extract"]].append(row)
        return found

    @cached_property
    def returns(self) -> list[str]:
        """The extracts of which a return is due, those due most often first."""
        known = [one.name for one in contracts.by_due() if one.name in self.due]
        return known + sorted(set(self.due) - set(known))

    def newest(self, extract: str) -> list[Row]:
        """The rows of the newest period of an extract that is due from anybody."""
        rows = self.due.get(extract, [])
        last = max((row["period_end"] for row in rows), default=None)
        return [row for row in rows if row["period_end"] == last]

    @cached_property
    def referral_returns(self) -> dict[str, Row]:
        """Each authority's newest referral return: monthly, or for a few the yearly census."""
        returns = [one.name for one in contracts.load().values() if FRONT_DOOR in one.tells]
        rows = [row for extract in returns for row in self.newest(extract)]
        return {row["la_code"]: row for row in rows}

    def has_returned(self, area: Area) -> bool:
        """Nothing due counts as nothing missing."""
        row = self.referral_returns.get(area.key)
        return row is None or row["status"] not in NOT_IN

    def returns_in(self, areas: Iterable[Area]) -> str:
        """How many of the newest referral returns that were due have come: "151 of 153"."""
        due = [area for area in areas if area.key in self.referral_returns]
        return f"{sum(self.has_returned(area) for area in due)} of {len(due)}"

    @property
    def position(self) -> str:
        if not self.referral_returns:
            return "No authority's referral return is due yet."
        return f"{self.returns_in(self.authorities)} newest referral returns are in."

    def returned(self, area: Area) -> str:
        row = self.referral_returns.get(area.key)
        said = words.words(row["status"], words.COVERAGE) if row else "None due"
        return ". ".join(one for one in (said, self.sends(area)) if one)

    def link(self, area: Area) -> str:
        if area.area_level == "country":
            return "index.html"
        folder = "areas" if area.area_level == "local_authority" else "regions"
        return f"{folder}/{area.key}.html"

    def authority_rows(self, areas: Iterable[Area]) -> list[Row]:
        return [
            {
                "area": area,
                "worsening": self.worsening.get(area.key, []),
                "alerts": self.live_in(area),
                "returned": self.returned(area),
                "confidence": self.confidence(area),
            }
            for area in areas
        ]

    def by_family(self, indicators: Iterable[Indicator]) -> list[tuple[str, list[Indicator]]]:
        grouped = groupby(indicators, key=lambda one: one.family)
        return [(words.words(family, words.FAMILIES), list(held)) for family, held in grouped]

    def newest_period(self, indicator: Indicator) -> str:
        newest = self.published.headlines.get(indicator.indicator)
        if newest is None:
            return ""
        period_type, _, part = newest.kind
        period = words.period(period_type, newest.period_start, newest.period_end)
        return words.inside(period) + ("" if part == "total" else f", {words.breakdown(part)}")

    def short_period(self, indicator: Indicator) -> str:
        newest = self.published.headlines.get(indicator.indicator)
        if newest is None:
            return words.DASH
        return words.short_period(newest.kind[0], newest.period_start, newest.period_end)

    def row(self, area: Area, indicator: Indicator, others: Iterable[Area] = ()) -> Row:
        """An area's newest figure in the words of a table, with other areas' values beside it."""
        point = self.published.latest_point(area, indicator.indicator)
        return {
            "indicator": indicator,
            "unit": self.unit(indicator),
            "period": self.short_period(indicator),
            "value": self._value(area, indicator),
            "range": words.usual_range(point, indicator.decimals),
            "detectable": silence.change(point),
            "detectable_drift": silence.drift(point),
            "tag": words.tag(point, indicator),
            "alert": self.live_on.get((area.key, indicator.indicator)),
            "confidence": self.confidence_of(area, indicator),
            "others": [self._value(other, indicator) for other in others],
        }

    def _value(self, area: Area, indicator: Indicator) -> Markup:
        """An area's newest figure; of a larger area with how many of its authorities are in it."""
        point = self.published.latest_point(area, indicator.indicator)
        shown = Markup("{}").format(words.value(point, indicator.decimals))
        rests = self.rests_on(area, point)
        return shown + Markup(' <span class="unit">{}</span>').format(rests) if rests else shown

    def unit(self, indicator: Indicator) -> str:
        newest = self.published.headlines.get(indicator.indicator)
        if newest is None:
            return indicator.unit
        period_type, _, part = newest.kind
        unit = words.unit(period_type, indicator)
        return unit if part == "total" else f"{words.breakdown(part)}; {unit}"

    def has_figures(self, area: Area, indicator: Indicator) -> bool:
        return (area.key, indicator.indicator) in self.published.series

    def cards(
        self, area: Area, indicator: Indicator, *, link: str | None, prefix: str = ""
    ) -> list[Row]:
        """A card for each time basis and source; kinds of year never share a chart."""
        held = self.published.series.get((area.key, indicator.indicator), [])
        return [
            self._card(area, indicator, series, f"{prefix}{indicator.indicator}", link, place)
            for place, series in enumerate(held)
        ]

    def _finding(self, area: Area, indicator: Indicator, series: Series, newest: Point) -> str:
        """What a chart shows; where an alert is open, in the alert's own figures and window."""
        alert = self.live_on.get((area.key, indicator.indicator))
        if alert and series.is_judged and newest.status == "worsening":
            off: str = alert["verdict"].off
            return words.opening(off)
        return finding(series, newest, indicator)

    def _alerted(self, area: Area, indicator: Indicator, series: Series, newest: Point) -> str:
        """The open alert of a chart whose newest figure does not show it."""
        alert = self.live_on.get((area.key, indicator.indicator))
        if alert is None or not series.is_judged or newest.status == "worsening":
            return ""
        return f"An alert is open: {alert['verdict'].off}."

    def _card(
        self,
        area: Area,
        indicator: Indicator,
        series: Series,
        name: str,
        link: str | None,
        place: int,
    ) -> Row:
        chart_id = name if place == 0 else f"{name}-{place}"
        heading = indicator.name if series.is_judged else f"{indicator.name}: {_basis(series)}"
        newest = self._newest(series)
        drawn = _from_first_figure(series.points)
        sentence = words.sentence(series, newest, indicator, area.area_name)
        told = self.annotations.get((area.key, indicator.indicator), [])
        unit = words.unit(series.period_type, indicator)
        found = self._finding(area, indicator, series, newest)
        dashed = [self.is_partial(area, point) for point in drawn]
        beside = self._england(area, series, drawn)
        has_rests = series.source == "extracts" and bool(self._whole(area))
        anchor = _anchor(series)
        withheld = _withheld(series.period_type, drawn)
        rows = self._figure_rows(area, series, indicator, has_rests=has_rests)
        charted = series
        if withheld and (years := self._years(area, series)):
            charted, drawn, dashed, beside = years, years.points, [], []
            sentence += f" {_twelve_months(years, indicator)}"
            first = self._figure_rows(
                area, years, indicator, has_rests=False, judged=series.has_verdicts
            )
            rows = first + "\n" + rows
        return {
            "id": chart_id,
            "anchor": f"{name.removesuffix(indicator.indicator)}{anchor}",
            "href": link,
            "heading": heading,
            "area": area.area_name,
            "tag": words.tag(newest, indicator) if series.has_verdicts else None,
            "sentence": sentence,
            "told": [words.annotation(row) for row in told],
            "finding": found,
            "alerted": self._alerted(area, indicator, series, newest),
            "withheld": withheld,
            "chart": line_chart(
                drawn,
                [
                    words.short_period(charted.period_type, p.period_start, p.period_end)
                    for p in drawn
                ],
                chart_id=chart_id,
                title=f"{heading}, {area.area_name}: {found}. {words.state(newest, indicator)}",
                description=sentence,
                unit=words.unit(charted.period_type, indicator),
                periods=_periods(charted),
                decimals=indicator.decimals,
                most=100.0 if indicator.kind == "proportion" else None,
                changes=[row["starts_on"] for row in told],
                dashed=dashed,
                beside=beside,
            ),
            "unit": unit,
            "source": words.source(series.source),
            "permalink": self._permalink(area, indicator, anchor),
            "judged": series.has_verdicts,
            "range": words.range_name(indicator).capitalize(),
            "has_rests": has_rests,
            "rests": self._rests(area, newest, is_dashed=any(dashed)),
            "rows": rows,
        }

    def _years(self, area: Area, series: Series) -> Series | None:
        """Whole years in place of our own months, if there are two that can be compared."""
        years = self.published.years.get((area.key, series.indicator))
        if years is None or not series.is_judged or series.period_type != "month":
            return None
        return years if sum(point.value is not None for point in years.points) > 1 else None

    def _permalink(self, area: Area, indicator: Indicator, anchor: str) -> str:
        """Where a chart stands for good; the same in every release but for the release's name."""
        is_of_england = area.area_level == "country"
        page = f"indicators/{indicator.indicator}.html" if is_of_england else self.link(area)
        return self.permalinks.of(f"{page}#{anchor}")

    def _rests(self, area: Area, newest: Point, *, is_dashed: bool) -> str:
        """What the figures of a larger area rest on, in words."""
        said = self.rests_on(area, newest)
        found = [f"The newest figure rests on {said}."] if said else []
        found += ["The line is dashed where fewer than nine in ten are in."] if is_dashed else []
        return " ".join(found)

    def _figure_rows(
        self,
        area: Area,
        series: Series,
        indicator: Indicator,
        *,
        has_rests: bool,
        judged: bool | None = None,
    ) -> Markup:
        """The table behind a chart, the newest period first; written here because rows are many."""
        judged = series.has_verdicts if judged is None else judged
        rows = []
        for point in reversed(series.points):
            rests = f"<td>{self.rests_on(area, point)}" if has_rests else ""
            rows.append(_figure_row(series, point, indicator, judged, rests))
        return Markup("\n".join(rows))  # noqa: S704  what is in it is escaped

    def _england(self, area: Area, series: Series, drawn: tuple[Point, ...]) -> list[Beside]:
        """England's line beside an area's own, unless its level would flatten that."""
        if self.england is None or area.key == self.england.key:
            return []
        held = self.published.series.get((self.england.key, series.indicator), [])
        values = {
            point.period_start: point.value
            for other in held
            if other.kind == series.kind
            for point in other.points
        }
        line = [values.get(point.period_start) for point in drawn]
        own = [v for p in drawn for v in (p.value, p.lower, p.upper) if v is not None]
        known = [value for value in line if value is not None]
        if not own or not known:
            return []
        reach = (max(own) - min(own)) / 2
        is_near = min(own) - reach <= min(known) and max(known) <= max(own) + reach
        return [Beside("England", line)] if is_near else []

    def _newest(self, series: Series) -> Point:
        headline = self.published.headlines.get(series.indicator)
        if headline and headline.kind == series.kind:
            return series.at(headline.period_start) or series.points[-1]
        return series.points[-1]


def _anchor(series: Series) -> str:
    """The name of a chart on its page, which other charts there have no part in."""
    part = "" if series.breakdown == "total" else f"-{series.breakdown}"
    return f"{series.indicator}-{series.period_type}-{series.source}{part}"


def _from_first_figure(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """A chart begins where there is something to draw; the table behind it has every period."""
    begun = dropwhile(lambda one: one.value is None and one.marker not in LETTERS, points)
    return tuple(begun) or points


def _withheld(period_type: str, drawn: tuple[Point, ...]) -> str:
    """Said where over a quarter of the periods of a chart are withheld."""
    count = sum(point.marker in words.WITHHELD for point in drawn)
    if 4 * count <= len(drawn):
        return ""
    period = period_type.replace("_", " ")
    return f"Withheld in {count} of {words.count(len(drawn), period)}, because counts are small."


def _twelve_months(years: Series, indicator: Indicator) -> str:
    """What the chart shows in place of months."""
    newest = next(point for point in reversed(years.points) if point.value is not None)
    when = words.inside(words.period(years.period_type, newest.period_start, newest.period_end))
    when = f"the {when}" if when.startswith("year") else when
    shown = words.number(newest.value or 0.0, indicator.decimals)
    unit = words.unit(years.period_type, indicator)
    return f"The chart shows twelve months at a time: {shown} {unit} in {when}."


def _periods(series: Series) -> str:
    """The title of the axis along which time runs."""
    last = series.points[-1]
    kinds = {
        "week": "Week",
        "term": "Term",
        "quarter": "Quarter",
        "financial_year": "Year to 31 March",
        "academic_year": "Academic year",
        "year_to_date": "Academic year to date",
        "mid_year": "Middle of the year",
    }
    kind = kinds.get(series.period_type, words.words(series.period_type, {}))
    newest = words.short_period(series.period_type, last.period_start, last.period_end)
    return f"Months to {newest}" if series.period_type == "month" else kind


def _figure_row(
    series: Series, point: Point, indicator: Indicator, judged: bool, rests: str
) -> str:
    """Without the end tags that HTML lets one leave out: a tenth of all bytes of the pages."""
    when = words.short_period(series.period_type, point.period_start, point.period_end)
    shown = words.value(point, indicator.decimals)
    row = f"<tr><th scope=row>{escape(when)}<td>{escape(shown)}{rests}"
    if judged:
        usual = words.usual_range(point, indicator.decimals)
        row += f"<td>{escape(usual)}<td>{escape(words.state(point, indicator))}"
    return row


def _basis(series: Series) -> str:
    kinds = {
        "financial_year": "years to 31 March",
        "academic_year": "academic years",
        "year_to_date": "academic years to date",
        "quarter": "quarters",
        "week": "weeks",
        "term": "terms",
        "mid_year": "mid-year",
        "month": "months",
    }
    basis = kinds.get(series.period_type, series.period_type)
    return basis if series.breakdown == "total" else f"{words.breakdown(series.breakdown)}, {basis}"
