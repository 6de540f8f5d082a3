{% set measured = ['referrals', 'assessments', 'exclusions', 'missing', 'linkage', 'population'] %}
{% for one in measured %}
select
    measure,
    la_code,
    period_start,
    measured
from {{ ref('int_measures__' ~ one) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
