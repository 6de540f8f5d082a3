-- A share in whole per cents of the rounded numbers: of few records it says nothing, with few on either side it is withheld, and near
-- none or near all of fewer than a thousand it is told as one.
with
judged as (
    select
        linkage.*,
        round(cast({{ rounded('linkage.linked') }} as double) / {{ rounded('linkage.records') }}, 2) as rounded_share,
        case
            when linkage.records < 100 then 'x'
            when linkage.linked between 1 and rules.smallest_shown - 1 then 'c'
            when linkage.records - linkage.linked between 1 and rules.smallest_shown - 1 then 'c'
        end as hidden
    from {{ ref('fct_linkage') }} as linkage
    inner join {{ source('control', 'disclosure') }} as rules
        on rules.area_level = 'local_authority'
),

coded as (
    select
        *,
        coalesce(hidden, {{ code_of_share('100 * rounded_share', 'records') }}) as marker
    from judged
)

select
    la_code,
    extract,
    {{ rounded('records') }} as records,
    case when marker is null then rounded_share end as share,
    marker,
    {{ rounded('conflicts') }} as conflicts
from coded
