"""Cores and memory follow the limits of a container, of either version and however it nests."""

import os
from pathlib import Path

import pytest

from sightline.warehouse import connection, quotas
from sightline.warehouse.intake import pool
from sightline.warehouse.settings import Settings

GB = 10**9


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture(autouse=True)
def sixteen_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))


@pytest.mark.parametrize(
    ("membership", "files", "cores"),
    [
        ("0::/\n", {"cpu.max": "200000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "max 100000\n"}, 16),
        ("0::/\n", {"cpu.max": "50000 100000\n"}, 1),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "350000 100000\n"}, 3),
        ("0::/a/b\n", {"a/b/cpu.max": "200000 100000\n", "a/cpu.max": "800000 100000\n"}, 2),
        # Inside a container the group's path may be that of the host.
        ("0::/docker/0123\n", {"cpu.max": "400000 100000\n"}, 4),
        ("4:cpu,cpuacct:/x\n", {"cpu,cpuacct/x/cpu.cfs_quota_us": "300000\n",
                                "cpu,cpuacct/x/cpu.cfs_period_us": "100000\n"}, 3),
        ("1:cpu:/docker/1\n", {"cpu/cpu.cfs_quota_us": "200000\n",
                               "cpu/cpu.cfs_period_us": "100000\n"}, 2),
        ("1:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 16),
        ("1:cpu:/\n0::/s\n", {"unified/s/cpu.max": "500000 100000\n"}, 5),
        ("0::/\n", {"cpu.max": "rubbish"}, 16),
        ("", {}, 16),
    ],
)  # fmt: skip
def test_cores_follow_the_quota(
    tmp_path: Path, membership: str, files: dict[str, str], cores: int
) -> None:
    groups = written(tmp_path / "groups", files)
    member = written(tmp_path, {"member": membership}) / "member"
    assert quotas.cores(groups, member) == cores


def test_cores_follow_what_this_process_may_run_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 7})
    assert quotas.cores(tmp_path, tmp_path / "none") == 3


def test_cores_are_all_there_are_where_the_system_tells_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert quotas.cores(tmp_path, tmp_path / "none") == 5


@pytest.mark.parametrize(
    ("membership", "files", "memory"),
    [
        ("0::/\n", {"memory.max": "2000000000\n"}, 2 * GB),
        ("0::/\n", {"memory.max": "max\n"}, 8 * GB),
        ("0::/a/b\n", {"a/memory.max": "1000000000\n", "a/b/memory.max": "max\n"}, GB),
        ("0::/a\n", {"a/memory.max": "3000000000\n", "a/memory.high": "2000000000\n"}, 2 * GB),
        ("5:memory:/k\n", {"memory/k/memory.limit_in_bytes": "1000000000\n"}, GB),
        ("5:memory:/k\n", {"memory/memory.limit_in_bytes": "1000000000\n"}, GB),
        ("5:memory:/\n", {"memory/memory.limit_in_bytes": "9223372036854771712\n"}, 8 * GB),
        ("0::/\n", {"memory.max": "64000000000\n"}, 8 * GB),
    ],
)
def test_memory_follows_the_quota(
    tmp_path: Path, membership: str, files: dict[str, str], memory: int
) -> None:
    groups = written(tmp_path / "groups", files)
    beside = written(tmp_path, {"member": membership, "meminfo": "MemTotal:  7812500 kB\n"})
    assert quotas.memory(groups, beside / "member", beside / "meminfo") == memory


def test_where_nothing_tells_the_memory_is_not_known(tmp_path: Path) -> None:
    assert quotas.memory(tmp_path, tmp_path / "a", tmp_path / "b") is None


@pytest.mark.parametrize(
    ("available", "limit"), [(24 * GB, "3000MB"), (2 * GB, "1000MB"), (None, "3000MB")]
)
def test_the_engine_may_use_half_of_what_there_is_up_to_three_gigabytes(
    monkeypatch: pytest.MonkeyPatch, available: int | None, limit: str
) -> None:
    monkeypatch.setattr(quotas, "memory", lambda: available)
    assert connection.memory_limit(Settings()) == limit
    assert connection.memory_limit(Settings(memory_limit="500MB")) == "500MB"


def test_cores_may_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "cores", lambda: 5)
    assert connection.threads(Settings()) == 5
    assert connection.threads(Settings(threads=2)) == 2
    assert connection.safe_config()["threads"] == 5


@pytest.mark.parametrize(("available", "workers"), [(2 * GB, 2), (GB, 1), (8 * GB, 11)])
def test_there_are_as_many_workers_as_there_is_memory_for(
    monkeypatch: pytest.MonkeyPatch, available: int, workers: int
) -> None:
    monkeypatch.setattr(pool, "memory", lambda: available)
    assert pool._side_by_side() == workers
