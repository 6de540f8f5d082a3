select
    'ap_placements' as measure,
    la_code,
    term_start as period_start,
    cast(count(*) as double) as measured
from {{ ref('int_ap_placements') }}
where age between 10 and 17
group by la_code, term_start
union all
select
    'ap_placements_behavioural' as measure,
    la_code,
    term_start as period_start,
    cast(count(*) as double) as measured
from {{ ref('int_ap_placements') }}
where age between 10 and 17 and placement_reason = 'BEH'
group by la_code, term_start
union all
select
    'ap_movers' as measure,
    la_code,
    {{ term_start('exposed_date') }} as period_start,
    cast(count(*) as double) as measured
from {{ ref('int_exposures') }}
where exposure = 'alternative_provision' and is_first_in_month
group by la_code, {{ term_start('exposed_date') }}
union all
select
    'ap_movers_not_known' as measure,
    la_code,
    {{ term_start('exposed_date') }} as period_start,
    cast(count(*) as double) as measured
from {{ ref('int_exposures') }}
where exposure = 'alternative_provision' and is_first_in_month and not is_known and not is_referred_after
group by la_code, {{ term_start('exposed_date') }}
