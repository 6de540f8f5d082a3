-- a case as each return shows it, for the days that the return covers: a later one may hold it open, or tell its closure, whenever it was
-- referred. The lists of Annex A tell no case, nor does a return whose case system tells no closure.
with cases as (
    {% for extract in ['ssd', 'cin'] %}
    select
        submission_id,
        person_key,
        is_no_further_action,
        referral_date,
        closure_date
    from {{ source('raw', extract ~ '_referrals') }}
    {% if extract == 'ssd' -%}
    where coalesce(tells_closure, true)
    {%- endif %}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    cases.submission_id,
    cases.person_key,
    slices.la_code,
    {{ as_at('slices') }} as as_at,
    cases.referral_date,
    cases.closure_date,
    cases.closure_date is null and not coalesce(cases.is_no_further_action, false) as is_open,
    slices.slice_start,
    slices.slice_end
from cases
inner join {{ source('control', 'slices') }} as slices
    on cases.submission_id = slices.submission_id
    and slices.source = 'front_door'
    and slices.is_own
    and slices.speaks
    -- a newer return speaks for the days of what was referred later: of a replaced snapshot, only what its last days are about is read
    and (cases.referral_date <= slices.slice_end or cases.referral_date > slices.window_end)
