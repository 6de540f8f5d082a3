"""Bundles on their way: in time, late, corrected afterwards, delivered twice or never sent."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import numpy as np

from sightline.simulation import bundles
from sightline.simulation.calendar import Horizon, add_months, number
from sightline.simulation.events import REORGANISED
from sightline.simulation.parcels import Parcel, Sender, parcels
from sightline.simulation.recording import named_by_words
from sightline.simulation.truth import Event
from sightline.simulation.world import World

CORRECTED_SHARE = 0.022
LATE_SHARE = 0.012
NEVER_SHARE = 0.0012
TWICE = "383"
"""This authority's last monthly bundle is delivered twice, byte for byte."""
LOST_CENSUS = "840/school_census_2025_summer"


@dataclass
class Sent:
    """An account of what was written."""

    totals: Counter[str] = field(default_factory=Counter)
    planted: Counter[str] = field(default_factory=Counter)
    resubmissions: list[str] = field(default_factory=list)
    never_sent: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    delivered_twice: list[str] = field(default_factory=list)


def senders(worlds: tuple[World, ...], horizon: Horizon) -> Iterator[Sender]:
    """An authority, or two that were one before and the one that they were."""
    if len(worlds) == 1:
        yield Sender(worlds[0].authority.la_code, worlds, horizon.first_day, horizon.until)
        return
    if horizon.first_day < REORGANISED:
        yield Sender("909", worlds, horizon.first_day, REORGANISED - timedelta(days=1))
    for world in worlds:
        begins = max(REORGANISED, horizon.first_day)
        yield Sender(world.authority.la_code, (world,), begins, horizon.until)


def send(out: Path, sender: Sender, horizon: Horizon, events: tuple[Event, ...], seed: int) -> Sent:
    """Write all that the sender ever sends."""
    rng = np.random.default_rng([seed, int(sender.la_code), 7])
    local = [event for event in events if event.la_codes == (sender.la_code,)]
    lost = {LOST_CENSUS} | {name for event in local for name in _lost(event)}
    never_share = 0.0 if local else NEVER_SHARE
    sent = Sent()
    name = ""
    for parcel in parcels(sender, horizon, rng):
        name = f"{sender.la_code}/{parcel.name}"
        if parcel.is_again:
            _write(out, sent, parcel)
            sent.resubmissions.append(f"{sender.la_code}/{parcel.file}")
            continue
        never, corrected, late = rng.random(3) < (never_share, CORRECTED_SHARE, LATE_SHARE)
        draft, delay = int(rng.integers(0, 1_000)), timedelta(days=int(rng.integers(20, 50)))
        fits = parcel.manifest.prepared_on + delay <= horizon.as_of
        if parcel.is_certain:
            _write(out, sent, parcel)
        elif name in lost or never:
            sent.never_sent.append(name)
        elif corrected and fits:
            _write(out, sent, parcel, draft=draft)
            again = _later(parcel, delay, "_corrected")
            _write(out, sent, again)
            sent.resubmissions.append(f"{sender.la_code}/{again.file}")
        elif late and fits:
            _write(out, sent, _later(parcel, delay, ""))
            sent.late.append(f"{sender.la_code}/{parcel.file}")
        else:
            _write(out, sent, parcel)
    if sender.la_code == TWICE:
        _deliver_twice(out, sent, f"{TWICE}/ssd_{horizon.until:%Y-%m}")
    return sent


def _lost(event: Event) -> list[str]:
    la_code = event.la_codes[0]
    if event.kind == "missing_care_return":
        return [f"{la_code}/ssda903_{event.until:%Y-%m}"]
    if event.kind != "missing_return" or event.until is None:
        return []
    count = (event.until.year - event.onset.year) * 12 + event.until.month - event.onset.month + 1
    return [f"{la_code}/ssd_{add_months(event.onset, offset):%Y-%m}" for offset in range(count)]


def _later(parcel: Parcel, delay: timedelta, suffix: str) -> Parcel:
    manifest = replace(
        parcel.manifest,
        prepared_on=parcel.manifest.prepared_on + delay,
        sequence=2 if suffix else 1,
    )
    return replace(parcel, name=parcel.name + suffix, manifest=manifest)


def _write(out: Path, sent: Sent, parcel: Parcel, *, draft: int | None = None) -> None:
    files, counts = parcel.build(number(parcel.manifest.prepared_on), draft)
    manifest = parcel.manifest
    if named_by_words(manifest.sender):
        manifest = replace(manifest, sequence=None)
    bundles.write(out / manifest.sender / f"{parcel.file}.zip", manifest, files)
    sent.totals["bundles"] += 1
    sent.totals["bytes of text"] += sum(map(len, files.values()))
    sent.totals.update(counts)


def _deliver_twice(out: Path, sent: Sent, name: str) -> None:
    original = out / f"{name}.zip"
    if original.exists():
        (out / f"{name}_copy.zip").write_bytes(original.read_bytes())
        sent.delivered_twice.append(name)
        sent.totals["bundles"] += 1
