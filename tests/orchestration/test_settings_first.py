"""Wrong settings stop a run before it reads a file or writes a byte, and say the same everywhere;
a run whose last step failed never ends as a good one."""

from datetime import date
from pathlib import Path

import pytest

from orchestration import doctor, pipeline
from orchestration.pipeline import RunReport
from orchestration.run import Step
from warehouse import home as homes
from warehouse.errors import ConfigurationError
from warehouse.home import Home

WRONG = {
    "keep_release = 6": "keep_releases",
    "authorities = ['999']": "999",
    "[[delivery]]\nkind = 'pigeon'": "pigeon",
    "[[delivery]]\nkind = 'smtp'\nhost = 'mail'\nsender = 'us'\nrecipients = ['a@b.uk']": "sender",
}


def everything(home: Home) -> dict[Path, int]:
    return {path: path.lstat().st_mtime_ns for path in home.root.rglob("*")}


@pytest.mark.parametrize(("text", "word"), WRONG.items())
def test_a_run_stops_at_wrong_settings_before_anything_is_read(
    tmp_path: Path, text: str, word: str
) -> None:
    home = homes.create(tmp_path / "monitor")
    (home.inbox / "301").mkdir()
    (home.inbox / "301" / "return.csv").write_text("upn\n")
    home.config.write_text(text)
    before = everything(home)
    with pytest.raises(ConfigurationError, match=word) as told:
        pipeline.run(home)
    assert told.value.exit_code == 3
    assert everything(home) == before
    assert dict(doctor.examine(home))["settings"] == told.value.message


@pytest.mark.parametrize(
    ("outcome", "fault", "steps", "code"),
    [
        ("released", None, [], 0),
        ("released", "step delivery: OSError", [], 7),
        ("unchanged", "step delivery: OSError", [], 7),
        ("released", None, [Step("delivery", found={"undelivered": 1})], 7),
        ("released", "step delivery: OSError", [Step("intake", found={"refused": 1})], 7),
        ("failed", "step models: OSError", [], 1),
    ],
)
def test_a_failed_step_is_never_a_good_end(
    outcome: str, fault: str | None, steps: list[Step], code: int
) -> None:
    report = RunReport(outcome, date(2026, 10, 20), "2026-10-20.1", 1.0, fault, [], steps)
    assert report.exit_code == code
