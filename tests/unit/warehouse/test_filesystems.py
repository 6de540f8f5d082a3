"""A monitor lives on a disk of its own machine; a network drive is known by how it is mounted."""

from pathlib import Path

import pytest

from sightline.warehouse import filesystems
from sightline.warehouse import home as homes
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.filesystems import is_shared, kind_of

MOUNTS = r"""22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
25 22 0:22 / /proc rw - proc proc rw
40 22 0:40 / /srv/share rw,relatime shared:1 - nfs4 server:/export rw,vers=4.2
41 40 0:41 / /srv/share/local rw,relatime shared:2 master:3 - xfs /dev/vdb rw
42 22 0:42 / /home/a\040b\011c\134d rw - cifs //server/x rw
43 22 0:43 / /mnt/tmp rw - tmpfs tmpfs rw
44 43 0:44 / /mnt/tmp rw - fuse.sshfs me@there:/ rw
nonsense
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/me/monitor", "ext4"),
        ("/srv/share", "nfs4"),
        ("/srv/share/monitor", "nfs4"),
        ("/srv/shared", "ext4"),
        ("/srv/share/local/monitor", "xfs"),
        ("/home/a b\tc\\d/monitor", "cifs"),
        ("/mnt/tmp/monitor", "fuse.sshfs"),
    ],
)
def test_the_nearest_mount_tells_what_a_folder_lies_on(folder: str, kind: str) -> None:
    assert kind_of(Path(folder), MOUNTS) == kind


def test_where_nothing_is_mounted_nothing_is_told() -> None:
    assert kind_of(Path("/a"), "") is None


@pytest.mark.parametrize(
    ("kind", "shared"),
    [
        *((one, True) for one in ("nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse.sshfs")),
        *((one, True) for one in ("fuse.s3fs", "fuse.rclone", "vboxsf", "NFS4")),
        *((one, False) for one in ("ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk")),
        *((one, False) for one in ("fuse.bindfs", "fuse", "f2fs", "apfs")),
    ],
)
def test_drives_that_machines_share_are_told_from_disks(kind: str, shared: bool) -> None:
    assert is_shared(kind) is shared


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is said to be a network drive."""
    drive = tmp_path / "drive"
    drive.mkdir()
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 0:1 / / rw - ext4 a rw\n2 1 0:2 / {drive} rw - cifs //s/x rw\n")
    monkeypatch.setattr(filesystems, "MOUNTS", mounts)
    return drive


def test_a_monitor_is_not_made_on_a_network_drive(mounted: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"network drive \(cifs\)") as caught:
        homes.create(mounted / "monitor")
    assert caught.value.exit_code == 3
    assert not (mounted / "monitor").exists()


def test_what_is_published_may_lie_on_one(mounted: Path, tmp_path: Path) -> None:
    home = homes.create(tmp_path / "monitor")
    home.releases.rmdir()
    home.published.rmdir()
    home.published.symlink_to(mounted)
    home.releases.mkdir()
    homes.check_is_local(home.root, home.restricted)


def test_a_monitor_that_was_moved_onto_one_is_told_so(mounted: Path, tmp_path: Path) -> None:
    home = homes.create(tmp_path / "monitor")
    home.root.rename(mounted / "monitor")
    with pytest.raises(ConfigurationError, match="network drive"):
        homes.check_place(homes.find(mounted / "monitor"))
