{#
    The code of each authority that is in force: one that was given a new code keeps one history, under the newest.
    Gives la_code and area_code, a row for each authority.
#}
{% macro newest_area_codes() %}
    select
        la_code,
        area_code
    from (
        select
            la_code,
            area_code,
            row_number() over (partition by la_code order by valid_from desc) as newest_first
        from {{ ref('areas') }}
        where area_level = 'local_authority'
    ) as ordered
    where newest_first = 1
{% endmacro %}
