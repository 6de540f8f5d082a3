"""What each audience is told, word by word, as figures come month by month and are revised.

Findings and a release that shows them are made by hand; everything after that is the product's.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from released_figures import Released

from sightline.monitoring import between_runs, failed_runs, gate
from sightline.monitoring.alerts import people, storm_records
from sightline.monitoring.alerts.evaluate import Judged, alert_rows
from sightline.monitoring.alerts.findings import Finding, Given
from sightline.monitoring.alerts.record import record
from sightline.monitoring.messages import headline, paragraphs, parse
from sightline.warehouse import clock
from sightline.warehouse.ledger.state import State, outbox, runs, submissions
from sightline.warehouse.ledger.state import releases as recorded
from sightline.warehouse.settings import Settings

pytestmark = pytest.mark.slow

STATUSES = {"o": "ok", "w": "worsening", "n": "not_assessable", "p": "ok"}
AREAS = {
    "Leeds": ("E08000035", "local_authority", "E12000003"),
    "Bradford": ("E08000032", "local_authority", "E12000003"),
    "Yorkshire and The Humber": ("E12000003", "region", "E12000003"),
    "England": ("E92000001", "country", None),
}
SETTINGS = Settings(
    delivery=[
        {"kind": "smtp", "name": name, "host": "mail", "sender": "a@b.uk", "recipients": ["c@d.uk"]}
        for name in ("leads", "leeds", "crew")
    ],
    route=[
        {"name": "of Leeds", "audience": "authority", "authorities": ["383"],
         "channels": ["leeds"], "continue": True},
        {"name": "of the country", "audience": "national", "channels": ["leads"]},
        {"name": "the rest", "audience": "national", "channels": ["files"], "fallback": True},
        {"name": "crew", "audience": "engineers", "channels": ["crew"]},
    ],
)  # fmt: skip
INDICATORS = """
create table indicators as select 'referral_rate' as indicator, 'Referral rate' as name,
    'Referrals' as short_name, 'per 10,000 children a year' as unit, 1 as decimals,
    'month' as period_type, 'Children may go unseen.' as why_it_matters,
    'Is the return complete?' as what_to_check,
    'Late return' as other_explanations, 'Data lead' as owner, true as is_monitored,
    'down' as bad_direction, 'referrals' as counted;
create table drivers (indicator varchar, area_code varchar, within varchar, dimension varchar,
    part varchar, first_period date, last_period date, years_before integer, counted integer,
    expected integer, contribution integer, share double);
create table trends (indicator varchar, area_code varchar, period_start date, breakdown varchar,
    source varchar, value double, expected double, marker varchar, status varchar);
create table alerts (alert_id varchar, indicator varchar, area_code varchar, breakdown varchar,
    direction varchar, opened_period date, last_period date, periods_passed integer,
    periods_marked integer, summary varchar);
create table coverage (la_code varchar, extract varchar, period_end date, due_on date,
    received_on date, status varchar);
"""


def month(index: int) -> date:
    return date(2026 + index // 12, index % 12 + 1, 1)


def series(
    area: str, letters: str, worse: Sequence[float] = (400.0,), size: float = 1.0, **changed: Any
) -> list[Finding]:
    """A finding a month from January 2026: o ok, w worsening, n not assessable, p provisional.

    `worse` are the values of what worsens, the last of them from then on.
    """
    code, level, region = AREAS.get(area, (area, "local_authority", "E12000003"))
    found, marked = [], iter([*worse, *[worse[-1]] * len(letters)])
    for index, letter in enumerate(letters):
        value = next(marked) if letter == "w" else {"n": None}.get(letter, 500.0)
        figures = {"value": value, "expected": 500.0, "lower": 440.0, "upper": 560.0}
        finding = Finding(
            indicator="referral_rate", indicator_name="Referral rate", area_code=code,
            area_name=area, area_level=level, region_code=region, breakdown="total",
            direction="down", period=month(index), status=STATUSES[letter],
            kind="sustained" if letter == "w" else None,
            reason={"n": "no_return", "p": "provisional"}.get(letter),
            evidence={**figures, "count": size * (value or 0) / 5, "expected_count": 100.0 * size},
        )  # fmt: skip
        found.append(replace(finding, **changed))
    return found


class Country:
    """A monitor that is run for a day with findings, and what its audiences are told of it."""

    def __init__(self, state: State, folder: Path) -> None:
        self.state, self.folder, self.seen = state, folder, 0

    def run(
        self,
        day: date,
        *findings: Sequence[Finding],
        markers: Mapping[str, str] | None = None,
        given: Given | None = None,
    ) -> str:
        """Every message that this day brings, by whom it is for, without its reference."""
        found = tuple(finding for one in findings for finding in one)
        release_id = f"{day}.1"
        judged = Judged(found, given or Given(), day, release_id)
        with self.state.read() as connection:
            decided = judged.decide(connection)
        database = self._publish(day, found, alert_rows(self.state, decided), markers or {})
        released = Released(release_id, day, False, database)
        with self.state.begin() as connection:
            connection.execute(sa.update(recorded).values(is_current=False))
            row = {"release_id": release_id, "sequence": 1, "built_at": clock.now(), "as_of": day,
                   "content_hash": "", "code_version": "", "simulated": False,
                   "is_current": True}  # fmt: skip
            connection.execute(sa.insert(recorded).values(row))
            record(connection, judged, released, SETTINGS)
        return self.rest(day)

    def rest(self, day: date) -> str:
        """What is told between runs."""
        failed_runs.tell(self.state, SETTINGS, day)
        between_runs.tell(self.state, SETTINGS, day)
        query = sa.select(outbox.c.channel, outbox.c.payload).where(outbox.c.channel != "files")
        with self.state.read() as connection:
            rows = connection.execute(query.order_by(sa.text("rowid")).offset(self.seen)).all()
        self.seen += len(rows)
        told: dict[str, list[str]] = {}
        for channel, payload in rows:
            message = parse(payload)
            assert gate.objection(message) is None
            if message.kind != "digest":
                blocks = [
                    f"{head}: {' '.join(lines)}"
                    for head, lines in paragraphs(message)
                    if head != "Reference"
                ]
                said = f"{headline(message)} {' '.join(blocks)}"
                told.setdefault(said, []).append(channel)
        return " ".join(f"{', '.join(sorted(to))} > {said}" for said, to in told.items())

    def _publish(
        self,
        day: date,
        found: Sequence[Finding],
        rows: Sequence[Mapping[str, Any]],
        markers: Mapping[str, str],
    ) -> Path:
        """A release that shows each figure, and of each alert its last period, as models do."""
        path = self.folder / f"{day}.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute(INDICATORS)
            for one in found:
                marker = markers.get(one.area_code)
                shown = (None, None) if marker else (one.evidence["value"], 500.0)
                connection.execute(
                    "insert into trends values (?, ?, ?, 'total', 'extracts', ?, ?, ?, ?)",
                    [one.indicator, one.area_code, one.period, *shown, marker, one.status],
                )
            for row in rows:
                connection.execute(
                    "insert into alerts values (?, ?, ?, 'total', 'down', ?, ?, ?, ?, ?)",
                    [row["alert_id"], row["indicator"], row["area_code"], row["opened_period"],
                     row["last_period"], *self._shown(row, found, markers)],
                )  # fmt: skip
        return path

    def _shown(
        self, row: Mapping[str, Any], found: Sequence[Finding], markers: Mapping[str, str]
    ) -> tuple[int, int, str | None]:
        own = [one for one in found if one.area_code == row["area_code"]]
        episode = [one for one in own if row["opened_period"] <= one.period <= row["last_period"]]
        last = next((one for one in own if one.period == row["last_period"]), None)
        passed, marked = len(episode), sum(one.is_worsening for one in episode)
        if last is None or last.evidence["value"] is None or row["area_code"] in markers:
            return passed, marked, None
        newest = next(one for one in reversed(own) if one.evidence["value"] is not None)
        figures: dict[str, Any] = {
            "last": f"{last.period}", "newest": f"{newest.period}",
            "newest_value": newest.evidence["value"], "newest_expected": 500.0,
        }  # fmt: skip
        if last.is_worsening:
            value = last.evidence["value"]
            figures |= {"value": value, "expected": 500.0, "lower": 440.0, "upper": 560.0,
                        "change": round(value / 5 - 100)}  # fmt: skip
        return passed, marked, json.dumps(figures)


def on(month: int, day: int = 21) -> date:
    return date(2026, month, day)


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def country(state: State, tmp_path: Path) -> Country:
    return Country(state, tmp_path)


def test_a_local_fall(country: Country) -> None:
    assert country.run(on(3), series("Leeds", "ow")) == words(
        """
        leads, leeds > Sightline: 1 change, 0 open In short: 1 seen, not confirmed yet, 0
        open. Data as of 21 March 2026. Leeds: Seen, not confirmed yet, watch: Referral rate
        lower than expected. Alert be19412ce46d1c0c.
        """
    )
    assert country.run(on(4), series("Leeds", "oww")) == words(
        """
        leads, leeds > Sightline: 1 new alert, 1 open In short: 1 new, 1 open. Data as of 21 April
        2026. Leeds: New, warning: Referral rate lower than expected. 400.0 per 10,000 children a
        year in March 2026. About 500.0 was expected; between 440.0 and 560.0 would be usual. That
        is 20% less. Marked in 2 of 2 months since February 2026 in this local authority. Alert
        be19412ce46d1c0c.
        """
    )
    assert country.run(on(5), series("Leeds", "owww")) == words(
        """
        leads, leeds > Sightline: 1 change, 1 open In short: 1 not yet taken on, 1 open. Data as of
        21 May 2026. Leeds: Not yet taken on, warning: Referral rate lower than expected. Raised on
        21 March 2026. Alert be19412ce46d1c0c.
        """
    )
    assert country.run(on(7), series("Leeds", "owwwoo")) == words(
        """
        leads, leeds > Sightline: 1 change, 1 open In short: 1 not yet taken on, 1 open. Data as of
        21 July 2026. Leeds: Not yet taken on, warning: Referral rate lower than expected. Raised on
        21 March 2026. Alert be19412ce46d1c0c.
        """
    )
    assert country.run(on(8), series("Leeds", "owwwooo")) == words(
        """
        leads, leeds > Sightline: 1 change, 0 open In short: 1 ended, 0 open. Data as of 21 August
        2026. Leeds: Ended, warning: Referral rate lower than expected. It has been back within what
        was expected for long enough to end the alert. 400.0 per 10,000 children a year in April
        2026. About 500.0 was expected; between 440.0 and 560.0 would be usual. That is 20% less. In
        July 2026 it is now 500.0 per 10,000 children a year; about 500.0 is expected. Marked in 3
        of 3 months since February 2026 in this local authority. Alert be19412ce46d1c0c.
        """
    )


def test_a_drift(country: Country) -> None:
    """It becomes more serious as it goes on."""
    steps = (470.0, 460.0, 430.0, 420.0)
    assert country.run(on(4), series("Leeds", "oww", steps)) == words(
        """
        leads, leeds > Sightline: 1 new alert, 1 open In short: 1 new, 1 open. Data as of 21 April
        2026. Leeds: New, watch: Referral rate lower than expected. Several periods stand out as a
        run; no sum of them that may be told lies beyond what is usual, so no figure is given.
        Marked in 2 of 2 months since February 2026 in this local authority. Alert be19412ce46d1c0c.
        """
    )
    assert country.run(on(6), series("Leeds", "owwww", steps)) == words(
        """
        leads, leeds > Sightline: 1 change, 1 open In short: 1 more serious, 1 open. Data as of 21
        June 2026. Leeds: More serious, warning: Referral rate lower than expected. 420.0 per 10,000
        children a year in May 2026. About 500.0 was expected; between 440.0 and 560.0 would be
        usual. That is 16% less. Marked in 4 of 4 months since February 2026 in this local
        authority. Alert be19412ce46d1c0c.
        """
    )


def test_a_national_shock(country: Country) -> None:
    """One alert, and those of the authorities that it names behind it."""
    places = (
        ("England", 4.0),
        ("Yorkshire and The Humber", 3.0),
        ("Leeds", 1.5),
        ("Bradford", 1.0),
    )
    found = [series(area, "oww", size=size) for area, size in places]
    assert country.run(on(4), *found) == words(
        """
        leeds > Sightline: 1 new alert, 1 open In short: 1 new, 1 open. Data as of 21 April 2026.
        Leeds: New, warning: Referral rate lower than expected. 400.0 per 10,000 children a year in
        March 2026. About 500.0 was expected; between 440.0 and 560.0 would be usual. That is 20%
        less. Marked in 2 of 2 months since February 2026 in this local authority. It is part of the
        alert on England. Alert be19412ce46d1c0c. leads > Sightline: 1 new alert, 3 open In short: 1
        new, 3 open. Data as of 21 April 2026. 2 more alerts on authorities that an alert on their
        region or England names. England: New, warning: Referral rate lower than expected. 400.0 per
        10,000 children a year in March 2026. About 500.0 was expected; between 440.0 and 560.0
        would be usual. That is 20% less. Marked in 2 of 2 months since February 2026 in this
        country. Half of it or more lies with: Leeds, Bradford. Alert 1a29cf7eba04440a.
        """
    )


def came(country: Country, **changed: Any) -> None:
    row = {
        "submission_id": 1, "sender": "383", "extract": "ssd", "received_on": on(3),
        "period_start": on(2, 1), "period_end": on(2, 28), "original_name": "a",
        "landing_name": "a", "status": "accepted", "arrival": 1,
    } | changed  # fmt: skip
    row |= {"sha256": str(row["submission_id"])}
    with country.state.begin() as connection:
        connection.execute(sa.insert(submissions).values(row))


def test_a_missing_return(country: Country) -> None:
    """It neither ends the alert nor is it silent."""
    came(country)
    country.run(on(3), series("Leeds", "ww"))
    assert country.run(on(5, 25), series("Leeds", "wwnn")) == words(
        """
        leads, leeds > Sightline: 1 change, 1 open In short: 1 not yet taken on, 1 open. Data as of
        25 May 2026. Leeds: Not yet taken on, warning: Referral rate lower than expected. Raised on
        21 March 2026. Alert be19412ce46d1c0c. Returns that are missing: Leeds (383): 1 return late
        crew > Sightline: Leeds (383): 1 return late Leeds (383): 1 return late: Referrals and
        assessments (monthly) was due on 20 April 2026. Cannot be judged before it comes:
        Assessments that find gangs or criminal exploitation, Children moved out of school not known
        to social care, Children with several risks not known to social care, Contacts that become
        referrals, Excluded children not known to social care, Missing episodes of more than a day,
        Missing incidents of looked-after children, Persistent absence of children known to social
        care, Re-referrals within twelve months, Referrals to children's social care, Referrals with
        no further action, Repeatedly missing children with no exploitation assessment, Severely
        absent children not known to social care, Share of referrals from schools.
        """
    )
    came(country, submission_id=2, period_start=on(3, 1), period_end=on(4, 30))
    assert country.run(on(5, 26), series("Leeds", "wwww")) == words(
        """
        crew > Sightline: Leeds (383): 1 return late - over Leeds (383): 1 return late - over:
        Nothing is left to do.
        """
    )


def test_a_refused_file(country: Country) -> None:
    came(country, status="quarantined", received_on=on(5, 25))
    assert country.rest(on(5, 25)) == words(
        """
        crew > Sightline: Leeds (383): Referrals and assessments (monthly) refused Leeds (383):
        Referrals and assessments (monthly) refused: Submission 1, received on 25 May 2026, is not
        used. Why: sightline submissions show 1
        """
    )


def test_a_gate_that_did_not_hold(country: Country) -> None:
    row = {"run_id": "7", "number": 7, "started_at": clock.now(), "as_of": on(5), "exit_code": 4,
           "outcome": "gate_failed", "started_by": "schedule"}  # fmt: skip
    gates = {"detail": {"gates": ["marts_are_coherent; /a/file"]}}
    with country.state.begin() as connection:
        connection.execute(sa.insert(runs).values(row | gates))
    assert country.rest(on(5)) == words(
        """
        crew > Sightline: run 7 failed What happened: Run 7 of 21 May 2026, started by schedule,
        ended as gate failed (exit code 4). A gate did not hold: marts_are_coherent. What it means:
        Nothing has been published yet. What to do next: Ask the monitor what is wrong: sightline
        health No other message comes of it before a run has ended well again.
        """
    )
    with country.state.begin() as connection:
        good = {"run_id": "8", "number": 8, "outcome": "released", "exit_code": 0}
        connection.execute(sa.insert(runs).values(row | good))
    assert country.rest(on(5, 22)) == words(
        """
        crew > Sightline: runs that fail - over runs that fail - over: Run 8 of 21 May 2026 has
        ended well.
        """
    )


def test_a_late_correction_that_retracts(country: Country) -> None:
    country.run(on(4), series("Leeds", "oww"))
    assert country.run(on(5), series("Leeds", "oooo")) == words(
        """
        leads, leeds > Sightline: 1 change, 0 open In short: 1 corrected, 0 open. Data as of 21 May
        2026. Leeds: Corrected, warning: Referral rate lower than expected. Judged with what is
        known today it would not have been raised: its figures, or what is expected of them, were
        revised. It was told as: 400.0 per 10,000 children a year in March 2026. About 500.0 was
        expected; between 440.0 and 560.0 would be usual. That is 20% less. In March 2026 it is now
        500.0 per 10,000 children a year; about 500.0 is expected. Marked in 2 of 2 months since
        February 2026 in this local authority. Alert be19412ce46d1c0c.
        """
    )


def test_a_withdrawn_return(country: Country) -> None:
    country.run(on(4), series("Leeds", "oww"))
    assert country.run(on(5), series("Leeds", "onno")) == words(
        """
        leads, leeds > Sightline: 1 change, 0 open In short: 1 ended, 0 open. Data as of 21 May
        2026. Leeds: Ended, warning: Referral rate lower than expected. The figures behind this
        alert are no longer there: a return was taken back. That says neither that it is over nor
        that it was wrong. It was told as: 400.0 per 10,000 children a year in March 2026. About
        500.0 was expected; between 440.0 and 560.0 would be usual. That is 20% less. Marked in 2 of
        2 months since February 2026 in this local authority. Alert be19412ce46d1c0c.
        """
    )


def test_a_resubmission_that_worsens(country: Country) -> None:
    country.run(on(4), series("Leeds", "ooo"))
    assert country.run(on(4, 25), series("Leeds", "oww")) == words(
        """
        leads, leeds > Sightline: 1 new alert, 1 open In short: 1 new, 1 open. Data as of 25 April
        2026. Leeds: New, warning: Referral rate lower than expected. 400.0 per 10,000 children a
        year in March 2026. About 500.0 was expected; between 440.0 and 560.0 would be usual. That
        is 20% less. Marked in 2 of 2 months since February 2026 in this local authority. Alert
        be19412ce46d1c0c.
        """
    )


def test_a_boundary_change(country: Country) -> None:
    country.run(on(3), series("Leeds", "ww"))
    after = Given(successors={"E08000035": ("Airedale", "Wharfedale")})
    assert country.run(on(4), series("Leeds", "ww"), given=after) == words(
        """
        leads, leeds > Sightline: 1 change, 0 open In short: 1 ended, 0 open. Data as of 21 April
        2026. Leeds: Ended, warning: Referral rate lower than expected. This authority is no more,
        so its alert is closed. It was told as: 400.0 per 10,000 children a year in February 2026.
        About 500.0 was expected; between 440.0 and 560.0 would be usual. That is 20% less. Marked
        in 2 of 2 months since January 2026 in this local authority. After it: Airedale, Wharfedale.
        Alert be19412ce46d1c0c.
        """
    )


def test_an_area_whose_figures_are_withheld(country: Country) -> None:
    withheld = {"E08000032": "c"}
    assert country.run(on(3), series("Bradford", "ww"), markers=withheld) == words(
        """
        leeds > Sightline: nothing new, 0 alerts open In short: 0 open. Data as of 21 March 2026.
        leads > Sightline: 1 new alert, 1 open In short: 1 new, 1 open. Data as of 21 March 2026.
        Bradford: New, warning: Referral rate lower than expected. The figures are withheld because
        a count behind them is small. Marked in 2 of 2 months since January 2026 in this local
        authority. Alert d5742a222f201b87.
        """
    )
    assert country.run(on(5), series("Bradford", "oooo"), markers=withheld) == words(
        """
        leeds > Sightline: nothing new, 0 alerts open In short: 0 open. Data as of 21 May 2026.
        leads > Sightline: 1 change, 0 open In short: 1 corrected, 0 open. Data as of 21 May 2026.
        Bradford: Corrected, warning: Referral rate lower than expected. Judged with what is known
        today it would not have been raised: its figures, or what is expected of them, were revised.
        The figures are withheld because a count behind them is small. It has lasted since about
        January 2026 in this local authority. Alert d5742a222f201b87.
        """
    )


def taken_on(country: Country, day: date) -> None:
    [alert] = people.list_alerts(country.state)
    said = {"who": "Ada", "note": "I look into it", "today": day}
    people.act(country.state, [alert["alert_id"]], "acknowledged", **said)


def test_august(country: Country) -> None:
    """A month in which nothing is expected ends nothing and is no news."""
    summer = [*series("Leeds", "ooooowwo")[:7], series("Leeds", "nnnnnnnn")[7]]
    country.run(on(8), summer[:7])
    taken_on(country, on(8, 22))
    assert country.run(on(9), summer) == words(
        """
        leads, leeds > Sightline: 1 change, 1 open In short: 1 taken on, 1 open. Data as of 21
        September 2026. Leeds: Taken on, warning: Referral rate lower than expected. Raised on 21
        August 2026. Alert c9e4651be948a672.
        """
    )
    assert country.run(on(11), [*summer, *series("Leeds", "o" * 10)[8:]]) == words(
        """
        leads, leeds > Sightline: nothing new, 1 alert open In short: 1 open. Data as of 21 November
        2026.
        """
    )
    assert country.run(on(12), [*summer, *series("Leeds", "o" * 11)[8:]]) == words(
        """
        leads, leeds > Sightline: 1 change, 0 open In short: 1 ended, 0 open. Data as of 21 December
        2026. Leeds: Ended, warning: Referral rate lower than expected. It has been back within what
        was expected for long enough to end the alert. 400.0 per 10,000 children a year in July
        2026. About 500.0 was expected; between 440.0 and 560.0 would be usual. That is 20% less. In
        November 2026 it is now 500.0 per 10,000 children a year; about 500.0 is expected. Marked in
        2 of 2 months since June 2026 in this local authority. Alert c9e4651be948a672.
        """
    )


def test_flapping(country: Country) -> None:
    """Fault 99: one alert, and no message while it comes and goes."""
    country.run(on(3), series("Leeds", "ww"))
    taken_on(country, on(3, 22))
    country.rest(on(3, 22))
    quiet = "leads, leeds > Sightline: nothing new, 1 alert open"
    for month in range(4, 12):
        said = country.run(on(month, 22), series("Leeds", "wwowoowowo"[: month - 1]))
        assert said.partition(" In short")[0] == quiet


def test_a_snooze_that_ends(country: Country) -> None:
    country.run(on(3), series("Leeds", "ww"))
    [alert] = people.list_alerts(country.state)
    put_off = {"who": "Ada", "note": "known", "today": on(3, 22), "until": on(4, 24)}
    people.act(country.state, [alert["alert_id"]], "snoozed", **put_off)
    assert country.run(on(4, 23), series("Leeds", "www")) == words(
        """
        leads, leeds > Sightline: 1 change, 1 open In short: 1 put off, 1 open. Data as of 23 April
        2026. Leeds: Put off, warning: Referral rate lower than expected. Raised on 21 March 2026.
        Put off until 24 April 2026. Alert be19412ce46d1c0c.
        """
    )
    assert country.run(on(4, 24), series("Leeds", "www")) == words(
        """
        leads, leeds > Sightline: 1 change, 1 open In short: 1 no longer put off, 1 open. Data as of
        24 April 2026. Leeds: No longer put off, warning: Referral rate lower than expected. Raised
        on 21 March 2026. Alert be19412ce46d1c0c.
        """
    )


def test_a_storm(country: Country) -> None:
    found = [series(f"E0600{number:04}", "ww") for number in range(20)]
    began = {"run_id": "7", "number": 7, "started_at": clock.now(), "as_of": on(3),
             "outcome": "released", "release_id": f"{on(3)}.1"}  # fmt: skip
    with country.state.begin() as connection:
        connection.execute(sa.insert(runs).values(began))
    assert country.run(on(3), *found) == words(
        """
        leads, leeds > Sightline: nothing new, 0 alerts open In short: 0 open. Data as of 21 March
        2026. crew > Sightline: 20 new alerts held 20 new alerts held: They are too many to be news
        before somebody has looked: Referrals to children's social care. The release is published;
        nobody is told of these alerts. Look whether a reference table or a return has changed. If
        they are right: sightline alerts confirm 7 --reason "..." If they are not: sightline alerts
        discard 7 --reason "..."
        """
    )
    said = {"who": "Ada", "reason": "it is real", "today": on(3, 22)}
    storm_records.decide(country.state, "7", "confirmed", **said)
    assert country.rest(on(3, 22)) == words(
        """
        crew > Sightline: 20 new alerts held - over 20 new alerts held - over: Nothing is left to
        do.
        """
    )
    assert country.run(on(3, 23), *found[:1]) == words(
        """
        leads > Sightline: 1 new alert, 1 open In short: 1 new, 1 open. Data as of 23 March 2026.
        E06000000: New, warning: Referral rate lower than expected. 400.0 per 10,000 children a year
        in February 2026. About 500.0 was expected; between 440.0 and 560.0 would be usual. That is
        20% less. Marked in 2 of 2 months since January 2026 in this local authority. Alert
        5ee34ccfb073a4be.
        """
    )
