"""A national set of extracts in the real file formats, with planted and recorded changes."""

from collections import Counter
from collections.abc import Callable, Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

from sightline.simulation import events as plan
from sightline.simulation import recording
from sightline.simulation.calendar import Horizon
from sightline.simulation.calibration import PREDECESSORS, Authority, authorities
from sightline.simulation.formats.case_systems import case_system
from sightline.simulation.parcels import is_early
from sightline.simulation.post import Sent, send, senders
from sightline.simulation.truth import Event, Truth
from sightline.simulation.world import World, build

Progress = Callable[[int, int, str], None]
"""Authorities done, authorities in all, and words."""
THREADS = 2
SCENARIOS = ("default", "calm")


def simulate(
    out: Path,
    *,
    months: int = 60,
    until: date = date(2026, 9, 30),
    areas: int | None = None,
    seed: int = 1,
    scenario: str = "default",
    plain_files: bool = False,
    progress: Progress | None = None,
) -> Truth:
    """Write an inbox under `out` and return what was planted in it.

    With `plain_files` nobody's software writes a form of its own: the same facts as pages for
    senders show them.
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"scenario must be one of {', '.join(SCENARIOS)}, not {scenario}")
    horizon = Horizon(months, until)
    chosen = _chosen(areas)
    codes = tuple(sorted(chosen))
    planted = plan.planted(horizon, codes, scenario)
    groups = _groups(chosen)
    done = 0
    sent: list[Sent] = []
    with ThreadPoolExecutor(THREADS) as pool:
        work = pool.map(
            lambda group: _authority(out, horizon, group, planted, seed, plain_files=plain_files),
            groups,
        )
        for group, results in zip(groups, work, strict=True):
            done += len(group)
            sent += results
            if progress:
                progress(done, len(codes), " and ".join(authority.name for authority in group))
    return _truth(horizon, codes, planted, seed, scenario, sent)


def _chosen(areas: int | None) -> dict[str, Authority]:
    known = authorities()
    order = [*plan.PRIORITY, *sorted(set(known) - set(plan.PRIORITY))]
    return {code: known[code] for code in order[:areas]}


def _groups(chosen: dict[str, Authority]) -> list[tuple[Authority, ...]]:
    """Largest first, so that both threads end together; what was one authority stays together."""
    is_whole = PREDECESSORS.keys() <= chosen.keys()
    together: dict[str, tuple[Authority, ...]] = {}
    for code, one in chosen.items():
        name = PREDECESSORS[code][0] if is_whole and code in PREDECESSORS else code
        together[name] = (*together.get(name, ()), one)
    return sorted(together.values(), key=lambda group: -sum(one.referrals for one in group))


def _authority(
    out: Path,
    horizon: Horizon,
    group: tuple[Authority, ...],
    events: tuple[Event, ...],
    seed: int,
    *,
    plain_files: bool,
) -> list[Sent]:
    worlds = _worlds(horizon, group, events, seed)
    sent = [
        send(out, replace(sender, plain_files=plain_files), horizon, events, seed)
        for sender in senders(worlds, horizon)
    ]
    for world in worlds:
        sent[0].planted.update(world.planted())
    return sent


def _worlds(
    horizon: Horizon, group: tuple[Authority, ...], events: tuple[Event, ...], seed: int
) -> tuple[World, ...]:
    return tuple(build(authority, horizon, events, seed) for authority in group)


def worlds_of(truth: Truth) -> Iterator[tuple[Horizon, tuple[World, ...]]]:
    """All that happened in a nation that was simulated before, one sender or succession a time."""
    months = (truth.until.year - truth.start.year) * 12 + truth.until.month - truth.start.month + 1
    horizon = Horizon(months, truth.until)
    for group in _groups(_chosen(len(truth.la_codes))):
        yield horizon, _worlds(horizon, group, truth.events, truth.seed)


def _truth(
    horizon: Horizon,
    codes: tuple[str, ...],
    planted: tuple[Event, ...],
    seed: int,
    scenario: str,
    sent: list[Sent],
) -> Truth:
    totals: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for one in sent:
        totals.update(one.totals)
        counts.update(one.planted)
    monthly = [code for code in codes if code not in plan.CENSUS_SENDERS]
    counts.update(f"who write as in {case_system(code).name}" for code in monthly)
    return Truth(
        seed=seed,
        scenario=scenario,
        start=horizon.start,
        until=horizon.until,
        as_of=horizon.as_of,
        la_codes=codes,
        events=planted,
        early_senders=tuple(code for code in codes if is_early(code)),
        census_senders=tuple(code for code in codes if code in plan.CENSUS_SENDERS),
        resubmissions=tuple(sorted(name for one in sent for name in one.resubmissions)),
        never_sent=tuple(sorted(name for one in sent for name in one.never_sent)),
        late=tuple(sorted(name for one in sent for name in one.late)),
        delivered_twice=tuple(name for one in sent for name in one.delivered_twice),
        cases=_cases(horizon, codes, sent),
        counts=dict(counts),
        totals=dict(sorted(totals.items())),
    )


def _cases(
    horizon: Horizon, codes: tuple[str, ...], sent: list[Sent]
) -> dict[str, tuple[str, ...]]:
    """Senders and returns that are told of in a way of their own."""
    again = [name for one in sent for name in one.resubmissions if name.endswith("_again")]
    return {
        "never sends SSDA903": _of(codes, recording.NO_CARE_RETURN),
        "tells of care each month": _of(codes, recording.CARE_EACH_MONTH),
        "of them sends SSDA903 once a year": _of(codes, recording.CARE_ONCE_A_YEAR),
        "sends all since the first month each time": _of(codes, recording.SNAPSHOTS),
        "names files by words": tuple(filter(recording.named_by_words, codes)),
        "gives old numbers to other children": tuple(
            code
            for code in _of(codes, recording.NUMBERS_REUSED)
            if recording.day_back(horizon, recording.NUMBERS_REUSED[code]) is not None
        ),
        "sent again on purpose": tuple(sorted(again)),
    }


def _of(codes: tuple[str, ...], those: Container[str]) -> tuple[str, ...]:
    return tuple(code for code in codes if code in those)
