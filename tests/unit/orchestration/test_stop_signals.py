"""Asked to stop: at once where that is possible, within seconds where it is not, and in silence."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support import SIGHTLINE

from sightline.orchestration.lock import held
from sightline.warehouse import home as homes

# Stands for a framework that answers the signal itself, and then goes on.
DEAF = """
import signal, sys, time
from pathlib import Path
from sightline.orchestration import stop_signals
from sightline.orchestration.lock import held
stop_signals.SECONDS = 0.5
stop_signals.listen()
for one in stop_signals.SIGNALS:
    signal.signal(one, lambda *_: None)
with held(Path(sys.argv[1])):
    print("held", flush=True)
    for _ in range(100):
        time.sleep(0.1)
"""
LISTENS = """
import sys, time
from sightline.orchestration import stop_signals
stop_signals.listen()
try:
    print("ready", flush=True)
    time.sleep(10)
except stop_signals.Stopped:
    print(stop_signals.asked(), flush=True)
    stop_signals.end()
"""

# The end is asked for where Python lets no exception out.
IN_A_FINALIZER = """
import time
from sightline.orchestration import stop_signals
stop_signals.listen()
class Last:
    def __del__(self):
        print("ready", flush=True)
        time.sleep(0.5)
try:
    Last()
    time.sleep(10)
except stop_signals.Stopped:
    print(stop_signals.asked(), flush=True)
    stop_signals.end()
"""


def started(code: str, *arguments: str, **more: object) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True, **more
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("code", [LISTENS, IN_A_FINALIZER], ids=["anywhere", "in a finalizer"])
def test_a_process_ends_with_the_exit_code_of_its_signal(code: str, by: signal.Signals) -> None:
    """Fault 72."""
    process = started(code, stderr=subprocess.PIPE)
    process.send_signal(by)
    said, told = process.communicate(timeout=5)
    assert (process.returncode, said, told) == (128 + by, f"{by.value}\n", "")


def test_whoever_does_not_end_lets_go_of_the_lock_all_the_same(tmp_path: Path) -> None:
    """Fault 72."""
    process = started(DEAF, str(tmp_path / "run.lock"))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=5)
    assert process.returncode == 128 + signal.SIGTERM
    with held(tmp_path / "run.lock"):
        pass


def test_what_is_started_to_outlive_its_terminal_does() -> None:
    ignored = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # noqa: E731
    process = started(LISTENS, preexec_fn=ignored)
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)
    process.kill()
    process.communicate()


def test_output_that_nobody_reads_is_no_fault(tmp_path: Path) -> None:
    made = homes.create(tmp_path / "monitor")
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*SIGHTLINE, "status", "--home", str(made.root)],
        stdout=write, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
    )  # fmt: skip
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")
