"""A message says which other indicators of its area agree, disagree or cannot be judged."""

from datetime import date

import duckdb
import pytest
from released_figures import Released
from test_messages import message

from sightline.monitoring import companions, gate, rendering
from sightline.monitoring.message_base import Companions

AUGUST = date(2026, 8, 1)
LEEDS = "E08000035"


@pytest.fixture
def beside(released: Released) -> Companions:
    with duckdb.connect(str(released.database)) as connection:
        for number, status in enumerate(("worsening", "ok", "improving", "not_assessable", None)):
            name = f"i{number}"
            connection.execute(
                "insert into indicators (indicator, name, is_monitored) values (?, ?, true)",
                [name, f"Indicator {number}"],
            )
            connection.execute(
                "insert into trends (indicator, area_code, period_type, period_start, breakdown,"
                " source, status) values (?, ?, 'month', ?, 'total', 'extracts', ?)",
                [name, LEEDS, AUGUST, status],
            )
        return companions.beside(connection, "referral_rate", LEEDS, AUGUST)


def test_each_says_that_it_worsens_that_it_does_not_or_nothing(beside: Companions) -> None:
    assert beside.agree == ("Indicator 0",)
    assert beside.disagree == ("Indicator 1", "Indicator 2")
    assert beside.not_judged == ("Indicator 3", "Indicator 4")


def test_a_message_names_them(beside: Companions) -> None:
    told = message(companions=beside)
    text = rendering.text(told)
    assert "- Worsening too: Indicator 0.\n- Not worsening: Indicator 1; Indicator 2." in text
    assert gate.objection(told) is None


def test_of_many_the_first_are_named() -> None:
    [said] = Companions(agree=tuple("abcdefgh")).said()
    assert said == "Worsening too: a; b; c; d; e; f and 2 more."
