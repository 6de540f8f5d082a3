-- what counts as persistent was 20 per cent of possible sessions until 2009/10 and 15 until 2014/15; it is 10 since
with aged as (
    select
        la_code,
        upn_key,
        sessions_possible,
        sessions_missed,
        term_start,
        term_end,
        {{ age_at('birth_month', add_days(school_year_start('term_start'), -1)) }} as age
    from {{ ref('stg_absences') }}
)

select
    aged.la_code,
    identities.child_key,
    aged.term_start,
    aged.term_end,
    aged.age,
    aged.sessions_missed * 100 >= aged.sessions_possible * case
        when aged.term_start >= cast('2015-09-01' as date) then 10
        when aged.term_start >= cast('2010-09-01' as date) then 15
        else 20
    end as is_persistent,
    aged.sessions_missed * 100 >= aged.sessions_possible * 50 as is_severe,
    known.child_key is not null as is_known
from aged
left join {{ source('control', 'identities') }} as identities
    on aged.upn_key = identities.identifier_key
left join {{ ref('int_known_terms') }} as known
    on identities.child_key = known.child_key
    and aged.term_start = known.term_start
where aged.age between 5 and 17
