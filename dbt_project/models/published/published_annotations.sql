select
    annotation_id,
    indicator,
    area_code,
    kind,
    starts_on,
    ends_on,
    reason,
    recorded_on
from {{ source('control', 'annotations') }}
