"""All pages as one file, to unpack on a shared drive or to put on a web server."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

from sightline.report.downloads.workbook import FIRST_IN_ZIP

PACKED = {".xlsx", ".ods"}
LEVEL = 6


def write(site: Path, path: Path, folder: str, instead: Mapping[str, str]) -> None:
    """Pack what lies in `site` into a folder of that name; of some pages another text stands in."""
    files = sorted(one for one in site.rglob("*") if one.is_file() and one != path)
    with zipfile.ZipFile(path, "w", compresslevel=LEVEL) as archive:
        for file in files:
            name = file.relative_to(site).as_posix()
            text = instead.get(name)
            how = zipfile.ZIP_STORED if file.suffix in PACKED else zipfile.ZIP_DEFLATED
            archive.writestr(
                zipfile.ZipInfo(f"{folder}/{name}", FIRST_IN_ZIP),
                file.read_bytes() if text is None else text, how,
            )  # fmt: skip
