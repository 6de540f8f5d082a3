with numbered as (
    select
        la_code,
        placement_key,
        upn_key,
        placement_reason,
        birth_month,
        entry_date,
        row_number() over (
            partition by la_code, placement_key order by submission_id desc, entry_date asc
        ) as newest_first
    from {{ ref('stg_ap_placements') }}
)

select
    numbered.la_code,
    identities.child_key,
    numbered.placement_key,
    numbered.placement_reason,
    numbered.entry_date,
    {{ month_of('numbered.entry_date') }} as event_month,
    {{ term_start('numbered.entry_date') }} as term_start,
    {{ age_at('numbered.birth_month', 'numbered.entry_date') }} as age
from numbered
left join {{ source('control', 'identities') }} as identities
    on numbered.upn_key = identities.identifier_key
where numbered.newest_first = 1
