{# The model carries submission_id, so that a failure holds back the submissions it lies in and not everybody. #}
{% test expect_present(model, column_name) %}
select
    submission_id,
    {{ column_name }}
from {{ model }}
where {{ column_name }} is null
{% endtest %}
