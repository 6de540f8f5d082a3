{#
    What Spark has other words for than DuckDB, or means otherwise by the same. Dates are whole days here, so nothing goes by way of times
    of day; months are counted by the first days of months between two dates, as DuckDB counts them and ages are reckoned.
#}
{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {%- if datepart == 'day' -%}
    date_add({{ from_date_or_timestamp }}, {{ interval }})
    {%- elif datepart == 'month' -%}
    add_months({{ from_date_or_timestamp }}, {{ interval }})
    {%- else -%}
    {{ exceptions.raise_compiler_error('dates are moved by days or months, not by ' ~ datepart) }}
    {%- endif -%}
{%- endmacro %}

{% macro spark__datediff(first_date, second_date, datepart) -%}
    {%- if datepart == 'day' -%}
    datediff({{ second_date }}, {{ first_date }})
    {%- elif datepart == 'month' -%}
    (12 * (year({{ second_date }}) - year({{ first_date }})) + month({{ second_date }}) - month({{ first_date }}))
    {%- else -%}
    {{ exceptions.raise_compiler_error('dates are told apart in days or months, not in ' ~ datepart) }}
    {%- endif -%}
{%- endmacro %}

{#
    An operation: makes what DuckDB handed over as Parquet known to Spark, with the types that it has there. Seeds among it: read from
    text, a blank would become a word.
#}
{% macro take_over() %}
    {% for schema in ['raw', 'control', 'reference'] %}
    {% do run_query('create schema if not exists ' ~ schema) %}
    {% endfor %}
    {% for seed in graph.nodes.values() if seed.resource_type == 'seed' %}
    {% do _given(seed.schema, seed.name, seed.config.column_types) %}
    {% endfor %}
    {% for source in graph.sources.values() if source.schema in ['raw', 'control'] %}
    {% set types = {} %}
    {% for column in source.columns.values() %}
    {% do types.update({column.name: column.data_type}) %}
    {% endfor %}
    {% do _given(source.schema, source.name, types) %}
    {% endfor %}
{% endmacro %}

{% macro _given(schema, table, types) %}
    {% set columns = [] %}
    {% for column, type in types.items() %}
    {% do columns.append(column ~ ' ' ~ (dbt.type_string() if type == 'varchar' else type)) %}
    {% endfor %}
    {% do run_query('drop table if exists ' ~ schema ~ '.' ~ table) %}
    {% do run_query(
        'create table ' ~ schema ~ '.' ~ table ~ ' (' ~ columns | join(', ') ~ ") using parquet location '"
        ~ env_var('DBT_SPARK_FOLDER') ~ '/given/' ~ schema ~ '/' ~ table ~ "'"
    ) %}
{% endmacro %}
