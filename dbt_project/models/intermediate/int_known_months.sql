-- whether it can be said of a month who was known to social care: that rests on a year of referrals, on the return of children in care, and
-- on the returns of other authorities where an authority's children are usually found
with care_senders as (
    select distinct la_code
    from {{ source('control', 'slices') }}
    where source = 'missing' and is_own
),

own as (
    select
        referrals.la_code,
        referrals.period_start,
        senders.la_code is null as is_without_care_return,
        case
            when referrals.covered_in_12_before < least(referrals.months_before, 12) then 'known_rests_on_missing_return'
            when not referrals.is_covered then referrals.reason
            when senders.la_code is not null and not care.is_covered
                then case care.reason when 'not_due' then 'not_due' else 'known_rests_on_missing_return' end
        end as reason
    from {{ ref('int_coverage_months') }} as referrals
    left join {{ ref('int_coverage_months') }} as care
        on referrals.la_code = care.la_code
        and referrals.period_start = care.period_start
        and care.source = 'missing'
    left join care_senders as senders
        on referrals.la_code = senders.la_code
    where referrals.source = 'referrals'
),

exposed as (
    select
        la_code,
        count(distinct child_key) as children
    from {{ ref('int_exposures') }}
    group by la_code
),

-- at least five children, and one in twenty: fewer would hardly move the figure; or most of those there are
elsewhere as (
    select
        exposures.la_code,
        spells.la_code as other_la_code,
        count(distinct exposures.child_key) as children
    from {{ ref('int_exposures') }} as exposures
    inner join {{ ref('int_known_spells') }} as spells
        on exposures.child_key = spells.child_key
        and exposures.la_code <> spells.la_code
    group by exposures.la_code, spells.la_code
),

others as (
    select
        elsewhere.la_code,
        own.period_start,
        sum(elsewhere.children) / cast(max(exposed.children) as double) as share
    from elsewhere
    inner join exposed
        on elsewhere.la_code = exposed.la_code
    inner join own
        on elsewhere.other_la_code = own.la_code
    where own.reason is not null and (elsewhere.children >= 5 or elsewhere.children * 2 >= exposed.children)
    group by elsewhere.la_code, own.period_start
)

select
    own.la_code,
    own.period_start,
    own.is_without_care_return,
    coalesce(own.reason, case when 20 * others.share >= 1 then 'other_returns_missing' end) as reason
from own
left join others
    on own.la_code = others.la_code
    and own.period_start = others.period_start
