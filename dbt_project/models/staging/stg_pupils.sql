select
    pupils.submission_id,
    pupils.pupil_key,
    pupils.upn_key,
    slices.la_code,
    pupils.sex,
    pupils.birth_month
from {{ source('raw', 'census_pupils') }} as pupils
{{ in_force('pupils') }}
