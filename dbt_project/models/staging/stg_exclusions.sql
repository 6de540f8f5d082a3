select
    exclusions.submission_id,
    exclusions.exclusion_key,
    exclusions.pupil_key,
    slices.la_code,
    slices.place,
    slices.is_own,
    exclusions.category,
    coalesce('OW' in (exclusions.reason_1, exclusions.reason_2, exclusions.reason_3), false) as is_for_weapon,
    coalesce('DA' in (exclusions.reason_1, exclusions.reason_2, exclusions.reason_3), false) as is_for_drugs_or_alcohol,
    case
        when exclusions.reason_1 = 'DB' then 'disruption'
        when exclusions.reason_1 in ('PA', 'VA') then 'against_adults'
        when exclusions.reason_1 in ('PP', 'VP') then 'against_pupils'
        when exclusions.reason_1 in ('OW', 'DA') then 'weapons_or_drugs'
        else 'others'
    end as main_reason,
    exclusions.start_date
from {{ source('raw', 'census_exclusions') }} as exclusions
{{ in_slice('exclusions', 'start_date', 'exclusions') }}
