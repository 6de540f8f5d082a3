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
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

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


class Begun:
    """A command that goes on: its process, what it says of itself as it comes, how it ends."""

    def __init__(self, pid: int, ended: int, stdout: IO[str], stderr: IO[str]) -> None:
        self.pid, self.stdout, self.stderr = pid, stdout, stderr
        self._ended = ended

    def wait(self) -> int:
        """Its exit code, or below zero the signal that ended it."""
        with os.fdopen(self._ended, encoding="utf-8") as ended:
            return int(ended.read())


class Starter:
    """A process that waits, with everything imported, for commands to start."""

    def __init__(self) -> None:
        path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._one_at_a_time = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-c", "import started; started.serve()"],
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin(self, arguments: tuple[str, ...], script: str | None, **files: int) -> int:
        """The process of a command that writes to these open files: `out`, `err` and, when it has
        ended, how it did to `ended`."""
        request = {
            "arguments": arguments,
            "script": script,
            "environment": dict(os.environ),
            "folder": str(Path.cwd()),
            "files": {name: f"/proc/{os.getpid()}/fd/{file}" for name, file in files.items()},
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._one_at_a_time:
            print(json.dumps(request), file=self._process.stdin, flush=True)
            return int(self._process.stdout.readline())


@cache
def starter() -> Starter:
    return Starter()


def run(arguments: tuple[str, ...], seconds: float) -> subprocess.CompletedProcess[str]:
    """One command to its end; several threads may ask at once.

    Raises TimeoutExpired, and stops the command, where it takes longer than this.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as err:
        one = _begin(arguments, None, err, err.fileno())
        timer = threading.Timer(seconds, os.kill, (one.pid, signal.SIGKILL))
        timer.start()
        try:
            code = one.wait()
            if not timer.is_alive():
                raise subprocess.TimeoutExpired(arguments, seconds)
        finally:
            timer.cancel()
        with one.stdout as out:
            said = [_text(file) for file in (out, err)]
    return subprocess.CompletedProcess(arguments, code, *said)


@contextmanager
def begun(*arguments: str, script: str | None = None) -> Iterator[Begun]:
    """A command that is watched while it goes on, or a script in its place; read `stderr` to its
    end before asking how it ended."""
    reads, writes = os.pipe()
    with os.fdopen(reads, encoding="utf-8") as err:
        found = _begin(arguments, script, err, writes)
        os.close(writes)
        with found.stdout:
            yield found


def _begin(arguments: tuple[str, ...], script: str | None, err: IO[str], writes: int) -> Begun:
    ended, ends = os.pipe()
    out = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (read when it has ended)
    pid = starter().begin(arguments, script, out=out.fileno(), err=writes, ended=ends)
    os.close(ends)
    return Begun(pid, ended, out, err)


def serve() -> None:
    """Start what is asked for, line by line; in the process of a command, be that command."""
    before = set(os.environ)
    for name in IMPORTED:
        importlib.import_module(name)
    switches = {name: value for name, value in os.environ.items() if name not in before}
    from sightline.orchestration import dbt_runner
    from sightline.orchestration.cli import main
    from sightline.warehouse import home as homes

    dbt_runner.parse = parsed_once(dbt_runner.parse)
    with tempfile.TemporaryDirectory() as folder:
        dbt_runner.parse(homes.create(Path(folder) / "monitor"))
    gc.freeze()
    assert threading.active_count() == 1, "threads do not live on in a forked process"

    waiting: dict[int, int] = {}
    signal.signal(signal.SIGCHLD, lambda *_: _tell_ended(waiting))
    for line in sys.stdin:
        request = json.loads(line)
        files = {name: os.open(path, os.O_WRONLY) for name, path in request["files"].items()}
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        child = os.fork()
        if not child:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            for end in (files["ended"], *waiting.values()):
                os.close(end)
            _become(request, files, switches)
            _end(_script(request["script"]) if request["script"] else main)
        waiting[child] = files["ended"]
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        for name in ("out", "err"):
            os.close(files[name])
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


def _tell_ended(waiting: dict[int, int]) -> None:
    """Say of each command that has ended how it did, where somebody still asks."""
    while waiting:
        child, status = os.waitpid(-1, os.WNOHANG)
        if not child:
            return
        if (end := waiting.pop(child, None)) is not None:
            with suppress(BrokenPipeError), os.fdopen(end, "w", encoding="utf-8") as ended:
                ended.write(str(os.waitstatus_to_exitcode(status)))


def _script(code: str) -> Callable[[], None]:
    return lambda: exec(code, {"__name__": "__main__"})  # noqa: S102 (our own)


def parsed_once(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What stands in for dbt's parse in a process: the models as it parsed them for the first
    monitor; dbt would do it anew for each, since its files lie elsewhere."""
    from sightline.orchestration import dbt_runner

    known: list[tuple[Any, bytes]] = []

    def parsed(home: Any) -> Any:
        path = home.dbt / "target" / "manifest.json"
        if not known:
            known.append((parse(home), path.read_bytes()))
        [(manifest, text)] = known
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text)
        dbt_runner._parsed[home.root] = manifest
        return manifest

    return parsed


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


def _become(request: dict[str, Any], files: dict[str, int], switches: dict[str, str]) -> None:
    """Take over the folder, environment and files of whoever asked; `switches` are those that
    frameworks were imported with."""
    for handle, file in enumerate((os.open(os.devnull, os.O_RDONLY), files["out"], files["err"])):
        os.dup2(file, handle)
        os.close(file)
    sys.stdin, sys.stdout, sys.stderr = (
        open(handle, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
        for handle, mode in ((0, "r"), (1, "w"), (2, "w"))
    )
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(switches | request["environment"])
    sys.argv = ["-c", *request["arguments"]]


def _text(file: IO[str]) -> str:
    file.seek(0)
    return file.read()
