-- a census that holds only a part of the roll gives no shares: three in five of the pupils of the January census are the least that can
-- be the whole, since pupils aged 5 to 15 are five in six of them
with counted as (
    select
        la_code,
        term_start as period_start,
        count(*) as enrolments,
        sum(case when is_persistent then 1 else 0 end) as persistent_absentees,
        sum(case when is_severe then 1 else 0 end) as severe_absentees,
        sum(case when is_known then 1 else 0 end) as known_enrolments,
        sum(case when is_known and is_persistent then 1 else 0 end) as known_persistent_absentees
    from {{ ref('int_absences') }}
    where age between 5 and 15
    group by la_code, term_start
),

whole as (
    select counted.*
    from counted
    inner join {{ ref('int_measures__population') }} as population
        on counted.la_code = population.la_code
        and counted.period_start = population.period_start
    where population.measure = 'pupils' and 5 * counted.enrolments >= 3 * population.measured
)

{{ measures_of(
    'whole',
    ['enrolments', 'persistent_absentees', 'severe_absentees', 'known_enrolments', 'known_persistent_absentees'],
    period_type='term'
) }}
union all
{{ counts(
    ref('int_exposures'),
    term_start('exposed_date'),
    {
        'severely_absent_children': "exposure = 'severe_absence'",
        'severely_absent_children_not_known': "exposure = 'severe_absence' and not is_known",
    },
    period_type='term'
) }}
