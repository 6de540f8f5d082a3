with told as (
    select
        referrals.submission_id,
        referrals.la_code,
        referrals.extract,
        referrals.is_own,
        identifiers.child_key,
        identifiers.birth_month,
        referrals.referral_key,
        referrals.has_number,
        referrals.is_from_school,
        referrals.referred_by,
        referrals.is_no_further_action,
        referrals.referral_date,
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
        ) as newest_first
    from told
),

events as (
    select *
    from numbered
    where newest_first = 1
),

-- of what is named again outside the days that its return covers, the return that covers the day and told it before
told_before as (
    select
        late.submission_id,
        late.referral_key,
        late.child_key,
        max(own.submission_id) as counted_in
    from events as late
    inner join numbered as own
        on late.la_code = own.la_code
        and late.referral_key = own.referral_key
        and late.child_key = own.child_key
        and late.referral_date = own.referral_date
    where not late.is_own and own.is_own
    group by late.submission_id, late.referral_key, late.child_key
),

-- a census holds cases open from earlier years, which another extract, or the census before children were numbered anew, has told on its
-- own days: there a child and a day are one referral
told_by_another as (
    select distinct
        late.submission_id,
        late.referral_key,
        late.child_key
    from events as late
    inner join events as own
        on late.la_code = own.la_code
        and late.referral_date = own.referral_date
        and (
            (late.child_key = own.child_key and late.referral_key <> own.referral_key and (late.extract <> own.extract or not late.has_number))
            or (late.child_key <> own.child_key and late.referral_key = own.referral_key and late.has_number)
        )
    where not late.is_own and (own.is_own or own.place > late.place)
)

select
    coalesce(told_before.counted_in, events.submission_id) as counted_in,
    not events.is_own and told_before.counted_in is null as is_told_late,
    events.submission_id,
    events.la_code,
    events.child_key,
    events.referral_key,
    events.is_from_school,
    events.referred_by,
    events.is_no_further_action,
    events.referral_date,
    {{ month_of('events.referral_date') }} as event_month,
    cases.closure_date,
    {{ age_at('events.birth_month', 'events.referral_date') }} as age,
    lag(events.referral_date) over (
        partition by events.la_code, events.child_key
        order by events.referral_date, events.referral_key
    ) as previous_referral_date
from events
left join {{ ref('int_cases') }} as cases
    on events.la_code = cases.la_code
    and events.child_key = cases.child_key
    and events.referral_date = cases.referral_date
left join told_before
    on events.submission_id = told_before.submission_id
    and events.referral_key = told_before.referral_key
    and events.child_key = told_before.child_key
left join told_by_another
    on events.submission_id = told_by_another.submission_id
    and events.referral_key = told_by_another.referral_key
    and events.child_key = told_by_another.child_key
where told_by_another.submission_id is null
