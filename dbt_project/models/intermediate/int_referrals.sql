with told as (
    select
        referrals.submission_id,
        referrals.la_code,
        referrals.extract,
        referrals.is_own,
        identifiers.child_key,
        identifiers.birth_month,
        referrals.referral_key,
        referrals.is_from_school,
        referrals.is_no_further_action,
        referrals.referral_date,
        referrals.closure_date,
        referrals.place
    from {{ ref('stg_referrals') }} as referrals
    inner join {{ ref('int_identifiers') }} as identifiers
        on referrals.person_key = identifiers.identifier_key
),

numbered as (
    select
        *,
        row_number() over (
            partition by la_code, referral_key, child_key order by place desc, referral_date asc
        ) as newest_first,
        {{ own_columns('la_code, referral_key, child_key', 'place desc, referral_date asc', 'referral_date') }}
    from told
),

events as (
    select *
    from numbered
    where newest_first = 1
),

-- a census holds cases open from earlier years; where another extract covers the day of referral, it has told them under its own number
told_by_another as (
    select distinct
        late.submission_id,
        late.referral_key
    from events as late
    inner join events as own
        on late.la_code = own.la_code
        and late.child_key = own.child_key
        and late.referral_date = own.referral_date
        and late.extract <> own.extract
    where not late.is_own and own.is_own
)

select
    {{ counted_in('events', 'referral_date') }} as counted_in,
    {{ is_told_late('events', 'referral_date') }} as is_told_late,
    events.submission_id,
    events.la_code,
    events.child_key,
    events.referral_key,
    events.is_from_school,
    events.is_no_further_action,
    events.referral_date,
    {{ month_of('events.referral_date') }} as event_month,
    events.closure_date,
    {{ age_at('events.birth_month', 'events.referral_date') }} as age,
    lag(events.referral_date) over (
        partition by events.la_code, events.child_key
        order by events.referral_date, events.referral_key
    ) as previous_referral_date
from events
left join told_by_another
    on events.submission_id = told_by_another.submission_id
    and events.referral_key = told_by_another.referral_key
where told_by_another.submission_id is null
