"""Recognise files that programs leave beside what people send, by their names alone.

Systems and programs leave files in every folder that they touch; other names are those of files
that are still being written.
"""

import re

IN_PROGRESS = (".part", ".tmp", ".filepart", ".crdownload", ".partial")
# Folders in which a transfer keeps its unfinished files.
UNFINISHED_FOLDERS = (".rsync-partial", ".~tmp~")
LITTER = re.compile(
    # What Windows, a Mac, Linux and network storage keep about a folder.
    r"desktop\.ini|(?:eh)?thumbs(?:_vista)?\.db(?::encryptable)?"
    r"|\$recycle\.bin|recycler|system volume information"
    r"|\.ds_store|\._.*|__macosx|icon\r|\.appledouble|\.apdisk|\.localized|\.fseventsd"
    r"|\.spotlight-v100|\.temporaryitems|\.documentrevisions-v100|\.trashes"
    r"|\.trash(?:-.*)?|\.directory|lost\+found|@eadir|#recycle|#snapshot|\.snapshots?"
    # Files that were deleted while they were open.
    r"|\.fuse_hidden.*|\.nfs[0-9a-f]+"
    # Locks and copies of office programs and editors.
    r"|~\$.*|\.~lock\..*#|~.*\.tmp|\..*\.sw[a-p]|.*~"
    # What keeps an empty folder in a repository.
    r"|\.gitkeep|\.gitignore|\.keep",
    re.IGNORECASE | re.DOTALL,
)


def is_litter(name: str) -> bool:
    """Whether a file or folder of this name is passed over wherever it lies."""
    return LITTER.fullmatch(name) is not None


def is_unfinished(name: str) -> bool:
    """Whether a file of this name is still being written; a hidden one may be."""
    return name.startswith(".") or name.lower().endswith(IN_PROGRESS)
