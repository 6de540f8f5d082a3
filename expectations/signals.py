"""Expectations on values and signals, before alerts are decided and a release is made.

All values are looked at, those that detection writes after the models and their tests too.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import duckdb
import great_expectations.expectations as gxe
import pandas as pd
from great_expectations.expectations.row_conditions import Column

from sightline.expectations.runner import CheckResult, about, frame_of, judge, together
from sightline.warehouse import indicators as catalogue
from sightline.warehouse.indicators import REASONS

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

OWNER = "engineering"
PRACTICE = "safeguarding data"

# Rounding leaves a proportion this much above its whole; an infinite figure is above any number.
WHOLE = 100 + 1e-6
LARGEST = sys.float_info.max
KEY = ["indicator", "area_code", "source", "period_type", "period_start", "breakdown"]
OF_PROPORTION = Column("figure_kind") == "proportion"

VALUES = """
select
    facts.indicator,
    facts.area_code,
    facts.period_type,
    facts.period_start,
    facts.breakdown,
    facts.source,
    facts.numerator,
    facts.denominator,
    facts.value,
    facts.reason,
    coalesce(facts.marker, facts.reason) as explanation,
    indicators.kind as figure_kind
from marts.fct_values as facts
left join control.indicators as indicators using (indicator)
"""

SIGNALS = """
select signals.*, indicators.kind as figure_kind
from marts.fct_signals as signals
left join control.indicators as indicators using (indicator)
"""

# Floating point leaves less than a millionth of a sum of counts.
SUMS = """
select
    indicator,
    period_start,
    breakdown,
    round(sum(numerator) filter (where area_level = 'country'), 6) as england,
    round(
        coalesce(
            sum(numerator) filter (where area_level = 'local_authority' and areas_included > 0), 0
        ),
        6
    ) as authorities
from marts.fct_values
where source = 'extracts'
group by indicator, period_start, breakdown
having count(*) filter (where area_level = 'country') > 0
"""

AREAS = """
with periods as (
    select distinct indicator, period_start, period_end
    from marts.fct_values
    where source = 'extracts'
),

areas as (
    select
        la_code,
        min(valid_from) as valid_from,
        max(coalesce(valid_to, date '9999-12-31')) as valid_to
    from marts.dim_areas
    inner join control.authorities using (la_code)
    where area_level = 'local_authority'
    group by la_code
),

present as (
    select distinct indicator, period_start, la_code
    from marts.fct_values
    where source = 'extracts' and area_level = 'local_authority'
)

select
    periods.indicator,
    periods.period_start,
    count(*) as areas_expected,
    count(present.la_code) as areas_present
from periods
inner join areas
    on areas.valid_from <= periods.period_start and areas.valid_to >= periods.period_end
left join present
    on periods.indicator = present.indicator
    and periods.period_start = present.period_start
    and areas.la_code = present.la_code
group by periods.indicator, periods.period_start
"""

NEWEST = """
with judged as (
    select
        indicator, area_code, breakdown, period_start, status,
        coalesce(status <> 'not_assessable', false) as is_judged
    from marts.fct_signals
    where source = 'extracts'
),

newest as (
    select indicator, max(period_start) as period_start
    from judged
    where is_judged
    group by indicator
)

select judged.*
from judged
inner join newest using (indicator, period_start)
"""

RECONCILED = """
select indicator, verdict from marts.fct_reconciliation where area_level = 'local_authority'
"""


def of_values() -> "Sequence[Expectation]":
    """Of each value that the models or detection wrote, before disclosure control."""
    return [
        gxe.ExpectCompoundColumnsToBeUnique(
            column_list=KEY,
            description="A series has one row a period.",
            meta=about("one_row_each", OWNER),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="value",
            min_value=-LARGEST,
            max_value=LARGEST,
            description="A figure is a number: one without end would leave as a gap.",
            meta=about("rates_are_finite", OWNER),
        ),
        *(
            gxe.ExpectColumnValuesToBeBetween(
                column=column,
                min_value=0,
                description="Counts start at zero.",
                meta=about("nothing_is_negative", OWNER),
            )
            for column in ("numerator", "denominator")
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="value",
            min_value=0,
            row_condition=Column("figure_kind").is_in(["proportion", "rate"]),
            description="Proportions and rates start at zero.",
            meta=about("nothing_is_negative", OWNER),
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="denominator",
            column_B="numerator",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            row_condition=OF_PROPORTION,
            description="A part is no more than its whole.",
            meta=about("parts_within_wholes", OWNER),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="value",
            max_value=WHOLE,
            row_condition=OF_PROPORTION,
            description="A proportion is no more than 100 per cent.",
            meta=about("parts_within_wholes", OWNER),
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="explanation",
            row_condition=Column("value").is_null(),
            description="A missing value says why, by a marker or a reason.",
            meta=about("gaps_are_explained", OWNER),
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="reason",
            value_set=list(REASONS),
            description="A reason is one that the report has words for.",
            meta=about("reasons_have_words", OWNER),
        ),
    ]


def of_signals() -> "Sequence[Expectation]":
    """Of each judgement that detection wrote."""
    return [
        gxe.ExpectCompoundColumnsToBeUnique(
            column_list=KEY,
            description="A figure has one judgement.",
            meta=about("one_signal_each", OWNER),
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="upper",
            column_B="lower",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="The lower end of a range lies below the upper.",
            meta=about("ranges_are_ranges", OWNER),
        ),
        *(
            gxe.ExpectColumnValuesToBeBetween(
                column=column,
                min_value=-LARGEST,
                max_value=LARGEST,
                description="What is expected is a number, and so are both ends of its range.",
                meta=about("ranges_are_ranges", OWNER),
            )
            for column in ("expected", "lower", "upper")
        ),
        *(
            gxe.ExpectColumnValuesToBeBetween(
                column=column,
                min_value=0,
                max_value=WHOLE,
                row_condition=OF_PROPORTION,
                description="What is expected of a part lies within its whole.",
                meta=about("limits_within_wholes", OWNER),
            )
            for column in ("expected", "lower", "upper")
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="reason",
            value_set=list(REASONS),
            description="A reason is one that the report has words for.",
            meta=about("judgements_have_words", OWNER),
        ),
    ]


def of_sums() -> "Sequence[Expectation]":
    """Of England's count of an indicator and period, beside the sum of its authorities'."""
    return [
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="england",
            column_B="authorities",
            ignore_row_if="either_value_is_missing",
            description="England is the sum of its areas.",
            meta=about("england_is_its_areas", OWNER),
        ),
    ]


def of_periods() -> "Sequence[Expectation]":
    """Of the authorities that an indicator has a row for in a period."""
    return [
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="areas_present",
            column_B="areas_expected",
            description="An authority that sent nothing has a row that says so.",
            meta=about("no_area_is_absent", OWNER),
        ),
    ]


def of_newest_signals(monitored: Iterable[str]) -> "Sequence[Expectation]":
    """Of each area that could be judged in the newest period of each indicator that can be."""
    return [
        gxe.ExpectColumnValuesToNotBeInSet(
            column="status",
            value_set=["worsening"],
            row_condition=Column("indicator") == indicator,
            description="A worsening indicator is what the monitor is there to find.",
            meta=about(name_of_check(indicator), PRACTICE),
        )
        for indicator in monitored
    ]


def of_reconciliation() -> "Sequence[Expectation]":
    """Of each authority's own count of a year beside the official one."""
    return [
        gxe.ExpectColumnValuesToNotBeInSet(
            column="verdict",
            value_set=["differs"],
            description="The same year counted twice is the same.",
            meta=about("none_differs", PRACTICE),
        ),
    ]


def marts_are_coherent(connection: duckdb.DuckDBPyConnection) -> CheckResult:
    """Blocks the release: figures that contradict each other are worse than none."""
    frames = {
        "series": (VALUES, of_values()),
        "signals": (SIGNALS, of_signals()),
        "sums": (SUMS, of_sums()),
        "periods": (AREAS, of_periods()),
    }
    return together(
        "marts_are_coherent",
        {
            name: judge(name, frame_of(connection, query), suite)
            for name, (query, suite) in frames.items()
        },
    )


@dataclass(frozen=True)
class Worsening:
    """What the newest period of one indicator says that could be judged.

    `areas` are codes of the areas that worsen; `period` is None where nothing could be judged.
    """

    indicator: str
    period: date | None
    judged: int
    not_assessable: int
    areas: tuple[str, ...]
    check: CheckResult


def name_of_check(indicator: str) -> str:
    return f"{indicator}_is_not_worsening"


def worsening(
    connection: duckdb.DuckDBPyConnection, monitored: Iterable[str] | None = None
) -> dict[str, Worsening]:
    """Warns only: by indicator, which areas worsen in the newest period that could be judged.

    A check does not pass either where nothing could be judged, which is no sign that all is well.
    """
    chosen = _monitored() if monitored is None else list(monitored)
    frame = connection.sql(NEWEST).df()
    judged = frame[frame["is_judged"]]
    together = judge("newest_signals", judged, of_newest_signals(chosen), severity="warning")
    return {name: _worsening(name, frame[frame["indicator"] == name], together) for name in chosen}


def _worsening(indicator: str, frame: pd.DataFrame, together: CheckResult) -> Worsening:
    name = name_of_check(indicator)
    failed = int(together.details.get(f"failed_{name}", 0))
    areas = tuple(sorted(frame.loc[frame["status"] == "worsening", "area_code"].astype(str)))
    period = frame["period_start"].max().date() if len(frame) else None
    judged = int(frame["is_judged"].sum())
    counts = {
        "period": "none" if period is None else period.isoformat(),
        "areas_judged": judged,
        "worsening": failed,
        "not_assessable": len(frame) - judged,
    }
    said = f"{failed} of {judged} areas worsen." if judged else "No area could be judged."
    check = CheckResult(name, bool(judged) and not failed, "warning", 1, failed, counts, said)
    return Worsening(indicator, period, judged, len(frame) - judged, areas, check)


def _monitored() -> list[str]:
    return [one.indicator for one in catalogue.load() if one.is_monitored]


def counts_agree_with_official(connection: duckdb.DuckDBPyConnection) -> CheckResult:
    """Warns only: authorities whose own counts of a year differ from the official ones."""
    frame = frame_of(connection, RECONCILED)
    result = judge("counts_agree_with_official", frame, of_reconciliation(), severity="warning")
    verdicts = {"agreeing": "agrees", "differing": "differs", "not_comparable": "not_comparable"}
    counts = {name: int((frame["verdict"] == one).sum()) for name, one in verdicts.items()}
    differing = frame.loc[frame["verdict"] == "differs", "indicator"]
    counts |= _by_indicator("differing", differing)
    return replace(result, details=result.details | counts)


def _by_indicator(what: str, indicators: "pd.Series[str]") -> dict[str, int]:
    counts = indicators.astype(str).value_counts().sort_index()
    return {f"{what}_{name}": int(count) for name, count in counts.items()}
