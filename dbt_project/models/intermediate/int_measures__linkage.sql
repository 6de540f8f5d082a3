-- a pupil counts once a month, as it stands on the first day on which the risk shows
with excluded as (
    select
        la_code,
        event_month,
        child_key,
        min_by(is_known or is_referred_after, exposed_date) as is_seen
    from {{ ref('int_exposures') }}
    where exposure = 'exclusion'
    group by la_code, event_month, child_key
)

{{ counts('excluded', 'event_month', {'excluded_pupils': none, 'excluded_pupils_not_known': 'not is_seen'}) }}
union all
{{ counts(
    ref('int_repeat_missing_children'),
    'event_month',
    {'repeat_missing_children': none, 'repeat_missing_children_not_assessed': 'not is_assessed'},
) }}
union all
{{ counts(
    ref('int_multi_exposed_children'),
    'event_month',
    {'multi_exposed_children': none, 'multi_exposed_children_not_known': 'not is_known'},
) }}
