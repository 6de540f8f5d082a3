-- Numbers of records are rounded: those of a small authority's small extract would be a count of children. So the problem is told
-- without how many rows are wrong of how many, and without the last line of a small file; and without the name of the file, which is
-- the sender's own text. The sender is told all of it.
with
later as (
    select
        earlier.submission_id,
        min(newer.submission_id) as superseded_by
    from {{ source('state', 'submissions') }} as earlier
    inner join {{ source('state', 'submissions') }} as newer
        on earlier.sender = newer.sender
        and earlier.extract = newer.extract
        and earlier.submission_id < newer.submission_id
        and newer.period_start <= earlier.period_start
        and newer.period_end >= earlier.period_end
    where
        newer.status = 'accepted'
        and newer.withdrawn_on is null
        and newer.released_on is null
    group by earlier.submission_id
),

first_problems as (
    select
        submission_id,
        arg_min(
            concat(
                rule,
                case when rule <> 'TRUNCATED' or line >= 100 then ', line ' || line end,
                case
                    when regexp_full_match(column_name, '[A-Za-z0-9_]{1,40}')
                        then ', column ' || column_name
                end,
                ': ' || regexp_replace(
                    regexp_replace(message, '[0-9][0-9,]* of [0-9][0-9,]* ', '', 'g'),
                    '; the last whole line is [0-9]+',
                    ''
                )
            ),
            problem_id
        ) as first_problem
    from {{ source('state', 'problems') }}
    where severity = 'error'
    group by submission_id
),

told as (
    select
        *,
        status = 'accepted' and held_reason is not null and overridden_on is null as is_held
    from {{ source('state', 'submissions') }}
)

select
    cast(told.submission_id as integer) as submission_id,
    told.sender,
    told.extract,
    told.period_start,
    told.period_end,
    told.received_on,
    told.released_on,
    cast(told.sequence as integer) as sequence,
    case
        when told.withdrawn_on is not null then 'withdrawn'
        when told.is_held then 'held'
        else told.status
    end as status,
    coalesce(in_force.is_in_force, false) as is_in_force,
    cast(later.superseded_by as integer) as superseded_by,
    {{ rounded('told.records') }} as records,
    {{ rounded('told.accepted') }} as accepted,
    {{ rounded('told.quarantined') }} as quarantined,
    {{ rounded('told.duplicates') }} as duplicates,
    case
        when told.is_held then 'held back: its vital signs are out of line'
        else first_problems.first_problem
    end as first_problem,
    told.simulated
from told
left join {{ source('control', 'submissions') }} as in_force
    on told.submission_id = in_force.submission_id
left join later
    on told.submission_id = later.submission_id
left join first_problems
    on told.submission_id = first_problems.submission_id
