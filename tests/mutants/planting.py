"""Faults as data: which there are, and how one is planted in the text of a file.

A place is named by what stands there, never by a line number: in Python a node of the syntax tree
(`find`), elsewhere a piece of text (`text`, whatever blanks stand between its words). `within` is
the function, class or assignment of a Python file, the step of a model, or the key of a YAML file
that holds the place. A place that is not there, or there twice, is an error.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
LISTS = Path(__file__).parent
# What a fault in a model has to get past when the unit tests of the model see nothing.
OF_FIGURES = ("tests/runs/stories/test_figures_cases.py", "tests/oracle")


class CannotPlant(Exception):
    """The place of a fault is not there, or not the only one."""


@dataclass(frozen=True)
class Mutant:
    """One fault: its name in words, where and how it is planted, and the tests that concern it."""

    name: str
    about: str
    file: str
    put: str
    find: str | None
    text: str | None
    within: str | None
    models: tuple[str, ...]
    """Whose unit tests concern it."""
    tests: tuple[str, ...]
    """What pytest runs of the ordinary suite when those pass."""
    survives: str | None
    """Why no test can or need see it; none: one must."""


def load() -> list[Mutant]:
    """Every fault of the lists beside this file, in their order."""
    found = [one for path in sorted(LISTS.glob("*.yml")) for one in _of_list(path)]
    names = [one.name for one in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"two faults have one name: {sorted(twice)}")
    return found


def planted(one: Mutant, source: str) -> str:
    """The text of the file with the fault in it; CannotPlant without exactly one place for it."""
    start, end = _scope(one, source)
    if one.find is not None:
        start, end, column = _node(one, source, start, end)
        put = indent(one.put.rstrip("\n"), " " * column).lstrip()
    else:
        start, end = _piece(one, source, start, end)
        put = one.put.strip("\n")
    changed = source[:start] + put + source[end:]
    if changed == source:
        raise CannotPlant(f"{one.name}: it changes nothing")
    if one.file.endswith(".py"):
        ast.parse(changed)
    return changed


def _of_list(path: Path) -> Iterator[Mutant]:
    for of_file in yaml.safe_load(path.read_text(encoding="utf-8")):
        file, tests = of_file["file"], tuple(of_file.get("tests", ()))
        is_model = file.startswith("dbt_project/models/")
        models = tuple(of_file.get("models", [Path(file).stem] if is_model else ()))
        for fault in of_file["faults"]:
            yield _mutant(path.stem, file, models, tests or OF_FIGURES, fault)


def _mutant(
    about: str, file: str, models: tuple[str, ...], tests: tuple[str, ...], fault: dict[str, Any]
) -> Mutant:
    known = {"name", "put", "find", "text", "within", "tests", "survives"}
    if unknown := set(fault) - known:
        raise ValueError(f"{fault['name']}: unknown words {sorted(unknown)}")
    if ("find" in fault) == ("text" in fault):
        raise ValueError(f"{fault['name']} needs either `find` or `text`")
    return Mutant(
        fault["name"],
        about,
        file,
        fault["put"],
        fault.get("find"),
        fault.get("text"),
        fault.get("within"),
        models,
        tuple(fault.get("tests", tests)),
        fault.get("survives"),
    )


def _scope(one: Mutant, source: str) -> tuple[int, int]:
    if one.within is None:
        return 0, len(source)
    if one.file.endswith(".py"):
        found = [_span(source, node) for node in _named(ast.parse(source), one.within.split("."))]
    elif one.file.endswith(".sql"):
        found = list(_steps(source, one.within))
    else:
        found = list(_keyed(source, 0, len(source), one.within.split(".")))
    return _only(one, found, one.within)


def _named(node: ast.AST, names: list[str]) -> Iterator[ast.AST]:
    """The function, class or assignment of that name, each name inside the one before it."""
    for child in ast.iter_child_nodes(node):
        called = {getattr(child, "name", None)}
        if isinstance(child, ast.Assign | ast.AnnAssign):
            targets = child.targets if isinstance(child, ast.Assign) else [child.target]
            called = {t.id for one in targets for t in ast.walk(one) if isinstance(t, ast.Name)}
        if names[0] in called:
            yield from _named(child, names[1:]) if names[1:] else [child]


def _steps(source: str, name: str) -> Iterator[tuple[int, int]]:
    """A step of a query, or a macro."""
    for match in re.finditer(rf"\b{re.escape(name)} as \(", source):
        yield match.end(), _closed(source, match.end())
    for match in re.finditer(rf"{{% macro {re.escape(name)}\(", source):
        yield match.end(), source.index("endmacro", match.end())


def _keyed(source: str, start: int, end: int, keys: list[str]) -> Iterator[tuple[int, int]]:
    """A key or a named item of a list, each inside the one before it, with all that it holds."""
    begins = re.compile(rf"^( *)(?:- \w+: )?{re.escape(keys[0])}(?:: *.*)?\n", re.MULTILINE)
    for match in begins.finditer(source, start, end):
        last = match.end()
        for line in source[last:end].splitlines(keepends=True):
            if line.strip() and len(line) - len(line.lstrip()) <= len(match[1]):
                break
            last += len(line)
        if keys[1:]:
            yield from _keyed(source, match.end(), last, keys[1:])
        else:
            yield match.start(), last


def _node(one: Mutant, source: str, start: int, end: int) -> tuple[int, int, int]:
    """The only node of the syntax tree that says the same, whatever way it is written."""
    wanted = ast.parse(str(one.find).strip()).body
    if len(wanted) != 1:
        raise CannotPlant(f"{one.name}: `find` is to be one expression or statement")
    [said] = wanted
    looked_for = said.value if isinstance(said, ast.Expr) else said
    spans = [
        (*_span(source, node), node.col_offset)
        for node in ast.walk(ast.parse(source))
        if type(node) is type(looked_for) and ast.dump(node) == ast.dump(looked_for)
    ]
    inside = [span for span in spans if start <= span[0] and span[1] <= end]
    first, last = _only(one, [span[:2] for span in inside], str(one.find))
    return first, last, inside[0][2]


def _span(source: str, node: ast.AST) -> tuple[int, int]:
    """Where a node stands in the text; the syntax tree counts bytes of lines."""
    lines = source.splitlines(keepends=True)

    def place(line: int, offset: int) -> int:
        before = lines[line - 1].encode()[:offset].decode()
        return sum(map(len, lines[: line - 1])) + len(before)

    at: Any = node
    return place(at.lineno, at.col_offset), place(at.end_lineno, at.end_col_offset)


def _piece(one: Mutant, source: str, start: int, end: int) -> tuple[int, int]:
    words = r"\s+".join(re.escape(word) for word in str(one.text).split())
    found = [match.span() for match in re.compile(words).finditer(source, start, end)]
    return _only(one, found, str(one.text))


def _closed(source: str, start: int) -> int:
    """Where the bracket that was opened before `start` is closed again."""
    depth = 1
    for place in range(start, len(source)):
        depth += {"(": 1, ")": -1}.get(source[place], 0)
        if depth == 0:
            return place
    return len(source)


def _only(one: Mutant, found: list[tuple[int, int]], what: str) -> tuple[int, int]:
    if len(found) != 1:
        times = "not" if not found else f"{len(found)} times"
        raise CannotPlant(f"{one.name}: found {times} in {one.file}: {what.strip()}")
    return found[0]
