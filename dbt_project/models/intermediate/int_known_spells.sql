-- who is known: a child referred, for twelve months; one whose case a return shows open, for the days of which that return speaks, or until
-- the day on which the return that looks latest on the case says it was closed; one in care, short breaks included, while it lasts
with referrals as (
    select
        la_code,
        child_key,
        person_key,
        referral_key,
        referral_date,
        closure_date,
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
    case when referrals.referral_date > cases.slice_start then referrals.referral_date else cases.slice_start end as known_from,
    case when referrals.closure_date < cases.slice_end then referrals.closure_date else cases.slice_end end as known_to,
    cast(null as date) as referral_date
from {{ ref('stg_cases') }} as cases
inner join referrals
    on cases.la_code = referrals.la_code
    and cases.referral_key = referrals.referral_key
    and cases.person_key = referrals.person_key
where cases.is_open
    and cases.slice_end > referrals.a_year_on
    and coalesce(referrals.closure_date, cases.slice_start) >= cases.slice_start
union all
select
    la_code,
    child_key,
    counted_from as known_from,
    counted_to as known_to,
    cast(null as date) as referral_date
from {{ ref('int_care_spells') }}
