select distinct
    episodes.la_code,
    identities.child_key,
    months.period_start as event_month,
    0 as event_order
from {{ ref('stg_care_episodes') }} as episodes
inner join {{ source('control', 'identities') }} as identities
    on episodes.person_key = identities.identifier_key
inner join (
    select distinct
        period_start,
        period_end
    from {{ ref('int_area_months') }}
) as months
    on episodes.counted_from <= months.period_end
    and episodes.counted_to >= months.period_start
