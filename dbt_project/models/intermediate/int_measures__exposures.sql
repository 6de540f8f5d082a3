{{ counts(
    ref('int_exposures'), school_year_start('exposed_date'), {'exposed_13_17': 'age between 13 and 17'},
    period_type='academic_year', counted='distinct child_key'
) }}
