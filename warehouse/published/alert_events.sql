-- A person's own words stay inside: a reason leaves only as a code, evidence only where no figure behind it is withheld.
with
withheld as (
    select distinct events_given.event_id
    from events_given
    inner join alerts_given
        on events_given.alert_id = alerts_given.alert_id
    inner join controlled
        on alerts_given.indicator = controlled.indicator
        and alerts_given.area_code = controlled.area_code
        and alerts_given.breakdown = controlled.breakdown
        and controlled.period_start >= alerts_given.opened_period
        and controlled.period_start <= coalesce(events_given.period, alerts_given.last_period)
    where controlled.marker = 'c'
)

select
    events_given.* replace (
        case when regexp_full_match(reason, '[a-z_]+') then reason end as reason,
        case when withheld.event_id is null then evidence end as evidence
    )
from events_given
left join withheld
    on events_given.event_id = withheld.event_id
