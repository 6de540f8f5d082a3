with numbered as (
    select
        episodes.la_code,
        identities.child_key,
        episodes.category,
        episodes.start_date,
        episodes.end_date,
        row_number() over (
            partition by episodes.la_code, identities.child_key, episodes.category, episodes.start_date
            order by episodes.submission_id desc, episodes.end_date asc
        ) as newest_first
    from {{ ref('stg_missing_episodes') }} as episodes
    inner join {{ source('control', 'identities') }} as identities
        on episodes.person_key = identities.identifier_key
)

select
    la_code,
    child_key,
    category,
    start_date,
    end_date,
    {{ month_of('start_date') }} as event_month
from numbered
where newest_first = 1
