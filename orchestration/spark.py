"""Apache Spark for the time of a build: a session with a folder for rows on their way and back."""

import importlib.util
import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sightline.warehouse.connection import memory_limit, threads
from sightline.warehouse.errors import ConfigurationError, MachineFault
from sightline.warehouse.home import Home
from sightline.warehouse.settings import Settings, bytes_of

LOCAL = "local["
OWN_FOLDER = "sightline-rows"


@contextmanager
def session(home: Home, settings: Settings) -> Iterator[Path]:
    """Spark for the time of one build, and the folder in which it finds rows and leaves its own.

    Nothing in the folder outlives the build. Raises ConfigurationError where Spark is not
    installed, MachineFault where it does not start.
    """
    check()
    folder, spill = folder_of(home, settings), home.restricted / "spill" / "spark"
    for one in (folder, spill):
        shutil.rmtree(one, ignore_errors=True)
        one.mkdir(mode=0o700, parents=True)
    try:
        spark = _started(folder, spill, settings)
        try:
            yield folder
        finally:
            spark.stop()
    finally:
        for one in (folder, spill):
            shutil.rmtree(one, ignore_errors=True)


def folder_of(home: Home, settings: Settings) -> Path:
    """Of the folder that the settings name only a part of our own is ever emptied."""
    given = settings.spark.folder
    return Path(given) / OWN_FOLDER if given else home.restricted / "spill" / OWN_FOLDER


def check() -> None:
    """Raises ConfigurationError where something is missing that Spark needs here."""
    if not all(map(_is_installed, ("pyspark", "dbt.adapters.spark"))):
        raise ConfigurationError(
            'engine = "spark" needs more than is installed here: pip install "sightline[spark]"'
        )
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise ConfigurationError('engine = "spark" needs Java 17 or later, and here is none')


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _started(folder: Path, spill: Path, settings: Settings) -> Any:
    """A session that dbt's adapter finds when it asks for one."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    os.environ["SPARK_LOCAL_DIRS"] = str(spill)  # of this process; workers have their own
    if settings.spark.master.startswith(LOCAL):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.master(settings.spark.master).appName("sightline")
    for name, value in _configuration(folder, settings).items():
        builder = builder.config(name, value)
    asked_to_stop = signal.getsignal(signal.SIGINT)
    try:
        return builder.getOrCreate()
    except (PySparkException, Py4JError) as fault:
        raise MachineFault(
            f"Spark at {settings.spark.master} does not start ({type(fault).__name__}); Java 17 or"
            " later is needed here, and a master that answers"
        ) from fault
    finally:
        if asked_to_stop is not None and signal.getsignal(signal.SIGINT) is not asked_to_stop:
            signal.signal(signal.SIGINT, asked_to_stop)


def _configuration(folder: Path, settings: Settings) -> Mapping[str, str]:
    """The catalogue is in memory, since its tables live for one build. Here, hundreds of parts cost
    more than they give."""
    parts = (
        {"spark.sql.shuffle.partitions": str(4 * threads(settings))}
        if settings.spark.master.startswith(LOCAL)
        else {}
    )
    return {
        "spark.driver.memory": f"{bytes_of(memory_limit(settings)) >> 20}m",
        "spark.log.level": "ERROR",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        **parts,
        **settings.spark.conf,
    }
