-- every model named int_measures__ counts something of authorities
{% for model in measure_models() %}
select
    measure,
    la_code,
    period_type,
    period_start,
    measured
from {{ ref(model) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
