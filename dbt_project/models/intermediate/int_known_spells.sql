-- who is known: a child referred, for twelve months; one whose case a return shows open, for the days of which that return speaks and until
-- the closure that it tells, and until the closure that the return which looks latest on the case tells; one in care, short breaks included, while it lasts
with referrals as (
    select
        la_code,
        child_key,
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
    least(
        cases.slice_end, coalesce(cases.closure_date, cases.slice_end), coalesce(referrals.closure_date, cases.slice_end)
    ) as known_to,
    cast(null as date) as referral_date
from {{ ref('stg_cases') }} as cases
inner join {{ ref('int_identifiers') }} as identifiers
    on cases.person_key = identifiers.identifier_key
inner join referrals
    on cases.la_code = referrals.la_code
    and identifiers.child_key = referrals.child_key
    and cases.referral_date = referrals.referral_date
where (cases.is_open or cases.closure_date >= cases.slice_start)
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
