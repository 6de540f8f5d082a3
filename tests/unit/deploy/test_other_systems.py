"""Where it cannot run it says so, before anything else of it is imported."""

import subprocess
import sys

ON_WINDOWS = """
import sys
sys.platform = "win32"
for name in ("fcntl", "resource", "pwd", "grp", "click"):
    sys.modules[name] = None
from sightline.__main__ import main
main()
"""


def test_windows_is_told_in_one_sentence_what_to_use_instead() -> None:
    done = subprocess.run([sys.executable, "-c", ON_WINDOWS], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "WSL 2" in done.stderr


def test_it_is_started_as_a_module_too() -> None:
    words = [sys.executable, "-m", "sightline", "--help"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0
    assert "Usage: sightline" in done.stdout
