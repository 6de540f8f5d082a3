-- the months of each month, term and school year that lies whole within the run and the life of the authority
with months as (
    select
        la_code,
        period_start as month_start,
        period_end as month_end,
        {{ term_start('period_start') }} as term_start,
        {{ school_year_start('period_start') }} as year_start
    from {{ ref('int_area_months') }}
),

named as (
    select
        la_code,
        'month' as period_type,
        month_start as period_start,
        month_start,
        month_end,
        1 as months_whole
    from months
    union all
    select
        la_code,
        'term' as period_type,
        term_start as period_start,
        month_start,
        month_end,
        case extract(month from term_start) when 9 then 4 when 1 then 3 else 5 end as months_whole
    from months
    union all
    select
        la_code,
        'academic_year' as period_type,
        year_start as period_start,
        month_start,
        month_end,
        12 as months_whole
    from months
),

counted as (
    select
        la_code,
        period_type,
        period_start,
        month_start,
        months_whole,
        max(month_end) over (partition by la_code, period_type, period_start) as period_end,
        count(*) over (partition by la_code, period_type, period_start) as months_held
    from named
)

select
    la_code,
    period_type,
    period_start,
    period_end,
    month_start
from counted
where months_held = months_whole
