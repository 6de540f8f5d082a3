"""Small returns as they are really sent, each with what must come of it, read where they lie."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sightline.orchestration.cli import commands

ROOT = Path(__file__).parents[3]
CASES = ROOT.parent / "shared" / "cases" / "intake"
FOLDERS = sorted(CASES.iterdir()) if CASES.is_dir() else []


def holds(folder: Path, check: dict[str, Any]) -> bool | None:
    """Whether what is expected is so; None for what only a run can show."""
    if check["relation"] == "any_of":
        return any(all(holds(folder, one) for one in way) for way in check["ways"])
    where, expected = check.get("where", {}), check.get("expect", {})
    if check["relation"] == "page":
        return not re.search(expected["lacks"], (ROOT / where["file"]).read_text())
    if check["relation"] != "validate":
        return None
    asked = ["validate", str(folder / where["file"]), "--sender", where["sender"]]
    found = CliRunner().invoke(commands, asked, standalone_mode=False)
    code = found.return_value or found.exit_code
    return (
        code in expected.get("exit_code", [code])
        and re.search(expected.get("says", ""), found.output) is not None
        and not ("lacks" in expected and re.search(expected["lacks"], found.output))
    )


@pytest.mark.skipif(not FOLDERS, reason="the cases are not here")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_file_is_judged_as_its_case_says(folder: Path) -> None:
    checks = json.loads((folder / "expected.json").read_text())
    found = [holds(folder, check) for check in checks]
    if all(one is None for one in found):
        pytest.skip("only a run shows it: see the tests of homes, of care and of releases")
    assert False not in found
