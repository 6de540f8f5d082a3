-- A person's name and words stay inside: an event leaves with its day, a reason of the list and "a person", or a role of the list where
-- who did it agreed to be shown by it. Evidence is what this release shows of the period of the event, and nothing where it shows no figure.
-- A period of which the judgement is not told, since not each count that may be behind it would have had it, is not told here either; nor
-- is it that an alert held there.
select
    cast(events.event_id as integer) as event_id,
    events.alert_id,
    events.occurred_on,
    events.event,
    events.old_state,
    events.new_state,
    case when not {{ is_untold('trends') }} then events.period end as period,
    case
        when events.reason in (
            'action_taken', 'practice_change', 'data_error', 'definition_change', 'expected', 'false_alarm', 'duplicate'
        ) then events.reason
    end as reason,
    case
        when
            json_extract_string(events.evidence, '$.role') in (
                'national_lead', 'regional_lead', 'director', 'head_of_safeguarding', 'data_lead'
            )
            then 'the ' || replace(json_extract_string(events.evidence, '$.role'), '_', ' ')
        when json_exists(events.evidence, '$.who') then 'a person'
        else 'the monitor'
    end as recorded_by,
    events.release_id,
    {{ evidence_of('trends', 'alerts.direction') }} as evidence
from {{ source('state', 'alert_events') }} as events
inner join {{ ref('published_alerts') }} as alerts
    on events.alert_id = alerts.alert_id
left join {{ ref('published_trends') }} as trends
    on alerts.indicator = trends.indicator
    and alerts.area_code = trends.area_code
    and alerts.breakdown = trends.breakdown
    and events.period = trends.period_start
    and trends.source = 'extracts'
where events.event <> 'continued' or not {{ is_untold('trends') }}
