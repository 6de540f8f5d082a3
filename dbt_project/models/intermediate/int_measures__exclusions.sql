with suspended_months as (
    select distinct
        la_code,
        child_key,
        event_month,
        0 as event_order
    from {{ ref('int_exclusions') }}
    where category = 'SUSP' and child_key is not null
)

select
    case category when 'SUSP' then 'suspensions' else 'permanent_exclusions' end as measure,
    la_code,
    event_month as period_start,
    cast(count(*) as double) as measured
from {{ ref('int_exclusions') }}
where category in ('SUSP', 'PERM')
group by category, la_code, event_month
union all
{% for measure, is_so in {'suspensions_weapon': 'is_for_weapon', 'suspensions_drugs_alcohol': 'is_for_drugs_or_alcohol'}.items() %}
select
    '{{ measure }}' as measure,
    la_code,
    event_month as period_start,
    cast(count(*) as double) as measured
from {{ ref('int_exclusions') }}
where category = 'SUSP' and {{ is_so }}
group by la_code, event_month
union all
{% endfor %}
select
    'suspended_pupils' as measure,
    la_code,
    period_start,
    cast(children as double) as measured
from ({{ children_in_twelve_months('suspended_months') }}) as counted
