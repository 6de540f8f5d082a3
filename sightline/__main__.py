"""`sightline`, and `python -m sightline`: nothing else is imported where it could not run."""

import sys

NOT_ON_WINDOWS = (
    "sightline: Windows lacks the locks, signals and modes of files that this rests on; use it in"
    " WSL 2 or in a container (docs/deploying.md)"
)


def main() -> None:
    if sys.platform == "win32":
        sys.exit(NOT_ON_WINDOWS)
    from sightline.orchestration import cli

    cli.main()


if __name__ == "__main__":
    main()
