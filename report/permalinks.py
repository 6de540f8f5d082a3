"""Where a page stands for good."""

from dataclasses import dataclass

CURRENT = "current/report"
"""The pages of the newest release, below what is published."""


@dataclass(frozen=True)
class Permalinks:
    """`folder` is that of the pages: of this release, or of the newest where no more is known."""

    folder: str
    is_of_release: bool

    def of(self, page: str) -> str:
        return f"{self.folder}/{page}"


def permalinks(release_id: str, report_url: str | None = None) -> Permalinks:
    """Below `report_url` where that says where releases stand, and without it below `published/`.

    Where readers find the newest release at an address of its own, that address is told.
    """
    own = f"releases/{release_id}/report"
    if not report_url:
        return Permalinks(own, is_of_release=True)
    url = report_url.rstrip("/")
    if url.endswith(f"/{CURRENT}"):
        return Permalinks(f"{url.removesuffix(CURRENT)}{own}", is_of_release=True)
    return Permalinks(url, is_of_release=False)
