"""Every fault of the catalogue that intake, runs and releases meet is cited by a test, or excused.

A test cites a number in its name (`test_fault_032_...`), in its docstring ("Fault 32.", "Faults 32
and 112.") or by being a case of the table.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from cases import CASES

TESTS = Path(__file__).parents[2]
# Files, values, second deliveries, concurrency, crashes, disks, clocks and calendars, upgrades, and
# of security what concerns intake and the published file.
APPLICABLE = {
    *range(1, 98),
    *range(100, 105),
    111,
    112,
    113,
    115,
    117,
    *range(119, 132),
}
IN_NAME = re.compile(r"^test_fault_((?:\d+_(?:and_)?)+)")
IN_WORDS = re.compile(r"\bFaults? (\d+(?:(?:, | and |, and )\d+)*)")
ELSEWHERE = {
    128: "versions are locked with their hashes; CONTRIBUTING compares the demo's content hash",
    130: "one engine is shipped; the models are written without its private words for another",
    123: "no file is unpickled: steps hand each other paths and counts, and rows as Parquet",
}


@cache
def cited() -> set[int]:
    return {case.fault for case in CASES} | {
        n for path in TESTS.rglob("test_*.py") for n in _in(path)
    }


def _in(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            named = IN_NAME.match(node.name)
            texts = [named.group(1)] if named else []
            texts += IN_WORDS.findall(ast.get_docstring(node) or "")
            yield from (int(number) for text in texts for number in re.findall(r"\d+", text))


@pytest.mark.parametrize("number", sorted(APPLICABLE - set(ELSEWHERE)))
def test_each_fault_is_cited_by_a_test(number: int) -> None:
    assert number in cited()


def test_nothing_is_excused_that_a_test_holds() -> None:
    assert set(ELSEWHERE).isdisjoint(cited())
    assert set(ELSEWHERE) <= APPLICABLE
