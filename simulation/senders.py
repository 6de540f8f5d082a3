"""What each authority sends and when: on time, late, in drafts that are corrected, or never."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from simulation import bundles
from simulation.bundles import Manifest
from simulation.calendar import Horizon, add_months, month_end, number
from simulation.events import CENSUS_SENDERS, REORGANISED
from simulation.formats import Members, cin, ssd, ssda903
from simulation.formats import census as school_census
from simulation.truth import Event
from simulation.world import World

EARLY_DAYS = 8
CORRECTED_SHARE = 0.022
LATE_SHARE = 0.012
NEVER_SHARE = 0.0012
TWICE = "383"
"""This authority's last monthly bundle is delivered twice, byte for byte."""
LOST_CENSUS = ("840", "Summer", 2025)

Build = Callable[[int, int | None], Members]
"""Tables as known on a day, whole or with some rows dropped."""


@dataclass(frozen=True)
class Sender:
    la_code: str
    worlds: tuple[World, ...]
    first: date
    """First and last day on which it exists, within the simulated time."""
    last: date


@dataclass
class Sent:
    """What was written; the caller adds up those of all senders."""

    totals: Counter[str] = field(default_factory=Counter)
    resubmissions: list[str] = field(default_factory=list)
    never_sent: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    delivered_twice: list[str] = field(default_factory=list)


def is_early(la_code: str) -> bool:
    """Whether it cuts its referrals early and sends two months each time."""
    return int(la_code) % 3 == 0 and la_code not in CENSUS_SENDERS


def senders(worlds: tuple[World, ...], horizon: Horizon) -> Iterator[Sender]:
    """An authority, or two that were one before, and the one that they were."""
    if len(worlds) == 1:
        yield Sender(worlds[0].authority.la_code, worlds, horizon.first_day, horizon.until)
        return
    if horizon.first_day < REORGANISED:
        yield Sender("909", worlds, horizon.first_day, REORGANISED - timedelta(days=1))
    for world in worlds:
        begins = max(REORGANISED, horizon.first_day)
        yield Sender(world.authority.la_code, (world,), begins, horizon.until)


class Post:
    """Writes one sender's bundles and keeps the account."""

    def __init__(
        self, out: Path, sender: Sender, horizon: Horizon, events: tuple[Event, ...], seed: int
    ) -> None:
        self.folder = out / sender.la_code
        self.sender, self.horizon, self.sent = sender, horizon, Sent()
        self.rng = np.random.default_rng([seed, int(sender.la_code), 7])
        self.lost = {
            add_months(event.onset, offset)
            for event in events
            if event.kind == "missing_return" and event.la_codes == (sender.la_code,)
            for offset in range(2)
        }
        self.is_quiet = any(
            sender.la_code in event.la_codes for event in events if event.level != "country"
        )

    def deliver(self, name: str, manifest: Manifest, build: Build, *, lost: bool = False) -> None:
        """Chance decides for each bundle whether it is late, corrected or never sent."""
        chances = self.rng.random(3)
        draft, delay = int(self.rng.integers(0, 1_000)), int(self.rng.integers(20, 50))
        label = f"{self.sender.la_code}/{name}"
        if lost or (chances[0] < NEVER_SHARE and not self.is_quiet):
            self.sent.never_sent.append(label)
            return
        later = manifest.prepared_on + timedelta(days=delay)
        if chances[1] < CORRECTED_SHARE and later <= self.horizon.as_of:
            self._write(f"{name}.zip", manifest, build(number(manifest.prepared_on), draft))
            corrected = Manifest(**{**vars(manifest), "prepared_on": later, "sequence": 2})
            self._write(f"{name}_corrected.zip", corrected, build(number(later), None))
            self.sent.resubmissions.append(label)
            return
        if chances[2] < LATE_SHARE and later <= self.horizon.as_of:
            manifest = Manifest(**{**vars(manifest), "prepared_on": later})
            self.sent.late.append(label)
        self._write(f"{name}.zip", manifest, build(number(manifest.prepared_on), None))

    def _write(self, name: str, manifest: Manifest, members: Members) -> None:
        files, counts = bundles.written(members)
        self._store(name, manifest, files, counts)

    def _store(
        self, name: str, manifest: Manifest, files: dict[str, bytes], counts: dict[str, int]
    ) -> None:
        bundles.write(self.folder / name, manifest, files)
        self.sent.totals["bundles"] += 1
        self.sent.totals["bytes of text"] += sum(map(len, files.values()))
        self.sent.totals.update({key.removesuffix(".csv"): count for key, count in counts.items()})

    def monthly(self) -> None:
        rows = ssd.merged([ssd.rows(world) for world in self.sender.worlds])
        early = is_early(self.sender.la_code)
        months = [
            month
            for month in self.horizon.reporting_months
            if self.sender.first <= month <= self.sender.last
        ]
        for month in months:
            end = month_end(month)
            start = max(add_months(month, -1), months[0]) if early else month
            wait = EARLY_DAYS if early else 10 + int(self.rng.integers(0, 9))

            def build(
                day: int, dropped: int | None, start: date = start, end: date = end
            ) -> Members:
                return ssd.members(rows, start, end, day, by_cut=early, dropped=dropped)

            manifest = Manifest("ssd", self.sender.la_code, start, end, end + timedelta(days=wait))
            self.deliver(f"ssd_{month:%Y-%m}", manifest, build, lost=month in self.lost)
        if self.sender.la_code == TWICE and months:
            self._twice(f"ssd_{months[-1]:%Y-%m}")

    def _twice(self, name: str) -> None:
        original = self.folder / f"{name}.zip"
        if original.exists():
            (self.folder / f"{name}_copy.zip").write_bytes(original.read_bytes())
            self.sent.delivered_twice.append(f"{self.sender.la_code}/{name}")
            self.sent.totals["bundles"] += 1

    def yearly(self) -> None:
        for year_end in self.horizon.census_years:
            content, counts = cin.census(self.sender.worlds[0], year_end)
            start = date(year_end.year - 1, 4, 1)
            prepared = date(year_end.year, 6, 20) + timedelta(days=int(self.rng.integers(0, 30)))
            manifest = Manifest("cin_census", self.sender.la_code, start, year_end, prepared)
            self._store(
                f"cin_census_{year_end.year}.zip", manifest, {"cin_census.xml": content}, counts
            )

    def termly(self) -> None:
        rows = [school_census.exclusion_rows(world) for world in self.sender.worlds]
        for census in self.horizon.censuses:
            if not (self.sender.first <= census.end and census.start <= self.sender.last):
                continue
            if census.end > self.sender.last + timedelta(days=1):
                continue
            if (
                census.start < self.sender.first > self.horizon.first_day
                and census.term != "Autumn"
            ):
                if census.end < self.sender.first + timedelta(days=31):
                    continue
            first, last = max(census.start, self.sender.first), min(census.end, self.sender.last)

            def build(
                day: int, dropped: int | None, census=census, first=first, last=last
            ) -> Members:
                return school_census.members(
                    self.sender.worlds, rows, census, self.sender.la_code,
                    first=number(first), last=number(last), dropped=dropped,
                )  # fmt: skip

            wait = int(self.rng.integers(0, 7))
            arrives = self.horizon.arrives(census) + timedelta(days=wait)
            prepared = min(arrives, self.horizon.as_of)
            manifest = Manifest(
                "school_census", self.sender.la_code, census.start, census.end, prepared
            )
            self.deliver(
                f"school_census_{census.year}_{census.term.lower()}", manifest, build,
                lost=(self.sender.la_code, census.term, census.year) == LOST_CENSUS,
            )  # fmt: skip

    def quarterly(self) -> None:
        parts = [ssda903.rows(world) for world in self.sender.worlds]
        for end in self.horizon.quarter_ends:
            if not self.sender.first <= end <= self.sender.last:
                continue
            year_start = date(end.year - (end.month < 4), 4, 1)

            def build(day: int, dropped: int | None, start=year_start, end=end) -> Members:
                return ssda903.members(parts, start, end, dropped=dropped)

            prepared = end + timedelta(days=12 + int(self.rng.integers(0, 8)))
            manifest = Manifest("ssda903", self.sender.la_code, year_start, end, prepared)
            self.deliver(f"ssda903_{end:%Y-%m}", manifest, build)


def send(out: Path, sender: Sender, horizon: Horizon, events: tuple[Event, ...], seed: int) -> Sent:
    post = Post(out, sender, horizon, events, seed)
    if sender.la_code in CENSUS_SENDERS:
        post.yearly()
    else:
        post.monthly()
    post.termly()
    post.quarterly()
    return post.sent
