-- the one place that decides which population counts: the newest release of each mid-year, the seed where none was taken in
with vintages as (
    select
        la_code,
        mid_year,
        cast(population_0_17 as double) as population_0_17,
        cast(population_10_17 as double) as population_10_17,
        cast('1900-01-01' as date) as released_on,
        0 as submission_id
    from {{ ref('population') }}
    union all
    select
        la_code,
        cast(extract(year from period_end) as integer) as mid_year,
        max(case when series_filter = 'Children aged 0 to 17 years' then value end) as population_0_17,
        max(case when series_filter = 'Children aged 10 to 17 years' then value end) as population_10_17,
        released_on,
        submission_id
    from {{ ref('stg_published_figures') }}
    where period_type = 'mid_year'
        and measure = 'population_estimate'
        and area_level = 'local_authority'
    group by la_code, period_end, released_on, submission_id
),

shares as (
    select
        la_code,
        cast(sum(population_10_17) as double) / sum(population_0_17) as share_10_17
    from {{ ref('population') }}
    group by la_code
),

ordered as (
    select
        vintages.la_code,
        vintages.mid_year,
        vintages.population_0_17,
        coalesce(
            vintages.population_10_17, round(vintages.population_0_17 * shares.share_10_17)
        ) as population_10_17,
        max(vintages.population_0_17) over (partition by vintages.la_code, vintages.mid_year)
        > min(vintages.population_0_17) over (partition by vintages.la_code, vintages.mid_year) as is_revised,
        row_number() over (
            partition by vintages.la_code, vintages.mid_year
            order by vintages.released_on desc, vintages.submission_id desc
        ) as newest_first
    from vintages
    left join shares
        on vintages.la_code = shares.la_code
    where vintages.population_0_17 is not null
)

select
    la_code,
    mid_year,
    population_0_17,
    population_10_17,
    is_revised
from ordered
where newest_first = 1
