select
    submission_id,
    pupil_key,
    upn_key,
    sex,
    birth_month
from {{ source('raw', 'census_pupils') }}
