-- Evidence goes out only where none of the figures behind it is withheld.
with
withheld as (
    select distinct alerts_given.alert_id
    from alerts_given
    inner join controlled
        on alerts_given.indicator = controlled.indicator
        and alerts_given.area_code = controlled.area_code
        and alerts_given.breakdown = controlled.breakdown
        and controlled.period_start >= alerts_given.opened_period
        and controlled.period_start <= alerts_given.last_period
    where controlled.marker = 'c'
)

select alerts_given.* replace (case when withheld.alert_id is null then summary end as summary)
from alerts_given
left join withheld
    on alerts_given.alert_id = withheld.alert_id
