"""A small monitor's folder, its state and a released database to quote from."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
from released_figures import FALL, LEEDS, Released

from sightline.monitoring.alerts.lifecycle import alert_id
from sightline.warehouse.home import Home, create
from sightline.warehouse.ledger.state import State
from sightline.warehouse.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return create(tmp_path / "monitor", today=date(2026, 11, 21))


@pytest.fixture
def state(home: Home) -> Iterator[State]:
    opened = State(home.state_db)
    yield opened
    opened.close()


@pytest.fixture
def settings() -> Settings:
    return Settings(name="Sightline")


@pytest.fixture
def released(tmp_path: Path) -> Released:
    """Leeds fell in August and Bradford's figure is withheld; one of two returns came."""
    path = tmp_path / "published.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create table indicators (indicator varchar, name varchar, short_name varchar,"
            " unit varchar, decimals integer, period_type varchar, why_it_matters varchar,"
            " what_to_check varchar, other_explanations varchar, owner varchar,"
            " is_monitored boolean, counted varchar, bad_direction varchar)"
        )
        connection.execute(
            "insert into indicators values ('referral_rate', 'Referral rate', 'Referrals',"
            " 'per 10,000 children a year', 1, 'month', 'Children may go unseen.',"
            " 'Is the return complete?\nDid recording change?', 'Late return', 'Data lead', true,"
            " 'referrals', 'down')"
        )
        connection.execute(
            "create table trends (indicator varchar, area_code varchar, period_type varchar,"
            " period_start date, breakdown varchar, source varchar, value double,"
            " expected double, lower double, upper double, marker varchar, is_provisional boolean,"
            " status varchar)"
        )
        connection.execute(
            "insert into trends values"
            " ('referral_rate', 'E08000035', 'month', '2026-08-01', 'total', 'extracts',"
            "  400.04, 500.0, 440.0, 560.0, null, false, 'worsening'),"
            " ('referral_rate', 'E08000032', 'month', '2026-08-01', 'total', 'extracts',"
            "  null, null, null, null, 'c', false, 'not_assessable')"
        )
        connection.execute(
            "create table alerts (alert_id varchar, indicator varchar, area_code varchar,"
            " breakdown varchar, direction varchar, opened_period date, last_period date,"
            " periods_passed integer, periods_marked integer, summary varchar)"
        )
        for area, summary in (("E08000035", LEEDS), ("E08000032", None)):
            fingerprint = replace(FALL, area_code=area).fingerprint
            connection.execute(
                "insert into alerts values (?, 'referral_rate', ?, 'total', 'down', '2026-07-01',"
                " '2026-08-01', 2, 2, ?)",
                [alert_id(fingerprint, date(2026, 7, 1)), area, summary],
            )
        connection.execute(
            "create table areas as select 'E08000035' as area_code, 'Leeds' as area_name"
        )
        connection.execute(
            "create table drivers as select 'referral_rate' as indicator,"
            " 'E08000035' as area_code, 'whole' as within, dimension, part,"
            " date '2026-07-01' as first_period, date '2026-09-30' as last_period,"
            " 1 as years_before, counted, expected, counted - expected as contribution,"
            " 100.0 * (counted - expected) / -75 as share"
            " from (values ('whole', 'whole', 300, 375), ('referred_by', 'schools', 50, 110),"
            " ('referred_by', 'rest', 250, 265)) as parts (dimension, part, counted, expected)"
        )
        connection.execute(
            "create table coverage (la_code varchar, extract varchar, period_end date,"
            " due_on date, received_on date, status varchar)"
        )
        connection.execute(
            "insert into coverage values"
            " ('383', 'ssd', '2026-08-31', '2026-09-20', '2026-09-08', 'received'),"
            " ('380', 'ssd', '2026-08-31', '2026-09-20', null, 'missing')"
        )
    return Released("2026-11-21-r1", date(2026, 11, 21), True, path)
