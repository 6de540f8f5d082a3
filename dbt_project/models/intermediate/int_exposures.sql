-- each risk of a child aged 10 to 17 that shows outside social care, and whether social care knew of the child then or soon after
with exposures as (
    select
        la_code,
        child_key,
        'exclusion' as exposure,
        exposed_date,
        age
    from {{ ref('int_excluded_pupils') }}
    union all
    select
        la_code,
        child_key,
        'severe_absence' as exposure,
        term_end as exposed_date,
        min(age) as age
    from {{ ref('int_absences') }}
    where is_severe and child_key is not null and age between 10 and 17
    group by la_code, child_key, term_end
    union all
    select distinct
        la_code,
        child_key,
        'alternative_provision' as exposure,
        entry_date as exposed_date,
        age
    from {{ ref('int_ap_placements') }}
    where child_key is not null and age between 10 and 17
    union all
    select distinct
        la_code,
        child_key,
        'missing' as exposure,
        start_date as exposed_date,
        age
    from {{ ref('int_missing_episodes') }}
    where category = 'M' and not is_from_home and age between 10 and 17
),

exposed as (
    select distinct child_key
    from exposures
),

events as (
    select
        la_code,
        child_key,
        exposure,
        age,
        exposed_date as event_date,
        1 as event_kind,
        cast(null as date) as known_to,
        cast(null as date) as referral_date
    from exposures
    union all
    select
        cast(null as {{ dbt.type_string() }}) as la_code,
        spells.child_key,
        cast(null as {{ dbt.type_string() }}) as exposure,
        cast(null as integer) as age,
        spells.known_from as event_date,
        0 as event_kind,
        spells.known_to,
        spells.referral_date
    from {{ ref('int_known_spells') }} as spells
    inner join exposed
        on spells.child_key = exposed.child_key
),

-- what makes a child known on a day comes before what shows on it; rows that tie are alike in all that is asked of them
judged as (
    select
        la_code,
        child_key,
        exposure,
        age,
        event_date as exposed_date,
        event_kind,
        max(known_to) over (
            partition by child_key order by event_date, event_kind
            rows between unbounded preceding and current row
        ) as known_to,
        min(referral_date) over (
            partition by child_key order by event_date, event_kind
            rows between current row and unbounded following
        ) as next_referral_date
    from events
)

select
    la_code,
    child_key,
    exposure,
    {{ month_of('exposed_date') }} as event_month,
    exposed_date,
    age,
    coalesce(known_to >= exposed_date, false) as is_known,
    coalesce(next_referral_date <= {{ add_days('exposed_date', 90) }}, false) as is_referred_after
from judged
where event_kind = 1
