"""Sixty simulated days with faults at random, beside the same days in peace.

    python tests/soak --days 60 --seed 7
    python tests/soak --days 20 --only killed --times 10 --keep /tmp/soak

Exits with 1 and the differences where the two do not end alike. It prints its seed: the same seed
gives the same days and faults, but for the moment at which a process is killed.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2])]

from faults import FAULTS  # noqa: E402 (the project has to be found first)
from soaking import soak  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/soak", description=__doc__)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--areas", type=int, default=2)
    parser.add_argument("--times", type=int, default=2, help="how often each fault strikes")
    parser.add_argument("--only", nargs="+", choices=FAULTS, default=list(FAULTS))
    parser.add_argument("--keep", type=Path, help="an empty folder to work in and leave as it is")
    given = parser.parse_args()
    began = time.monotonic()

    def say(line: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:6.1f} s  {line}\n")
        sys.stdout.flush()

    say(f"seed {given.seed}")
    with tempfile.TemporaryDirectory(prefix="sightline-soak-") as scratch:
        folder = given.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        found = soak(
            folder,
            seed=given.seed,
            days=given.days,
            areas=given.areas,
            times=given.times,
            kinds=given.only,
            say=say,
        )
    for line in found:
        say(f"NOT ALIKE: {line}")
    say(f"seed {given.seed}: {'failed' if found else 'both ended alike'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
