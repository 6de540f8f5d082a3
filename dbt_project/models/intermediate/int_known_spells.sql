-- a referral makes a child known for twelve months, or until its case is closed where that is later; care while it lasts
select
    child_key,
    referral_date as known_from,
    case
        when closure_date > {{ add_months('referral_date', 12) }} then closure_date
        else {{ add_months('referral_date', 12) }}
    end as known_to,
    referral_date
from {{ ref('int_referrals') }}
union all
select
    identities.child_key,
    episodes.counted_from as known_from,
    episodes.counted_to as known_to,
    cast(null as date) as referral_date
from {{ ref('stg_care_episodes') }} as episodes
inner join {{ source('control', 'identities') }} as identities
    on episodes.person_key = identities.identifier_key
