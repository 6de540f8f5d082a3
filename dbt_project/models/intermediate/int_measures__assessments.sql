with identified as (
    select
        la_code,
        child_key,
        event_month,
        age,
        sex,
        0 as event_order
    from {{ ref('int_assessments') }}
    where has_gangs_or_criminal_exploitation and age between 10 and 17
),

identified_months as (
    select
        la_code,
        child_key,
        event_month,
        event_order,
        min(age) as age,
        min(sex) as sex
    from identified
    group by la_code, child_key, event_month, event_order
)

{{ counts(ref('int_assessments'), 'event_month', {'exploitation_assessments': 'has_gangs_or_criminal_exploitation'}) }}
{% for measure, condition in {'identified_children': 'true', 'identified_girls': "sex = 'F'", 'identified_under_14': 'age < 14'}.items() %}
union all
{{ measures_of(
    '(' ~ children_in_twelve_months('(select * from identified_months where ' ~ condition ~ ')') ~ ') as counted', [measure], column='children'
) }}
{% endfor %}
