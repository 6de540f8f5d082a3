"""What kind of file system a folder lies on, whether a monitor may live there; writing through
to the disk."""

import os
import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
# Several machines write to these; locks and write-ahead logs of one are not safe from another.
SHARED = {
    "nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "ncpfs", "afs", "auristorfs", "coda", "9p",
    "ceph", "lustre", "gfs2", "ocfs2", "glusterfs", "beegfs", "gpfs", "pvfs2", "orangefs",
    "panfs", "davfs", "vboxsf", "vmhgfs", "prl_fs", "drvfs",
}  # fmt: skip
# Of these the kind is told behind a full stop, as in fuse.sshfs.
OVER_FUSE = {
    "sshfs", "s3fs", "rclone", "gcsfuse", "blobfuse", "blobfuse2", "glusterfs", "ceph", "davfs",
    "davfs2", "smbnetfs", "gvfsd-fuse", "mount-s3", "goofys", "juicefs", "seaweedfs", "moosefs",
    "mfs", "vmhgfs-fuse", "prl_fsd", "curlftpfs", "onedriver", "google-drive-ocamlfuse",
}  # fmt: skip
ESCAPED = re.compile(r"\\([0-7]{3})")


def kind_of(folder: Path, mounts: str) -> str | None:
    """The file system that a folder, given by its real path, lies on; None where nothing tells.

    `mounts` is what /proc/self/mountinfo holds; the last of several mounts on a path counts.
    """
    found, longest = None, -1
    for line in mounts.splitlines():
        mount, _, rest = line.partition(" - ")
        fields = mount.split(" ")
        if len(fields) > 4 and rest:
            point = Path(_plain(fields[4]))
            if folder.is_relative_to(point) and len(point.parts) >= longest:
                found, longest = rest.split(" ")[0], len(point.parts)
    return found


def is_shared(kind: str) -> bool:
    """Whether a file system is one that machines share over a network, or with a host."""
    name, _, over = kind.lower().partition(".")
    return name in SHARED or (name.startswith("fuse") and over in OVER_FUSE)


def shared_drives(*folders: Path) -> dict[Path, str]:
    """Those of the folders that lie on a drive that machines share, with its kind."""
    try:
        mounts = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return {}
    kinds = {folder: kind_of(folder.resolve(), mounts) for folder in folders}
    return {folder: kind for folder, kind in kinds.items() if kind and is_shared(kind)}


def _plain(written: str) -> str:
    """Blanks, tabs, line feeds and backslashes stand there as octal numbers."""
    return ESCAPED.sub(lambda one: chr(int(one[1], 8)), written)


def sync(path: Path) -> None:
    """Bring a file or a folder's entries to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
