-- Numbers of records are rounded: those of a small authority's small extract would be a count of children. The problem is told
-- without the name of the file, which is the sender's own text.
with
later as (
    select
        earlier.submission_id,
        min(newer.submission_id) as superseded_by
    from ledger as earlier
    inner join ledger as newer
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
                ', line ' || line,
                case
                    when regexp_full_match(column_name, '[A-Za-z0-9_]{1,40}')
                        then ', column ' || column_name
                end,
                ': ' || message
            ),
            problem_id
        ) as first_problem
    from problems
    where severity = 'error'
    group by submission_id
)

select
    ledger.submission_id,
    ledger.sender,
    ledger.extract,
    ledger.period_start,
    ledger.period_end,
    ledger.received_on,
    ledger.released_on,
    ledger.sequence,
    case
        when ledger.withdrawn_on is not null then 'withdrawn'
        when ledger.status = 'accepted' and ledger.held_reason is not null and ledger.overridden_on is null
            then 'held'
        else ledger.status
    end as status,
    coalesce(in_force.is_in_force, false) as is_in_force,
    later.superseded_by,
    rounded(ledger.records) as records,
    rounded(ledger.accepted) as accepted,
    rounded(ledger.quarantined) as quarantined,
    rounded(ledger.duplicates) as duplicates,
    case
        when ledger.status = 'accepted' and ledger.held_reason is not null and ledger.overridden_on is null
            then 'held back: its vital signs are out of line'
        else first_problems.first_problem
    end as first_problem,
    ledger.simulated
from ledger
left join work.control.submissions as in_force
    on ledger.submission_id = in_force.submission_id
left join later
    on ledger.submission_id = later.submission_id
left join first_problems
    on ledger.submission_id = first_problems.submission_id
