-- A person's own words stay inside: a reason leaves only as a code, evidence only where no figure behind it is withheld.
with
withheld as (
    select distinct events.event_id
    from {{ source('state', 'alert_events') }} as events
    inner join {{ source('state', 'alerts') }} as alerts
        on events.alert_id = alerts.alert_id
    inner join {{ ref('published_trends') }} as trends
        on alerts.indicator = trends.indicator
        and alerts.area_code = trends.area_code
        and alerts.breakdown = trends.breakdown
        and trends.period_start >= alerts.opened_period
        and trends.period_start <= coalesce(events.period, alerts.last_period)
    where trends.marker = 'c'
)

select
    cast(events.event_id as integer) as event_id,
    events.alert_id,
    events.occurred_on,
    events.event,
    events.old_state,
    events.new_state,
    events.period,
    case when regexp_full_match(events.reason, '[a-z_]+') then events.reason end as reason,
    events.release_id,
    case when withheld.event_id is null then events.evidence end as evidence
from {{ source('state', 'alert_events') }} as events
left join withheld
    on events.event_id = withheld.event_id
