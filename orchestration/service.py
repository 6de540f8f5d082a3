"""What `sightline up` keeps going: Dagster's pages and its daemon, for one monitor."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import BinaryIO

from sightline.orchestration import dagster_home, dagster_storage, orphaned_runs
from sightline.orchestration.lock import RUN_LOCK, UP_LOCK, held, holder
from sightline.orchestration.logs import log
from sightline.warehouse import clock
from sightline.warehouse.errors import Busy, ConfigurationError, SightlineError
from sightline.warehouse.home import Home

LOOPBACK = "127.0.0.1"
STOPPED_BY = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
# Marks all processes that are ours, also those that they start, also after we are gone.
MARK = "KEPT_UP_BY_SIGHTLINE"
GRACE, LAST = 10.0, 5.0
BETWEEN_LOOKS, BETWEEN_SETTLING = 0.5, 30.0
PROC = Path("/proc")
MODULE = "sightline.orchestration.definitions"
LARGE = 10_000_000
SET_BACK = timedelta(minutes=1)


class Up:
    """The processes of one monitor, and the signal that has asked for their end."""

    def __init__(
        self, home: Home, port: int, say: Callable[[str], None], host: str = LOOPBACK
    ) -> None:
        self.home, self.host, self.port, self.say = home, host, port, say
        self.stopped_by: int | None = None
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def keep(self) -> None:
        """Until a signal asks for the end.

        Raises Busy where another process keeps this monitor up, ConfigurationError where settings
        or port do not do, SightlineError where the pages or the daemon end by themselves.
        """
        busy = "this monitor is kept up already ({}); stop that first"
        with held(self.home.restricted / UP_LOCK, patience=0, otherwise=busy), self._signals():
            end(of(self.home), spare=holder(self.home.restricted / RUN_LOCK))
            _check_port(self.host, self.port)
            while self.stopped_by is None:
                self._set_right()
                with TemporaryDirectory(prefix="sightline-") as folder:
                    try:
                        self._start(Path(folder))
                        self._watch()
                    finally:
                        self._stop()
            self._settle(nobody_starts=True)

    def _set_right(self) -> None:
        """What was left behind: a damaged storage, runs whose process is gone."""
        if dagster_storage.damaged(self.home):
            dagster_home.set_aside(self.home)
        if not self._settle(nobody_starts=True):
            dagster_home.set_aside(self.home)

    def _start(self, folder: Path) -> None:
        """The code first, which the pages and the daemon ask, and which runs are started by."""
        socket_path, workspace = folder / "code.socket", folder / "workspace.yaml"
        server = {"socket": str(socket_path), "location_name": MODULE}
        workspace.write_text(json.dumps({"load_from": [{"grpc_server": server}]}))
        code = ["api", "grpc", "--socket", str(socket_path), "--module-name", MODULE]
        self._begin("the code server", "dagster", *code, "--location-name", MODULE)
        while not socket_path.exists() and self.stopped_by is None:
            self._check()
            time.sleep(BETWEEN_LOOKS)
        asks = ["--workspace", str(workspace)]
        address = ["--host", self.host, "--port", str(self.port), "--dagster-log-level", "warning"]
        self._begin("the pages", "dagster_webserver", *address, *asks)
        self._begin("the daemon", "dagster._daemon", "run", *asks)

    def _begin(self, name: str, module: str, *arguments: str) -> None:
        """What it prints may quote data, and goes to restricted/."""
        if self.stopped_by is not None:
            return
        environment = os.environ | dagster_home.environment(self.home)
        with open_log(self.home) as output:
            self.processes[name] = subprocess.Popen(  # noqa: S603 (our own words)
                [sys.executable, "-m", module, *arguments, "--log-level", "warning"],
                env=environment | {MARK: str(self.home.root)},
                cwd=self.home.root,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _check(self) -> None:
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise SightlineError(
                    f"{name} of Dagster ended (code {process.returncode}), and what belongs to it"
                    f" was stopped; {log_path(self.home)} says more. Start again: sightline up"
                )

    def _watch(self) -> None:
        """Returns when a signal came, or Dagster has to be started again: its storage is damaged,
        or the clock was set back, and its daemon waits for the time that it knew."""
        is_told, settled, said = False, time.monotonic(), clock.now()
        while self.stopped_by is None:
            self._check()
            if clock.now() < said - SET_BACK:
                log.warning("the clock was set back: Dagster is started again")
                return
            said = clock.now()
            if not is_told and _answers(_own(self.host), self.port):
                is_told = True
                self.say(f"http://{_in_address(self.host)}:{self.port}/  (stop with Ctrl+C)")
            if time.monotonic() - settled >= BETWEEN_SETTLING:
                settled = time.monotonic()
                if dagster_storage.damaged(self.home) or not self._settle():
                    return
            time.sleep(BETWEEN_LOOKS)

    def _settle(self, *, nobody_starts: bool = False) -> bool:
        """End the runs whose process is gone, unless one is going on; False where Dagster's
        storage is damaged."""
        try:
            with dagster_home.instance(self.home) as instance:
                if nobody_starts:
                    orphaned_runs.forget_the_future(instance)
                with held(self.home.restricted / RUN_LOCK, patience=0):
                    if nobody_starts:
                        dagster_storage.bring_up_to_date(instance, self.home)
                    done = orphaned_runs.settle(instance, self.home, nobody_starts=nobody_starts)
            for run_id in done:
                log.warning("run %s ended before its time; the next may start", run_id)
        except Busy:
            return True
        except dagster_storage.StorageDamaged as fault:
            if dagster_storage.is_damage(fault):
                return False
            log.warning("Dagster's log of runs is busy")
        return True

    def _stop(self) -> None:
        """End all of our processes; a run goes on to its end where it is not we who are stopped."""
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
        until = time.monotonic() + GRACE
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
        working = holder(self.home.restricted / RUN_LOCK) if self.stopped_by is None else None
        end(of(self.home), spare=working)
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        self.processes.clear()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Remember which signal came; one that was ignored before stays so, as nohup wants it."""

        def remember(number: int, _frame: FrameType | None) -> None:
            self.stopped_by = number

        before = {
            number: signal.signal(number, remember)
            for number in STOPPED_BY
            if signal.getsignal(number) is not signal.SIG_IGN
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def log_path(home: Home) -> Path:
    return home.restricted / "logs" / "up.log"


@contextmanager
def open_log(home: Home) -> Iterator[BinaryIO]:
    """What Dagster's processes print; a file that has grown large gives way to a new one."""
    path = log_path(home)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.exists() and path.stat().st_size > LARGE:
        path.replace(path.with_suffix(".former.log"))
    with path.open("ab") as file:
        yield file


def of(home: Home) -> list[int]:
    """The processes that this or an earlier `up` of this monitor has started, where the system
    tells."""
    mark = os.fsencode(f"{MARK}={home.root}")
    processes = []
    for path in PROC.glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark in path.read_bytes().split(b"\0"):
                processes.append(int(path.parent.name))
    return processes


def end(processes: list[int], *, spare: int | None = None) -> None:
    """By force: whatever they did is undone or done again by what comes next.

    What a process that is to be spared has started is spared too.
    """
    left = [
        process for process in processes if process != os.getpid() and not _is_of(process, spare)
    ]
    for process in left:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    until = time.monotonic() + LAST
    while any(_is_there(process) for process in left) and time.monotonic() < until:
        time.sleep(0.05)


def _is_of(process: int, spare: int | None) -> bool:
    """Whether it is this process, or was started by it or by one that it has started."""
    while spare and process > 1:
        if process == spare:
            return True
        try:
            stat = (PROC / str(process) / "stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            return False
        # Its name, in brackets, may hold anything; then come its state and its parent.
        process = int(stat.rpartition(")")[2].split()[1])
    return False


def _is_there(process: int) -> bool:
    """Whether it still holds anything; one that has ended and waits to be noticed does not."""
    try:
        return bool((PROC / str(process) / "environ").read_bytes())
    except OSError:
        return False


def _check_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except (OSError, OverflowError) as fault:
            why = getattr(fault, "strerror", None) or "no such port"
            what = f"port {port}" if host == LOOPBACK else f"port {port} of {host}"
            raise ConfigurationError(
                f"{what} cannot be had ({why}); choose another with --port"
            ) from None


def _own(host: str) -> str:
    """Where this machine itself reaches what listens on an address, or on all of them."""
    return {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)  # noqa: S104 (it is asked for)


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/server_info")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
