-- An alert that was raised under a former code or name of an area stands under those of today, like every figure.
-- Evidence is what this release shows of the latest period in which an alert held, and nothing where it shows no figure.
select
    alerts.alert_id,
    alerts.fingerprint,
    alerts.indicator,
    coalesce(areas.area_code, alerts.area_code) as area_code,
    coalesce(areas.area_name, alerts.area_name) as area_name,
    alerts.area_level,
    alerts.breakdown,
    alerts.direction,
    alerts.severity,
    alerts.state,
    alerts.opened_period,
    alerts.first_raised_on,
    alerts.last_period,
    alerts.resolved_on,
    alerts.release_id,
    alerts.title,
    {{ evidence_of('trends') }} as summary
from {{ source('state', 'alerts') }} as alerts
left join {{ ref('published_area_codes') }} as codes
    on alerts.area_code = codes.area_code
left join {{ ref('published_areas') }} as areas
    on codes.current_area_code = areas.area_code
left join {{ ref('published_trends') }} as trends
    on alerts.indicator = trends.indicator
    and coalesce(areas.area_code, alerts.area_code) = trends.area_code
    and alerts.breakdown = trends.breakdown
    and alerts.last_period = trends.period_start
    and trends.source = 'extracts'
