-- identifiers that reach another extract only through a valid UPN
with linked as (
    select
        slices.la_code,
        'ssd' as extract,
        persons.person_key as record_key,
        max(case when identifiers.upn_key is null then 0 else 1 end) as is_linked
    from {{ source('raw', 'ssd_persons') }} as persons
    {{ in_force('persons') }}
    left join {{ source('raw', 'ssd_identifiers') }} as identifiers
        on persons.submission_id = identifiers.submission_id
        and persons.person_key = identifiers.person_key
    group by slices.la_code, persons.person_key
    union all
    -- the lists of Annex A hold no UPN
    select
        slices.la_code,
        'annex_a' as extract,
        children.person_key as record_key,
        0 as is_linked
    from (
        select
            submission_id,
            person_key
        from {{ source('raw', 'annex_a_contacts') }}
        union
        select
            submission_id,
            person_key
        from {{ source('raw', 'annex_a_referrals') }}
        union
        select
            submission_id,
            person_key
        from {{ source('raw', 'annex_a_assessments') }}
    ) as children
    {{ in_force('children') }}
    group by slices.la_code, children.person_key
    union all
    select
        slices.la_code,
        'cin_census' as extract,
        children.person_key as record_key,
        max(case when children.upn_key is null then 0 else 1 end) as is_linked
    from {{ source('raw', 'cin_children') }} as children
    {{ in_force('children') }}
    group by slices.la_code, children.person_key
    union all
    select
        slices.la_code,
        'ssda903' as extract,
        children.person_key as record_key,
        max(case when children.upn_key is null then 0 else 1 end) as is_linked
    from {{ source('raw', 'care_children') }} as children
    {{ in_force('children') }}
    group by slices.la_code, children.person_key
    union all
    select
        la_code,
        'school_census' as extract,
        pupil_key as record_key,
        case when child_key is null then 0 else 1 end as is_linked
    from {{ ref('int_exclusions') }}
    union all
    select
        la_code,
        'alternative_provision' as extract,
        placement_key as record_key,
        case when child_key is null then 0 else 1 end as is_linked
    from {{ ref('int_ap_placements') }}
),

counted as (
    select
        la_code,
        extract,
        count(*) as records,
        cast(sum(is_linked) as bigint) as linked
    from linked
    group by la_code, extract
),

contradicted as (
    select
        sender as la_code,
        extract,
        cast(sum(identifiers) as bigint) as conflicts
    from {{ source('control', 'link_conflicts') }}
    -- an adoption ends an identity by rule: nobody contradicts anybody
    where kind <> 'across_adoption'
    group by sender, extract
)

select
    counted.la_code,
    counted.extract,
    counted.records,
    counted.linked,
    cast(counted.linked as double) / counted.records as share,
    coalesce(contradicted.conflicts, 0) as conflicts
from counted
left join contradicted
    on counted.la_code = contradicted.la_code
    and counted.extract = contradicted.extract
