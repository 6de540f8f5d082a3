{# Joining what is known of each row must neither lose nor repeat one. #}
{% test expect_as_many_rows(model, like) %}
select
    given.rows_found as rows_given,
    made.rows_found as rows_made
from (select count(*) as rows_found from {{ like }}) as given
cross join (select count(*) as rows_found from {{ model }}) as made
where given.rows_found <> made.rows_found
{% endtest %}
