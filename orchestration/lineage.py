"""How each table is derived: dbt's documentation and graph of all models, as one page.

It is made from the models alone. No monitor is opened, so there is no value in it, and nothing of
the machine on which it was made.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from sightline.orchestration import dbt_runner
from sightline.warehouse import home as homes

# Where a model lay, and when and by whom it was read: of the machine, not of the project.
OF_THE_MACHINE = ("root_path", "compiled_path", "build_path", "created_at")
PROJECT = ("dbt_schema_version", "dbt_version", "adapter_type", "project_name")


def write(path: Path) -> None:
    """Write the page; it opens from a folder and asks for nothing."""
    with tempfile.TemporaryDirectory() as folder:
        made = dbt_runner.documented(homes.create(Path(folder) / "none"))
        page = (made / "static_index.html").read_text(encoding="utf-8")
        for name in ("manifest.json", "catalog.json"):
            found = (made / name).read_text(encoding="utf-8")
            if page.count(found) != 1:
                raise RuntimeError(f"dbt no longer writes {name} into its page as it stands")
            page = page.replace(found, json.dumps(_of_the_project(json.loads(found))))
    path.write_text(page, encoding="utf-8")


def _of_the_project(document: dict[str, Any]) -> dict[str, Any]:
    metadata = {name: document["metadata"].get(name) for name in PROJECT}
    whole: dict[str, Any] = _without(document, OF_THE_MACHINE)
    return whole | {"metadata": metadata}


def _without(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {key: _without(each, names) for key, each in value.items() if key not in names}
    return [_without(each, names) for each in value] if isinstance(value, list) else value
