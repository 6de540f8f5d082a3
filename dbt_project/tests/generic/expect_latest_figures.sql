{# What stands of a history of figures are the figures of now, each once. #}
{% test expect_latest_figures(model, of) %}
with latest as (
    select
        indicator,
        area_code,
        period_type,
        source,
        breakdown,
        period_start,
        numerator,
        denominator,
        value,
        marker
    from {{ model }}
    where is_latest and (value is not null or marker is not null)
),

now as (
    select
        indicator,
        area_code,
        period_type,
        source,
        breakdown,
        period_start,
        numerator,
        denominator,
        value,
        marker
    from {{ of }}
)

(
    select * from latest
    except all
    select * from now
)
union all
(
    select * from now
    except all
    select * from latest
)
{% endtest %}
