"""The alerts of a run are what its checks found, and what is told of them bears them out."""

from collections.abc import Iterator

import duckdb
import pytest
from support import Ran

from sightline.expectations import signals
from sightline.monitoring.alerts import released
from sightline.monitoring.alerts.findings import PENDING
from sightline.warehouse.alert_terms import LIVE
from sightline.warehouse.release import store

CURRENT = """
select alerts.indicator, alerts.area_code, alerts.area_level, alerts.last_period, alerts.alert_id
from alerts where state in (select unnest(?))
"""


@pytest.fixture(scope="module")
def found(demo_home: Ran) -> dict[str, signals.Worsening]:
    with duckdb.connect(str(demo_home.home.warehouse_db), read_only=True) as marts:
        return signals.worsening(marts)


@pytest.fixture(scope="module")
def published(demo_home: Ran) -> Iterator[duckdb.DuckDBPyConnection]:
    release = store.require_current(demo_home.home)
    with store.opened(release.database) as connection:
        yield connection


def withheld(published: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Series of which some judgement is not told, and so no alert may be that rests on it."""
    query = "select distinct indicator, area_code from trends where marker = 'c'"
    return set(published.execute(query).fetchall())


def test_the_alerts_of_a_run_and_its_checks_agree(found, published) -> None:
    alerts = published.execute(CURRENT, [[PENDING, *LIVE]]).fetchall()
    levels = dict(published.execute("select area_code, area_level from areas").fetchall())
    worsening = {
        (one.indicator, area) for one in found.values() for area in one.areas
        if levels[area] == "local_authority"
    }  # fmt: skip
    assert worsening
    assert worsening <= {(indicator, area) for indicator, area, *_ in alerts} | withheld(published)
    newest = [row for row in alerts if row[3] == found[row[0]].period]
    assert newest
    assert all(area in found[indicator].areas for indicator, area, *_ in newest)


def test_a_check_shows_the_areas_with_their_alerts(found, published) -> None:
    for one in found.values():
        assert one.check.failed == len(one.areas)
        if one.areas and one.period:
            rows = released.worsening(published, one.indicator, one.period, one.areas)
            assert len(rows) == len(one.areas)
            may_be_told = {(one.indicator, area) for area in one.areas} - withheld(published)
            assert any(row["alert"] for row in rows) or not may_be_told


def test_each_alert_is_told_in_sentences_of_what_was_judged(published) -> None:
    for *_, alert_id in published.execute(CURRENT, [[PENDING, *LIVE]]).fetchall():
        shown = released.shown(published, alert_id)
        assert shown is not None
        assert shown.sentences()[0].startswith(("Marked in", "It has lasted"))
        figures = shown.evidence
        assert figures is None or figures.value is None or figures.bears_out(shown.direction)
