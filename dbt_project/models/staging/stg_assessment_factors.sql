with factors as (
    select
        submission_id,
        assessment_key,
        factor_code
    from {{ source('raw', 'ssd_factors') }}
    union all
    select
        submission_id,
        assessment_key,
        factor_code
    from {{ source('raw', 'cin_factors') }}
)

select
    submission_id,
    assessment_key,
    factor_code,
    factor_code = '13A' as is_gangs,
    factor_code = '24A' as is_criminal_exploitation,
    factor_code in ('10A', '11A', '12A', '13A', '24A') as is_exploitation_screen
from factors
where factor_code is not null
