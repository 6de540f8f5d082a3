"""Print, as a page, the licence of everything that is installed beside Sightline.

Run by the Python whose installation it is about. Exit code 1, and names, where a licence is not one
of those that Sightline may be handed on with.

Example: build/runtime/bin/python deploy/bundle/licences.py > licences.md
"""

import re
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from typing import Any, NamedTuple

# Of the environment, not of the product.
LEFT_OUT = {"sightline", "pip"}
# Free to use, change and hand on; what these ask for, their own text and notices, is in each wheel.
ACCEPTED = re.compile(
    r"\b(MIT(-0)?|BSD|0BSD|[23]-Clause BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla"
    r"|Zlib|CC0|Unlicense|HPND|Artistic)\b",
    re.IGNORECASE,
)
NAMES = re.compile(r"\s+(?:AND|OR|WITH)\s+|;")
HEAD = """# Licences

Sightline is under the MIT licence. What it is built on, as each package states its own licence;
the text is in the package (`*.dist-info`). Where one offers several, any of them may be chosen.

| package | version | licence |
|---|---|---|
"""


class Row(NamedTuple):
    package: str
    version: str
    licence: str


def licence_of(said: dict[str, Any]) -> str:
    """Of a package's own description: the expression, else the classifiers, else the first line
    of what it says."""
    if expression := said.get("license_expression"):
        return str(expression)
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in said.get("classifier", [])
        if line.startswith("License :: ") and not line.endswith(":: OSI Approved")
    ]
    return "; ".join(sorted(classifiers)) or said.get("license", "").strip().partition("\n")[0]


def rows(installed: Iterable[metadata.Distribution]) -> list[Row]:
    found = {
        Row(one.name, one.version, licence_of(one.metadata.json))
        for one in installed
        if one.name.lower() not in LEFT_OUT
    }
    return sorted(found, key=lambda row: row.package.lower())


def is_accepted(licence: str) -> bool:
    """Whether one of the licences may be chosen; all must do where some of them go together."""
    each = [bool(ACCEPTED.search(name)) for name in NAMES.split(licence)]
    return all(each) if " AND " in licence else any(each)


def page(found: Iterable[Row]) -> Iterator[str]:
    yield HEAD
    for row in found:
        yield f"| {row.package} | {row.version} | {row.licence or 'not stated'} |\n"


def main() -> int:
    found = rows(metadata.distributions())
    sys.stdout.writelines(page(found))
    refused = [row for row in found if not is_accepted(row.licence)]
    for row in refused:
        print(f"{row.package} {row.version}: {row.licence or 'not stated'}", file=sys.stderr)  # noqa: T201 (a script says what is wrong)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
