-- Numbers of records are rounded: the records of a small authority's small extract would otherwise be a count of children.
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
        and newer.released_on is null
    group by earlier.submission_id
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
    ledger.status,
    coalesce(in_force.is_in_force, false) as is_in_force,
    later.superseded_by,
    rounded(ledger.records) as records,
    rounded(ledger.accepted) as accepted,
    rounded(ledger.quarantined) as quarantined,
    rounded(ledger.duplicates) as duplicates,
    ledger.first_error as first_problem,
    ledger.simulated
from ledger
left join work.control.submissions as in_force
    on ledger.submission_id = in_force.submission_id
left join later
    on ledger.submission_id = later.submission_id
