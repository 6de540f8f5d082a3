"""Starts the command line in processes of its own, forked from one that has imported all it needs.

Each command has its own process, environment and folder, as if a shell had started it; the seconds
that Python takes to import frameworks, and dbt to parse the models for a new monitor, are spent
once for a worker of the tests.
"""

import atexit
import gc
import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
IMPORTED = (
    "sightline.orchestration.definitions",
    "sightline.orchestration.defs.dbt",
    "sightline.orchestration.defs.release",
    "sightline.orchestration.defs.signals",
    "dbt.cli.main",
    "dbt.adapters.duckdb",
    "sightline.expectations.release",
    "sightline.expectations.signals",
    "sightline.expectations.submissions",
    "great_expectations",
)


class Starter:
    """A process that waits, with everything imported, for commands to start."""

    def __init__(self) -> None:
        path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.process = subprocess.Popen(
            [sys.executable, "-c", "import started; started.serve()"],
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments: tuple[str, ...], seconds: float) -> subprocess.CompletedProcess[str]:
        """Raises TimeoutExpired, and stops the command, where it takes longer than this."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            request = {
                "arguments": arguments,
                "environment": dict(os.environ),
                "folder": str(Path.cwd()),
                "out": f"/proc/{os.getpid()}/fd/{out.fileno()}",
                "err": f"/proc/{os.getpid()}/fd/{err.fileno()}",
            }
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            print(json.dumps(request), file=self.process.stdin, flush=True)
            child = int(self.process.stdout.readline())
            timer = threading.Timer(seconds, os.kill, (child, 9))
            timer.start()
            code = int(self.process.stdout.readline())
            if not timer.is_alive():
                raise subprocess.TimeoutExpired(arguments, seconds)
            timer.cancel()
            said = [_text(file) for file in (out, err)]
        return subprocess.CompletedProcess(arguments, code, *said)


_waiting: list[Starter] = []


def run(arguments: tuple[str, ...], seconds: float) -> subprocess.CompletedProcess[str]:
    """One command to its end; several threads may ask at once."""
    starter = _waiting.pop() if _waiting else Starter()
    done = starter.run(arguments, seconds)
    _waiting.append(starter)
    return done


def serve() -> None:
    """Start what is asked for, line by line; in the process of a command, be that command."""
    before = set(os.environ)
    for name in IMPORTED:
        importlib.import_module(name)
    switches = {name: value for name, value in os.environ.items() if name not in before}
    parse = parsed_before()
    gc.freeze()
    assert threading.active_count() == 1, "threads do not live on in a forked process"
    from sightline.orchestration import dbt_runner
    from sightline.orchestration.cli import main

    for line in sys.stdin:
        child = os.fork()
        if not child:
            _become(json.loads(line), switches)
            dbt_runner.parse = parse
            _end(main)
        _say(child)
        _say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def parsed_before() -> Callable[[Any], Any]:
    """What stands in for dbt's parse in a command: the same models, already parsed; dbt would do it
    anew for each monitor, since its files lie elsewhere."""
    from sightline.orchestration import dbt_runner
    from sightline.warehouse import home as homes

    with tempfile.TemporaryDirectory() as folder:
        other = homes.create(Path(folder) / "monitor")
        manifest = dbt_runner.parse(other)
        text = (other.dbt / "target" / "manifest.json").read_bytes()

    def parse(home: Any) -> Any:
        target = home.dbt / "target"
        target.mkdir(exist_ok=True)
        (target / "manifest.json").write_bytes(text)
        dbt_runner._parsed[home.root] = manifest
        return manifest

    return parse


def _end(main: Callable[[], None]) -> None:
    """Run a command and leave as the interpreter does, but for taking frameworks apart: what they
    print then is none of the command's doing."""
    code: Any = 1
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        traceback.print_exc()
    finally:
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code or 0)


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _become(request: dict[str, Any], switches: dict[str, str]) -> None:
    """Take over the folder, environment and files of whoever asked; `switches` are those that
    frameworks were imported with."""
    for handle, path in ((0, os.devnull), (1, request["out"]), (2, request["err"])):
        opened = os.open(path, os.O_RDWR)
        os.dup2(opened, handle)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = (
        open(handle, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
        for handle, mode in ((0, "r"), (1, "w"), (2, "w"))
    )
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(switches | request["environment"])
    sys.argv = ["-c", *request["arguments"]]


def _text(file: Any) -> str:
    file.seek(0)
    return file.read().decode()
