{#
    Of rows that tell one event: the submission that covers the event's own day and told it, and whether none did. A newer return may
    name an event again outside the days that it covers; that row gives the event's particulars, and the one that covers the day is
    the one that is counted. Expects submission_id, is_own and the day; `own_columns` goes into the numbering of the rows.
#}
{% macro own_columns(partition, order, day) -%}
        max(case when is_own then submission_id end) over (
            partition by {{ partition }} order by {{ order }}
            rows between unbounded preceding and unbounded following
        ) as own_submission_id,
        max(case when is_own then {{ day }} end) over (
            partition by {{ partition }} order by {{ order }}
            rows between unbounded preceding and unbounded following
        ) as own_day
{%- endmacro %}

{% macro counted_in(events, day) -%}
    case
        when not {{ events }}.is_own and {{ events }}.own_day = {{ events }}.{{ day }} then {{ events }}.own_submission_id
        else {{ events }}.submission_id
    end
{%- endmacro %}

{% macro is_told_late(events, day) -%}
    not {{ events }}.is_own and not coalesce({{ events }}.own_day = {{ events }}.{{ day }}, false)
{%- endmacro %}
