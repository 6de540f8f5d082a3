"""A PostgreSQL server of the tests' own, on this machine and for as long as they run."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sightline.warehouse.home import Home

ROLE, PASSWORD, ADMIN = "sightline", "not:in\\any-log", "only for tests"
PROGRAMS = ("postgres", "initdb", "pg_ctl", "psql")
ACCOUNT = "postgres"  # the server refuses to run as root


@dataclass(frozen=True)
class Postgres:
    """Where it listens, and what its administrator can do."""

    port: int
    programs: Path

    def asked(self, *statements: str, database: str = "postgres") -> str:
        """What the administrator's statements print."""
        command = [self.programs / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *self._where]
        for statement in statements:
            command += ["-c", statement]
        environment = os.environ | {"PGPASSWORD": ADMIN}
        done = subprocess.run(
            [*command, database], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def made(self, name: str, how: str = "encoding 'UTF8' locale 'C'") -> str:
        """The URL of a new, empty database."""
        self.asked(f"create database {name} owner {ROLE} template template0 {how}")
        return f"postgresql://{ROLE}@127.0.0.1:{self.port}/{name}"

    @property
    def _where(self) -> list[str]:
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", ACCOUNT]


def objection() -> str | None:
    """Why no server can be started here, or None."""
    if _programs() is None:
        return "no PostgreSQL server is installed (Debian: apt-get install postgresql)"
    if os.geteuid() == 0 and (shutil.which("runuser") is None or _owner() is None):
        return f"the server does not run as root, and there is no account {ACCOUNT} to run it as"
    try:
        import psycopg2  # noqa: F401
    except ModuleNotFoundError:
        lock = "requirements-postgres.lock"
        return f"the driver is missing: pip install --no-deps --require-hashes -r {lock}"
    return None


def put(home: Home, url: str) -> None:
    """Say in the settings of a monitor where its state is kept."""
    text = home.config.read_text(encoding="utf-8")
    home.config.write_text(f'{text}\n[state]\nurl = "{url}"\n', encoding="utf-8")


@contextmanager
def running() -> Iterator[Postgres]:
    programs = _programs()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="sightline-postgres-"))
    try:
        if owner := _owner():
            shutil.chown(folder, *owner)
        data = folder / "data"
        password = folder / "password"
        password.write_text(ADMIN)
        password.chmod(0o644)
        _run(
            programs / "initdb", "-D", data, "-U", ACCOUNT, "-A", "scram-sha-256",
            "--pwfile", password, "-E", "UTF8", "--locale", "C", "--no-sync",
        )  # fmt: skip
        port = _free_port()
        options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off -c max_connections=200"
        _run(programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            server = Postgres(port, programs)
            server.asked(f"create role {ROLE} login password $${PASSWORD}$$")
            yield server
        finally:
            _run(programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(*command: object) -> None:
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["runuser", "-u", ACCOUNT, "--", *words]
    # What the server keeps open of a pipe would keep us waiting.
    done = subprocess.run(
        words, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 0, f"{words} ended with {done.returncode}"


def _programs() -> Path | None:
    """The folder of the newest server, which Debian keeps off the path, or of the one on it."""
    folders = [*Path("/usr/lib/postgresql").glob("*/bin")]
    folders.sort(key=lambda folder: int(folder.parent.name))
    if ours := shutil.which("postgres"):
        folders.insert(0, Path(ours).resolve().parent)
    whole = [one for one in folders if all((one / name).exists() for name in PROGRAMS)]
    return whole[-1] if whole else None


def _owner() -> tuple[str, str] | None:
    import pwd

    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        return None
    return ACCOUNT, ACCOUNT


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
