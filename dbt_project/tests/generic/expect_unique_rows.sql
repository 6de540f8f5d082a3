{# Of rows told by several submissions the newest is at fault; a model without submission_id holds our own work alone. #}
{% test expect_unique_rows(model, columns) %}
{% set names = adapter.get_columns_in_relation(model) | map(attribute='name') | list if execute else [] %}
select
    {{ columns | join(', ') }},
    {% if 'submission_id' in names -%}
    max(submission_id) as submission_id,
    {% endif -%}
    count(*) as rows_found
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
