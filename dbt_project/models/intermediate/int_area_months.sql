with months as (
    select distinct {{ month_of('month_start') }} as period_start
    from {{ source('control', 'months') }}
),

areas as (
    select
        areas.la_code,
        min(areas.valid_from) as valid_from,
        max(coalesce(areas.valid_to, cast('2999-12-31' as date))) as valid_to
    from {{ ref('areas') }} as areas
    inner join {{ source('control', 'authorities') }} as authorities
        on areas.la_code = authorities.la_code
    where areas.area_level = 'local_authority'
    group by areas.la_code
)

select
    areas.la_code,
    months.period_start,
    {{ add_days(add_months('months.period_start', 1), -1) }} as period_end
from months
inner join areas
    on months.period_start between areas.valid_from and areas.valid_to
