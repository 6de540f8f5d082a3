-- Evidence goes out only where none of the figures behind it is withheld.
with
withheld as (
    select distinct alerts.alert_id
    from {{ source('state', 'alerts') }} as alerts
    inner join {{ ref('published_trends') }} as trends
        on alerts.indicator = trends.indicator
        and alerts.area_code = trends.area_code
        and alerts.breakdown = trends.breakdown
        and trends.period_start >= alerts.opened_period
        and trends.period_start <= alerts.last_period
    where trends.marker = 'c'
)

select
    alerts.alert_id,
    alerts.fingerprint,
    alerts.indicator,
    alerts.area_code,
    alerts.area_name,
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
    case when withheld.alert_id is null then alerts.summary end as summary
from {{ source('state', 'alerts') }} as alerts
left join withheld
    on alerts.alert_id = withheld.alert_id
