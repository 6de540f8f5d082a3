"""What was planted against what was found: found in time, late or missed; and what kept quiet."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from textwrap import wrap
from typing import Literal

import duckdb

from sightline.simulation.truth import Event, Truth

# What is found later than this many months after it began is late.
IN_TIME = 6
WIDTH = 96

WORSENING = """
select distinct
    signals.indicator,
    signals.period_start,
    coalesce(areas.la_code, 'country'),
    signals.kind = 'sustained'
from marts.fct_signals as signals
inner join marts.dim_areas as areas
    on signals.area_code = areas.area_code
where signals.source = 'extracts' and signals.status = 'worsening'
    and areas.area_level in ('local_authority', 'country')
"""

JUDGED = """
select min(period_start) from marts.fct_signals
where source = 'extracts' and status <> 'not_assessable'
"""

Cause = Literal["planted", "beside it", "nothing"]
Verdict = Literal["found", "late", "missed", "quiet", "raised", "before"]
Hits = dict[tuple[str, str], list[tuple[date, bool]]]


@dataclass(frozen=True)
class Compared:
    event: Event
    verdict: Verdict
    first_found: date | None

    @property
    def words(self) -> str:
        where = ", ".join(self.event.la_codes) if len(self.event.la_codes) < 4 else "everywhere"
        when = f"from {self.event.onset:%B %Y}"
        small = " (a small authority)" if self.event.is_small_area else ""
        return f"{self.verdict:<6}  {where}{small}, {when}: {self.event.words}{self._delay()}"

    def _delay(self) -> str:
        if self.verdict == "before":
            return " - before the months that are judged"
        if self.first_found is None:
            return ""
        return f" - found in the figures of {self.first_found:%B %Y}"


def compare(connection: duckdb.DuckDBPyConnection, truth: Truth) -> list[Compared]:
    hits = _hits(connection)
    [(first_judged,)] = connection.execute(JUDGED).fetchall()
    return [_compared(event, hits, first_judged) for event in truth.events]


def in_words(compared: list[Compared]) -> Iterator[str]:
    """Honestly: what was missed stands beside what was found."""
    planted = [one for one in compared if one.event.expects_alert]
    counts = ", ".join(
        f"{sum(one.verdict == verdict for one in planted)} {words}"
        for verdict, words in (
            ("found", f"found within {IN_TIME} months"), ("late", "later"), ("missed", "missed")
        )
    )  # fmt: skip
    yield f"Planted changes: {len(planted)}; {counts}."
    yield from (f"  {one.words}" for one in planted)
    others = [one for one in compared if not one.event.expects_alert]
    if others:
        raised = sum(one.verdict == "raised" for one in others)
        yield f"Planted to keep quiet about: {len(others)}; {raised} raised all the same."
        yield from (f"  {one.words}" for one in others)


def causes(opened: Iterable[tuple[str, str, date]], truth: Truth) -> Counter[Cause]:
    """Of alerts on authorities, as indicator, number and period: how many are of an indicator that
    was worsened there by then, how many of another one there, and how many where nothing was."""
    return Counter(_cause(*alert, truth) for alert in opened)


def _cause(indicator: str, number: str, period: date, truth: Truth) -> Cause:
    here = [
        event for event in truth.events
        if event.expects_alert and number in event.la_codes and event.onset <= period
    ]  # fmt: skip
    if any(indicator in event.indicators for event in here):
        return "planted"
    return "beside it" if here else "nothing"


def cases_in_words(truth: Truth) -> Iterator[str]:
    """Rare cases of real returns that were planted too: how many, and at whom."""
    yield "Planted in the returns, as real ones hold them:"
    counts = ", ".join(f"{count:,} {words}" for words, count in truth.counts.items())
    yield from (f"  {line}" for line in wrap(counts, WIDTH))
    yield from (f"  {words}: {', '.join(found)}" for words, found in truth.cases.items() if found)


def _compared(event: Event, hits: Hits, first_judged: date | None) -> Compared:
    last = date.max if event.expects_alert else months_on(event.onset, IN_TIME - 1)
    until = event.until or last
    if first_judged is None or until < first_judged:
        return Compared(event, "before", None)
    places = ("country",) if event.level == "country" else event.la_codes
    periods = [
        period
        for indicator in event.indicators
        for place in places
        for period, is_sustained in hits.get((indicator, place), [])
        if event.onset <= period <= until and (is_sustained or not _is_passing(event))
    ]
    first = min(periods, default=None)
    if first is None:
        return Compared(event, "missed" if event.expects_alert else "quiet", None)
    if not event.expects_alert:
        return Compared(event, "raised", first)
    in_time = first < months_on(event.onset, IN_TIME)
    return Compared(event, "found" if in_time else "late", first)


def _is_passing(event: Event) -> bool:
    """A real change of a month or two: to see it at once is right, to see it last is not."""
    return not (event.expects_alert or event.is_sustained or event.direction == "none")


def months_on(start: date, months: int) -> date:
    years, month = divmod(start.month - 1 + months, 12)
    return date(start.year + years, month + 1, 1)


def _hits(connection: duckdb.DuckDBPyConnection) -> Hits:
    found: Hits = {}
    for indicator, period, place, is_sustained in connection.execute(WORSENING).fetchall():
        found.setdefault((indicator, place), []).append((period, is_sustained))
    return found
