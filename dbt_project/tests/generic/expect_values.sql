{# The model carries submission_id, so that a failure holds back the submissions it lies in and not everybody. #}
{% test expect_values(model, column_name, values) %}
select
    submission_id,
    {{ column_name }}
from {{ model }}
where {{ column_name }} not in ('{{ values | join("', '") }}')
{% endtest %}
