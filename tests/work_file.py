"""Write a work file as models and detector leave it: gaps, small counts, a worsening authority."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import rendered
import sqlalchemy as sa

from sightline.warehouse import indicators
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State, problems, submissions
from sightline.warehouse.release import audit, disclosure, vintages
from sightline.warehouse.release import build as publish
from sightline.warehouse.release import inputs as release_inputs
from sightline.warehouse.settings import Disclosure

SEEDS = Path(__file__).parents[1] / "dbt_project" / "seeds"
AS_OF = date(2026, 11, 20)
LAST_MONTH = date(2026, 10, 1)
SMALL = "E06000017"  # Rutland
WORSENING = "E08000035"  # Leeds
SILENT = "E06000016"  # Leicester
FEW_AREAS = (SMALL, WORSENING, SILENT, "E08000032", "E06000015")
FEW_INDICATORS = ("referral_rate", "re_referral_rate", "suspension_rate")

# Events a month, or people, for 10,000 children.
RATES = {
    "referrals": 43, "usual_referrals": 43, "re_referrals": 9.7, "referrals_no_further_action": 2.8,
    "referrals_from_schools": 8.9, "exploitation_assessments": 1.8, "identified_children": 12,
    "identified_girls": 4, "identified_under_14": 5, "suspensions": 60, "suspensions_weapon": 1.4,
    "suspensions_drugs_alcohol": 1.9, "permanent_exclusions": 0.7,
    "suspended_pupils": 200, "missing_children": 10, "missing_children_repeat": 6.3,
    "missing_episodes": 5.6, "missing_episodes_over_24_hours": 3.7, "looked_after_children": 67,
    "looked_after_children_in_year": 95, "excluded_pupils": 6, "excluded_pupils_not_known": 3,
    "repeat_missing_children": 3, "repeat_missing_children_not_assessed": 1.2,
    "severely_absent_children": 80, "severely_absent_children_not_known": 50,
    "multi_exposed_children": 12, "multi_exposed_children_not_known": 7,
    "ap_movers": 6, "ap_movers_not_known": 4, "ap_placements": 8, "ap_placements_behavioural": 5,
    "enrolments": 5800, "persistent_absentees": 1100, "severe_absentees": 130,
    "known_enrolments": 300, "known_persistent_absentees": 140, "exposed_13_17": 90,
    "expected_children": 23, "population_0_17": 10000, "population_13_17": 2700,
    "pupils": 6900,
}  # fmt: skip


@dataclass(frozen=True)
class Extent:
    """How large the written country is; everything when left at its defaults."""

    areas: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    months: int = 60


FEW = Extent(FEW_AREAS, FEW_INDICATORS, 30)


def write(path: Path, extent: Extent = FEW) -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts; create schema reference; create schema control")
        indicators.write(connection)
        _keep(connection, "control.indicators", "indicator", extent.indicators)
        for seed in rendered.SEEDS:
            connection.execute(
                f"create table reference.{seed} as from read_csv('{SEEDS}/{seed}.csv')"
            )
        _areas(connection, extent)
        _counts(connection, extent)
        _values(connection)
        _breakdowns(connection)
        _published(connection)
        _signals(connection)
        _coverage(connection)
        _linkage(connection)
        _reconciliation(connection)
        _confidence(connection)
    return path


def draft(home: Home, release_id: str = "r1", **changes: Any) -> publish.Draft:
    """The draft of a release of the country in the home's work file."""
    state = State(home.state_db)
    with state.begin() as connection:
        if not connection.execute(sa.select(submissions)).first():
            for row in submission_rows():
                connection.execute(submissions.insert(), [row])
            connection.execute(problems.insert(), [PROBLEM])
    given: dict[str, Any] = {
        "as_of": AS_OF,
        "built_at": datetime(2026, 11, 20, 9, tzinfo=UTC),
        "code_version": "0.1.0",
        "simulated": True,
    }
    rows = {"alerts_rows": alert_rows(), "alert_events_rows": event_rows()}
    rows |= {name: changes.pop(name) for name in rows if name in changes}
    before: Path | None = changes.pop("before", None)
    release = release_inputs.release_row(release_id, **given | changes)
    with duckdb.connect(str(home.work_db)) as connection:
        release_inputs.write(connection, state, release, **rows, before=before)
        audit.control(home, connection, Disclosure().smallest_shown)
    published_before(home, state, release_id, release["as_of"])
    with duckdb.connect(str(home.work_db)) as connection:
        rendered.publish(connection)
    state.close()
    return publish.build(home, home.work_db)


def published_before(home: Home, state: State, release_id: str, as_of: date) -> vintages.About:
    """Hand the history of what was published over to the work file."""
    with duckdb.connect(str(home.work_db)) as connection:
        rules = disclosure.rules(connection)
        return vintages.hand_over(connection, home, state, release_id, as_of, rules)


def alert_rows() -> list[dict[str, Any]]:
    """Two alerts: one open, whose figures may be shown, and one on counts that are withheld."""
    shared = {
        "area_level": "local_authority", "breakdown": "total", "release_id": "r1",
        "first_raised_on": AS_OF, "last_period": LAST_MONTH, "resolved_on": None,
        "actor": "Somebody Real",
    }  # fmt: skip
    return [
        {
            **shared, "alert_id": "a-leeds", "fingerprint": "f1", "indicator": "referral_rate",
            "area_code": WORSENING, "area_name": "Leeds", "direction": "down",
            "severity": "warning", "state": "open", "opened_period": date(2026, 7, 1),
            "title": "Referrals to children's social care lower than expected: Leeds",
            "summary": {"value": 300.1, "expected": 510.0},
        },
        {
            **shared, "alert_id": "a-rutland", "fingerprint": "f2", "indicator": "re_referral_rate",
            "area_code": SMALL, "area_name": "Rutland", "direction": "up",
            "severity": "watch", "state": "resolved", "opened_period": date(2026, 5, 1),
            "resolved_on": AS_OF,
            "title": "Re-referrals within twelve months higher than expected: Rutland",
            "summary": {"numerator": 3},
        },
    ]  # fmt: skip


def event_rows() -> list[dict[str, Any]]:
    return [
        {
            "event_id": 1, "alert_id": "a-leeds", "occurred_on": AS_OF, "event": "opened",
            "old_state": None, "new_state": "open", "period": LAST_MONTH, "reason": None,
            "release_id": "r1", "evidence": {"value": 300.1},
        },
        {
            "event_id": 2, "alert_id": "a-rutland", "occurred_on": AS_OF, "event": "resolved",
            "old_state": "open", "new_state": "resolved", "period": LAST_MONTH,
            "reason": "Jane Doe says all is well", "release_id": "r1", "evidence": {"numerator": 3},
        },
    ]  # fmt: skip


PROBLEM = {
    "submission_id": 3, "table_name": None, "file_name": "CANARY Jane Doe.csv", "line": 7914,
    "column_name": None, "rule": "TRUNCATED", "message": "the last line is cut off",
    "severity": "error", "count": 1,
}  # fmt: skip


def submission_rows() -> list[dict[str, Any]]:
    def one(number: int, sender: str, status: str, start: date, **more: Any) -> dict[str, Any]:
        return {
            "submission_id": number, "sender": sender, "extract": "ssd", "period_start": start,
            "period_end": start + timedelta(days=29), "received_on": start + timedelta(days=38),
            "sha256": f"{number:064d}", "original_name": f"CANARY-{number}.zip",
            "landing_name": f"CANARY-{number}", "status": status, "records": 1203,
            "accepted": 1200, "quarantined": 3, "duplicates": 0, "simulated": True, **more,
        }  # fmt: skip

    september, october = date(2026, 9, 1), date(2026, 10, 1)
    return [
        one(1, "383", "accepted", september),
        one(2, "383", "accepted", september),
        one(3, "856", "quarantined", october, accepted=0,
            first_error="CANARY Jane Doe.csv, line 7914: TRUNCATED"),
    ]  # fmt: skip


def _keep(
    connection: duckdb.DuckDBPyConnection, table: str, column: str, kept: tuple[str, ...]
) -> None:
    if kept:
        connection.execute(f"delete from {table} where {column} not in {kept}")


def _areas(connection: duckdb.DuckDBPyConnection, extent: Extent) -> None:
    connection.execute(
        f"""
        create table marts.dim_areas as
        select areas.*, hexagons.hex_column, hexagons.hex_row
        from read_csv('{SEEDS}/areas.csv', all_varchar = true) as areas
        left join read_csv('{SEEDS}/area_hexagons.csv', all_varchar = true) as hexagons
            on areas.la_code = hexagons.la_code;
        alter table marts.dim_areas alter valid_from type date;
        alter table marts.dim_areas alter valid_to type date;
        alter table marts.dim_areas alter hex_column type integer;
        alter table marts.dim_areas alter hex_row type integer;
        create table size as
        select la_code, max_by(population_0_17, mid_year) as children
        from read_csv('{SEEDS}/population.csv', types = {{'la_code': 'varchar'}})
        group by la_code
        """
    )
    if extent.areas:
        connection.execute(
            f"""
            delete from marts.dim_areas
            where area_level = 'local_authority' and area_code not in {extent.areas};
            delete from marts.dim_areas
            where area_level in ('region', 'sub_region') and region_code not in (
                select region_code from marts.dim_areas where area_level = 'local_authority'
            )
            """
        )


def _counts(connection: duckdb.DuckDBPyConnection, extent: Extent) -> None:
    """Counts by measure, authority and month; then their sums for regions and England."""
    connection.execute("create table rates (measure varchar, rate double)")
    connection.executemany("insert into rates values (?, ?)", [list(one) for one in RATES.items()])
    connection.execute(
        f"""
        create table expected as
        select
            measure, areas.area_code, areas.la_code, areas.region_code, areas.sub_region_code,
            cast(months.period_start as date) as period_start,
            children / 10000.0 * rate
            * case
                when rate > 300 or measure like 'looked%' then 1
                when month(months.period_start) = 8 then 0.8
                else 1
            end as mean
        from rates
        cross join range(
            date '{LAST_MONTH}' - interval {extent.months - 1} month,
            date '{LAST_MONTH}' + interval 1 month, interval 1 month
        ) as months(period_start)
        cross join marts.dim_areas as areas
        inner join size on areas.la_code = size.la_code
        where areas.area_level = 'local_authority' and areas.valid_to is null;

        create table counts as
        select
            measure, area_code, la_code, 'local_authority' as area_level, region_code,
            sub_region_code, period_start,
            cast(case when area_code = '{SILENT}' and measure in {EVENTS}
                and period_start >= date '{LAST_MONTH}' - interval 1 month then null
            else greatest(0, floor(
                mean
                * case when area_code = '{WORSENING}' and measure = 'referrals'
                    and period_start >= date '{LAST_MONTH}' - interval 3 month then 0.6 else 1 end
                + case when measure in {EVENTS} then
                    sqrt(mean) * (hash(measure || area_code || period_start::varchar) % 4000
                    / 1000.0 - 2) else 0 end + 0.5
            )) end as double) as count
        from expected;

        insert into counts
        select measure, sub_region_code, null, 'sub_region', region_code, sub_region_code,
            period_start, sum(count)
        from counts where sub_region_code is not null group by all;
        insert into counts
        select measure, region_code, null, 'region', region_code, null, period_start, sum(count)
        from counts where area_level = 'local_authority' group by all;
        insert into counts
        select measure, 'E92000001', null, 'country', null, null, period_start, sum(count)
        from counts where area_level = 'region' group by all
        """
    )


NOT_EVENTS = {"expected_children", "population_0_17", "pupils", "usual_referrals"}
EVENTS = tuple(name for name in RATES if name not in NOT_EVENTS)


def _values(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """
        create table marts.fct_indicator_values as
        select
            indicators.indicator, above.area_code, above.la_code, above.area_level,
            indicators.period_type, above.period_start,
            last_day(above.period_start + case
                when indicators.period_type = 'month' then interval 0 month
                when indicators.period_type = 'academic_year' then interval 11 month
                when month(above.period_start) = 9 then interval 3 month
                when month(above.period_start) = 1 then interval 2 month
                else interval 4 month
            end) as period_end,
            'total' as breakdown, 'extracts' as source,
            case when denominator_is_population or indicators.denominator like 'usual%'
                then above.count else least(above.count, below.count) end as numerator,
            case when above.count is not null then below.count end as denominator,
            case when below.count > 0 then
                case when denominator_is_population or indicators.denominator like 'usual%'
                then above.count else least(above.count, below.count) end
                / below.count * scale * case when annualise then 12 else 1 end
            end as value,
            case when above.count is null or coalesce(below.count, 0) = 0 then 'x' end as marker,
            above.period_start >= date '2026-09-01' as is_provisional, false as is_revised,
            case
                when above.count is null then 'no_return'
                when coalesce(below.count, 0) = 0 then 'no_denominator'
            end as reason,
            1 as areas_due, case when above.count is null then 0 else 1 end as areas_included,
            cast(null as varchar) as caveat
        from control.indicators as indicators
        inner join counts as above on indicators.numerator = above.measure
        inner join counts as below
            on indicators.denominator = below.measure
            and above.area_code = below.area_code
            and above.period_start = below.period_start
        where indicators.period_type = 'month'
            or month(above.period_start) = 9
            or indicators.period_type = 'term' and month(above.period_start) in (1, 4);

        update marts.fct_indicator_values as larger
        set areas_due = parts.due, areas_included = parts.included
        from (
            select
                indicator, period_start, area_code, count(*) as due,
                count(*) filter (numerator is not null) as included
            from (
                select
                    facts.indicator, facts.period_start, facts.numerator,
                    unnest([region_code, sub_region_code, 'E92000001']) as area_code
                from marts.fct_indicator_values as facts
                inner join marts.dim_areas as areas
                    on facts.area_code = areas.area_code and areas.valid_to is null
                where facts.area_level = 'local_authority'
            )
            group by all
        ) as parts
        where larger.indicator = parts.indicator and larger.area_code = parts.area_code
            and larger.period_start = parts.period_start
        """
    )


# By measure and dimension what each part has of the whole; of referrals of those not from schools.
PARTS = {
    ("referrals", "referred_by"): {
        "police": 0.3, "health": 0.2, "individuals": 0.15, "local_authority": 0.2,
    },
    ("referrals", "age_and_sex"): {
        "girls_under_10": 0.2, "girls_10_to_13": 0.16, "girls_14_to_17": 0.18,
        "boys_under_10": 0.22, "boys_10_to_13": 0.17,
    },
    ("suspensions", "main_reason"): {
        "disruption": 0.5, "against_adults": 0.2, "against_pupils": 0.18, "weapons_or_drugs": 0.03,
    },
    ("suspensions", "age_and_sex"): {
        "girls_10_to_13": 0.15, "girls_14_to_17": 0.22, "boys_10_to_13": 0.28,
    },
}  # fmt: skip


def _breakdowns(connection: duckdb.DuckDBPyConnection) -> None:
    """What was counted in a quarter, taken apart."""
    rows = [
        [measure, dimension, part, share]
        for (measure, dimension), shares in PARTS.items()
        for part, share in shares.items()
    ]
    connection.execute(
        "create table part_shares (measure varchar, dimension varchar, part varchar, share double)"
    )
    connection.executemany("insert into part_shares values (?, ?, ?, ?)", rows)
    connection.execute(
        """
        create table marts.fct_breakdowns as
        with months as (
            select
                counts.measure, counts.area_code, counts.la_code, counts.region_code,
                counts.period_start, counts.count,
                case when counts.measure = 'referrals' then least(counts.count, schools.count) end
                    as schools
            from counts
            left join counts as schools
                on schools.measure = 'referrals_from_schools'
                and counts.area_code = schools.area_code
                and counts.period_start = schools.period_start
            where counts.area_level = 'local_authority' and counts.count is not null
                and counts.measure in (
                    select numerator from control.indicators
                    union
                    select denominator from control.indicators
                )
        ),
        parts as (
            select months.*, dimension, part, null as monthly_measure,
                floor(share * (months.count - case when dimension = 'referred_by'
                    then coalesce(schools, 0) else 0 end)) as counted
            from months inner join part_shares using (measure)
            union all
            select *, 'referred_by', 'schools', 'referrals_from_schools', schools
            from months where schools is not null
        ),
        placed as (
            select *, 'local_authority' as area_level from parts
            union all
            select * replace (region_code as area_code, null as la_code), 'region' from parts
            union all
            select * replace ('E92000001' as area_code, null as la_code), 'country' from parts
        )
        select
            measure, area_code, la_code, area_level,
            cast(date_trunc('quarter', period_start) as date) as period_start,
            cast(date_trunc('quarter', period_start) + interval 3 month - interval 1 day as date)
                as period_end,
            dimension, part, monthly_measure, sum(counted) as counted,
            cast(count(distinct period_start) as integer) as months
        from placed
        group by all
        """
    )


def _published(connection: duckdb.DuckDBPyConnection) -> None:
    """Official annual series: one count of 3 that stays as it stands, one symbol."""
    connection.execute(
        f"""
        insert into marts.fct_indicator_values
        select
            'referral_rate', area_code, la_code, area_level, 'financial_year',
            make_date(year - 1, 4, 1), make_date(year, 3, 31), 'total', 'published_referrals',
            case
                when is_gap then null
                when area_code = '{SMALL}' and year = 2025 then 3
                else floor(children * 0.054 + year % 5)
            end,
            children, case when not is_gap then 520 + 9 * (year % 5) end,
            case when is_gap then 'x' end, false, false, null, 1, 1, null
        from (
            select *, area_code = '{SILENT}' and year = 2021 as is_gap
            from marts.dim_areas
            cross join range(2013, 2027) as years(year)
        )
        left join size using (la_code)
        where valid_to is null;
        create table marts.fct_series_vintages as
        select
            'published_referrals' as series, 'referral_count' as measure, area_code, la_code,
            area_level, period_type,
            cast(year(period_end) as varchar) as time_period, 'Reporting year' as time_identifier,
            period_start, period_end, 'total' as breakdown, date '2025-10-30' as released_on,
            numerator as value, marker, true as is_latest, false as is_revised
        from marts.fct_indicator_values where source = 'published_referrals'
        """
    )


def _signals(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        f"""
        create view marts.fct_values as from marts.fct_indicator_values;
        create table marts.fct_signals as
        with means as (
            select measure, area_code, period_start, mean from expected
            union all
            select measure, region_code, period_start, sum(mean) from expected group by all
            union all
            select measure, 'E92000001', period_start, sum(mean) from expected group by all
        ),
        scored as (
            select
                indicator_values.*, bad_direction,
                scale * case when annualise then 12 else 1 end / indicator_values.denominator
                    as per_event,
                mean * per_event as expected,
                sqrt(mean) * per_event as sd
            from marts.fct_indicator_values as indicator_values
            inner join control.indicators as indicators using (indicator)
            left join means
                on indicators.numerator = means.measure
                and indicator_values.area_code = means.area_code
                and indicator_values.period_start = means.period_start
            where indicator_values.source = 'extracts' and is_monitored
                and indicator_values.period_start > date '{LAST_MONTH}' - interval 24 month
        ),
        judged as (
            select
                *,
                case when bad_direction = 'down' then -1 else 1 end * (value - expected) / sd
                    as score
            from scored
        )
        select
            indicator, source, area_code, period_type, period_start, breakdown,
            expected, greatest(0, expected - 2.6 * sd) as lower, expected + 2.6 * sd as upper,
            score, 0.5 as p_one, 0.5 as p_sustained, 1.1 as dispersion, 1.0 as national_effect,
            1.0 as completeness,
            case when bad_direction = 'down' then -15e-2 else 39e-2 end
                as minimum_detectable_change,
            case when bad_direction = 'down' then -174e-4 else 39e-3 end
                as minimum_detectable_drift,
            82e-4 as slope_error,
            case
                when value is null then 'not_assessable'
                when score > 2.6 then 'worsening' when score < -2.6 then 'improving' else 'ok'
            end as status,
            case when value is null then reason end as reason,
            case
                when score > 2.6 and area_code = '{WORSENING}' then 'sustained'
                when score > 2.6 then 'spike'
            end as kind,
            'panel' as method, '1' as version
        from judged
        """
    )


def _reconciliation(connection: duckdb.DuckDBPyConnection) -> None:
    """One official year beside ours: one agrees, one differs, one rests on withheld months."""
    connection.execute(
        f"""
        create table marts.fct_reconciliation as
        select
            given.indicator, given.area_code, given.la_code, 'local_authority' as area_level,
            'financial_year' as period_type, date '2025-04-01' as period_start,
            date '2026-03-31' as period_end, 'total' as breakdown,
            'published_referrals' as source, official, cast(null as varchar) as official_marker,
            counted, months_covered, counted - official as difference,
            case when counted is not null then greatest(10, 0.05 * official) end as allowed,
            verdict, reason
        from (values
            ('referral_rate', '{WORSENING}', '383', 8000.0, 8100.0, 12, 'agrees', null),
            ('referral_rate', 'E06000015', '831', 3000.0, 2500.0, 12, 'differs', null),
            ('referral_rate', '{SILENT}', '856', 4000.0, null, 11, 'not_comparable',
                'months_missing'),
            ('re_referral_rate', '{SMALL}', '857', 40.0, 61.0, 12, 'differs', null)
        ) as given (
            indicator, area_code, la_code, official, counted, months_covered, verdict, reason
        )
        """
    )


def _confidence(connection: duckdb.DuckDBPyConnection) -> None:
    """A late return in Leeds, a missing one in Leicester; the others whole."""
    connection.execute(
        f"""
        create table marts.fct_indicator_confidence as
        select indicator, la_code, date '{LAST_MONTH}' - interval 11 month as period_start,
            last_day(date '{LAST_MONTH}') as period_end, completeness, timeliness, 1.0 as validity,
            1.0 as linkage
        from control.indicators
        cross join (values ('383', 1.0, 0.85), ('856', 0.5, 1.0), ('857', 1.0, 1.0))
            as rows(la_code, completeness, timeliness)
        where indicator = 'referral_rate';

        create table marts.fct_data_confidence as
        select *, completeness * timeliness * validity * linkage as confidence
        from (values
            ('383', date '{LAST_MONTH}', 1.0, 0.92, 1.0, 0.99),
            ('856', date '{LAST_MONTH}', 0.5, 0.8, 1.0, 0.99),
            ('857', date '{LAST_MONTH}', 1.0, 1.0, 1.0, 1.0)
        ) as rows(la_code, period_start, completeness, timeliness, validity, linkage)
        """
    )


def _linkage(connection: duckdb.DuckDBPyConnection) -> None:
    """One authority's extracts: many linked, too few to say, and counts from 1 to 5 behind."""
    connection.execute(
        """
        create table marts.fct_linkage as
        select *, linked / records as share from (values
            ('383', 'ssd', 1234, 1010, 0), ('383', 'cin_census', 99, 60, 7),
            ('383', 'ssda903', 400, 397, 16), ('383', 'school_census', 500, 5, 0)
        ) as rows(la_code, extract, records, linked, conflicts)
        """
    )


def _coverage(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        f"""
        create table marts.fct_coverage as
        select
            la_code, extract, cast(period_start as date) as period_start,
            last_day(period_start) as period_end,
            last_day(period_start) + 10 as due_on,
            case when status <> 'missing' then last_day(period_start) + 8 end as received_on,
            status,
            case when status in ('received', 'late') then 1 end as submission_id
        from (
            select
                la_code, extract, period_start,
                case
                    when area_code = '{SILENT}' and extract = 'ssd'
                        and period_start >= date '{LAST_MONTH}' - interval 1 month then 'missing'
                    when extract = 'ssda903' and period_start > date '2026-09-01' then 'not_due'
                    when hash(la_code || period_start::varchar) % 40 = 0 then 'late'
                    else 'received'
                end as status
            from marts.dim_areas
            cross join (values ('ssd'), ('ssda903')) as extracts(extract)
            cross join range(
                date '{LAST_MONTH}' - interval 11 month, date '{LAST_MONTH}' + interval 1 month,
                interval 1 month
            ) as months(period_start)
            where area_level = 'local_authority' and valid_to is null
                and (extract = 'ssd' or month(period_start) in (3, 6, 9, 12))
        );
        create table control.annotations as
        select
            1 as annotation_id, 'referral_rate' as indicator, 'E06000001' as area_code,
            'practice_change' as kind, date '2024-01-01' as starts_on,
            cast(null as date) as ends_on, 'new_threshold' as reason_code,
            'A new front door' as public_sentence,
            date '2024-02-01' as recorded_on;

        create table control.submissions as
        select submission_id, sender, 'ssd' as extract, period_start,
            cast(period_start + 29 as date) as period_end, is_in_force
        from (values
            (1, '383', date '2026-09-01', false),
            (2, '383', date '2026-09-01', true),
            (3, '856', date '2026-10-01', false)
        ) as held(submission_id, sender, period_start, is_in_force)
        """
    )
