with episodes as (
    {% for table, may_be_from_home in {'missing_episodes': 'false', 'ssd_missing_episodes': 'true'}.items() %}
    select
        submission_id,
        person_key,
        {{ may_be_from_home }} as may_be_from_home,
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
    episodes.may_be_from_home,
    slices.la_code,
    slices.place,
    slices.is_own,
    episodes.category,
    episodes.start_date,
    episodes.end_date
from episodes
{{ in_slice('episodes', 'start_date', 'missing') }}
