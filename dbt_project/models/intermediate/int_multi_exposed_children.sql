-- who shows a risk of a second kind within twelve months of one of another kind
{% set kinds = ['exclusion', 'severe_absence', 'alternative_provision', 'missing'] %}
with ordered as (
    select
        la_code,
        child_key,
        exposure,
        event_month,
        exposed_date,
        is_known,
        {% for kind in kinds %}
        max(case when exposure = '{{ kind }}' then exposed_date end) over (
            partition by child_key order by exposed_date, exposure, la_code
            rows between unbounded preceding and current row
        ) as last_{{ kind }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_exposures') }}
),

several as (
    select
        la_code,
        child_key,
        event_month,
        exposed_date,
        is_known,
        row_number() over (
            partition by la_code, child_key, event_month order by exposed_date, exposure
        ) as first_in_month
    from ordered
    where
        {% for kind in kinds %}
        {{ '+ ' if not loop.first }}case when last_{{ kind }} >= {{ add_months('exposed_date', -12) }} then 1 else 0 end
        {% endfor %}
        >= 2
)

select
    la_code,
    child_key,
    event_month,
    exposed_date,
    is_known
from several
where first_in_month = 1
