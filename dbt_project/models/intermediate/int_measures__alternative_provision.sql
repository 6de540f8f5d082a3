-- a child who moves counts once a month, as it stands on the first day
with movers as (
    select
        la_code,
        child_key,
        event_month,
        {{ term_start('event_month') }} as term_start,
        min_by(is_known or is_referred_after, exposed_date) as is_seen
    from {{ ref('int_exposures') }}
    where exposure = 'alternative_provision'
    group by la_code, child_key, event_month
)

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
    term_start as period_start,
    cast(count(*) as double) as measured
from movers
group by la_code, term_start
union all
select
    'ap_movers_not_known' as measure,
    la_code,
    term_start as period_start,
    cast(count(*) as double) as measured
from movers
where not is_seen
group by la_code, term_start
