-- the newest return that gives a sex or a month of birth decides; "not known" gives none
with told as (
    select
        identities.child_key,
        nullif(children.sex, 'U') as sex,
        children.birth_month,
        children.place
    from {{ ref('stg_children') }} as children
    inner join {{ source('control', 'identities') }} as identities
        on children.identifier_key = identities.identifier_key
)

select
    child_key,
    max_by(sex, case when sex is not null then place end) as sex,
    max_by(birth_month, case when birth_month is not null then place end) as birth_month
from told
group by child_key
