-- What a person typed and who it was stay inside, but for a sentence that was typed to be published.
select
    annotation_id,
    indicator,
    area_code,
    kind,
    starts_on,
    ends_on,
    reason_code as reason,
    public_sentence,
    'a person' as recorded_by,
    recorded_on
from {{ source('control', 'annotations') }}
