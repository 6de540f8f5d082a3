-- who is known: a child referred, for twelve months; one whose case a return shows open, for the days of which that return speaks, or until
-- the day on which the newest return that names the case says it was closed; one in care, short breaks included, while it lasts
with referrals as (
    select
        *,
        {{ add_months('referral_date', 12) }} as a_year_on
    from {{ ref('int_referrals') }}
)

select
    la_code,
    child_key,
    referral_date as known_from,
    case when closure_date > a_year_on then closure_date else a_year_on end as known_to,
    referral_date
from referrals
union all
select
    referrals.la_code,
    referrals.child_key,
    case when referrals.referral_date > slices.slice_start then referrals.referral_date else slices.slice_start end as known_from,
    slices.slice_end as known_to,
    cast(null as date) as referral_date
from referrals
inner join {{ source('control', 'submissions') }} as submissions
    on referrals.submission_id = submissions.submission_id
inner join {{ source('control', 'slices') }} as slices
    on referrals.submission_id = slices.submission_id
    and slices.source = 'front_door'
    and slices.speaks
    and slices.slice_start <= submissions.period_end
where referrals.closure_date is null
    and not coalesce(referrals.is_no_further_action, false)
    and slices.slice_end > referrals.a_year_on
union all
select
    la_code,
    child_key,
    counted_from as known_from,
    counted_to as known_to,
    cast(null as date) as referral_date
from {{ ref('int_care_spells') }}
