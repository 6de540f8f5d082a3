with terms as (
    select distinct
        period_start as term_start,
        period_end as term_end
    from {{ ref('int_area_periods') }}
    where period_type = 'term'
)

select distinct
    spells.child_key,
    terms.term_start
from {{ ref('int_known_spells') }} as spells
inner join terms
    on terms.term_end between spells.known_from and spells.known_to
