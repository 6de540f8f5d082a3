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

{#
    Who counts for whom: each authority for itself under its newest code, for its region and for England. Gives la_code, area_code and
    area_level, three rows for each authority.
#}
{% macro memberships() %}
    select
        la_code,
        area_code,
        'local_authority' as area_level
    from ({{ newest_area_codes() }}) as codes
    union all
    select
        la_code,
        max(region_code) as area_code,
        'region' as area_level
    from {{ ref('areas') }}
    where area_level = 'local_authority'
    group by la_code
    union all
    select distinct
        la_code,
        'E92000001' as area_code,
        'country' as area_level
    from {{ ref('areas') }}
    where area_level = 'local_authority'
{% endmacro %}
