"""What was planted in the simulated country stands where the pages and contributions say."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import rendered
from lxml import html
from support import Ran

from sightline.simulation.truth import Event
from sightline.warehouse.release import store

ONE_SIDE = ("referral_drop", "exploitation_factor_drop", "missing_rise", "school_referral_drop")
MOST_OF_IT = 70
"""Per cent of a movement that those make in which it was planted."""


@pytest.fixture(scope="module")
def published(demo_home: Ran) -> Iterator[duckdb.DuckDBPyConnection]:
    with store.opened(store.require_current(demo_home.home).database) as connection:
        yield connection


@pytest.fixture(scope="module")
def page(demo_home: Ran) -> html.HtmlElement:
    path = demo_home.home.current / "report" / "identification.html"
    return html.fromstring(path.read_text(encoding="utf-8"))


def planted(ran: Ran, *kinds: str) -> list[Event]:
    return [one for one in ran.truth.events if one.kind in kinds]


def names(connection: duckdb.DuckDBPyConnection, events: list[Event]) -> set[str]:
    codes = [code for one in events for code in one.la_codes]
    query = "select area_name from areas where list_contains($1, la_code)"
    return {name for (name,) in connection.execute(query, [codes]).fetchall()}


def test_where_risk_rises_and_fewer_are_seen_stands_in_the_corner_and_is_named(
    demo_home, published, page
) -> None:
    """A fall or a rise of one side alone does not, however large it is."""
    both = names(published, planted(demo_home, "gap_opens"))
    assert both == {"County Durham"}
    lead = page.find(".//p[@class='lead']").text_content()
    assert lead.startswith("In 1 of the ")
    assert lead.endswith("signs of risk rise while fewer are identified: County Durham.")
    drawn = page.find(".//svg")
    assert {"".join(one.itertext()) for one in drawn.iter("text")} & names(
        published, planted(demo_home, *ONE_SIDE)
    ) == set()
    assert "County Durham" in "".join(drawn.itertext())


def test_the_gap_is_found_where_it_was_planted(demo_home, published) -> None:
    raised = published.execute(
        """
        select area_name from alerts
        where indicator = 'divergence' and area_level = 'local_authority' and state = 'open'
        """
    ).fetchall()
    assert {name for (name,) in raised} == names(published, planted(demo_home, "gap_opens"))


@pytest.mark.parametrize(
    ("la_code", "of", "named"),
    [
        ("383", "region", {"Leeds"}),  # Kirklees, beside it, sends as ever
        ("383", "country", {"Leeds", "County Durham"}),
    ],
)
def test_a_fall_of_referrals_is_put_down_to_the_authorities_in_which_it_was_planted(
    published, la_code: str, of: str, named: set[str]
) -> None:
    parts = published.execute(
        """
        select members.area_name, drivers.share
        from drivers
        inner join areas as members on drivers.part = members.area_code
        inner join areas as whole on drivers.area_code = whole.area_code
        inner join areas as here on here.la_code = $1
        where drivers.indicator = 'referral_rate' and drivers.within = 'whole'
            and drivers.dimension = 'authority' and whole.area_level = $2
            and (whole.area_level = 'country' or whole.area_code = here.region_code)
        order by drivers.share desc
        """,
        [la_code, of],
    ).fetchall()
    assert len(parts) > len(named)
    most = dict(parts[: len(named)])
    assert most.keys() == named
    assert sum(most.values()) > MOST_OF_IT


def test_referrals_that_schools_alone_make_fewer_are_put_down_to_schools(
    demo_home, tmp_path: Path
) -> None:
    """All referrals fall by less than is marked, so that is marked here as if it were more."""
    [event] = planted(demo_home, "school_referral_drop")
    path = Path(shutil.copy(demo_home.home.warehouse_db, tmp_path / "work.duckdb"))
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            """
            update published.trends set status = 'worsening'
            where indicator = 'referral_rate' and source = 'extracts' and la_code = $1
                and period_start >= $2 and value is not null
            """,
            [event.la_codes[0], event.onset],
        )
        parts = connection.execute(
            f"""
            with drivers as ({rendered.published("drivers")})
            select part, contribution, share from drivers
            inner join published.areas using (area_code)
            where indicator = 'referral_rate' and la_code = $1 and dimension = 'referred_by'
                and within = 'whole'
            order by share desc
            """,
            [event.la_codes[0]],
        ).fetchall()
    assert parts
    assert parts[0][0] == "schools", parts
    assert parts[0][1] < 0
