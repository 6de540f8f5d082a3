"""Expectations on the tables of a release before readers see it: one suite a table.

Allowed values are those that the descriptions of the published columns promise. A result tells how
many rows broke an expectation, never which value did.
"""

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import duckdb
import great_expectations.expectations as gxe
import pandas as pd
from great_expectations.expectations.row_conditions import Column

from sightline.expectations.runner import CheckResult, about, frame_of, judge, together
from sightline.warehouse import indicators as catalogue
from sightline.warehouse.alert_terms import SEVERITIES
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.indicators import REASONS, Indicator
from sightline.warehouse.release.rounding import BASE

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

    Suite = Sequence[Expectation]

NAME = "release_meets_expectations"
OWNER = "engineering"
DISCLOSURE = "information governance"

# Figures are rounded to six decimals; an infinite figure is above any number.
WHOLE = 100 + 1e-6
LARGEST = sys.float_info.max

LEVELS = ["local_authority", "sub_region", "region", "country"]
PERIOD_TYPES = [
    "month", "week", "quarter", "term", "financial_year", "academic_year", "year_to_date",
    "mid_year",
]  # fmt: skip
MARKERS = ["c", "x", "z", "k", "low", "high", "u"]
HIDDEN = ["c", "low", "high"]
BANDS = [0.001, 0.01, 0.1, 1]
STATUSES = ["ok", "worsening", "improving", "not_assessable", "short_history"]
METHODS = ["panel", "series", "own_limits", "stated_limit", "estimate", "joint", "funnel"]
RELEASE_REASONS = [*REASONS, "withheld", "not_monitored", "published_series", "not_tested"]
COVERAGE = ["received", "late", "partial", "quarantined", "missing", "not_due"]
SUBMISSIONS = ["received", "accepted", "held", "quarantined", "withdrawn"]
STATES = [
    "pending", "open", "acknowledged", "snoozed", "resolved", "retracted", "no_longer_supported",
    "closed_by_reorganisation", "closed_by_definition", "dropped",
]  # fmt: skip
DIMENSIONS = ["referred_by", "main_reason", "age_and_sex"]
VERDICTS = ["agrees", "differs", "not_comparable"]
NOT_COMPARED = [
    "official_in_parts", "marked_in_source", "months_missing", "provisional", "withheld"
]  # fmt: skip

TRENDS_KEY = ["indicator", "area_code", "period_type", "source", "breakdown", "period_start"]
RANGE = ["expected", "lower", "upper"]
SHARES = ["p_one", "p_sustained", "completeness"]
EVIDENCE = [
    *RANGE, *SHARES, "score", "dispersion", "national_effect",
    "minimum_detectable_change", "minimum_detectable_drift", "slope_error",
]  # fmt: skip

IS_OURS = Column("source") == "extracts"
IS_WITHHELD = Column("marker") == "c"
IS_HIDDEN = Column("marker").is_in(HIDDEN)

_CASES = " ".join(f"when '{level}' then {base}" for level, base in BASE.items())
BASE_OF_LEVEL = f"case area_level {_CASES} end"

# Frames that are more than a published table as it stands.
FRAMES = {
    "trends": f"""
        select *,
            numerator % {BASE_OF_LEVEL} as numerator_past_base,
            denominator % {BASE_OF_LEVEL} as denominator_past_base,
            round(score, 1) - score as score_past_tenth
        from trends
    """,
    "withheld": f"select * from trends where marker in {(*HIDDEN,)} and source = 'extracts'",
    "reconciliation": f"""
        select *, counted % {BASE_OF_LEVEL} as counted_past_base from reconciliation
    """,
    "alerts": """
        with judged as (
            select *,
                cast(summary ->> '$.first' as date) as first_period,
                cast(summary ->> '$.value' as double) as value,
                case direction when 'up' then 1 else -1 end
                    * (value - cast(summary ->> '$.expected' as double)) as past_expected,
                case direction
                    when 'up' then value - cast(summary ->> '$.upper' as double)
                    else cast(summary ->> '$.lower' as double) - value
                end as past_usual
            from alerts
        ),
        released as (
            select alert_id, min(trends.value) as least, max(trends.value) as most,
                count(trends.value) filter (where period_start = last_period) > 0 as is_shown
            from judged
            inner join trends using (indicator, area_code, breakdown)
            where source = 'extracts'
                and period_start between coalesce(first_period, last_period) and last_period
            group by alert_id
        )
        -- what is told of several periods lies among their figures, but for its rounding
        select judged.*, coalesce(is_shown, false) as is_shown,
            judged.value between least - 0.01 * abs(least) - 0.5
                and most + 0.01 * abs(most) + 0.5 as is_released
        from judged
        left join released using (alert_id)
    """,
    "submissions": """
        select *,
            greatest(records % 10, accepted % 10, quarantined % 10, duplicates % 10) as past_tens
        from submissions
    """,
    "linkage": "select *, greatest(records % 10, conflicts % 10) as past_tens from linkage",
    "breakdowns": f"select *, counted % {BASE_OF_LEVEL} as counted_past_base from breakdowns",
    "drivers": """
        select *,
            sum(contribution) over parts - max(case when dimension = 'whole' then contribution end)
                over (partition by indicator, area_code, within) as left_over
        from drivers
        window parts as (partition by indicator, area_code, within, dimension)
    """,
}

JUDGED = (
    "indicators", "areas", "coverage", "trends", "withheld", "reconciliation", "alerts",
    "alert_events", "submissions", "linkage", "estimates", "breakdowns", "drivers",
)  # fmt: skip


def of_indicators(indicators: Sequence[Indicator]) -> "Suite":
    """Of the definitions that readers are given."""
    return [
        gxe.ExpectColumnDistinctValuesToEqualSet(
            column="indicator",
            value_set=_names(indicators),
            description="Every indicator of the catalogue is described, and no other.",
            meta=about("every_indicator_is_there", OWNER),
        ),
        _unique("indicator"),
    ]


def of_areas(authorities: Collection[str]) -> "Suite":
    """Of the areas; `authorities` are those that owe returns."""
    return [
        _unique("area_code"),
        gxe.ExpectColumnValuesToBeUnique(
            column="area_name",
            description="A name belongs to one area, so that a join by it repeats nothing.",
            meta=about("one_area_each_name", OWNER),
        ),
        _allowed("area_level", LEVELS),
        gxe.ExpectColumnDistinctValuesToContainSet(
            column="area_level",
            value_set=LEVELS,
            description="Authorities, regions, both parts of London and England are there.",
            meta=about("every_level_is_there", OWNER),
        ),
        gxe.ExpectColumnDistinctValuesToContainSet(
            column="la_code",
            value_set=sorted(authorities),
            description="Every authority that owes a return is described.",
            meta=about("every_area_is_there", OWNER),
        ),
    ]


def of_trends(
    indicators: Sequence[Indicator], areas: Collection[str], made: pd.DataFrame, smallest: int
) -> "Suite":
    """Of every figure and the judgement on it; `made` are the indicators and areas of the marts,
    `smallest` is the smallest count of ours that is shown, rounded."""
    proportions = Column("indicator").is_in(
        [one.indicator for one in indicators if one.kind == "proportion"]
    )
    from_zero = Column("indicator").is_in(
        [one.indicator for one in indicators if one.kind in ("proportion", "rate")]
    )
    of_counts = Column("indicator").is_in(
        [one.indicator for one in indicators if not one.denominator_is_population]
    )
    of_months = Column("indicator").is_in(
        [one.indicator for one in indicators if one.joint not in (None, "rest")]
    )
    return [
        _unique(*TRENDS_KEY),
        _allowed("indicator", _names(indicators)),
        gxe.ExpectColumnDistinctValuesToContainSet(
            column="indicator",
            value_set=_values(made, "indicator"),
            description="Every indicator that the models made is there.",
            meta=about("every_indicator_is_there", OWNER),
        ),
        _allowed("area_code", areas),
        gxe.ExpectColumnDistinctValuesToContainSet(
            column="area_code",
            value_set=_values(made, "area_code"),
            description="Every area that the models made figures of is there.",
            meta=about("every_area_is_there", OWNER),
        ),
        _allowed("area_level", LEVELS),
        _allowed("period_type", PERIOD_TYPES),
        _allowed("source", ["extracts", *_series(indicators)]),
        _allowed("marker", MARKERS),
        _allowed("kind", ["spike", "sustained"]),
        _allowed("method", METHODS),
        _allowed("status", STATUSES),
        _allowed("reason", RELEASE_REASONS),
        _not_above("period_start", "period_end", "periods_end_after_they_start"),
        _not_above("lower", "upper", "ranges_are_ranges"),
        *(_between(column, 0, LARGEST) for column in ("numerator", "denominator")),
        *(_between(column, -LARGEST, LARGEST) for column in ("value", *EVIDENCE)),
        *(_between(column, 0, 1) for column in SHARES),
        _between("value", 0, LARGEST, where=from_zero),
        *(_between(column, 0, WHOLE, where=proportions) for column in ("value", *RANGE)),
        gxe.ExpectColumnValuesToNotBeNull(
            column="marker",
            row_condition=Column("value").is_null(),
            description="A gap has a marker.",
            meta=about("gaps_are_marked", OWNER),
        ),
        gxe.ExpectColumnValuesToBeNull(
            column="value",
            row_condition=IS_HIDDEN,
            description="Nothing is shown that is marked as withheld, in official series neither.",
            meta=about("withheld_is_withheld", DISCLOSURE),
        ),
        _not_small("numerator", IS_OURS, smallest),
        _not_small("denominator", IS_OURS & of_counts, smallest),
        _multiple("numerator_past_base", IS_OURS),
        _multiple("denominator_past_base", IS_OURS & of_counts),
        gxe.ExpectColumnValuesToBeBetween(
            column="value",
            min_value=5,
            max_value=95,
            row_condition=IS_OURS & proportions & (Column("denominator") < 1000),
            description="A share of ours near none or near all of a few is told as one.",
            meta=about("shares_near_the_ends_are_coded", DISCLOSURE),
        ),
        gxe.ExpectColumnValuesToBeNull(
            column="numerator",
            row_condition=IS_OURS & of_months,
            description="A sum of months would give one of them back.",
            meta=about("no_sum_of_months_is_shown", DISCLOSURE),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="score_past_tenth",
            min_value=-1e-9,
            max_value=1e-9,
            row_condition=IS_OURS,
            description="A score of ours has one decimal: with more it is the count.",
            meta=about("scores_are_coarse", DISCLOSURE),
        ),
        *(
            gxe.ExpectColumnValuesToBeInSet(
                column=column,
                value_set=BANDS,
                row_condition=IS_OURS,
                description="A probability of ours is told as a band: an exact one is the count.",
                meta=about("probabilities_are_bands", DISCLOSURE),
            )
            for column in ("p_one", "p_sustained")
        ),
    ]


def of_withheld(indicators: Sequence[Indicator]) -> "Suite":
    """Of our own figures that are marked as withheld: no column tells of the count."""
    of_population = [one.indicator for one in indicators if one.denominator_is_population]
    return [
        gxe.ExpectColumnValuesToBeNull(
            column="denominator",
            row_condition=IS_WITHHELD & Column("indicator").is_not_in(of_population),
            description="Populations are open; any other denominator is a count of ours.",
            meta=about("withheld_is_withheld", DISCLOSURE),
        ),
        *(
            gxe.ExpectColumnValuesToBeNull(
                column=column,
                description="What is made of a withheld count gives it back.",
                meta=about("withheld_is_withheld", DISCLOSURE),
            )
            for column in ("numerator", "value", *EVIDENCE, "kind")
        ),
    ]


def of_coverage(authorities: Collection[str]) -> "Suite":
    """Of the returns that are due; `authorities` are those that readers are told of."""
    return [
        _unique("la_code", "extract", "period_start", "period_end"),
        _allowed("la_code", authorities),
        _allowed("extract", contracts.load()),
        _allowed("status", COVERAGE),
        _not_above("period_start", "period_end", "periods_end_after_they_start"),
    ]


def of_reconciliation(indicators: Sequence[Indicator], areas: Collection[str]) -> "Suite":
    """Of our own counts of a year beside the official ones."""
    return [
        _unique(*TRENDS_KEY),
        _allowed("indicator", _names(indicators)),
        _allowed("area_code", areas),
        _allowed("area_level", LEVELS),
        _allowed("period_type", PERIOD_TYPES),
        _allowed("source", _series(indicators)),
        _allowed("official_marker", MARKERS),
        _allowed("marker", MARKERS),
        _allowed("verdict", VERDICTS),
        _allowed("reason", NOT_COMPARED),
        _between("months_covered", 0, 12),
        _multiple("counted_past_base", None),
        *(
            gxe.ExpectColumnValuesToBeNull(
                column=column,
                row_condition=IS_WITHHELD,
                description="What is made of a withheld count gives it back.",
                meta=about("withheld_is_withheld", DISCLOSURE),
            )
            for column in ("counted", "difference", "allowed")
        ),
    ]


def of_alerts(indicators: Sequence[Indicator], areas: Collection[str]) -> "Suite":
    """Of the alerts that readers are told of."""
    return [
        _unique("alert_id"),
        _allowed("indicator", _names(indicators)),
        _allowed("area_code", areas),
        _allowed("area_level", LEVELS),
        _allowed("direction", ["down", "up"]),
        _allowed("severity", SEVERITIES),
        _allowed("state", STATES),
        _not_above("opened_period", "last_period", "periods_end_after_they_start"),
        gxe.ExpectColumnValuesToBeInSet(
            column="is_shown",
            value_set=[True],
            row_condition=Column("summary").is_not_null(),
            description="Evidence is given only where the figure behind it is shown.",
            meta=about("withheld_is_withheld", DISCLOSURE),
        ),
        *(
            gxe.ExpectColumnValuesToBeBetween(
                column=column,
                min_value=0,
                strict_min=True,
                description="What is told of an alert bears it out: beyond what was expected, and"
                " beyond the range that it calls usual.",
                meta=about("evidence_bears_the_alert_out", OWNER),
            )
            for column in ("past_expected", "past_usual")
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="is_released",
            value_set=[True],
            description="Evidence is the figure that this release shows.",
            meta=about("evidence_is_released", DISCLOSURE),
        ),
    ]


def of_alert_events(alerts: Collection[str]) -> "Suite":
    """Of the changes of these alerts."""
    return [
        _unique("event_id"),
        _allowed("alert_id", alerts),
        _allowed("old_state", STATES),
        _allowed("new_state", STATES),
    ]


def of_submissions() -> "Suite":
    """Of the submissions that came."""
    return [
        _unique("submission_id"),
        _allowed("extract", contracts.load()),
        _allowed("status", SUBMISSIONS),
        _not_above("period_start", "period_end", "periods_end_after_they_start"),
        _rounded(),
    ]


def of_linkage(authorities: Collection[str]) -> "Suite":
    """Of how many records can be linked to other extracts."""
    return [
        _unique("la_code", "extract"),
        _allowed("la_code", authorities),
        _allowed("extract", contracts.load()),
        _allowed("marker", ["x", *HIDDEN]),
        _between("share", 0, 1),
        _rounded(),
        gxe.ExpectColumnValuesToBeNull(
            column="share",
            row_condition=Column("marker").is_not_null(),
            description="A share of a small group would give a count back.",
            meta=about("withheld_is_withheld", DISCLOSURE),
        ),
    ]


def of_breakdowns(areas: Collection[str], smallest: int) -> "Suite":
    """Of what is counted in a quarter, taken apart, or in a whole year."""
    is_shown = Column("marker").is_null()
    return [
        _unique("measure", "area_code", "period_start", "dimension", "part"),
        _allowed("area_code", areas),
        _allowed("area_level", LEVELS),
        _allowed("dimension", [*DIMENSIONS, "whole_year"]),
        _allowed("marker", ["c", "low"]),
        _between("months", 1, 12),
        _not_small("counted", is_shown, smallest),
        _multiple("counted_past_base", is_shown),
        gxe.ExpectColumnValuesToNotBeNull(
            column="counted",
            row_condition=is_shown,
            description="Where there is no count a marker says why.",
            meta=about("gaps_are_marked", OWNER),
        ),
        gxe.ExpectColumnValuesToBeNull(
            column="counted",
            row_condition=Column("marker").is_not_null(),
            description="A count that is withheld is not there.",
            meta=about("withheld_is_withheld", DISCLOSURE),
        ),
    ]


def of_drivers(indicators: Sequence[Indicator], areas: Collection[str]) -> "Suite":
    """Of what drove the marked series."""
    return [
        _unique("indicator", "area_code", "within", "dimension", "part"),
        _allowed("indicator", _names(indicators)),
        _allowed("area_code", areas),
        _allowed("dimension", ["whole", "authority", "region", *DIMENSIONS]),
        gxe.ExpectColumnValuesToBeInSet(
            column="left_over",
            value_set=[0],
            description="The contributions of a dimension add up to the movement.",
            meta=about("contributions_add_up", OWNER),
        ),
    ]


def of_estimates() -> "Suite":
    """Of the national estimates."""
    return [
        _unique("estimate"),
        _not_above("lower", "value", "ranges_are_ranges"),
        _not_above("value", "upper", "ranges_are_ranges"),
    ]


def meets_expectations(
    draft: duckdb.DuckDBPyConnection, marts: duckdb.DuckDBPyConnection
) -> CheckResult:
    """Blocks the release: every suite over its table of the draft; `marts` say what is due."""
    frames = {name: table_of(draft, name) for name in JUDGED}
    made = marts.sql("select distinct indicator, area_code from marts.fct_values").df()
    [(smallest,)] = marts.sql("select min(smallest_shown) from control.disclosure").fetchall()
    by_table = suites(frames, made, smallest)
    return together(NAME, {name: judge(name, frames[name], by_table[name]) for name in JUDGED})


def suites(
    frames: Mapping[str, pd.DataFrame], made: pd.DataFrame, smallest_shown: int
) -> "Mapping[str, Suite]":
    """By name of its frame each suite; `smallest_shown` is the smallest true count of ours."""
    smallest = min(BASE.values()) * round(smallest_shown / min(BASE.values()))
    indicators = catalogue.load()
    areas = _values(frames["areas"], "area_code")
    authorities = _values(frames["areas"], "la_code")
    owing = _values(frames["coverage"], "la_code")
    return {
        "indicators": of_indicators(indicators),
        "areas": of_areas(owing),
        "coverage": of_coverage(authorities),
        "trends": of_trends(indicators, areas, made, smallest),
        "withheld": of_withheld(indicators),
        "reconciliation": of_reconciliation(indicators, areas),
        "alerts": of_alerts(indicators, areas),
        "alert_events": of_alert_events(_values(frames["alerts"], "alert_id")),
        "submissions": of_submissions(),
        "linkage": of_linkage(authorities),
        "estimates": of_estimates(),
        "breakdowns": of_breakdowns(areas, smallest),
        "drivers": of_drivers(indicators, areas),
    }


def table_of(draft: duckdb.DuckDBPyConnection, name: str) -> pd.DataFrame:
    """The frame that the suite of this name is for."""
    return frame_of(draft, FRAMES.get(name, f"select * from {name}"))


def _values(frame: pd.DataFrame, column: str) -> list[Any]:
    return sorted(frame[column].dropna().unique())


def _names(indicators: Sequence[Indicator]) -> list[str]:
    return [one.indicator for one in indicators]


def _series(indicators: Sequence[Indicator]) -> list[str]:
    return sorted({series.series for one in indicators for series in one.published})


def _allowed(column: str, values: Iterable[str]) -> "Expectation":
    return gxe.ExpectColumnValuesToBeInSet(
        column=column,
        value_set=list(values),
        description=f"{column} is one that the description of the column names.",
        meta=about(f"{column}_is_known", OWNER),
    )


def _unique(*columns: str) -> "Expectation":
    description, meta = "What a row is about stands once.", about("one_row_each", OWNER)
    if len(columns) > 1:
        return gxe.ExpectCompoundColumnsToBeUnique(
            column_list=[*columns], description=description, meta=meta
        )
    return gxe.ExpectColumnValuesToBeUnique(column=columns[0], description=description, meta=meta)


def _between(column: str, least: float, most: float, where: Any = None) -> "Expectation":
    return gxe.ExpectColumnValuesToBeBetween(
        column=column,
        min_value=least,
        max_value=most,
        row_condition=where,
        description=f"{column} is a number that its unit can have.",
        meta=about(f"{column}_is_in_its_range", OWNER),
    )


def _not_above(lower: str, upper: str, rule: str) -> "Expectation":
    return gxe.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A=upper,
        column_B=lower,
        or_equal=True,
        ignore_row_if="either_value_is_missing",
        description=f"{lower} is no more than {upper}.",
        meta=about(rule, OWNER),
    )


def _not_small(column: str, where: Any, smallest: int) -> "Expectation":
    return gxe.ExpectColumnValuesToBeBetween(
        column=column,
        min_value=smallest,
        row_condition=where & (Column(column) > 0),
        description="A small count of ours is withheld.",
        meta=about("no_small_count_is_shown", DISCLOSURE),
    )


def _multiple(column: str, where: Any) -> "Expectation":
    return gxe.ExpectColumnValuesToBeInSet(
        column=column,
        value_set=[0],
        row_condition=where,
        description="Counts of ours leave rounded: to 5 for an authority, to 10 for larger areas.",
        meta=about("counts_are_rounded", DISCLOSURE),
    )


def _rounded() -> "Expectation":
    return gxe.ExpectColumnValuesToBeInSet(
        column="past_tens",
        value_set=[0],
        description="Numbers of records leave rounded to ten.",
        meta=about("numbers_of_records_are_rounded", DISCLOSURE),
    )
