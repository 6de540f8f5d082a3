with episodes as (
    {% for table in ['missing_episodes', 'ssd_missing_episodes'] %}
    select
        submission_id,
        person_key,
        category,
        start_date,
        end_date
    from {{ source('raw', table) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    episodes.submission_id,
    episodes.person_key,
    slices.extract,
    slices.la_code,
    slices.place,
    slices.is_own,
    episodes.category,
    episodes.start_date,
    episodes.end_date
from episodes
{{ in_slice('episodes', 'start_date', 'missing') }}
