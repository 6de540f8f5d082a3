-- identifiers that reach another extract only through a valid UPN
with persons as (
    {% for table in tables_of_persons() %}
    select
        submission_id,
        person_key
    from {{ source('raw', table) }}
    {% if not loop.last %}union{% endif %}
    {% endfor %}
),

-- a list of persons without pupil numbers names nobody
numbered as (
    {% for table in tables_of_pupil_numbers() %}
    select
        submission_id,
        person_key
    from {{ source('raw', table) }}
    where upn_key is not null
    {% if not loop.last %}union{% endif %}
    {% endfor %}
),

pupils as (
    select
        counted_in as submission_id,
        la_code,
        pupil_key as record_key,
        child_key
    from {{ ref('int_exclusions') }}
    union all
    select
        counted_in as submission_id,
        la_code,
        placement_key as record_key,
        child_key
    from {{ ref('int_ap_placements') }}
),

linked as (
    select
        slices.la_code,
        submissions.extract,
        persons.person_key as record_key,
        max(case when numbered.person_key is null then 0 else 1 end) as is_linked
    from persons
    {{ in_force('persons') }}
    inner join {{ source('control', 'submissions') }} as submissions
        on persons.submission_id = submissions.submission_id
    left join numbered
        on persons.submission_id = numbered.submission_id
        and persons.person_key = numbered.person_key
    group by slices.la_code, submissions.extract, persons.person_key
    union all
    select
        pupils.la_code,
        submissions.extract,
        pupils.record_key,
        case when pupils.child_key is null then 0 else 1 end as is_linked
    from pupils
    inner join {{ source('control', 'submissions') }} as submissions
        on pupils.submission_id = submissions.submission_id
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
