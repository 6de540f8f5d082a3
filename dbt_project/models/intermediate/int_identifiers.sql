-- each number that a child goes by, and what is known of the child
select
    identities.identifier_key,
    identities.child_key,
    children.sex,
    children.birth_month
from {{ source('control', 'identities') }} as identities
left join {{ ref('int_children') }} as children
    on identities.child_key = children.child_key
