with children as (
    {% for table, identifier in tables_of_children().items() %}
    select
        submission_id,
        {{ identifier }} as identifier_key,
        sex,
        birth_month
    from {{ source('raw', table) }}
    where {{ identifier }} is not null
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    submissions.sender,
    submissions.place,
    children.identifier_key,
    children.sex,
    children.birth_month
from children
inner join {{ source('control', 'submissions') }} as submissions
    on children.submission_id = submissions.submission_id
