with referrals as (
    select
        submission_id,
        referral_key,
        person_key,
        source_code,
        is_no_further_action,
        referral_date,
        true as has_number
    from {{ source('raw', 'ssd_referrals') }}
    union all
    select
        submission_id,
        referral_key,
        person_key,
        source_code,
        is_no_further_action,
        referral_date,
        false as has_number
    from {{ source('raw', 'cin_referrals') }}
    union all
    -- the list does not tell which referral it is: a child and a day make one, as in the census
    select
        submission_id,
        {{ keyed_by_day('person_key', 'referral_date') }} as referral_key,
        person_key,
        source_code,
        is_no_further_action,
        referral_date,
        false as has_number
    from {{ source('raw', 'annex_a_referrals') }}
)

select
    referrals.submission_id,
    referrals.referral_key,
    referrals.person_key,
    referrals.has_number,
    slices.la_code,
    slices.extract,
    slices.place,
    slices.is_own,
    referrals.is_no_further_action,
    referrals.source_code in ('2A', '2B') as is_from_school,
    case
        when referrals.source_code in ('1A', '1B', '1C', '1D') then 'individuals'
        when referrals.source_code in ('2A', '2B') then 'schools'
        when referrals.source_code in ('3A', '3B', '3C', '3D', '3E', '3F') then 'health'
        when referrals.source_code in ('4', '5A', '5B', '5C', '5D') then 'local_authority'
        when referrals.source_code = '6' then 'police'
        else 'others'
    end as referred_by,
    referrals.referral_date
from referrals
{{ in_slice('referrals', 'referral_date', 'front_door', numbered='referrals.has_number') }}
