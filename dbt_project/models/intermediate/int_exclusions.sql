select
    exclusions.la_code,
    exclusions.submission_id,
    identities.child_key,
    exclusions.exclusion_key,
    exclusions.category,
    exclusions.sessions,
    exclusions.start_date,
    {{ month_of('exclusions.start_date') }} as event_month,
    {{ age_at('pupils.birth_month', 'exclusions.start_date') }} as age
from {{ ref('stg_exclusions') }} as exclusions
left join {{ ref('stg_pupils') }} as pupils
    on exclusions.submission_id = pupils.submission_id
    and exclusions.pupil_key = pupils.pupil_key
left join {{ source('control', 'identities') }} as identities
    on pupils.upn_key = identities.identifier_key
