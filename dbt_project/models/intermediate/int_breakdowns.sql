-- what is counted of authorities each month, taken apart. The parts of a dimension never make up the whole: the last of them would follow
-- from the others and the whole, so one is not counted. Of referrals that is where somebody else referred, or nobody knows who; of
-- exclusions, that another reason is the main one, or none is given.
{% set measures_by_relation = {
    'referrals': [['referrals'], ['referred_by', 'age_and_sex']],
    'suspended': [['suspensions'], ['main_reason', 'age_and_sex']],
    'expelled': [['permanent_exclusions'], ['main_reason', 'age_and_sex']],
    'assessments': [['exploitation_assessments'], ['age_and_sex']],
    'missing': [['missing_episodes'], ['age_and_sex']],
    'excluded': [['excluded_pupils', 'excluded_pupils_not_known'], ['age_and_sex']],
    'repeat_missing': [['repeat_missing_children', 'repeat_missing_children_not_assessed'], ['age_and_sex']],
    'multi_exposed': [['multi_exposed_children', 'multi_exposed_children_not_known'], ['age_and_sex']],
} %}
with referrals as (
    select
        events.la_code,
        events.event_month,
        nullif(events.referred_by, 'others') as referred_by,
        {{ age_and_sex('events.age', 'children.sex') }} as age_and_sex,
        count(*) as referrals
    from {{ ref('int_referrals') }} as events
    left join {{ ref('int_children') }} as children
        on events.child_key = children.child_key
    group by 1, 2, 3, 4
),

suspended as (
    select
        events.la_code,
        events.event_month,
        nullif(events.main_reason, 'others') as main_reason,
        {{ age_and_sex('events.age', 'children.sex') }} as age_and_sex,
        count(*) as suspensions
    from {{ ref('int_exclusions') }} as events
    left join {{ ref('int_children') }} as children
        on events.child_key = children.child_key
    where events.category = 'SUSP'
    group by 1, 2, 3, 4
),

expelled as (
    select
        events.la_code,
        events.event_month,
        nullif(events.main_reason, 'others') as main_reason,
        {{ age_and_sex('events.age', 'children.sex', rare=true) }} as age_and_sex,
        count(*) as permanent_exclusions
    from {{ ref('int_exclusions') }} as events
    left join {{ ref('int_children') }} as children
        on events.child_key = children.child_key
    where events.category = 'PERM'
    group by 1, 2, 3, 4
),

assessments as (
    select
        la_code,
        event_month,
        {{ age_and_sex('age', 'sex', rare=true) }} as age_and_sex,
        count(*) as exploitation_assessments
    from {{ ref('int_assessments') }}
    where has_gangs_or_criminal_exploitation
    group by 1, 2, 3
),

missing as (
    select
        events.la_code,
        events.event_month,
        {{ age_and_sex('events.age', 'children.sex', rare=true) }} as age_and_sex,
        count(*) as missing_episodes
    from {{ ref('int_missing_episodes') }} as events
    left join {{ ref('int_children') }} as children
        on events.child_key = children.child_key
    where events.category = 'M' and not events.is_short_break and not events.is_from_home
    group by 1, 2, 3
),

-- as in int_measures__linkage: a pupil counts once a month, as it stands on the first day on which the risk shows
excluded_once as (
    select
        la_code,
        event_month,
        child_key,
        min(age) as age,
        min_by(is_known or is_referred_after, exposed_date) as is_seen
    from {{ ref('int_exposures') }}
    where exposure = 'exclusion'
    group by 1, 2, 3
),

excluded as (
    select
        events.la_code,
        events.event_month,
        {{ age_and_sex('events.age', 'children.sex') }} as age_and_sex,
        count(*) as excluded_pupils,
        sum(case when events.is_seen then 0 else 1 end) as excluded_pupils_not_known
    from excluded_once as events
    left join {{ ref('int_children') }} as children
        on events.child_key = children.child_key
    group by 1, 2, 3
),

repeat_missing as (
    select
        events.la_code,
        events.event_month,
        {{ age_and_sex(age_at('children.birth_month', 'events.exposed_date'), 'children.sex', rare=true) }} as age_and_sex,
        count(*) as repeat_missing_children,
        sum(case when events.is_assessed then 0 else 1 end) as repeat_missing_children_not_assessed
    from {{ ref('int_repeat_missing_children') }} as events
    left join {{ ref('int_children') }} as children
        on events.child_key = children.child_key
    group by 1, 2, 3
),

multi_exposed as (
    select
        events.la_code,
        events.event_month,
        {{ age_and_sex(age_at('children.birth_month', 'events.exposed_date'), 'children.sex') }} as age_and_sex,
        count(*) as multi_exposed_children,
        sum(case when events.is_known then 0 else 1 end) as multi_exposed_children_not_known
    from {{ ref('int_multi_exposed_children') }} as events
    left join {{ ref('int_children') }} as children
        on events.child_key = children.child_key
    group by 1, 2, 3
)

{% for relation, (measures, dimensions) in measures_by_relation.items() %}
{{ parts_of(relation, measures, dimensions) }}
{{ 'union all' if not loop.last }}
{% endfor %}
