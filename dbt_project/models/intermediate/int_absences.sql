-- what counts as persistent was 20 per cent of possible sessions until 2009/10 and 15 until 2014/15; it is 10 since
with aged as (
    select
        absences.la_code,
        identifiers.child_key,
        absences.sessions_possible,
        absences.sessions_missed,
        absences.term_start,
        absences.term_end,
        {{ age_at('coalesce(identifiers.birth_month, absences.birth_month)', add_days(school_year_start('absences.term_start'), -1)) }} as age
    from {{ ref('stg_absences') }} as absences
    left join {{ ref('int_identifiers') }} as identifiers
        on absences.upn_key = identifiers.identifier_key
),

-- known on the last day of the term
known as (
    select distinct
        aged.child_key,
        aged.term_start
    from aged
    inner join {{ ref('int_known_spells') }} as spells
        on aged.child_key = spells.child_key
        and aged.term_end between spells.known_from and spells.known_to
)

select
    aged.la_code,
    aged.child_key,
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
left join known
    on aged.child_key = known.child_key
    and aged.term_start = known.term_start
where aged.age between 5 and 17
