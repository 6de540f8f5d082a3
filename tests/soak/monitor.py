"""A monitor under test: its commands run as processes of their own, at a time that is given."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

from sightline.warehouse import home as homes
from sightline.warehouse.clock import LONDON
from sightline.warehouse.home import Home

MORNING = time_of_day(6, 15)
SENT, REFUSED, UNDELIVERED = 0, 4, 7
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Ended:
    code: int
    output: str
    errors: str


@dataclass
class Process:
    """A command that goes on."""

    pid: int
    files: tuple[Path, Path]

    def kill(self, *, with_children: bool) -> None:
        target = -self.pid if with_children else self.pid
        try:
            os.kill(target, signal.SIGKILL)
        except ProcessLookupError:
            return

    def ended(self) -> Ended:
        _, status = os.waitpid(self.pid, 0)
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in self.files]
        for path in self.files:
            path.unlink()
        return Ended(os.waitstatus_to_exitcode(status), *texts)


@dataclass
class Monitor:
    """`now` is what its clock says."""

    home: Home
    now: datetime
    mailbox: "Mailbox"
    environment: dict[str, str] = field(default_factory=dict)

    def start(
        self, *arguments: str, at: datetime | None = None, largest_file: int | None = None
    ) -> Process:
        """Begin a command in a copy of this process, in which all libraries are loaded."""
        files = (_scratch(), _scratch())
        pid = os.fork()
        if pid == 0:
            if largest_file:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
            _become(arguments, self.home, at or self.now, self.environment, files)
        return Process(pid, files)

    def command(self, *arguments: str, at: datetime | None = None) -> Ended:
        return self.start(*arguments, at=at).ended()

    def run(self, at: datetime | None = None) -> Ended:
        return self.command("run", at=at)

    def run_until_good(self) -> Ended:
        """As a schedule would: again until it is done, five times at most."""
        for _ in range(5):
            ended = self.run()
            if ended.code in (SENT, REFUSED):
                return ended
        raise AssertionError(f"{self.now}: exit code {ended.code}: {ended.errors[-600:]}")

    def unhealthy(self, at: datetime | None = None) -> set[str]:
        """The rules that `sightline health` names."""
        ended = self.command("health", "--json", at=at)
        try:
            found: dict[str, Any] = json.loads(ended.output)
        except ValueError:
            raise AssertionError(f"health: {ended.code} {ended.output} {ended.errors}") from None
        return {fault["rule"] for fault in found["faults"]}

    @contextmanager
    def given(self, **environment: str) -> Iterator[None]:
        former, self.environment = self.environment, self.environment | environment
        try:
            yield
        finally:
            self.environment = former


class Mailbox:
    """A mail server that can be taken down and up."""

    def __init__(self, book: Path) -> None:
        self.book = book
        self.port = _free_port()
        self.process: subprocess.Popen[str] | None = None
        book.touch()

    def up(self) -> None:
        if self.process is None:
            command = [sys.executable, str(HERE / "mailbox.py"), str(self.port), str(self.book)]
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert self.process.stdout is not None
            assert self.process.stdout.readline() == "ready\n"

    def down(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def taken(self) -> list[str]:
        return self.book.read_text(encoding="utf-8").split()


def made(folder: Path, first: date) -> Monitor:
    """A new monitor that sends mail to a server of its own."""
    home = homes.create(folder / "monitor")
    mailbox = Mailbox(folder / "mails.txt")
    mailbox.up()
    text = home.config.read_text(encoding="utf-8")
    block = f"""
[[delivery]]
kind = "smtp"
host = "127.0.0.1"
port = {mailbox.port}
sender = "sightline@example.org"
recipients = ["lead@example.org"]
security = "none"
"""
    home.config.write_text(text + block, encoding="utf-8")
    return Monitor(home, morning(first), mailbox)


def morning(day: date) -> datetime:
    """When the schedule starts a run, in UTC without a zone."""
    return datetime.combine(day, MORNING, LONDON).astimezone(UTC).replace(tzinfo=None)


def load_everything() -> None:
    """Import once what every run needs, so that its copies begin at once."""
    import dagster_dbt  # noqa: F401
    import dbt.cli.main  # noqa: F401
    import great_expectations  # noqa: F401

    import sightline.orchestration.cli
    import sightline.orchestration.definitions
    import sightline.orchestration.pipeline
    import sightline.orchestration.resources
    import sightline.orchestration.steps.intake
    import sightline.orchestration.steps.marts
    import sightline.orchestration.steps.models
    import sightline.orchestration.steps.published
    import sightline.orchestration.steps.release  # noqa: F401


def _become(
    arguments: tuple[str, ...],
    home: Home,
    at: datetime,
    environment: Mapping[str, str],
    files: tuple[Path, Path],
) -> None:
    """Never returns: this process is the command now."""
    code = 1
    try:
        os.setsid()
        for number, path in enumerate(files, start=1):
            os.dup2(os.open(path, os.O_WRONLY), number)
        os.environ |= dict(environment)
        os.chdir(home.root)
        code = _main(arguments, _clock_from(at))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _main(arguments: tuple[str, ...], now: Callable[[], datetime]) -> int:
    from sightline.orchestration.cli import main
    from sightline.warehouse import clock

    clock.now = now
    sys.argv = ["sightline", *arguments]
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def _clock_from(at: datetime) -> Callable[[], datetime]:
    began = time.monotonic()
    return lambda: at + timedelta(seconds=time.monotonic() - began)


def _scratch() -> Path:
    handle, name = tempfile.mkstemp(prefix="soak-")
    os.close(handle)
    return Path(name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
