-- what came of each case that was referred: its closure, as told by the return that looks latest on it
select
    la_code,
    referral_key,
    person_key,
    nullif(max_by(coalesce(closure_date, cast('2999-12-31' as date)), as_at), cast('2999-12-31' as date)) as closure_date
from {{ ref('stg_cases') }}
group by la_code, referral_key, person_key
