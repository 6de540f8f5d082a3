-- children who were only in short breaks are left out, as the official series leave them out
select distinct
    spells.la_code,
    spells.child_key,
    months.period_start as event_month,
    0 as event_order
from {{ ref('int_care_spells') }} as spells
inner join (
    select distinct
        period_start,
        period_end
    from {{ ref('int_area_months') }}
) as months
    on spells.counted_from <= months.period_end
    and spells.counted_to >= months.period_start
where not spells.is_short_break
