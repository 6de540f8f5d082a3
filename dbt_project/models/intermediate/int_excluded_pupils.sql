-- who shows a risk to school: permanently excluded, or suspended for at least the second time in twelve months
with ordered as (
    select
        la_code,
        child_key,
        event_month,
        category,
        start_date,
        lag(start_date) over (
            partition by child_key order by start_date, exclusion_key
        ) as previous_date
    from {{ ref('int_exclusions') }}
    where child_key is not null and age between 10 and 17 and category in ('PERM', 'SUSP')
),

exposures as (
    select
        la_code,
        child_key,
        event_month,
        min(start_date) as exposed_date
    from ordered
    where category = 'PERM' or previous_date >= {{ add_months('start_date', -12) }}
    group by la_code, child_key, event_month
),

exposed as (
    select distinct child_key
    from exposures
),

-- a referral makes a child known for twelve months, or until its case is closed where that is later
events as (
    select
        la_code,
        child_key,
        event_month,
        exposed_date as event_date,
        2 as event_kind,
        cast(null as date) as known_to,
        cast(null as date) as referral_date
    from exposures
    union all
    select
        cast(null as {{ dbt.type_string() }}) as la_code,
        referrals.child_key,
        cast(null as date) as event_month,
        referrals.referral_date as event_date,
        1 as event_kind,
        case
            when referrals.closure_date > {{ add_months('referrals.referral_date', 12) }} then referrals.closure_date
            else {{ add_months('referrals.referral_date', 12) }}
        end as known_to,
        referrals.referral_date
    from {{ ref('int_referrals') }} as referrals
    inner join exposed
        on referrals.child_key = exposed.child_key
    union all
    select
        cast(null as {{ dbt.type_string() }}) as la_code,
        identities.child_key,
        cast(null as date) as event_month,
        episodes.counted_from as event_date,
        0 as event_kind,
        episodes.counted_to as known_to,
        cast(null as date) as referral_date
    from {{ ref('stg_care_episodes') }} as episodes
    inner join {{ source('control', 'identities') }} as identities
        on episodes.person_key = identities.identifier_key
    inner join exposed
        on identities.child_key = exposed.child_key
),

-- rows that tie here are alike in all that is asked of them, so the order among them does not matter
judged as (
    select
        la_code,
        child_key,
        event_month,
        event_date as exposed_date,
        event_kind,
        max(known_to) over (
            partition by child_key order by event_date, event_kind, known_to, la_code
            rows between unbounded preceding and current row
        ) as known_to,
        min(referral_date) over (
            partition by child_key order by event_date, event_kind, known_to, la_code
            rows between current row and unbounded following
        ) as next_referral_date
    from events
)

select
    la_code,
    child_key,
    event_month,
    exposed_date,
    coalesce(known_to >= exposed_date, false) as is_known,
    coalesce(next_referral_date <= {{ add_days('exposed_date', 90) }}, false) as is_referred_after
from judged
where event_kind = 2
