"""How many cores and how much memory there are for us: a container may have less than its host."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
MEMORY = Path("/proc/meminfo")
# What a version 1 group without a limit says is near the largest number that there is.
UNLIMITED = 1 << 60


def cores(groups: Path = GROUPS, membership: Path = MEMBERSHIP) -> int:
    """Whole cores that this process may use: at least one."""
    allowed = [_schedulable()]
    for folder in _folders(groups, membership, "cpu"):
        quota, period = _cpu_quota(folder)
        if quota and period:
            allowed.append(int(quota / period))
    return max(min(allowed), 1)


def memory(
    groups: Path = GROUPS, membership: Path = MEMBERSHIP, meminfo: Path = MEMORY
) -> int | None:
    """Bytes of memory that this process may use with all others of its group, or None where
    nothing tells."""
    allowed = [*_installed(meminfo)]
    for folder in _folders(groups, membership, "memory"):
        for name in ("memory.max", "memory.high", "memory.limit_in_bytes"):
            limit = _number(folder / name)
            if limit and limit < UNLIMITED:
                allowed.append(limit)
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY:
        allowed.append(limit)
    return min(allowed, default=None)


def _schedulable() -> int:
    """Cores that the system may run this process on; not every system (macOS) tells of a choice."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _folders(groups: Path, membership: Path, controller: str) -> Iterator[Path]:
    """The folder of this process's group and of each group around it, of both versions.

    Inside a container the path of the group may be that of the host, of which nothing is seen.
    """
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    roots = [(groups, "/"), (groups / controller, "/")]
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            roots += [(groups, path), (groups / "unified", path)]
        elif controller in controllers.split(","):
            roots += [(groups / controller, path), (groups / controllers, path)]
    seen: set[Path] = set()
    for root, path in roots:
        folder = root / path.lstrip("/")
        while folder not in seen and folder.is_relative_to(root):
            seen.add(folder)
            yield folder
            folder = folder.parent


def _cpu_quota(folder: Path) -> tuple[float | None, float | None]:
    """Microseconds of work in so many of time; None where there is no limit."""
    try:
        quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
        return (None if quota == "max" else float(quota)), float(period)
    except (OSError, ValueError):
        quota_us = _number(folder / "cpu.cfs_quota_us")
        return quota_us, _number(folder / "cpu.cfs_period_us")


def _number(path: Path) -> int | None:
    """A positive number that a file holds, if it does."""
    try:
        value = int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return value if value > 0 else None


def _installed(meminfo: Path) -> Iterator[int]:
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
    except OSError:
        return
    for line in lines:
        name, _, rest = line.partition(":")
        if name == "MemTotal":
            yield int(rest.split()[0]) * 1024
