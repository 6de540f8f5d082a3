"""Where most months of an authority are withheld, its chart and table show twelve at a time."""

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from lxml import html

from sightline.report.data import _years, read
from sightline.report.view import View

pytestmark = pytest.mark.slow

LEEDS = "383"
HIDDEN = """
update trends set numerator = null, value = null, marker = 'c', status = 'not_assessable',
    reason = 'withheld', expected = null, lower = null, upper = null
where la_code = '383' and indicator = $1 and source = 'extracts'
    and date_diff('month', period_start, (select max(period_start) from trends)) < $2
"""
TOLD = """
insert into breakdowns by name
select $1 as measure, area_code, area_level, cast($2 as date) as period_start,
    cast(cast($2 as date) + interval 12 month - interval 1 day as date) as period_end,
    'whole_year' as dimension, 'all' as part, cast($3 as bigint) as counted, $4 as marker,
    12 as months, $1 as monthly_measure
from areas where la_code = '383'
"""


@pytest.fixture
def card(draft: Any, tmp_path: Path) -> Any:
    """The card of an indicator of Leeds of which so many months are withheld, with these years."""

    def made(indicator: str, measure: str, hidden: int, *years: tuple[str, int | None]) -> Any:
        path = Path(shutil.copy(draft.database, tmp_path / "changed.duckdb"))
        path.chmod(0o600)
        with duckdb.connect(str(path)) as connection:
            connection.execute(HIDDEN, [indicator, hidden])
            for start, counted in years:
                marker = None if counted is not None else "low"
                connection.execute(TOLD, [measure, start, counted, marker])
        view = View(read(path))
        [one] = [
            one for one in view.cards(view.areas[LEEDS], view.by_id[indicator], link=None)
            if one["judged"]
        ]  # fmt: skip
        return one

    return made


RATE = ("referral_rate", "referrals")
YEARS = (("2024-04-01", 8_000), ("2025-04-01", 6_000))


def drawn(card: Any) -> str:
    return "".join(html.fromstring(str(card["chart"])).itertext())


def test_the_chart_says_that_it_shows_twelve_months_and_does(card) -> None:
    one = card(*RATE, 20, *YEARS)
    assert "The chart shows twelve months at a time: " in one["sentence"]
    assert one["sentence"].endswith(" per 10,000 children in the year to March 2026.")
    assert "Year to 31 March" in drawn(one)
    assert one["withheld"].startswith("Withheld in 20 of ")


def test_its_figures_are_the_sum_of_twelve_months_over_their_population(card, draft) -> None:
    one = card(*RATE, 20, *YEARS)
    with duckdb.connect(str(draft.database), read_only=True) as connection:
        [(children,)] = connection.execute(
            """
            select avg(denominator) from trends
            where la_code = '383' and indicator = 'referral_rate' and source = 'extracts'
                and period_start between '2025-04-01' and '2026-03-31'
            """
        ).fetchall()
    first = html.fromstring(f"<table>{one['rows']}</table>").find(".//tr")
    said = [cell.text_content() for cell in first]
    assert said[:2] == ["2026", f"{10_000 * 6_000 / children:.1f}"]


@pytest.mark.parametrize(
    ("hidden", "years"),
    [
        (7, YEARS),  # a quarter of thirty months is not over a quarter
        (20, YEARS[:1]),
        (20, (YEARS[0], ("2025-04-01", None))),
        (20, ()),
    ],
)
def test_otherwise_the_months_stay(card, hidden: int, years: Any) -> None:
    one = card(*RATE, hidden, *years)
    assert "twelve months" not in one["sentence"]
    assert "Months to" in drawn(one)


def test_of_a_share_both_counts_are_of_the_twelve_months() -> None:
    """What is counted below is told by another indicator where this one withholds it; a year of
    which it is not told has no share."""
    with duckdb.connect() as connection:
        connection.execute(
            """
            create table indicators as select * from (values
                ('no_further_action_rate', 'refused', 'referrals', 'threshold', 'proportion', 100),
                ('referral_rate', 'referrals', 'people', 'identification', 'rate', 10000)
            ) as t(indicator, numerator, denominator, family, kind, scale);
            create table trends as
            select indicator, 'E1' as area_code, '301' as la_code, 'extracts' as source,
                'month' as period_type, 'total' as breakdown,
                cast(unnest(generate_series(date '2023-04-01', date '2025-03-01',
                    interval 1 month)) as date) as period_start,
                cast(null as bigint) as numerator, cast(null as bigint) as denominator
            from indicators;
            update trends set numerator = 25, denominator = 1000 where indicator = 'referral_rate';
            update trends set numerator = null
            where indicator = 'referral_rate' and period_start = '2023-05-01';
            create table breakdowns as select * from (values
                ('refused', 'E1', date '2023-04-01', date '2024-03-31', 'whole_year', 30, null),
                ('refused', 'E1', date '2024-04-01', date '2025-03-31', 'whole_year', 45, null)
            ) as t(measure, area_code, period_start, period_end, dimension, counted, marker)
            """
        )
        years = _years(connection)
    assert years.keys() == {("301", "no_further_action_rate")}
    points = years["301", "no_further_action_rate"].points
    assert [(one.numerator, one.value) for one in points] == [(30, None), (45, 15.0)]
