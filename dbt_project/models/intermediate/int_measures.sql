{% set measured = {
    'contacts': 'month', 'referrals': 'month', 'assessments': 'month', 'exclusions': 'month', 'missing': 'month', 'linkage': 'month', 'population': 'month',
    'absence': 'term', 'alternative_provision': 'term', 'exposures': 'academic_year',
} %}
{% for one, period_type in measured.items() %}
select
    measure,
    la_code,
    '{{ period_type }}' as period_type,
    period_start,
    measured
from {{ ref('int_measures__' ~ one) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
