-- A share of a small or nearly whole group would give a count from 1 to 5 back; of few records it says nothing anyway.
with
judged as (
    select
        *,
        linked between 1 and 5 or records - linked between 1 and 5 as is_withheld
    from {{ ref('fct_linkage') }}
)

select
    la_code,
    extract,
    {{ rounded('records') }} as records,
    case when records >= 100 and not is_withheld then round(share, 2) end as share,
    case when records < 100 then 'x' when is_withheld then 'c' end as marker,
    {{ rounded('conflicts') }} as conflicts
from judged
