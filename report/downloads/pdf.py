"""Print a page to PDF with the browser that is there: Chromium prints pages as they are shown."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from sightline.warehouse.errors import SightlineError

BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge",
)  # fmt: skip
SECONDS = 120
QUIET = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--no-pdf-header-footer",
)  # fmt: skip


def browser() -> str | None:
    """The first Chromium that is installed, under any of its names."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def write(page: Path, to: Path) -> None:
    """Print `page` into the file `to`; SightlineError where no browser is there or it fails."""
    found = browser()
    if found is None:
        raise SightlineError(
            f"no Chromium is installed, so no PDF was made: open {page} in any browser and print it"
        )
    with tempfile.TemporaryDirectory() as folder:
        printed = Path(folder) / "page.pdf"
        # A browser of root's has no sandbox; the page is ours and loads nothing.
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        command = [
            found, *QUIET, *sandbox, f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={printed}", page.resolve().as_uri(),
        ]  # fmt: skip
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)  # noqa: S603 (our own words)
            shutil.copyfile(printed, to)
        except (subprocess.SubprocessError, OSError) as fault:
            raise SightlineError(f"{Path(found).name} made no PDF of {page}") from fault
