"""Are the marts coherent, and does an indicator worsen? One row per series, per sum, per month due.

The arithmetic is done in the database; what is judged are small frames of counts.
"""

import duckdb

from expectations.runner import CheckResult, Limit, judge
from warehouse.indicators import REASONS

# A count is whole and a sum of counts is exact; floating point leaves less than this.
ROUNDING = 1e-6

SERIES = f"""
select
    facts.indicator,
    facts.area_code,
    facts.period_type,
    facts.source,
    count(*) - count(distinct (facts.period_start, facts.breakdown)) as repeated,
    count(*) filter (where not isfinite(facts.value)) as endless,
    count(*) filter (
        where facts.numerator < 0
            or facts.denominator < 0
            or (facts.value < 0 and indicators.kind in ('proportion', 'rate'))
    ) as negative,
    count(*) filter (
        where indicators.kind = 'proportion'
            and (facts.numerator > facts.denominator or facts.value > 100 + {ROUNDING})
    ) as over_whole,
    count(*) filter (where facts.value is null and facts.marker is null and facts.reason is null)
        as unexplained,
    count(*) filter (where facts.reason not in {REASONS}) as unheard_of
from marts.fct_values as facts
left join control.indicators as indicators
    on facts.indicator = indicators.indicator
group by facts.indicator, facts.area_code, facts.period_type, facts.source
"""

SIGNALS = f"""
select
    signals.indicator,
    count(*) - count(
        distinct (signals.area_code, signals.source, signals.period_type, period_start, breakdown)
    ) as repeated,
    count(*) filter (
        where lower > upper or not isfinite(lower) or not isfinite(upper) or not isfinite(expected)
    ) as no_range,
    count(*) filter (
        where indicators.kind = 'proportion'
            and (least(lower, expected) < 0 or greatest(upper, expected) > 100 + {ROUNDING})
    ) as over_whole,
    count(*) filter (where reason not in {REASONS}) as unheard_of
from marts.fct_signals as signals
left join control.indicators as indicators
    on signals.indicator = indicators.indicator
group by signals.indicator
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
from marts.fct_values
where source = 'extracts'
group by indicator, period_start, breakdown
having count(*) filter (where area_level = 'country') > 0
"""

DUE = """
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

RECONCILED = """
select
    indicator,
    period_start,
    count(*) filter (where verdict = 'differs') as differing,
    count(*) filter (where verdict = 'agrees') as agreeing,
    count(*) filter (where verdict = 'not_comparable') as not_comparable
from marts.fct_reconciliation
where area_level = 'local_authority'
group by indicator, period_start
order by indicator, period_start
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
            Limit("reasons_have_words", "unheard_of", "A reason is one that readers know.", 0, 0),
        ],
    ),
    (
        SIGNALS,
        [
            Limit("one_signal_each", "repeated", "A figure has one judgement.", 0, 0),
            Limit("ranges_are_ranges", "no_range", "The lower end lies below the upper.", 0, 0),
            Limit("limits_within_wholes", "over_whole", "So do the limits of a part.", 0, 0),
            Limit("judgements_have_words", "unheard_of", "So has a reason of these.", 0, 0),
        ],
    ),
    (SUMS, [Limit("england_is_its_areas", "off_by", "England sums its areas.", 0, ROUNDING)]),
    (DUE, [Limit("no_area_is_absent", "absent", "An area with no return is a row.", 0, 0)]),
]


def marts_are_coherent(connection: duckdb.DuckDBPyConnection) -> CheckResult:
    """Blocks the release: figures that contradict each other are worse than none.

    All values are looked at, those that detection writes after the models and their tests too.
    """
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
            for result, what in zip(found, ("series", "signals", "sums", "periods"), strict=True)
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


def counts_agree_with_official(connection: duckdb.DuckDBPyConnection) -> CheckResult:
    """Warns only: authorities whose own counts of a year differ from the official ones."""
    frame = connection.sql(RECONCILED).df()
    result = judge(
        "counts_agree_with_official",
        frame,
        [Limit("none_differs", "differing", "The same year counted twice is the same.", 0, 0)],
        severity="warning",
    )
    totals = frame[["agreeing", "differing", "not_comparable"]].sum()
    differing = frame.groupby("indicator")["differing"].sum()
    counts = {f"differing_{name}": int(count) for name, count in differing.items() if count}
    return CheckResult(
        result.name, result.passed, result.severity, result.ran, result.failed,
        result.details | {str(name): int(count) for name, count in totals.items()} | counts,
    )  # fmt: skip
