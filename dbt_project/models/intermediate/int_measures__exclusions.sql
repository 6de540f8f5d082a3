with suspended_months as (
    select distinct
        la_code,
        child_key,
        event_month,
        0 as event_order
    from {{ ref('int_exclusions') }}
    where category = 'SUSP' and child_key is not null
)

{{ counts(
    ref('int_exclusions'),
    'event_month',
    {
        'suspensions': "category = 'SUSP'",
        'suspensions_weapon': "category = 'SUSP' and is_for_weapon",
        'suspensions_drugs_alcohol': "category = 'SUSP' and is_for_drugs_or_alcohol",
        'permanent_exclusions': "category = 'PERM'",
    },
) }}
union all
{{ measures_of('(' ~ children_in_twelve_months('suspended_months') ~ ') as counted', ['suspended_pupils'], column='children') }}
