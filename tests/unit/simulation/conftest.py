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

from sightline.simulation.national import simulate
from sightline.simulation.truth import Truth

Row = dict[str, str]
NAMES = {
    "cine_referral_source": "cine_referral_source_code",
    "cin_referral_nfa": "cine_referral_nfa",
}
SAME = {"NULL": "", "SSD_PH": "", "yes": "Y", "no": "N", "Female": "F", "Male": "M"}
MIDNIGHT = re.compile(r"(?<=\d)[ T]00:00:00.*")
CODE = re.compile(r"(RC\d|\d{1,2}[A-F]?) - .*")
ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
TERM = re.compile(r"\d{4}_[a-z]+_")
CARE = ("Header.csv", "Episodes.csv", "Missing.csv")


def plain(text: str) -> str:
    """What a field says, in the form in which most senders write it."""
    text = CODE.sub(r"\1", MIDNIGHT.sub("", text)).strip()
    return SAME.get(text, text)


def plain_care(text: str) -> str:
    return ISO.sub(r"\3/\2/\1", plain(text)).upper()


@dataclass(frozen=True)
class Inbox:
    root: Path
    truth: Truth

    def bundles(self, pattern: str) -> list[Path]:
        return sorted(self.root.glob(pattern))

    def rows(self, pattern: str, table: str) -> Iterator[Row]:
        """Rows of a table in all bundles that match, in the order of their names; what they say, in
        whatever form it was written."""
        for row in self.written(pattern, table):
            if table in CARE:
                yield {name.upper(): plain_care(text) for name, text in row.items()}
            else:
                yield {NAMES.get(name, name): plain(text) for name, text in row.items()}

    def written(self, pattern: str, table: str) -> Iterator[Row]:
        """The same as it stands in the files, but for rows of commas alone."""
        for path in self.bundles(pattern):
            with zipfile.ZipFile(path) as bundle:
                [name] = [one for one in bundle.namelist() if TERM.sub("", one) == table]
                content = bundle.read(name).decode("utf-8-sig")
            yield from (row for row in csv.DictReader(io.StringIO(content)) if any(row.values()))

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
