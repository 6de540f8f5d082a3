-- How far an authority's figures of a month can be relied upon, in three steps, and the part that is worst. Of 153 simulated
-- authorities in a month the middle one stood at 96 per cent, the lowest in twenty at 88: a late return or two in a year is high, a
-- missing one of several medium, and low is what is seldom seen.
{% set high, medium = 90, 75 %}

select
    la_code,
    period_start,
    case when {{ figure('100 * confidence', 0) }} >= {{ high }} then 'high' when {{ figure('100 * confidence', 0) }} >= {{ medium }} then 'medium' else 'low' end as level,
    case
        when least(completeness, timeliness, validity, linkage) = 1 then null
        when completeness <= least(timeliness, validity, linkage) then 'completeness'
        when timeliness <= least(validity, linkage) then 'timeliness'
        when validity <= linkage then 'validity'
        else 'linkage'
    end as worst_part
from {{ ref('fct_data_confidence') }}
