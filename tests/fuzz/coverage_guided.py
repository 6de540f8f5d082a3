"""Bend files towards code that was not reached before; see README.md beside this for how to run."""

import sys
from importlib import import_module
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
with atheris.instrument_imports(
    include=["sightline.warehouse.intake", "sightline.warehouse.contracts"]
):
    from corpus import SEEDS, complaints, taken

    # These are imported when first needed, which would be too late.
    for late in ("intake.workbook", "contracts.cin_census.reader", "contracts.ssda903.reader"):
        import_module(f"sightline.warehouse.{late}")

KINDS = sorted(SEEDS)


def try_one(data: bytes) -> None:
    """The first byte says of which kind the file is to be."""
    if not data:
        return
    kind = KINDS[data[0] % len(KINDS)]
    sent = SEEDS[kind].whole(data[1:])
    [outcome] = taken([(SEEDS[kind].sender, sent)])
    found = complaints(sent, outcome)
    if found:
        raise AssertionError(f"{kind}: {found}")


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, kind in enumerate(KINDS):
        (folder / kind).write_bytes(bytes([number]) + SEEDS[kind].content)
    atheris.Setup(sys.argv, try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
