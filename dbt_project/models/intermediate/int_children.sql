select
    identities.child_key,
    min(children.sex) as sex,
    min(children.birth_month) as birth_month
from {{ ref('stg_children') }} as children
inner join {{ source('control', 'identities') }} as identities
    on children.identifier_key = identities.identifier_key
group by identities.child_key
