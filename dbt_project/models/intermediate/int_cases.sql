-- what came of each case: its closure, as told by the return that looks latest on it. A case is told by its child and the day of its
-- referral, since extracts of one authority number it each in their own way.
select
    cases.la_code,
    identifiers.child_key,
    cases.referral_date,
    nullif(
        max_by(
            coalesce(cases.closure_date, cast('2999-12-31' as date)),
            cases.as_at * 1000000
            + {{ dbt.datediff("cast('1900-01-01' as date)", "coalesce(cases.closure_date, cast('2999-12-31' as date))", 'day') }}
        ),
        cast('2999-12-31' as date)
    ) as closure_date
from {{ ref('stg_cases') }} as cases
inner join {{ ref('int_identifiers') }} as identifiers
    on cases.person_key = identifiers.identifier_key
group by cases.la_code, identifiers.child_key, cases.referral_date
