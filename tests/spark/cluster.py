"""A Spark cluster on this machine: one master and two workers, from the package alone."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WORKERS = 2
PATIENCE = 120
UP = re.compile(r"Starting Spark master at (spark://\S+)")
ANSWERS = "Registering worker"
PACKAGE = "org.apache.spark.deploy"


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of the master, once both workers have registered; all end with the block."""
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(folder / "workers"),
    }
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, *arguments: str) -> Path:
        log = folder / f"{name}.log"
        with log.open("wb") as out:
            command = [str(home / "bin" / "spark-class"), *arguments]
            started.append(
                subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
            )
        return log

    try:
        # port 0: whichever is free
        log = start(
            "master", f"{PACKAGE}.master.Master", "--host", "127.0.0.1", "--port", "0",
            "--webui-port", "0",
        )  # fmt: skip
        address = _found(log, UP, 1)[0]
        for number in range(WORKERS):
            start(
                f"worker_{number}", f"{PACKAGE}.worker.Worker", "--cores", "1", "--memory", "2g",
                "--host", "127.0.0.1", "--webui-port", "0", address,
            )  # fmt: skip
        _found(log, re.compile(ANSWERS), WORKERS)
        yield address
    finally:
        for one in reversed(started):
            one.terminate()
        for one in started:
            one.wait(30)


def _found(log: Path, said: re.Pattern[str], times: int) -> list[str]:
    """What a process says so many times; raises TimeoutError with its last words."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = said.findall(log.read_text())
        if len(found) >= times:
            return found
        time.sleep(0.5)
    raise TimeoutError(f"{said.pattern}: not said {times} times\n{log.read_text()[-2000:]}")
