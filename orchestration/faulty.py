"""Files that go wrong in the ways that files do, put among the simulated ones to be caught."""

import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

MANIFEST = "manifest.json"
HTML = b"<html><body><table><tr><td>Referrals</td></tr></table></body></html>\n"


@dataclass(frozen=True)
class Faulty:
    sender: str
    name: str
    words: str


def plant(inbox: Path) -> list[Faulty]:
    """One file of each kind of fault, made from what lies in the inbox."""
    ssd, cin, census = (_newest(inbox, kind) for kind in ("ssd_", "cin_census", "school_census"))
    elsewhere = next(
        folder for folder in sorted(inbox.iterdir()) if folder.name != census.parent.name
    )
    return [
        _written(ssd.parent / "empty.csv", b"", "an empty file"),
        _written(ssd.parent / "unknown.csv", b"colour,shape\nred,round\n", "an unknown file"),
        _written(ssd.parent / "workbook.xlsx", HTML, "a workbook that is a web page"),
        _cut(ssd, "ssd_cin_episodes.csv", "referrals cut off in the middle of a row"),
        _cut(cin, "cin_census.xml", "a census of children in need cut in half"),
        _moved(census, elsewhere, "a school census of another authority"),
    ]


def save(planted: Iterable[Faulty], path: Path) -> None:
    path.write_text(json.dumps([asdict(one) for one in planted], indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> list[Faulty]:
    return [Faulty(**one) for one in json.loads(path.read_text(encoding="utf-8"))]


def in_words(planted: list[Faulty], refused: list[str]) -> Iterator[str]:
    """Each with the file, line and rule that it was refused for, or plainly that it was not."""
    caught = {one.name: _reason(one, refused) for one in planted}
    yield f"Bad files planted: {len(planted)}; {sum(map(bool, caught.values()))} caught."
    for one in planted:
        reason = caught[one.name]
        yield f"  caught: {one.words} - {reason}" if reason else f"  NOT caught: {one.words}"


def all_caught(planted: list[Faulty], refused: list[str]) -> bool:
    return all(_reason(one, refused) for one in planted)


def _reason(one: Faulty, refused: list[str]) -> str | None:
    return next((line for line in refused if line.startswith(f"{one.sender}/{one.name}: ")), None)


def _newest(inbox: Path, kind: str) -> Path:
    return max(sorted(inbox.glob(f"*/{kind}*.zip")), key=lambda path: path.name)


def _written(path: Path, content: bytes, words: str) -> Faulty:
    path.write_bytes(content)
    return Faulty(path.parent.name, path.name, words)


def _cut(bundle: Path, member: str, words: str) -> Faulty:
    """The same bundle again, with one of its files ending in the first value of a line."""
    files = _members(bundle)
    last_line = files[member].rfind(b"\n", 0, len(files[member]) // 2) + 1
    files[member] = files[member][: last_line + 3]
    return _packed(bundle.with_name(f"cut_{bundle.name}"), files, words)


def _moved(bundle: Path, folder: Path, words: str) -> Faulty:
    """What belongs to one authority, dropped by another; no manifest gives it away."""
    files = {name: data for name, data in _members(bundle).items() if name != MANIFEST}
    return _packed(folder / f"from_{bundle.parent.name}_{bundle.name}", files, words)


def _members(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _packed(path: Path, files: dict[str, bytes], words: str) -> Faulty:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return Faulty(path.parent.name, path.name, words)
