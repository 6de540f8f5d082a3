"""A small simulated inbox, and a way to read its bundles."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulation.national import simulate
from simulation.truth import Truth

Row = dict[str, str]
NAMES = {
    "cine_referral_source": "cine_referral_source_code",
    "cin_referral_nfa": "cine_referral_nfa",
}
SAME = {"NULL": "", "SSD_PH": "", "yes": "Y", "no": "N", "Female": "F", "Male": "M"}
MIDNIGHT = re.compile(r"(?<=\d)[ T]00:00:00.*")
CODE = re.compile(r"(RC\d|\d{1,2}[A-F]?) - .*")


def plain(text: str) -> str:
    text = CODE.sub(r"\1", MIDNIGHT.sub("", text)).strip()
    return SAME.get(text, text)


@dataclass(frozen=True)
class Inbox:
    root: Path
    truth: Truth

    def bundles(self, pattern: str) -> list[Path]:
        return sorted(self.root.glob(pattern))

    def rows(self, pattern: str, table: str) -> Iterator[Row]:
        """Rows of a table in all bundles that match, in the order of their names; what the table
        says, in whatever form it was written."""
        for row in self.written(pattern, table):
            yield {NAMES.get(name, name): plain(text) for name, text in row.items()}

    def written(self, pattern: str, table: str) -> Iterator[Row]:
        """The same as it stands in the files."""
        for path in self.bundles(pattern):
            with zipfile.ZipFile(path) as bundle:
                content = bundle.read(table).decode("utf-8-sig")
            yield from csv.DictReader(io.StringIO(content))

    def manifest(self, path: Path) -> dict[str, str]:
        with zipfile.ZipFile(path) as bundle:
            return dict(json.loads(bundle.read("manifest.json")))


@pytest.fixture(scope="session")
def make_inbox(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Inbox]:
    def make(**arguments: object) -> Inbox:
        root = tmp_path_factory.mktemp("simulated") / "inbox"
        return Inbox(root, simulate(root, **arguments))  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def inbox(make_inbox: Callable[..., Inbox]) -> Inbox:
    """Leeds, Herefordshire (which sends CIN censuses) and Croydon (which sends early)."""
    return make_inbox(areas=3, months=14)
