"""`sightline up` as a person starts it, and what its pages and processes say; for tests."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from support import SIGHTLINE

from sightline.orchestration import service
from sightline.orchestration.lock import holder
from sightline.warehouse.home import Home

PATIENCE = 240.0
LAUNCH = """
mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""
AGAIN = """
mutation($params: ReexecutionParams!) { launchRunReexecution(reexecutionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""
STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
JOB = {
    "repositoryLocationName": "sightline.orchestration.definitions",
    "repositoryName": "__repository__",
    "jobName": "refresh",
}
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}


def until(true: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """What `true` gives as soon as it gives something."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {patience:.0f} seconds")


def free_port() -> int:
    with socket.socket() as one:
        one.bind((service.LOOPBACK, 0))
        return int(one.getsockname()[1])


class Up:
    """One `sightline up`; its output goes to a file beside the monitor."""

    def __init__(self, home: Home) -> None:
        self.home, self.port = home, free_port()
        self.output = home.root.with_name(f"{home.root.name}.{self.port}.txt")
        with self.output.open("w") as file:
            self.process = subprocess.Popen(
                [*SIGHTLINE, "up", "--home", str(home.root), "--port", str(self.port)],
                stdout=file,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )

    def answered(self) -> "Up":
        """Once its address was printed, which is when it answers."""
        address = f"http://{service.LOOPBACK}:{self.port}/"
        until(lambda: address in self.output.read_text() or self.process.poll() is not None)
        assert self.process.poll() is None, self.output.read_text()
        return self

    def asked(self, query: str, **variables: Any) -> Any:
        connection = HTTPConnection(service.LOOPBACK, self.port, timeout=60)
        body = json.dumps({"query": query, "variables": variables})
        connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        assert "errors" not in answer, answer
        return answer["data"]

    def launched(self, **selection: Any) -> str:
        """The id of a run that a button of the pages starts."""
        params = {"selector": JOB | selection, "runConfigData": {}}
        answer = self.asked(LAUNCH, params=params)["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return str(answer["run"]["runId"])

    def status(self, run_id: str) -> str:
        return str(self.asked(STATUS, id=run_id)["runOrError"]["status"])

    def ended(self, run_id: str) -> str:
        return str(until(lambda: self.status(run_id) if self.status(run_id) in ENDED else None))

    def pid(self, words: str) -> int:
        """The process of ours whose command holds these words."""
        return int(until(lambda: next(iter(processes(self.home, words)), None)))

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


def processes(home: Home, words: str = "") -> list[int]:
    found = []
    for pid in service.of(home):
        with suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if command and words in command:
                found.append(pid)
    return found


def worker(home: Home) -> int | None:
    """The process of a run that was started by a button, a schedule or a sensor, once it has
    begun; `up` itself holds the lock for moments."""
    found = holder(home.restricted / "run.lock")
    return found if found in processes(home, "spawn_main") else None


@contextmanager
def up(home: Home) -> Iterator[Up]:
    one = Up(home)
    try:
        yield one.answered()
    finally:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        service.end(service.of(home))
