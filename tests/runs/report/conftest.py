"""One browser for all tests of pages: Debian's Chromium, driven by Playwright."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import work_file

from sightline.report.downloads import pdf
from sightline.report.site import build_site
from sightline.warehouse import home as homes

CHROMIUM = pdf.browser()
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
NATIONAL = work_file.Extent((), work_file.FEW_INDICATORS, 14)


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """Closed after a file: while it is open, an event loop runs, which other tests may not have."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed: the pages are not tried in a browser")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture
def page(browser) -> Iterator[object]:
    """A page that keeps what went wrong in it and what it asked for elsewhere."""
    page = browser.new_page()
    watch(page)
    yield page
    page.close()


def watch(page) -> None:
    page.faults = []
    page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda fault: page.faults.append(str(fault)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith("file:") else page.faults.append(asked.url),
    )


@pytest.fixture(scope="session")
def national(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages of all authorities, of few indicators and months."""
    home = homes.create(tmp_path_factory.mktemp("nation"))
    work_file.write(home.work_db, NATIONAL)
    draft = work_file.draft(home)
    build_site(draft.database, draft.report)
    return draft.report
