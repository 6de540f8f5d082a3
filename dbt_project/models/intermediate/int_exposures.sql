-- a child aged 10 to 17 whose risk shows outside social care, and whether social care knew of it then or soon after
with severely_absent as (
    select
        la_code,
        child_key,
        term_end as exposed_date,
        min(age) as age
    from {{ ref('int_absences') }}
    where is_severe and child_key is not null
    group by la_code, child_key, term_end
),

placed as (
    select
        la_code,
        child_key,
        event_month,
        min(entry_date) as exposed_date,
        min(age) as age
    from {{ ref('int_ap_placements') }}
    where child_key is not null
    group by la_code, child_key, event_month
),

missing as (
    select
        episodes.la_code,
        episodes.child_key,
        episodes.event_month,
        min(episodes.start_date) as exposed_date,
        min({{ age_at('children.birth_month', 'episodes.start_date') }}) as age
    from {{ ref('int_missing_episodes') }} as episodes
    inner join {{ ref('int_children') }} as children
        on episodes.child_key = children.child_key
    where episodes.category = 'M'
    group by episodes.la_code, episodes.child_key, episodes.event_month
),

exposures as (
    select
        la_code,
        child_key,
        'exclusion' as exposure,
        event_month,
        exposed_date,
        age
    from {{ ref('int_excluded_pupils') }}
    union all
    select
        la_code,
        child_key,
        'severe_absence' as exposure,
        {{ month_of('exposed_date') }} as event_month,
        exposed_date,
        age
    from severely_absent
    where age between 10 and 17
    union all
    select
        la_code,
        child_key,
        'alternative_provision' as exposure,
        event_month,
        exposed_date,
        age
    from placed
    where age between 10 and 17
    union all
    select
        la_code,
        child_key,
        'missing' as exposure,
        event_month,
        exposed_date,
        age
    from missing
    where age between 10 and 17
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
        event_month,
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
        cast(null as date) as event_month,
        cast(null as integer) as age,
        spells.known_from as event_date,
        0 as event_kind,
        spells.known_to,
        spells.referral_date
    from {{ ref('int_known_spells') }} as spells
    inner join exposed
        on spells.child_key = exposed.child_key
),

-- rows that tie here are alike in all that is asked of them, so the order among them does not matter
judged as (
    select
        la_code,
        child_key,
        exposure,
        event_month,
        age,
        event_date as exposed_date,
        event_kind,
        max(known_to) over (
            partition by child_key order by event_date, event_kind, known_to, la_code, exposure
            rows between unbounded preceding and current row
        ) as known_to,
        min(referral_date) over (
            partition by child_key order by event_date, event_kind, known_to, la_code, exposure
            rows between current row and unbounded following
        ) as next_referral_date
    from events
)

select
    la_code,
    child_key,
    exposure,
    event_month,
    exposed_date,
    age,
    coalesce(known_to >= exposed_date, false) as is_known,
    coalesce(next_referral_date <= {{ add_days('exposed_date', 90) }}, false) as is_referred_after
from judged
where event_kind = 1
