-- A person's own words stay inside: a reason leaves only as a code. Evidence is what this release shows of the period of the event,
-- and nothing where it shows no figure.
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
    {{ evidence_of('trends') }} as evidence
from {{ source('state', 'alert_events') }} as events
left join {{ source('state', 'alerts') }} as alerts
    on events.alert_id = alerts.alert_id
left join {{ ref('published_trends') }} as trends
    on alerts.indicator = trends.indicator
    and alerts.area_code = trends.area_code
    and alerts.breakdown = trends.breakdown
    and events.period = trends.period_start
    and trends.source = 'extracts'
