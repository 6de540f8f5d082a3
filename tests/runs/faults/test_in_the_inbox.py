"""What lies in an inbox without being a plain, whole file; and what names and modes do."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import intake_files as files
import pytest
from intake_files import MARCH, Monitor, errors, referrals, ssd, zipped
from invariants import assert_invariants, before

from sightline.warehouse import home as homes
from sightline.warehouse.home import Home, sha256_of
from sightline.warehouse.intake.receive import landing

MANY = 1_000


@pytest.mark.timeout(30)
def test_fault_032_what_is_no_whole_file_is_left_alone_and_nothing_waits_for_it(
    monitor: Monitor,
) -> None:
    for name in ("x.csv.part", ".hidden", "y.FILEPART", "z.tmp"):
        monitor.drop(name, "CANARY")
    monitor.drop("folder.csv/half.csv.part", "CANARY")
    os.mkfifo(monitor.home.inbox / "301" / "pipe.csv")
    monitor.drop_zip(ssd(), sender="302")
    was = before(monitor)
    report = monitor.take_in()
    assert [outcome.accepted for outcome in report.outcomes] == [5]
    assert [label for label, _ in report.unreadable] == ["301/pipe.csv"]
    assert_invariants(was, report, ["canary"])


def test_fault_032_a_folder_named_like_a_table_is_a_bundle(monitor: Monitor) -> None:
    for name, text in ssd().items():
        monitor.drop(f"x.csv/{name}", text)
    monitor.drop("x.csv/manifest.json", '{"period_start":"2026-03-01","period_end":"2026-03-31"}')
    was = before(monitor)
    report = monitor.take_in()
    assert [outcome.accepted for outcome in report.outcomes] == [5]
    assert_invariants(was, report, ["2012-05-14"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read what is forbidden to others")
def test_fault_032_a_file_that_may_not_be_read_is_named_and_stays(monitor: Monitor) -> None:
    path = monitor.drop("locked.csv", "a")
    path.chmod(0)
    assert [label for label, _ in monitor.take_in().unreadable] == ["301/locked.csv"]
    assert path.exists()


def test_fault_033_a_thousand_small_files_each_come_to_their_end(monitor: Monitor) -> None:
    for number in range(MANY):
        monitor.drop(f"{number}.csv", f"colour,shape\nred,{number}\n", sender=f"30{number % 3}")
    monitor.drop_zip(ssd())
    report = monitor.take_in()
    assert len(report.refused) == MANY
    assert [outcome.accepted for outcome in report.accepted] == [5]
    assert set(monitor.statuses()) == {"quarantined", "accepted"}


@pytest.mark.parametrize(
    "name",
    ["x\n.csv", "-rf.csv", "a[1]*.csv", "x;rm -rf ..csv", "CON", "'quoted\".csv", "e\u0301.csv",
     "\u00e9.csv", "\u202egnp.csv", "%s{0}.csv", "y" * 250],
)  # fmt: skip
def test_fault_111_a_name_is_shown_escaped_and_never_used_as_a_path(
    tmp_path: Path, name: str
) -> None:
    monitor = files.monitor(tmp_path / "monitor")
    monitor.drop(name, zipped(ssd(), MARCH))
    was = before(monitor)
    report = monitor.take_in()
    [row] = monitor.ledger()
    assert row["status"] == "accepted"
    assert row["original_name"].isascii()
    assert row["original_name"].isprintable()
    assert row["landing_name"] == f"{row['sha256'][:2]}/{row['sha256']}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["monitor"]
    assert_invariants(was, report, ["2012-05-14"])


def test_fault_112_links_are_refused_and_what_they_point_to_is_not_read(
    monitor: Monitor, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("CANARY")
    folder = monitor.home.inbox / "301"
    folder.mkdir()
    (folder / "link.csv").symlink_to(secret)
    (folder / "itself.csv").symlink_to(folder / "itself.csv")
    (folder / "elsewhere").symlink_to(tmp_path)
    os.link(secret, folder / "hard.csv")
    (folder / "bundle").mkdir()
    (folder / "bundle" / "inside.csv").symlink_to(secret)
    was = before(monitor)
    report = monitor.take_in()
    assert report.outcomes == []
    assert len(report.unreadable) == 5
    landed = b"".join(p.read_bytes() for p in monitor.home.restricted.rglob("*") if p.is_file())
    assert b"CANARY" not in landed
    assert_invariants(was, report, ["canary"])


def test_fault_117_folders_that_were_open_to_all_are_closed_and_files_kept_to_their_owner(
    tmp_path: Path,
) -> None:
    root = tmp_path / "monitor"
    (root / "restricted" / "landing").mkdir(parents=True)
    for folder in (root / "restricted", root / "restricted" / "landing"):
        folder.chmod(0o777)
    former = os.umask(0)
    try:
        monitor = files.monitor(root)
        monitor.send(ssd())
    finally:
        os.umask(former)
    home = homes.Home(root)
    assert home.restricted.stat().st_mode & 0o077 == 0
    open_to_others = [
        path
        for path in home.restricted.rglob("*")
        if path.stat().st_mode & 0o077 and path.name != "pseudonym.key"
    ]
    held = {home.landing, home.raw, home.quarantine, home.state_db}
    assert not held.intersection(open_to_others)
    assert home.key.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "written",
    ["x'); drop table submissions;--", "{{ env_var('HOME') }}", "{% set x = 1 %}", "a,b", "",
     "value double); select 1 --", "r_la_name"],
)  # fmt: skip
def test_fault_120_names_of_columns_are_never_read_as_sql_or_templates(
    tmp_path: Path, written: str
) -> None:
    monitor = files.monitor(tmp_path / "monitor")
    quoted = '"' + written.replace('"', '""') + '"'
    header = (
        "time_period,time_identifier,geographic_level,country_code,country_name,region_code,"
        f"region_name,old_la_code,new_la_code,la_name,category,referral_count,rereferral_count,"
        f"{quoted}\n"
    )
    line = "2025,Reporting year,National,E92000001,England,,,,,,All,2,1,3\n"
    monitor.drop("c1.csv", header + line, "published")
    was = before(monitor)
    report = monitor.take_in()
    [outcome] = report.outcomes
    assert (errors(outcome), outcome.accepted) == ([], 1)
    figures = monitor.raw("published_figures", "measure, value")
    assert (written, 3.0) in figures
    assert_invariants(was, report, [])


def test_fault_121_a_look_beyond_this_machine_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard that every process of the tests runs under, so that no other test is needed."""
    monkeypatch.delenv("SIGHTLINE_TEST_NETWORK_LOG")
    with pytest.raises(RuntimeError, match="beyond this machine"):
        socket.getaddrinfo("telemetry.example.org", 443)
    assert socket.getaddrinfo("localhost", 80)


def as_a_folder(path: Path, _: Path) -> None:
    path.unlink()
    path.mkdir()


def as_a_link(path: Path, new: Path) -> None:
    path.unlink()
    path.symlink_to(new)


MEANWHILE: dict[str, Callable[[Path, Path], object]] = {
    "replaced": lambda path, new: new.replace(path),
    "written to": lambda path, new: path.write_bytes(new.read_bytes()),
    "taken away": lambda path, _: path.unlink(),
    "renamed": lambda path, _: path.rename(path.with_name("renamed.zip")),
    "a folder": as_a_folder,
    "a link": as_a_link,
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_fault_068_what_changes_while_it_is_taken_in_is_taken_in_as_it_is_then(
    monitor: Monitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Between the reading of a file and its move, which nobody can lock: the run goes on, and no
    bytes lie under the hash of others or are lost."""
    path = monitor.drop_zip(ssd())
    monitor.drop_zip(ssd(ssd_cin_episodes=referrals(7)), sender="302")
    new = tmp_path / "new.zip"
    new.write_bytes(zipped(ssd(ssd_cin_episodes=referrals(9)), MARCH))
    moved = landing._move

    def meanwhile(home: Home, arrival: landing.Arrival) -> bool:
        if arrival.entry.path == path:
            MEANWHILE[what](path, new)
        return moved(home, arrival)

    with monkeypatch.context() as patched:
        patched.setattr(landing, "_move", meanwhile)
        report = monitor.take_in()
    assert [one.sender for one in report.accepted] == ["302"]
    if what == "a link":
        path.unlink()
    report = monitor.take_in()
    rows = {"replaced": [13], "written to": [13], "renamed": [5]}.get(what, [])
    assert [one.accepted for one in report.accepted] == rows
    assert list(monitor.home.inbox.rglob("*.zip")) == []
    for original in monitor.home.landing.glob("*/*"):
        assert sha256_of(original) == original.name


def test_fault_068_what_is_added_to_a_folder_while_it_is_taken_in_stays(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in ssd().items():
        monitor.drop(f"folder/{name}", text)
    monitor.drop("folder/.DS_Store", "x")
    folder = monitor.home.inbox / "301" / "folder"
    [changed, *_] = sorted(folder.glob("*.csv"))
    moved = landing._move

    def meanwhile(home: Home, arrival: landing.Arrival) -> bool:
        (folder / "later.csv").write_text("a")
        changed.write_text("b")
        return moved(home, arrival)

    with monkeypatch.context() as patched:
        patched.setattr(landing, "_move", meanwhile)
        monitor.take_in()
    assert sorted(one.name for one in folder.iterdir()) == sorted([changed.name, "later.csv"])
