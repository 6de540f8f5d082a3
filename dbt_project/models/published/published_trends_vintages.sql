-- What was published of each figure of the trends, after disclosure control: a row each time that readers were given another, in the
-- order in which they were. A figure that a release no longer had is a row with neither value nor marker.
with before as (
    select
        indicator,
        coalesce(la_code, area_code) as place,
        area_code,
        la_code,
        period_type,
        period_start,
        breakdown,
        source,
        numerator,
        denominator,
        value,
        marker,
        is_provisional,
        publication,
        release_id,
        published_on,
        row_number() over (
            partition by indicator, coalesce(la_code, area_code), period_type, source, breakdown, period_start
            order by publication desc
        ) as from_newest
    from {{ source('state', 'trends_vintages') }}
),

shown as (
    select *
    from before
    where from_newest = 1
),

trends as (
    select
        indicator,
        coalesce(la_code, area_code) as place,
        area_code,
        la_code,
        period_type,
        period_start,
        breakdown,
        source,
        numerator,
        denominator,
        value,
        marker,
        is_provisional
    from {{ ref('published_trends') }}
),

changed as (
    select
        coalesce(trends.indicator, shown.indicator) as indicator,
        coalesce(trends.place, shown.place) as place,
        coalesce(trends.area_code, shown.area_code) as area_code,
        coalesce(trends.la_code, shown.la_code) as la_code,
        coalesce(trends.period_type, shown.period_type) as period_type,
        coalesce(trends.period_start, shown.period_start) as period_start,
        coalesce(trends.breakdown, shown.breakdown) as breakdown,
        coalesce(trends.source, shown.source) as source,
        trends.numerator,
        trends.denominator,
        trends.value,
        trends.marker,
        trends.is_provisional
    from trends
    full outer join shown
        on trends.indicator = shown.indicator
        and trends.place = shown.place
        and trends.period_type = shown.period_type
        and trends.period_start = shown.period_start
        and trends.breakdown = shown.breakdown
        and trends.source = shown.source
    where
        shown.indicator is null
        or trends.numerator is distinct from shown.numerator
        or trends.denominator is distinct from shown.denominator
        or trends.value is distinct from shown.value
        or trends.marker is distinct from shown.marker
        or trends.is_provisional is distinct from shown.is_provisional
),

together as (
    select
        indicator,
        place,
        area_code,
        la_code,
        period_type,
        period_start,
        breakdown,
        source,
        numerator,
        denominator,
        value,
        marker,
        is_provisional,
        publication,
        release_id,
        published_on
    from before
    union all
    select
        changed.indicator,
        changed.place,
        changed.area_code,
        changed.la_code,
        changed.period_type,
        changed.period_start,
        changed.breakdown,
        changed.source,
        changed.numerator,
        changed.denominator,
        changed.value,
        changed.marker,
        changed.is_provisional,
        this.publication,
        release.release_id,
        release.as_of as published_on
    from changed
    cross join {{ source('state', 'publication') }} as this
    cross join {{ source('state', 'release') }} as release
)

select
    indicator,
    -- an authority that was recoded keeps its number: all of it stands under the code of now
    last_value(area_code) over whole as area_code,
    la_code,
    period_type,
    period_start,
    breakdown,
    source,
    cast(row_number() over so_far as integer) as vintage,
    numerator,
    denominator,
    value,
    marker,
    is_provisional,
    cast(publication as integer) as publication,
    release_id,
    published_on,
    lead(published_on) over so_far as replaced_on,
    lead(publication) over so_far is null as is_latest
from together
window
    so_far as (
        partition by indicator, place, period_type, source, breakdown, period_start
        order by publication
    ),
    whole as (
        partition by indicator, place, period_type, source, breakdown, period_start
        order by publication
        rows between unbounded preceding and unbounded following
    )
