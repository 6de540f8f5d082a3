{# Written by `sightline contract sources`; a test says when it is out of date. #}

{% macro measure_models() %}{{ return([
    'int_measures__absence',
    'int_measures__alternative_provision',
    'int_measures__assessments',
    'int_measures__contacts',
    'int_measures__exclusions',
    'int_measures__exposures',
    'int_measures__linkage',
    'int_measures__missing',
    'int_measures__population',
    'int_measures__referrals',
]) }}{% endmacro %}

{% macro series_models() %}{{ return([
    'stg_published_figures',
    'stg_vulnerable_children_survey',
    'stg_youth_justice',
]) }}{% endmacro %}

{% macro event_tables() %}{{ return({
    'ap_placements': ['entry_date', 'alternative_provision', 'int_ap_placements'],
    'annex_a_contacts': ['contact_date', 'contacts', 'int_contacts'],
    'annex_a_referrals': ['referral_date', 'front_door', 'int_referrals'],
    'annex_a_assessments': ['completed_date', 'front_door', 'int_assessments'],
    'cin_referrals': ['referral_date', 'front_door', 'int_referrals'],
    'cin_assessments': ['completed_date', 'front_door', 'int_assessments'],
    'census_exclusions': ['start_date', 'exclusions', 'int_exclusions'],
    'ssd_referrals': ['referral_date', 'front_door', 'int_referrals'],
    'ssd_assessments': ['completed_date', 'front_door', 'int_assessments'],
    'ssd_missing_episodes': ['start_date', 'missing', 'int_missing_episodes'],
    'missing_episodes': ['start_date', 'missing', 'int_missing_episodes'],
}) }}{% endmacro %}

{% macro tables_beside_events() %}{{ return([
    'cin_children',
    'cin_factors',
    'published_figures',
    'census_pupils',
    'census_sessions',
    'ssd_persons',
    'ssd_identifiers',
    'ssd_factors',
    'ssd_care_episodes',
    'ssd_legal_statuses',
    'care_children',
    'care_episodes',
    'survey_weeks',
    'youth_justice_counts',
]) }}{% endmacro %}

{% macro tables_showing_delay() %}{{ return([
    'ssd_referrals',
]) }}{% endmacro %}

{% macro tables_of_children() %}{{ return({
    'ap_placements': 'upn_key',
    'annex_a_contacts': 'person_key',
    'annex_a_referrals': 'person_key',
    'annex_a_assessments': 'person_key',
    'cin_children': 'person_key',
    'census_pupils': 'upn_key',
    'ssd_persons': 'person_key',
    'care_children': 'person_key',
}) }}{% endmacro %}

{% macro tables_of_persons() %}{{ return([
    'annex_a_contacts',
    'annex_a_referrals',
    'annex_a_assessments',
    'cin_children',
    'ssd_persons',
    'care_children',
]) }}{% endmacro %}

{% macro tables_of_pupil_numbers() %}{{ return([
    'cin_children',
    'ssd_persons',
    'ssd_identifiers',
    'care_children',
]) }}{% endmacro %}

{% macro months_of_joint() %}{{ return({
    'divergence': 6,
    'neighbours': 12,
}) }}{% endmacro %}
