select
    placements.submission_id,
    placements.placement_key,
    placements.upn_key,
    slices.la_code,
    placements.arranged_by,
    placements.placement_reason,
    placements.birth_month,
    placements.entry_date,
    placements.leaving_date
from {{ source('raw', 'ap_placements') }} as placements
{{ in_slice('placements', 'entry_date', 'alternative_provision') }}
