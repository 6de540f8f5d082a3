"""Are the marts coherent, and does an indicator worsen? One row per series, per sum, per month due.

The arithmetic is done in the database; what is judged are small frames of counts.
"""

import duckdb

from expectations.runner import CheckResult, Limit, judge

# A count is whole and a sum of counts is exact; floating point leaves less than this.
ROUNDING = 1e-6

SERIES = """
select
    facts.indicator,
    facts.area_code,
    facts.period_type,
    facts.source,
    count(*) - count(distinct (facts.period_start, facts.breakdown)) as repeated,
    count(*) filter (where not isfinite(facts.value)) as endless,
    count(*) filter (
        where facts.value < 0 or facts.numerator < 0 or facts.denominator < 0
    ) as negative,
    count(*) filter (where indicators.is_part and facts.numerator > facts.denominator)
        as over_whole,
    count(*) filter (where facts.value is null and facts.marker is null and facts.reason is null)
        as unexplained
from marts.fct_indicator_values as facts
left join (
    select
        indicator,
        unit like 'per cent of %' and unit not in ('per cent of usual', 'per cent of expected')
            as is_part
    from control.indicators
) as indicators
    on facts.indicator = indicators.indicator
group by facts.indicator, facts.area_code, facts.period_type, facts.source
"""

SUMS = """
select
    indicator,
    period_start,
    breakdown,
    abs(
        sum(numerator) filter (where area_level = 'country')
        - coalesce(
            sum(numerator) filter (where area_level = 'local_authority' and areas_included > 0), 0
        )
    ) as off_by
from marts.fct_indicator_values
where source = 'extracts'
group by indicator, period_start, breakdown
"""

DUE = """
with periods as (
    select distinct indicator, period_start, period_end
    from marts.fct_indicator_values
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
    from marts.fct_indicator_values
    where source = 'extracts' and area_level = 'local_authority'
)

select
    periods.indicator,
    periods.period_start,
    count(*) filter (where present.la_code is null) as absent
from periods
inner join areas
    on areas.valid_from <= periods.period_start and areas.valid_to >= periods.period_end
left join present
    on periods.indicator = present.indicator
    and periods.period_start = present.period_start
    and areas.la_code = present.la_code
group by periods.indicator, periods.period_start
"""

WORSENING = """
select
    indicator,
    count(*) filter (where status = 'worsening') as worsening,
    count(*) filter (where status = 'not_assessable') as not_assessable,
    count(*) as judged
from marts.fct_signals
inner join (
    select indicator, max(period_start) as period_start
    from marts.fct_signals
    where status = 'ok' and source = 'extracts'
    group by indicator
) as newest using (indicator, period_start)
where source = 'extracts'
group by indicator
order by indicator
"""

COHERENT = [
    (
        SERIES,
        [
            Limit("one_row_each", "repeated", "A series has one row a period.", 0, 0),
            Limit("rates_are_finite", "endless", "A rate is a number.", 0, 0),
            Limit("nothing_is_negative", "negative", "Counts and rates start at zero.", 0, 0),
            Limit("parts_within_wholes", "over_whole", "A part is no more than its whole.", 0, 0),
            Limit("gaps_are_explained", "unexplained", "A missing value says why.", 0, 0),
        ],
    ),
    (SUMS, [Limit("england_is_its_areas", "off_by", "England sums its areas.", 0, ROUNDING)]),
    (DUE, [Limit("no_area_is_absent", "absent", "An area with no return is a row.", 0, 0)]),
]


def marts_are_coherent(connection: duckdb.DuckDBPyConnection) -> CheckResult:
    """Blocks the release: figures that contradict each other are worse than none."""
    found = [
        judge("marts_are_coherent", connection.sql(query).df(), limits)
        for query, limits in COHERENT
    ]
    return CheckResult(
        "marts_are_coherent",
        all(result.passed for result in found),
        "error",
        sum(result.ran for result in found),
        sum(result.failed for result in found),
        {
            f"{name}_of_{what}": count
            for result, what in zip(found, ("series", "sums", "periods"), strict=True)
            for name, count in result.details.items()
        },
    )


def no_indicator_is_worsening(connection: duckdb.DuckDBPyConnection) -> CheckResult:
    """Warns only: how many areas worsen in the newest period that could be judged."""
    frame = connection.sql(WORSENING).df()
    result = judge(
        "no_indicator_is_worsening",
        frame,
        [Limit("none_worsens", "worsening", "What the monitor is there to find.", 0, 0)],
        severity="warning",
    )
    counts = {
        f"worsening_{row.indicator}": int(row.worsening)
        for row in frame.itertuples()
        if row.worsening
    }
    return CheckResult(
        result.name, result.passed, result.severity, result.ran, result.failed,
        result.details | {"areas_worsening": int(frame["worsening"].sum())} | counts,
    )  # fmt: skip
