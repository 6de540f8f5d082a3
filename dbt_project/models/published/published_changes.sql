-- What is new since the release before, a line for each alert and for each kind of return of an authority: what data and people did to
-- alerts, returns newly missing or newly in, and corrections of figures that were final. A correction that retracts an alert of the
-- authority is told by that. Nothing where there is no release to compare with.
{% set live = "('open', 'acknowledged', 'snoozed')" %}
{% set not_in = "('missing', 'quarantined')" %}
{% set is_in = "('received', 'late', 'partial')" %}
{% set severities = "when 'info' then 1 when 'watch' then 2 when 'warning' then 3 when 'critical' then 4" %}

with events as (
    select
        events.alert_id,
        events.event,
        events.reason,
        events.recorded_by,
        row_number() over (partition by events.alert_id order by events.event_id desc) as from_newest
    from {{ ref('published_alert_events') }} as events
    cross join {{ source('state', 'previous_release') }} as previous
    where events.event_id > previous.last_event
),

newest as (
    select
        alert_id,
        max(case when from_newest = 1 then reason end) as reason,
        max(case when from_newest = 1 then recorded_by end) as recorded_by,
        max(case when event in ('acknowledged', 'assigned') then 1 else 0 end) = 1 as is_taken_on,
        arg_max(recorded_by, -from_newest) filter (where event in ('acknowledged', 'assigned')) as taken_on_by
    from events
    group by alert_id
),

compared as (
    select
        alerts.alert_id,
        alerts.indicator,
        alerts.area_code,
        alerts.area_name,
        alerts.state,
        alerts.severity,
        before.state as old_state,
        before.severity as old_severity,
        newest.reason,
        newest.recorded_by,
        newest.taken_on_by,
        coalesce(newest.is_taken_on, false) as is_taken_on,
        alerts.state in {{ live }} as is_live,
        coalesce(before.state in {{ live }}, false) as was_live,
        case alerts.severity {{ severities }} end > case before.severity {{ severities }} end as is_more_serious
    from {{ ref('published_alerts') }} as alerts
    cross join {{ source('state', 'previous_release') }}
    left join {{ source('state', 'previous_alerts') }} as before
        on alerts.alert_id = before.alert_id
    left join newest
        on alerts.alert_id = newest.alert_id
),

of_alerts as (
    select
        case
            when is_live and not was_live then case when coalesce(old_state, 'pending') = 'pending' then 'new' else 'again' end
            when was_live and not is_live and state in ('retracted', 'no_longer_supported') then state
            when was_live and not is_live then 'closed'
            -- one that had ended, of which corrected figures now say that it never was
            when state = 'retracted' and old_state not in ('retracted', 'pending') then 'retracted'
        end as change,
        *
    from compared
    union all
    select
        case when is_live and was_live and is_more_serious then 'worse' end as change,
        *
    from compared
    union all
    select
        case when is_live and is_taken_on then 'taken_on' end as change,
        *
    from compared
    union all
    select
        case when state = 'snoozed' and was_live and old_state <> 'snoozed' then 'put_off' end as change,
        *
    from compared
),

returns as (
    select
        now.la_code,
        now.extract,
        now.period_start,
        now.period_end,
        case
            when now.status in {{ not_in }} and coalesce(before.status, 'not_due') not in {{ not_in }} then 'return_missing'
            when now.status in {{ is_in }} and before.status in {{ not_in }} then 'return_in'
            when now.status in {{ is_in }} and before.status in {{ is_in }} and now.submission_id <> before.submission_id then 'corrected'
        end as change
    from {{ ref('published_coverage') }} as now
    cross join {{ source('state', 'previous_release') }}
    left join {{ source('state', 'previous_coverage') }} as before
        on now.la_code = before.la_code
        and now.extract = before.extract
        and now.period_start = before.period_start
        and now.period_end = before.period_end
),

-- figures of authorities that were final, and that this release gives differently
moved as (
    select distinct
        now.la_code,
        now.period_start
    from {{ ref('published_trends_vintages') }} as now
    inner join {{ ref('published_trends_vintages') }} as before
        on now.indicator = before.indicator
        and now.area_code = before.area_code
        and now.period_type = before.period_type
        and now.period_start = before.period_start
        and now.breakdown = before.breakdown
        and now.source = before.source
        and now.vintage = before.vintage + 1
    cross join {{ source('state', 'release') }} as release
    where
        now.source = 'extracts'
        and now.la_code is not null
        and now.release_id = release.release_id
        and not before.is_provisional
        and now.value <> before.value
),

of_returns as (
    select
        returns.change,
        returns.la_code,
        returns.extract,
        min(returns.period_start) as first_period,
        max(returns.period_end) as last_period,
        cast(count(*) as integer) as periods
    from returns
    left join moved
        on returns.la_code = moved.la_code
        and moved.period_start between returns.period_start and returns.period_end
    where
        returns.change in ('return_missing', 'return_in')
        or (returns.change = 'corrected' and moved.la_code is not null)
    group by returns.change, returns.la_code, returns.extract
),

placed as (
    select
        of_returns.*,
        areas.area_code,
        areas.area_name
    from of_returns
    inner join {{ ref('published_areas') }} as areas
        on of_returns.la_code = areas.la_code
    where
        of_returns.change <> 'corrected'
        or areas.area_code not in (
            select retracted.area_code
            from of_alerts as retracted
            where retracted.change = 'retracted'
        )
)

select
    change,
    alert_id as subject,
    area_code,
    area_name,
    alert_id,
    indicator,
    old_severity,
    severity,
    reason,
    case change when 'taken_on' then taken_on_by else recorded_by end as recorded_by,
    null as extract,
    null as first_period,
    null as last_period,
    null as periods
from of_alerts
where change is not null
union all
select
    change,
    la_code || ' ' || extract as subject,
    area_code,
    area_name,
    null as alert_id,
    null as indicator,
    null as old_severity,
    null as severity,
    null as reason,
    null as recorded_by,
    extract,
    first_period,
    last_period,
    periods
from placed
