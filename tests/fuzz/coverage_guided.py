"""Bend files towards code that was not reached before; see README.md beside this for how to run."""

import sys
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
with atheris.instrument_imports(include=["warehouse.intake", "warehouse.contracts"]):
    from corpus import SEEDS, complaints, taken, whole

KINDS = sorted(SEEDS)


def try_one(data: bytes) -> None:
    """The first byte says of which kind the file is to be."""
    if not data:
        return
    kind = KINDS[data[0] % len(KINDS)]
    sent = whole(kind, data[1:])
    [outcome] = taken([(SEEDS[kind][3], sent)])
    found = complaints(sent, outcome)
    if found:
        raise AssertionError(f"{kind}: {found}")


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, kind in enumerate(KINDS):
        (folder / kind).write_bytes(bytes([number]) + SEEDS[kind][0])
    atheris.Setup(sys.argv, try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
