"""Build the site: python docs/site/build.py FOLDER."""

import shutil
import sys
import tempfile
from pathlib import Path

from site_pages import lay_out
from sphinx.cmd.build import build_main

HERE = Path(__file__).parent


def build(out: Path) -> int:
    """Write the site into `out`, which is emptied before; 0 where there is nothing to warn of."""
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory() as made:
        lay_out(Path(made))
        return made_of(Path(made), out)


def made_of(pages: Path, out: Path) -> int:
    """The site of these pages; a link or an anchor that leads nowhere is a fault."""
    with tempfile.TemporaryDirectory() as kept:
        strict = ["-W", "--keep-going", "-q", "-b", "html", "-d", kept, "-c", str(HERE)]
        code = build_main([*strict, str(pages), str(out)])
    # It names the folders of this machine by their hash.
    (out / ".buildinfo").unlink(missing_ok=True)
    return int(code)


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1])))
