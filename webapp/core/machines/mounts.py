"""Which file system a folder lies in: SQLite is not for one that comes over a network."""

import os
import re
from pathlib import Path

OVER_A_NETWORK = frozenset(
    {
        "afs", "beegfs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs",
        "fuse.sshfs", "gfs2", "glusterfs", "gpfs", "lustre", "nfs", "nfs4", "ocfs2", "smb3",
        "smbfs",
    }
)  # fmt: skip
"""Names that Linux has for file systems that several machines may mount."""

_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(r"\\([0-7]{3})")


def file_system(path: Path) -> str:
    """Return the name of the file system that a path lies in; "" where the system does not tell."""
    try:
        return of_mounts(os.fsdecode(_MOUNTS.read_bytes()), path.resolve())
    except OSError:
        return ""


def of_mounts(mounts: str, path: Path) -> str:
    """Return the same by a text as in /proc/self/mountinfo: of the deepest mount, the last one."""
    best, depth = "", -1
    for line in mounts.splitlines():
        place, _, system = line.partition(" - ")
        words = place.split()
        if len(words) < 5 or not system:
            continue
        point = Path(_ESCAPED.sub(lambda found: chr(int(found[1], 8)), words[4]))
        if path.is_relative_to(point) and len(point.parts) >= depth:
            best, depth = system.split()[0], len(point.parts)
    return best


def warning(data: Path, dialect: str) -> str:
    """Return what to say of a database of this dialect in a data folder; "" where all is well."""
    found = file_system(data)
    if dialect != "sqlite" or found not in OVER_A_NETWORK:
        return ""
    return (
        f"The SQLite database is in {data}, a folder that comes over the network ({found}): it can "
        "lose grades there, and two servers cannot share it. Use PostgreSQL (database_url), or put "
        "the data folder on a disk of this machine (docs/howto/two-servers.md)."
    )
