"""The same again, corrected, worse or late: what is in force afterwards, and what was before."""

import hashlib
from itertools import permutations
from pathlib import Path

import duckdb
import intake_files as files
import pytest
from intake_files import ASSESSMENTS, FACTORS, MARCH, Monitor, referrals, ssd
from invariants import assert_invariants, before

from sightline.warehouse.timeline.work_file import prepare

CANARIES = ("2012-05-14", files.upn(1))


def days_told(monitor: Monitor, as_of=files.TODAY) -> int:
    """Referrals of March by the submission that is in force."""
    prepare(monitor.home, monitor.state, as_of)
    with duckdb.connect(str(monitor.home.work_db), read_only=True) as connection:
        query = """
            select count(*) from raw.ssd_referrals as referrals
            inner join control.slices as slices
                on referrals.submission_id = slices.submission_id
                and referral_date between slice_start and slice_end
                and slices.source = 'referrals'
                and slices.is_own
                and slices.speaks
        """
        return connection.execute(query).fetchall()[0][0]


def sent(monitor: Monitor, rows: int, name: str = "march.zip", **manifest: object) -> None:
    tables = ssd(ssd_cin_episodes=referrals(rows))
    monitor.drop_zip(tables, MARCH | manifest, name=name)


def of_month(month: int, more: str = "") -> dict[str, str]:
    """Ten referrals of a month, nothing assessed."""
    text = referrals(10).replace("2026-03", f"2026-{month:02}")
    return ssd(
        ssd_cin_episodes=text + more,
        ssd_cin_assessments=ASSESSMENTS,
        ssd_assessment_factors=FACTORS,
    )


def test_fault_051_the_same_bytes_under_any_name_are_nothing_new(monitor: Monitor) -> None:
    sent(monitor, 5)
    monitor.take_in()
    sent(monitor, 5)
    sent(monitor, 5, name="again.zip")
    was = before(monitor)
    report = monitor.take_in()
    assert (report.outcomes, len(report.repeated)) == ([], 2)
    assert_invariants(was, report, CANARIES)
    assert days_told(monitor) == 5


def test_fault_052_and_053_a_correction_replaces_the_whole_period_and_history_stays(
    monitor: Monitor,
) -> None:
    """Fault 52: as it was known before. Fault 53: fewer children, so some are gone."""
    day = {"simulated": True}
    sent(monitor, 20, prepared_on="2026-04-08", **day)
    monitor.take_in()
    sent(monitor, 12, prepared_on="2026-05-08", **day)
    was = before(monitor)
    report = monitor.take_in()
    assert_invariants(was, report, CANARIES)
    assert days_told(monitor) == 12
    assert days_told(monitor, files.TODAY.replace(month=4, day=20)) == 20


def test_fault_054_a_worse_copy_leaves_the_former_in_force_and_stays_visible(
    monitor: Monitor,
) -> None:
    sent(monitor, 20)
    monitor.take_in()
    monitor.drop_zip(ssd(ssd_cin_episodes=referrals(20, "R99,K1,2026-0")), name="worse.zip")
    was = before(monitor)
    report = monitor.take_in()
    assert_invariants(was, report, CANARIES)
    assert days_told(monitor) == 20
    [worse] = [row for row in monitor.ledger() if row["status"] == "quarantined"]
    assert "TRUNCATED" in worse["first_error"]


@pytest.mark.parametrize("order", [*permutations((1, 2, 3))])
def test_fault_055_numbered_versions_end_the_same_in_any_order_of_arrival(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    monitor = files.monitor(tmp_path / "monitor")
    for sequence in order:
        sent(monitor, 10 * sequence, sequence=sequence)
        monitor.take_in()
    assert days_told(monitor) == 30


def test_fault_061_one_bad_month_of_a_backfill_keeps_no_other_back_and_can_be_sent_again(
    monitor: Monitor,
) -> None:
    for month in range(1, 7):
        period = {"period_start": f"2026-{month:02}-01", "period_end": f"2026-{month:02}-28"}
        cut = "R99,K1,2026-0" if month == 4 else ""
        monitor.drop_zip(of_month(month, cut), period, name=f"{month}.zip")
    was = before(monitor)
    report = monitor.take_in()
    assert_invariants(was, report, CANARIES)
    assert (len(report.accepted), days_told(monitor)) == (5, 50)
    april = {"period_start": "2026-04-01", "period_end": "2026-04-28"}
    monitor.send(of_month(4), april)
    assert days_told(monitor) == 60


def test_fault_091_what_came_while_nothing_ran_is_taken_in_by_one_run(monitor: Monitor) -> None:
    """Nine days of files: each once, in the order of their names, received when they are read."""
    for day in range(9):
        sent(monitor, 3 + day, name=f"{day}.zip")
    was = before(monitor)
    report = monitor.take_in()
    assert [outcome.accepted for outcome in report.outcomes] == [7 + day for day in range(9)]
    assert_invariants(was, report, CANARIES)
    assert days_told(monitor) == 11


def test_fault_104_pseudonyms_cannot_be_found_by_hashing_every_pupil_number(
    monitor: Monitor,
) -> None:
    monitor.send(ssd())
    [(key,)] = monitor.raw("ssd_identifiers", "upn_key")
    number = files.upn(1).encode()
    texts = [number, number.lower(), b"upn" + number, b"upn\x1f\x1f" + number]
    for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
        for text in texts:
            digest = hashlib.new(name, text).digest()
            ends = (digest[:8], digest[-8:])
            guesses = {
                int.from_bytes(end, order, signed=True)
                for end in ends
                for order in ("big", "little")
            }
            assert key not in guesses
