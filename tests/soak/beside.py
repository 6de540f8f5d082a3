"""Lets a script of this folder find what the tests share, as pytest does."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
