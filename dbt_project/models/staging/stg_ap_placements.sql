select
    placements.submission_id,
    placements.placement_key,
    placements.upn_key,
    slices.la_code,
    slices.place,
    slices.is_own,
    placements.placement_reason,
    placements.sex,
    placements.birth_month,
    placements.entry_date
from {{ source('raw', 'ap_placements') }} as placements
{{ in_slice('placements', 'entry_date', 'alternative_provision') }}
