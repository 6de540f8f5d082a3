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

{{ counts(
    ref('int_ap_placements'),
    'term_start',
    {
        'ap_placements': 'age between 10 and 17',
        'ap_placements_behavioural': "age between 10 and 17 and placement_reason = 'BEH'",
    },
    period_type='term'
) }}
union all
{{ counts('movers', 'term_start', {'ap_movers': none, 'ap_movers_not_known': 'not is_seen'}, period_type='term') }}
