"""Read a published database in a few queries and group it for the pages.

Pages are made of what is read here and of nothing else.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from sightline.warehouse import indicators as catalogue
from sightline.warehouse.connection import records
from sightline.warehouse.release import dictionary
from sightline.warehouse.release.drivers import Driver

SHOWN_MONTHS = 60


class Point(NamedTuple):
    period_start: date
    period_end: date
    numerator: float | None
    denominator: float | None
    value: float | None
    marker: str | None
    is_provisional: bool
    is_revised: bool
    expected: float | None
    lower: float | None
    upper: float | None
    dispersion: float | None
    minimum_detectable_change: float | None
    minimum_detectable_drift: float | None
    kind: str | None
    status: str | None
    reason: str | None
    caveat: str | None
    areas_due: int | None
    areas_included: int | None
    """Authorities whose returns are in the figure of a larger area."""


@dataclass(frozen=True)
class Series:
    """One indicator in one area on one time basis from one source."""

    indicator: str
    period_type: str
    source: str
    breakdown: str
    points: tuple[Point, ...]

    @property
    def kind(self) -> tuple[str, str, str]:
        return self.period_type, self.source, self.breakdown

    @property
    def is_judged(self) -> bool:
        return (self.source, self.breakdown) == ("extracts", "total")

    @property
    def has_verdicts(self) -> bool:
        """Whether any of its figures was judged, month by month or year by year."""
        return any(point.status for point in self.points)

    def at(self, period_start: date | None) -> Point | None:
        return next(
            (one for one in reversed(self.points) if one.period_start == period_start), None
        )


@dataclass(frozen=True)
class Indicator:
    indicator: str
    code: str
    family: str
    name: str
    short_name: str
    short_definition: str
    definition: str
    counted: str | None
    kind: str
    unit: str
    official_unit: str | None
    decimals: int
    bad_direction: str
    is_monitored: bool
    period_type: str
    source: str
    lag_days: int
    why_it_matters: str
    what_to_check: str
    other_explanations: str
    owner: str
    reviewed_on: date | None


@dataclass(frozen=True)
class Area:
    """One area over all its codes; `key` is the authority's number, or the code of a region."""

    key: str
    area_code: str
    la_code: str | None
    area_name: str
    area_level: str
    region_code: str | None
    sub_region_code: str | None
    ended_on: date | None
    hex_column: int | None
    hex_row: int | None


@dataclass(frozen=True)
class Headline:
    """The figure that tables show for an indicator: its kind and the newest period of England."""

    kind: tuple[str, str, str]
    period_start: date
    period_end: date


Row = dict[str, Any]


@dataclass
class Published:
    """Everything that the pages are made of."""

    release: Row
    indicators: list[Indicator]
    areas: list[Area]
    series: dict[tuple[str, str], list[Series]]
    neighbours: dict[str, list[Row]]
    successions: list[Row]
    joint_returns: list[Row]
    alerts: list[Row]
    events: dict[str, list[Row]]
    changes: list[Row]
    confidence: dict[str, Row]
    """Of each authority, in the newest month that it is known for."""
    indicator_confidence: dict[tuple[str, str], Row]
    """By indicator and key of the area, over its newest year."""
    coverage: list[Row]
    refused: list[Row]
    submissions: Row
    linkage: list[Row]
    reconciled: list[Row]
    estimates: list[Row]
    annotations: list[Row]
    backtests: list[Row]
    revised: list[Row]
    """Of each indicator, how many figures of authorities moved since first published, how far."""
    revisions: list[Row]
    """Figures that moved: of England and regions the newest, of authorities the largest moves."""
    revised_at: dict[str, list[Row]]
    """By key of the area, the newest figures that moved, with how many did."""
    revised_larger: dict[str, list[Row]]
    """By indicator, the newest figures of England and regions that moved."""
    tables: list[Row]
    dictionary: list[Row]
    drivers: dict[tuple[str, str], list[Driver]]
    """By indicator and key of the area, where a movement was taken apart."""
    groups: dict[tuple[str, str], list[Row]]
    """By the same of England and regions: girls and children under 14, in each quarter."""
    years: dict[tuple[str, str], Series]
    """By the key of an authority and indicator: whole years, where most months are too small."""
    headlines: dict[str, "Headline"] = field(default_factory=dict)

    def of_level(self, level: str) -> list[Area]:
        return [area for area in self.areas if area.area_level == level]

    def latest_point(self, area: Area, indicator: str) -> Point | None:
        """The area's figure in the period that the indicator is read at."""
        headline = self.headlines.get(indicator)
        for series in self.series.get((area.key, indicator), []):
            if headline and series.kind == headline.kind:
                return series.at(headline.period_start)
        return None


def read(path: Path) -> Published:
    config: dict[str, Any] = {"enable_external_access": "false"}
    with duckdb.connect(str(path), read_only=True, config=config) as connection:
        areas = list(_areas(connection))
        moved = _moved(connection)
        published = Published(
            release=_rows(connection, "from release")[0],
            indicators=_indicators(connection),
            areas=areas,
            series=_series(connection),
            neighbours=_by(_rows(connection, "from area_neighbours order by rank"), "la_code"),
            successions=_rows(connection, "from area_successions order by all"),
            joint_returns=_rows(connection, "from joint_returns order by all"),
            alerts=_rows(connection, ALERTS),
            events=_by(_rows(connection, "from alert_events order by event_id"), "alert_id"),
            changes=_rows(connection, CHANGES),
            confidence={row["la_code"]: row for row in _rows(connection, CONFIDENCE)},
            indicator_confidence={
                series: row
                for series, [row] in _by_series(_rows(connection, INDICATOR_CONFIDENCE)).items()
            },
            coverage=_rows(connection, COVERAGE),
            refused=_rows(connection, REFUSED),
            submissions=_rows(connection, SUBMISSIONS)[0],
            linkage=_rows(connection, "from linkage order by la_code, extract"),
            reconciled=_rows(connection, RECONCILED),
            estimates=_rows(connection, "from estimates"),
            annotations=_rows(connection, ANNOTATIONS),
            backtests=_rows(connection, "from backtests order by least, change"),
            revised=moved["revised"],
            revisions=moved["revisions"],
            revised_at=_by(moved["revised_at"], "area_key"),
            revised_larger=_by(moved["revised_larger"], "indicator"),
            tables=_rows(connection, TABLES),
            dictionary=_dictionary(connection),
            drivers={
                series: [Driver(**row) for row in rows]
                for series, rows in _by_series(_rows(connection, DRIVERS)).items()
            },
            groups=_by_series(_rows(connection, GROUPS)),
            years=_years(connection),
        )
    published.headlines = _headlines(published)
    return published


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    return records(connection.execute(query))


def _moved(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    """What was published first and what stands now, read once for all who ask."""
    connection.execute(MOVED)
    asked = {"revised": REVISED, "revisions": REVISIONS, "revised_at": REVISED_AT,
             "revised_larger": REVISED_LARGER}  # fmt: skip
    found = {name: _rows(connection, query) for name, query in asked.items()}
    connection.execute("drop table moved")
    return found


def _dictionary(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Tables and views with their columns: name, type, meaning, columns."""
    columns = _by(dictionary.columns(connection), "relation")
    return [
        one | {"columns": columns.get(one["name"], [])} for one in dictionary.relations(connection)
    ]


def _by_series(rows: list[Row]) -> dict[tuple[str, str], list[Row]]:
    """By their indicator and the key of their area, which they have no more."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        found[row.pop("indicator"), row.pop("area_key")].append(row)
    return dict(found)


def _by(rows: list[Row], column: str) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row[column]].append(row)
    return dict(grouped)


def _indicators(connection: duckdb.DuckDBPyConnection) -> list[Indicator]:
    names = ", ".join(Indicator.__dataclass_fields__)
    query = f"select {names} from indicators order by code[1], cast(code[2:] as integer)"
    return [Indicator(**row) for row in _rows(connection, query)]


def _areas(connection: duckdb.DuckDBPyConnection) -> Iterator[Area]:
    names = ", ".join(name for name in Area.__dataclass_fields__ if name != "key")
    query = f"""
        select coalesce(la_code, area_code) as key, {names}
        from areas
        order by area_level, area_name
    """
    return (Area(**row) for row in _rows(connection, query))


def _series(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[Series]]:
    rows = connection.execute(SERIES).fetchall()
    grouped: dict[tuple[str, str], list[Series]] = defaultdict(list)
    for (key, *what), group in groupby(rows, key=itemgetter(0, 1, 2, 3, 4)):
        indicator, period_type, source, breakdown = what
        points = tuple(Point._make(row[6:]) for row in group)
        series = Series(indicator, period_type, source, breakdown, points)
        grouped[key, indicator].append(series)
    return dict(grouped)


def _years(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Series]:
    added = [one.indicator for one in catalogue.load() if one.adds_up]
    found = {}
    rows = connection.execute(YEARS, [added]).fetchall()
    for (key, indicator), group in groupby(rows, key=itemgetter(0, 1)):
        points = tuple(_year(*row[2:]) for row in group)
        ends_in = points[0].period_end.month
        kind = "financial_year" if ends_in == LAST_OF_FINANCIAL_YEAR else "academic_year"
        found[key, indicator] = Series(indicator, kind, "extracts", "total", points)
    return found


def _year(start: date, end: date, counted: int | None, value: float | None, marker: str) -> Point:
    nothing: dict[str, Any] = dict.fromkeys(Point._fields)
    known = {"period_start": start, "period_end": end, "numerator": counted, "value": value}
    flags = {"marker": marker, "reason": "not_tested", "is_provisional": False, "is_revised": False}
    return Point(**(nothing | known | flags))


def _headlines(published: Published) -> dict[str, Headline]:
    """Our own months where there are any, otherwise an official series; England's newest period."""
    countries = {area.key for area in published.of_level("country")}
    best: dict[str, tuple[tuple[bool, bool, bool, date], Headline]] = {}
    for (key, indicator), held in published.series.items():
        for series in held:
            point = read_at(series)
            if point is None:
                continue
            is_total = series.breakdown == "total"
            rank = (series.is_judged, is_total, key in countries, point.period_start)
            if indicator not in best or rank > best[indicator][0]:
                headline = Headline(series.kind, point.period_start, point.period_end)
                best[indicator] = rank, headline
    return {indicator: headline for indicator, (_, headline) in best.items()}


def read_at(series: Series) -> Point | None:
    """The newest figure, but of a month of holidays, in which nothing is expected."""
    said = (one for one in reversed(series.points) if one.value is not None)
    return next((one for one in said if one.reason != "nothing_expected"), None)


LAST_OF_FINANCIAL_YEAR = 3
# A rate is of the people of these months, a share of the twelve months' own counts: where those of
# the indicator are withheld with what it counts, another indicator may tell them.
YEARS = """
with counts as (
    select
        indicators.numerator as measure, trends.area_code, trends.period_start,
        max(trends.numerator) as counted
    from trends
    inner join indicators
        on trends.indicator = indicators.indicator
    where trends.source = 'extracts' and trends.period_type = 'month'
        and trends.breakdown = 'total' and indicators.family <> 'joint'
        and trends.numerator is not null
    group by all
),

below as (
    select
        years.area_code, years.period_start, years.period_end, years.counted, years.marker,
        indicators.indicator, indicators.kind, indicators.scale, trends.la_code,
        coalesce(trends.denominator, counts.counted) as denominator
    from breakdowns as years
    inner join indicators
        on years.measure = indicators.numerator
    inner join trends
        on indicators.indicator = trends.indicator
        and years.area_code = trends.area_code
        and trends.source = 'extracts' and trends.period_type = 'month'
        and trends.breakdown = 'total'
        and trends.period_start between years.period_start and years.period_end
    left join counts
        on indicators.denominator = counts.measure
        and trends.area_code = counts.area_code
        and trends.period_start = counts.period_start
    where years.dimension = 'whole_year' and list_contains($1, indicators.indicator)
)

select
    la_code, indicator, period_start, period_end, counted,
    scale * counted / case
        when kind = 'rate' then avg(denominator)
        when count(denominator) = 12 then nullif(sum(denominator), 0)
    end as value,
    case when counted is null then marker end as shown_as
from below
group by la_code, indicator, period_start, period_end, counted, marker, kind, scale
order by la_code, indicator, period_start
"""

SERIES = f"""
with newest as (
    select max(period_start) as newest_month from trends where period_type = 'month'
)

select
    coalesce(trends.la_code, trends.area_code) as key,
    indicator, period_type, source, breakdown, trends.source <> 'extracts' as is_official,
    {", ".join(Point._fields)}
from trends
cross join newest
where
    period_type <> 'month'
    or period_start > newest.newest_month - interval {SHOWN_MONTHS} month
order by key, indicator, is_official, period_type, source, breakdown, period_start
"""

ALERTS = """
select
    alerts.*,
    coalesce(areas.la_code, alerts.area_code) as area_key
from alerts
left join areas
    on alerts.area_code = areas.area_code
order by
    list_position(
        [
            'open', 'acknowledged', 'snoozed', 'pending', 'resolved', 'retracted',
            'no_longer_supported', 'closed_by_reorganisation', 'closed_by_definition', 'dropped'
        ],
        alerts.state
    ),
    list_position(['critical', 'warning', 'watch', 'info'], alerts.severity),
    alerts.opened_period desc, alerts.area_name, alerts.indicator
"""

DRIVERS = f"""
select
    drivers.indicator, coalesce(areas.la_code, drivers.area_code) as area_key,
    {", ".join(f"drivers.{name}" for name in Driver.__dataclass_fields__)}
from drivers
inner join indicators
    on drivers.indicator = indicators.indicator
inner join areas
    on drivers.area_code = areas.area_code
order by
    indicators.code[1], cast(indicators.code[2:] as integer), areas.area_name, drivers.within,
    drivers.dimension, drivers.part
"""

# A quarter of a group is told once all three months have come, and shown where each part of it is.
GROUPS = """
with named as (
    select numerator as measure, min_by(indicator, code) as indicator
    from indicators
    where is_monitored
    group by numerator
),

parts as (
    select *, 'girls' as grouped from breakdowns where part like 'girls%'
    union all
    select *, 'younger' from breakdowns where part not like '%14_to_17'
)

select
    named.indicator, parts.area_code as area_key, parts.grouped as part, parts.period_start,
    parts.period_end,
    case when count(parts.counted) = count(*) then sum(parts.counted) end as counted
from parts
inner join named
    on parts.measure = named.measure
where parts.dimension = 'age_and_sex' and parts.area_level in ('region', 'country')
    and parts.months = 3
group by all
order by all
"""

ANNOTATIONS = """
select annotations.*, coalesce(areas.la_code, annotations.area_code) as area_key
from annotations
left join areas
    on annotations.area_code = areas.area_code
order by starts_on, annotation_id
"""

CHANGES = "select changes.*, la_code from changes left join areas using (area_code) order by all"

CONFIDENCE = """
from confidence
qualify row_number() over (partition by la_code order by period_start desc) = 1
"""

INDICATOR_CONFIDENCE = """
select indicator, coalesce(areas.la_code, areas.area_code) as area_key, level, worst_part
from indicator_confidence
inner join areas
    using (area_code)
"""

# The newest periods that are due or in hand; a year of them, so that gaps can be seen.
COVERAGE = """
select coverage.*, submissions.status as submission_status, submissions.first_problem
from coverage
cross join release
left join submissions on coverage.submission_id = submissions.submission_id
where coverage.period_end >= release.as_of - interval 13 month
order by coverage.extract, coverage.la_code, coverage.period_end
"""

REFUSED = """
select
    submission_id, sender, extract, period_start, period_end, received_on, status, first_problem
from submissions
where status in ('quarantined', 'held')
order by received_on desc, submission_id desc
limit 200
"""

# How many authorities' own counts agree with the official ones, and those that do not.
RECONCILED = """
select
    indicator, source, period_type, period_start, period_end,
    count(*) filter (where verdict = 'agrees') as agreeing,
    count(*) filter (where verdict = 'not_comparable') as not_comparable,
    list(struct_pack(key := la_code, official := official, counted := counted) order by la_code)
        filter (where verdict = 'differs') as differing
from reconciliation
where area_level = 'local_authority' and breakdown = 'total'
group by all
having count(*) filter (where verdict <> 'not_comparable') > 0
order by indicator, period_start
"""

# What was published first of each figure of ours, and what stands now.
MOVED = """
create temporary table moved as
select
    trends.indicator, trends.area_level, trends.period_type, trends.period_start,
    trends.period_end, coalesce(trends.la_code, trends.area_code) as area_key, now.vintage,
    earlier.value as first_value, earlier.marker as first_marker,
    earlier.published_on as first_on,
    now.value as now_value, now.marker as now_marker, now.published_on as now_on,
    (now.value - earlier.value) / nullif(earlier.value, 0) as change
from trends_vintages as now
inner join trends_vintages as earlier
    using (indicator, area_code, period_type, period_start, breakdown, source)
inner join trends
    using (indicator, area_code, period_type, period_start, breakdown, source)
where now.is_latest and earlier.vintage = 1 and now.source = 'extracts'
    and now.breakdown = 'total'
"""
REVISED = """
select
    indicator,
    count(*) as figures,
    count(*) filter (where vintage > 1) as revised,
    median(abs(change)) filter (where change <> 0) as half,
    avg(case when change > 0 then 1 else 0 end) filter (where change <> 0) as upwards
from moved
where area_level = 'local_authority'
group by indicator
having count(*) filter (where vintage > 1) > 0
order by indicator
"""
MOST_REVISIONS = 100
REVISIONS = f"""
select *
from moved
where vintage > 1
qualify row_number() over (
    partition by area_level = 'local_authority'
    order by
        case when area_level = 'local_authority' then -abs(change) end nulls last,
        period_start desc, area_level, indicator, area_key
) <= {MOST_REVISIONS}
order by
    area_level = 'local_authority',
    case when area_level = 'local_authority' then -abs(change) end nulls last,
    period_start desc, area_level, indicator, area_key
"""
MOST_OF_ONE = 10
NEWEST = "order by period_start desc, abs(change) desc nulls last, indicator, area_key"
REVISED_AT = f"""
select *, count(*) over (partition by area_key) as revised_there
from moved
where vintage > 1
qualify row_number() over (partition by area_key {NEWEST}) <= {MOST_OF_ONE}
{NEWEST}
"""
REVISED_LARGER = f"""
select *
from moved
where vintage > 1 and area_level <> 'local_authority'
qualify row_number() over (partition by indicator {NEWEST}) <= {MOST_OF_ONE}
{NEWEST}
"""

SUBMISSIONS = """
select
    count(*) as submissions,
    count(*) filter (where status = 'accepted') as accepted,
    count(*) filter (where status = 'quarantined') as refused,
    count(*) filter (where status = 'held') as held,
    max(received_on) as newest_received_on
from submissions
"""

TABLES = """
select table_name, comment, estimated_size
from duckdb_tables()
order by table_name
"""
