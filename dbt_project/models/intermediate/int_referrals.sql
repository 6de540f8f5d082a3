with numbered as (
    select
        referrals.la_code,
        identities.child_key,
        referrals.referral_key,
        referrals.is_from_school,
        referrals.is_no_further_action,
        referrals.referral_date,
        referrals.closure_date,
        row_number() over (
            partition by referrals.la_code, referrals.referral_key
            order by referrals.submission_id desc, referrals.referral_date asc
        ) as newest_first
    from {{ ref('stg_referrals') }} as referrals
    inner join {{ source('control', 'identities') }} as identities
        on referrals.person_key = identities.identifier_key
)

select
    numbered.la_code,
    numbered.child_key,
    numbered.referral_key,
    numbered.is_from_school,
    numbered.is_no_further_action,
    numbered.referral_date,
    {{ month_of('numbered.referral_date') }} as event_month,
    numbered.closure_date,
    {{ age_at('children.birth_month', 'numbered.referral_date') }} as age,
    lag(numbered.referral_date) over (
        partition by numbered.la_code, numbered.child_key
        order by numbered.referral_date, numbered.referral_key
    ) as previous_referral_date
from numbered
left join {{ ref('int_children') }} as children
    on numbered.child_key = children.child_key
where numbered.newest_first = 1
