"""A monitor over simulated extracts: make it, run it, and say honestly what it found."""

import resource
import shutil
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from sightline.orchestration import run_report
from sightline.orchestration.logs import log
from sightline.orchestration.pipeline import RunReport
from sightline.orchestration.run import REFUSED
from sightline.simulation import faults
from sightline.simulation import found as truth
from sightline.simulation import truth as truths
from sightline.simulation.national import simulate
from sightline.simulation.truth import Truth
from sightline.warehouse import home as homes
from sightline.warehouse.connection import connect
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import overview
from sightline.warehouse.ledger.state import state_of

TODAY = date(2026, 10, 20)
MARK = ".sightline-demo"
TRUTH = "truth.json"
FAULTY = "faulty.json"
USAGE = 2
QUICK_AREAS, QUICK_MONTHS, MONTHS = 24, 48, 60
MOST_ALERTS = 8
# One for each question: are children referred, named, out of school, missing? A second of each
# nation and replicate, so that the page of back-tests is filled without a long wait.
BACKTEST = """
[backtest]
indicators = [
    "referral_rate", "exploitation_factor_rate", "suspension_rate", "missing_incident_rate",
]
"""
COUNTED = {
    "bundles": ("bundles",),
    "referrals": ("ssd_cin_episodes", "cin_census referrals"),
    "assessments": ("ssd_cin_assessments", "cin_census assessments"),
    "exclusion rows (each exclusion twice)": ("termlyexclusionsonroll", "termlyexclusionsoffroll"),
    "missing rows (each quarter from April on)": ("Missing",),
}

SHORT = (
    f"--quick simulates {QUICK_AREAS} authorities and {QUICK_MONTHS} months: too few areas for "
    "national and regional figures that mean much, and too short a history to learn a season "
    "and the closure of 2022 from; drifts and small authorities show late or not at all."
)
QUERY = (
    "select area_name, indicator, period_start, round(value, 1) as value, "
    "round(expected, 1) as expected from trends join areas using (area_code) "
    "where status = 'worsening' order by score desc limit 10"
)


def prepared(folder: Path, *, is_again: bool) -> bool:
    """Whether a new demo is to be made here; refuses to touch what is no demo."""
    if not folder.exists() or not any(folder.iterdir()):
        return True
    if not (folder / MARK).is_file():
        raise SightlineError(
            f"{folder} is not a demo and is left alone; name another folder", USAGE
        )
    if is_again or not (folder / TRUTH).is_file():
        log.info("%s is an earlier demo: it is removed and made again", folder)
        remove(folder)
        return True
    log.info("%s is a demo already: it is run as it stands; --again makes it anew", folder)
    return False


def remove(folder: Path) -> None:
    """Releases are write-protected, their folders too."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder)


def made(folder: Path, *, is_quick: bool) -> Home:
    """A monitor with a fixed date and a full inbox."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("Made by sightline demo, and replaced by it.\n", encoding="utf-8")
    home = homes.create(folder, today=TODAY)
    with home.config.open("a", encoding="utf-8") as settings:
        settings.write(BACKTEST)
    planted = simulate(
        home.inbox,
        months=QUICK_MONTHS if is_quick else MONTHS,
        areas=QUICK_AREAS if is_quick else None,
        progress=_progress,
    )
    faults.save(faults.plant(home.inbox), home.root / FAULTY)
    planted.save(home.root / TRUTH)
    return home


def _progress(done: int, of: int, name: str) -> None:
    if done * 10 // of > (done - 1) * 10 // of:
        log.info("simulated %d of %d authorities (%s)", done, of, name)


def story(home: Home, report: RunReport, seconds_simulating: float) -> Iterator[str]:
    """Everything that a first reader wants to know, in their order."""
    planted = truths.load(home.root / TRUTH)
    yield from _simulated(planted, seconds_simulating)
    yield ""
    yield from run_report.taken_in(home)
    yield from faults.in_words(faults.load(home.root / FAULTY), refused(home))
    yield ""
    yield from run_report.care_told_earlier(home)
    yield ""
    yield from run_report.worsening(home, MOST_ALERTS)
    yield ""
    yield from found(home, planted)
    yield ""
    yield from run_report.where_the_time_goes(report)
    yield f"Most memory used: {_peak(resource.RUSAGE_SELF):.1f} GB, and in each process that reads"
    yield f"  files {_peak(resource.RUSAGE_CHILDREN):.1f} GB"
    yield ""
    yield from run_report.where_to_look(home)
    yield f'Ask it:   sightline sql --home {home.root} "{QUERY}"'


def found(home: Home, planted: Truth) -> Iterator[str]:
    with connect(home.warehouse_db, read_only=True) as connection:
        yield from truth.in_words(truth.compare(connection, planted))
    yield from truth.cases_in_words(planted)


def refused(home: Home) -> list[str]:
    with state_of(home) as state:
        return overview.refused_or_held(state)


def exit_code(home: Home, report: RunReport) -> int:
    """Fine when it ran and the bad files that were planted were all caught."""
    if report.exit_code not in (0, REFUSED):
        return report.exit_code
    return 0 if faults.all_caught(faults.load(home.root / FAULTY), refused(home)) else REFUSED


def _peak(who: int) -> float:
    """In gigabytes; Linux counts in kilobytes, macOS in bytes."""
    return resource.getrusage(who).ru_maxrss / (1024**3 if sys.platform == "darwin" else 1024**2)


def _simulated(planted: Truth, seconds: float) -> Iterator[str]:
    yield (
        f"Simulated, no real child: {len(planted.la_codes)} authorities, {planted.start:%B %Y} to "
        f"{planted.until:%B %Y}, in {seconds:.0f} s"
    )
    yield "  " + ", ".join(_counted(planted.totals))
    if len(planted.la_codes) <= QUICK_AREAS:
        yield SHORT


def _counted(totals: dict[str, int]) -> Iterator[str]:
    for words, names in COUNTED.items():
        yield f"{sum(totals.get(name, 0) for name in names):,} {words}"
