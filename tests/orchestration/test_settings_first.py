"""Wrong settings stop a run before it reads a file or writes a byte, the same everywhere."""

from pathlib import Path

import pytest

from orchestration import doctor, pipeline
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
