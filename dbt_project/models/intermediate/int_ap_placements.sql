-- the sender's own number of a placement is that of one child: where it is given anew, both placements stand
with told as (
    select
        placements.submission_id,
        placements.la_code,
        placements.place,
        placements.is_own,
        placements.placement_key,
        placements.placement_reason,
        placements.entry_date,
        identifiers.child_key,
        coalesce(identifiers.birth_month, placements.birth_month) as birth_month,
        coalesce(
            identifiers.child_key, {{ dbt.datediff("cast('1990-01-01' as date)", 'placements.birth_month', 'month') }}
        ) as pupil_key
    from {{ ref('stg_ap_placements') }} as placements
    left join {{ ref('int_identifiers') }} as identifiers
        on placements.upn_key = identifiers.identifier_key
),

numbered as (
    select
        *,
        row_number() over (
            partition by la_code, placement_key, pupil_key
            order by place desc, entry_date asc
        ) as newest_first,
        {{ own_columns('la_code, placement_key, pupil_key', 'place desc, entry_date asc', 'entry_date') }}
    from told
)

select
    {{ counted_in('numbered', 'entry_date') }} as counted_in,
    {{ is_told_late('numbered', 'entry_date') }} as is_told_late,
    submission_id,
    la_code,
    child_key,
    placement_key,
    pupil_key,
    placement_reason,
    entry_date,
    {{ month_of('entry_date') }} as event_month,
    {{ term_start('entry_date') }} as term_start,
    {{ age_at('birth_month', 'entry_date') }} as age
from numbered
where newest_first = 1
