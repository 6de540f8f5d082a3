"""Commands that keep a monitor going: Dagster's pages and daemon."""

import os
import signal
import subprocess
import sys
from typing import Any

import click

from orchestration.console import home_option, say

LOOPBACK = "127.0.0.1"


@click.command("up")
@click.option("--port", default=3000, show_default=True, help="The port on this machine alone.")
@home_option
def up(home: Any, port: int) -> int:
    """Start Dagster's pages, its schedule and its watch on the inbox, for this machine alone.

    Example: sightline up --port 3000
    """
    from orchestration import dagster_home

    environment = os.environ | dagster_home.environment(home)
    module = ["-m", "orchestration.definitions"]
    commands = [
        [*_python("dagster_webserver"), "--host", LOOPBACK, "--port", str(port), *module],
        [*_python("dagster._daemon"), "run", *module],
    ]
    processes = [
        subprocess.Popen(command, env=environment, cwd=home.root)  # noqa: S603 (our own words)
        for command in commands
    ]
    say(f"http://{LOOPBACK}:{port}/  (stop with Ctrl+C)")
    try:
        return _first_to_end(processes)
    except KeyboardInterrupt:
        return 0
    finally:
        for process in processes:
            process.send_signal(signal.SIGINT)
        for process in processes:
            process.wait()


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", module]


def _first_to_end(processes: list[subprocess.Popen[bytes]]) -> int:
    """Neither is of use without the other."""
    pid, status = os.wait()
    for process in processes:
        if process.pid == pid:
            process.returncode = os.waitstatus_to_exitcode(status)
    return 1


COMMANDS = (up,)
