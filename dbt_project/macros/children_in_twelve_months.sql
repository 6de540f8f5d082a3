{#
    Children with at least `times` events in the twelve months that end with each month, by authority: counted by entering and leaving,
    so that no event is repeated for each of its twelve months. Expects la_code, child_key and event_month; gives la_code,
    period_start and children for every month of the run.

    A child counts from the month of an event until the month before the next one, as long as the event `times - 1` earlier is
    within twelve months: the next event takes over from there.
#}
{% macro children_in_twelve_months(relation, times=1) %}
    select
        area_months.la_code,
        area_months.period_start,
        cast(coalesce(sum(changes.entering), 0) as bigint) as children
    from {{ ref('int_area_months') }} as area_months
    left join (
        select
            la_code,
            changed_month,
            sum(entering) as entering
        from (
            select
                la_code,
                first_month as changed_month,
                1 as entering
            from ({{ twelve_month_spells(relation, times) }}) as entered
            where first_month < end_month
            union all
            select
                la_code,
                end_month as changed_month,
                -1 as entering
            from ({{ twelve_month_spells(relation, times) }}) as left_again
            where first_month < end_month
        ) as moves
        group by la_code, changed_month
    ) as changes
        on area_months.la_code = changes.la_code
        and changes.changed_month <= area_months.period_start
    group by area_months.la_code, area_months.period_start
{% endmacro %}

{% macro twelve_month_spells(relation, times) %}
    select
        la_code,
        event_month as first_month,
        least(
            {{ add_months('earlier_month', 12) }},
            coalesce(next_month, {{ add_months('earlier_month', 12) }})
        ) as end_month
    from (
        select
            la_code,
            event_month,
            {% if times == 1 -%}
            event_month as earlier_month,
            {%- else -%}
            lag(event_month, {{ times - 1 }}) over (
                partition by la_code, child_key order by event_month, event_order
            ) as earlier_month,
            {%- endif %}
            lead(event_month) over (
                partition by la_code, child_key order by event_month, event_order
            ) as next_month
        from {{ relation }}
    ) as ordered
    where earlier_month is not null
{% endmacro %}
