"""What comes on which day of a soak, and which fault strikes on which: all of it from one seed."""

import random
import re
import shutil
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from sightline.simulation.national import simulate

LAST = date(2026, 10, 20)
MONTHS = 14
# Days after the end of a period until its return is sent, and when each term's census is.
LAGS = {"ssd": 12, "ssda903": 25}
TERMS = {"spring": (2, 5), "summer": (6, 5), "autumn": (10, 14)}
PLACEMENTS = {"spring": (4, 20), "summer": (8, 25), "autumn": (1, 20)}
BAD_FILES = {
    "nothing.csv": b"",
    "cut_off.zip": b"PK\x03\x04 and no more",
    "another_list.csv": b"name,amount\npens,3\n",
}


@dataclass
class Day:
    """One day: what is dropped, from where to where below the inbox, and what goes wrong."""

    on: date
    drops: list[tuple[Path, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def planned(
    folder: Path, seed: int, *, days: int, areas: int, faults: list[str], times: int
) -> list[Day]:
    """The days of a soak, its files written below `folder`.

    Each fault strikes `times` times, on days when something comes and on days when nothing does.
    """
    chance = random.Random(seed)
    simulate(folder / "simulated", months=MONTHS, until=date(2026, 9, 30), areas=areas, seed=seed)
    first = LAST - timedelta(days=days - 1)
    drops: dict[date, list[tuple[Path, str]]] = defaultdict(list)
    for path in sorted((folder / "simulated").glob("*/*")):
        is_late = chance.random() < 0.2
        on = sent_on(path.name) + timedelta(days=chance.randint(3, 9) if is_late else 0)
        drops[min(max(first, on), LAST)].append((path, f"{path.parent.name}/{path.name}"))
    for on, path, name in _others(folder, chance, drops, first, days):
        drops[on].append((path, name))
    plan = [Day(first + timedelta(days=n), drops[first + timedelta(days=n)]) for n in range(days)]
    for name in faults * times:
        _struck(chance, plan).faults.append(name)
    return plan


def _struck(chance: random.Random, plan: list[Day]) -> Day:
    """Not the first day, which takes in the years before; and every second time one with files."""
    busy = [day for day in plan[1:] if day.drops]
    return chance.choice(busy if busy and chance.random() < 0.5 else plan[1:])


def _others(
    folder: Path,
    chance: random.Random,
    drops: dict[date, list[tuple[Path, str]]],
    first: date,
    days: int,
) -> Iterator[tuple[date, Path, str]]:
    """Files that are wrong, and some that came before and are sent again in other bytes."""
    (folder / "others").mkdir()
    sent = [path for path, _ in drops[first] if path.suffix == ".zip"]
    for name, content in BAD_FILES.items():
        bad = folder / "others" / name
        bad.write_bytes(content)
        sender = chance.choice(sent).parent.name
        yield first + timedelta(days=chance.randrange(1, days)), bad, f"{sender}/{name}"
    for number, path in enumerate(chance.sample(sent, k=min(2, len(sent)))):
        again = folder / "others" / f"again_{number}_{path.name}"
        _packed_anew(path, again)
        on = first + timedelta(days=chance.randrange(1, days))
        yield on, again, f"{path.parent.name}/{again.name}"


def _packed_anew(path: Path, target: Path) -> None:
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), old.read(name))


def sent_on(name: str) -> date:
    """When a return of this name would be sent."""
    if month := re.match(r"(ssd|ssda903)_(\d{4})-(\d\d)", name):
        kind, year, number = month[1], int(month[2]), int(month[3])
        end = date(year + number // 12, number % 12 + 1, 1)
        return end + timedelta(days=LAGS[kind] + (4 if "copy" in name else 0))
    if term := re.match(r"(\w+?)_(\d{4})_(spring|summer|autumn)", name):
        days = TERMS if term[1] == "school_census" else PLACEMENTS
        year = int(term[2]) + (term[1] != "school_census" and term[3] == "autumn")
        return date(year, *days[term[3]])
    if year_only := re.match(r"cin_census_(\d{4})", name):
        return date(int(year_only[1]), 8, 28)
    raise ValueError(f"a return of unknown name: {name}")


def drop(day: Day, inbox: Path) -> None:
    for path, name in day.drops:
        target = inbox / name
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, target.with_name(f".{target.name}"))
        target.with_name(f".{target.name}").rename(target)
