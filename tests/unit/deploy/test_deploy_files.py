"""What stands in deploy/ is what the command line, the settings and the tools of the trade take."""

import json
import re
import shlex
import shutil
import socket
import subprocess
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import click
import pytest
import yaml

from sightline.orchestration.cli import commands
from sightline.orchestration.commands.service import up
from sightline.orchestration.configuration import checked
from sightline.warehouse import home as homes
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.home import Home
from sightline.warehouse.settings import EVERY_MORNING, HOME_VARIABLE, PREFIX, load_settings

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
SERVICE = ROOT / "orchestration/service.py"
UNITS = DEPLOY / "systemd"
DOCKERFILE = DEPLOY / "container/Dockerfile"
COMPOSE = DEPLOY / "container/compose.yaml"
KUBERNETES = DEPLOY / "kubernetes"
NGINX = KUBERNETES / "base/nginx.conf"
PROGRAM = "/opt/sightline/bin/sightline"
IN_CONTAINERS, ON_MACHINES = Home(Path("/monitor")), Home(Path("/var/lib/sightline"))
ACCOUNT = 10001
TMP = "/tmp"  # noqa: S108 (inside a container)
# What `systemd-analyze security` calls "OK" ends at 5; these units keep well below it.
MOST_EXPOSED = 20
# docs/engineers.md, "When something fails".
ENDS_WELL, TRIES_IN_VAIN = {4, 7}, {2, 3, 6, 8}


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, each with its arguments."""
    joined = text(DOCKERFILE).replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def last(instruction: str) -> str:
    return [rest for word, rest in instructions() if word == instruction][-1]


def composed() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(text(COMPOSE))["services"]  # type: ignore[no-any-return]


def objects() -> Iterator[dict[str, Any]]:
    """What the manifests ask a cluster for."""
    for path in sorted(KUBERNETES.rglob("*.yaml")):
        if path.name != "kustomization.yaml":
            yield from yaml.safe_load_all(text(path))


def pods() -> dict[str, dict[str, Any]]:
    """By the name of what makes it."""
    found = {}
    for one in objects():
        spec = one.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            found[one["metadata"]["name"]] = spec["template"]["spec"]
    return found


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", []), *pod["containers"]]


def calls() -> Iterator[tuple[str, list[str]]]:
    """Each command of ours that a file in deploy/ starts."""
    for path in sorted(DEPLOY.rglob("*")):
        if path.is_file():
            for words in re.findall(rf"{PROGRAM} ([^>|\n]*)", text(path)):
                yield str(path.relative_to(DEPLOY)), shlex.split(words)
    yield "container/Dockerfile", json.loads(last("CMD"))
    for name, one in composed().items():
        if name != "report":
            yield f"container/compose.yaml: {name}", one["command"]
    for name, pod in pods().items():
        for one in containers(pod):
            if one["image"] == "sightline":
                yield f"kubernetes: {name}", one["args"]


def check_call(words: list[str]) -> None:
    """Raises click.UsageError where the command line does not take it."""
    command: click.Command = commands
    context = click.Context(command)
    while isinstance(command, click.Group):
        name, *words = words
        found = command.get_command(context, name)
        if found is None:
            raise click.UsageError(f"no command {name}")
        command = found
    _, rest, _ = command.make_parser(click.Context(command)).parse_args(list(words))
    takes = sum(isinstance(one, click.Argument) for one in command.params)
    if rest and not takes:
        raise click.UsageError(f"{rest} is no argument")


def test_every_command_and_option_is_one_of_ours() -> None:
    found = list(calls())
    assert len(found) > 12
    assert {words[0] for _, words in found} == {"up", "run", "deliver", "health", "init", "demo"}
    for _, words in found:
        check_call(words)


@pytest.mark.parametrize(
    "words", [["upp"], ["up", "--hots", "127.0.0.1"], ["run", "now"], ["health", "--max-age", "2"]]
)
def test_a_command_that_is_none_would_be_seen(words: list[str]) -> None:
    with pytest.raises(click.UsageError):
        check_call(words)


def test_every_variable_is_one_that_is_read(tmp_path: Path) -> None:
    names = {
        name
        for path in DEPLOY.rglob("*")
        if path.is_file() and path.suffix != ".py"
        for line in text(path).splitlines()
        if not line.lstrip().startswith("#")
        for name in re.findall(rf"\b{PREFIX}[A-Z_]+", line)
    }
    assert HOME_VARIABLE in names
    load_settings(homes.create(tmp_path / "monitor"), dict.fromkeys(names, "/monitor"))


def test_what_a_cluster_tells_of_its_services_is_kept_out(tmp_path: Path) -> None:
    """Of each service in reach it sets variables, which would be taken for settings."""
    services = [one["metadata"]["name"] for one in objects() if one["kind"] == "Service"]
    assert services
    home = homes.create(tmp_path / "monitor")
    for name in services:
        with pytest.raises(ConfigurationError):
            load_settings(home, {f"{name.upper().replace('-', '_')}_PORT": "tcp://10.0.0.1:80"})
    assert all(pod["enableServiceLinks"] is False for pod in pods().values())


def test_volumes_are_where_a_monitor_looks() -> None:
    known = {str(path) for path in (*IN_CONTAINERS.places, IN_CONTAINERS.config)} | {TMP}
    mounted = {
        mount["mountPath"]
        for pod in pods().values()
        for one in containers(pod)
        if one["image"] == "sightline"
        for mount in one["volumeMounts"]
    }
    shared = {
        re.sub(r"\$\{[^}]*\}", "x", mount).split(":")[1]
        for name, one in composed().items()
        if name != "report" and "volumes" in one
        for mount in one["volumes"]
    }
    environment = dict(word.split("=") for word in last("ENV").split())
    assert environment[HOME_VARIABLE] == str(IN_CONTAINERS.root) == last("WORKDIR")
    assert mounted == {"/monitor", "/monitor/published", "/monitor/sightline.toml", TMP}
    assert mounted | shared <= known
    made = [rest for word, rest in instructions() if word == "RUN" and " -d " in rest]
    assert {word for word in made[0].split() if word.startswith("/")} == shared
    confined = text(UNITS / "sightline-.service.d/confined.conf")
    assert f"Environment={HOME_VARIABLE}={ON_MACHINES.root}\n" in confined
    assert f"StateDirectory={ON_MACHINES.root.name}\n" in confined


def test_the_settings_of_a_cluster_are_taken(tmp_path: Path) -> None:
    given = next(one for one in objects() if one["kind"] == "ConfigMap")["data"]
    home = homes.create(tmp_path / "monitor")
    assert set(given) == {home.config.name}
    home.config.write_text(given[home.config.name], encoding="utf-8")
    checked(home)


def test_runs_are_due_when_the_settings_say_by_default() -> None:
    minute, hour = EVERY_MORNING.split()[:2]
    due = [one["spec"] for one in objects() if one["metadata"]["name"] == "sightline-run"]
    assert [(one["schedule"], one["timeZone"]) for one in due] == [(EVERY_MORNING, "Europe/London")]
    assert f"\n{EVERY_MORNING} " in text(DEPLOY / "cron/sightline")
    on = f"OnCalendar=*-*-* {int(hour):02}:{int(minute):02}:00 Europe/London"
    assert on in text(UNITS / "sightline-run.timer")


def test_every_pod_is_confined() -> None:
    found = pods()
    assert set(found) == {"sightline-up", "sightline-run", "sightline-health", "sightline-report"}
    for pod in found.values():
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for one in containers(pod):
            assert one["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert "memory" in one["resources"]["limits"]


def test_a_cluster_leaves_the_key_closed() -> None:
    """Without it, each start would let the group read every file, and such a key is refused."""
    ours = [pod["securityContext"] for name, pod in pods().items() if name != "sightline-report"]
    for one in ours:
        assert one["fsGroupChangePolicy"] == "OnRootMismatch"
        assert one["runAsUser"] == one["runAsGroup"] == one["fsGroup"] == ACCOUNT
    assert pods()["sightline-report"]["securityContext"]["supplementalGroups"] == [ACCOUNT]


def test_readers_pages_see_nothing_but_what_is_published() -> None:
    (server,) = containers(pods()["sightline-report"])
    claims = {
        one["name"]: one["persistentVolumeClaim"]["claimName"]
        for one in pods()["sightline-report"]["volumes"]
        if "persistentVolumeClaim" in one
    }
    assert claims == {"published": "sightline-published"}
    assert all(one.get("readOnly") for one in server["volumeMounts"] if one["name"] != "tmp")
    assert composed()["report"]["volumes"] == [
        "published:/published:ro",
        "../kubernetes/base/nginx.conf:/etc/nginx/nginx.conf:ro",
    ]
    root = re.search(r"root (\S+);", text(NGINX))
    home = Home(Path("/"))
    assert root is not None
    assert Path(root[1]) == home.current / "report"


def test_one_process_keeps_a_monitor_up() -> None:
    (one,) = (one for one in objects() if one["metadata"]["name"] == "sightline-up")
    assert one["spec"]["replicas"] == 1
    assert one["spec"]["strategy"] == {"type": "Recreate"}


def test_a_stop_leaves_time_to_end_all_that_was_started() -> None:
    waits = re.search(r"GRACE, LAST = ([\d.]+), ([\d.]+)", text(SERVICE))
    assert waits is not None
    needed = float(waits[1]) + float(waits[2]) + 15
    stops = [pods()["sightline-up"]["terminationGracePeriodSeconds"]]
    stops.append(int(composed()["up"]["stop_grace_period"].removesuffix("s")))
    unit = re.search(r"TimeoutStopSec=(\d+)s", text(UNITS / "sightline-up.service"))
    assert unit is not None
    assert all(needed <= seconds < 90 for seconds in [*stops, int(unit[1])])


def test_whether_to_start_again_is_asked_of_the_port_that_listens() -> None:
    port = next(one.default for one in up.params if one.name == "port")
    page = f"http://127.0.0.1:{port}/server_info"
    probe = last("HEALTHCHECK").partition(" CMD ")[2]
    asked = [json.loads(probe)]
    (kept,) = pods()["sightline-up"]["containers"]
    asked += [kept[name]["exec"]["command"] for name in ("startupProbe", "livenessProbe")]
    assert all(page in words[-1] and words[:2] == ["python", "-c"] for words in asked)
    assert "/server_info" in text(SERVICE)
    assert last("EXPOSE") == str(port)
    assert composed()["up"]["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_exit_codes_are_read_as_the_documentation_has_them() -> None:
    units = {path.name: text(path) for path in UNITS.glob("*.service")}
    in_vain = re.search(r"RestartPreventExitStatus=([\d ]+)", units["sightline-up.service"])
    well = re.search(r"SuccessExitStatus=([\d ]+)", units["sightline-run.service"])
    assert in_vain is not None
    assert well is not None
    assert set(map(int, in_vain[1].split())) == TRIES_IN_VAIN
    assert set(map(int, well[1].split())) == ENDS_WELL
    (run,) = (one for one in objects() if one["metadata"]["name"] == "sightline-run")
    rules = run["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    (codes,) = (rule["onExitCodes"] for rule in rules if "onExitCodes" in rule)
    assert codes["containerName"] == pods()["sightline-run"]["containers"][0]["name"]
    assert set(codes["values"]) == {2, 3, 4, 5, 7, 8}  # 1 and 6 may be over the next time


def test_the_image_is_made_of_locked_requirements_and_runs_as_nobody_in_particular() -> None:
    found = instructions()
    installs = [rest for word, rest in found if word == "RUN" and " pip install " in rest]
    assert len(installs) == 2
    assert "--require-hashes" in installs[0]
    assert all("--no-deps" in one for one in installs)
    assert last("USER") == f"{ACCOUNT}:{ACCOUNT}"
    base = next(rest for word, rest in found if word == "ARG" and rest.startswith("BASE="))
    version = re.fullmatch(r"BASE=python:3\.(\d+)-slim", base)
    assert version is not None
    project = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]
    lowest, highest = map(int, re.findall(r"3\.(\d+)", project["requires-python"]))
    assert lowest <= int(version[1]) < highest
    for path in ("requirements.lock", "requirements-editor.lock"):
        assert (ROOT / path).is_file()


def test_containers_can_write_to_their_volumes_alone() -> None:
    for one in composed().values():
        assert one["read_only"] is True
        assert one["cap_drop"] == ["ALL"]
        assert one["security_opt"] == ["no-new-privileges:true"]
        assert all(port.startswith("127.0.0.1:") for port in one.get("ports", []))


# What the tools of the trade say.


def program(*names: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(f"this machine has no {' or '.join(names)}")
    return found


def said(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, words)), capture_output=True, text=True, cwd=cwd, timeout=60
    )


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A root folder with the units and something to start in the program's place."""
    root = tmp_path / "root"
    units = root / "etc/systemd/system"
    shutil.copytree(UNITS, units)
    started = root / PROGRAM.lstrip("/")
    started.parent.mkdir(parents=True)
    started.write_text("#!/bin/sh\n", encoding="utf-8")
    started.chmod(0o755)
    theirs = next(
        filter(Path.is_dir, map(Path, ("/usr/lib/systemd/system", "/lib/systemd/system")))
    )
    shutil.copytree(theirs, root / "usr/lib/systemd/system", symlinks=True)
    return root


def verified(root: Path) -> str:
    analyze = program("systemd-analyze")
    units = sorted((root / "etc/systemd/system").glob("sightline-*.[st]*[er]"))
    assert len(units) == 7
    given = ("verify", "--man=no", "--recursive-errors=one", f"--root={root}")
    done = said(analyze, *given, *units)
    return done.stderr + (f"ended with {done.returncode}" if done.returncode else "")


def test_systemd_takes_the_units(installed: Path) -> None:
    assert verified(installed) == ""


def test_systemd_would_name_a_key_that_it_does_not_know(installed: Path) -> None:
    shared = installed / "etc/systemd/system/sightline-.service.d/confined.conf"
    shared.write_text(text(shared).replace("ProtectHome=", "ProtectHomes="), encoding="utf-8")
    assert "Unknown key 'ProtectHomes'" in verified(installed)


@pytest.mark.parametrize("name", ["up", "run", "deliver", "health"])
def test_units_are_hardly_exposed(installed: Path, name: str) -> None:
    given = ("security", "--offline=true", f"--root={installed}", f"--threshold={MOST_EXPOSED}")
    done = said(program("systemd-analyze"), *given, f"sightline-{name}.service")
    assert done.returncode == 0, done.stdout[-200:]


def test_timers_are_due_at_some_time() -> None:
    analyze = program("systemd-analyze")
    for path in UNITS.glob("*.timer"):
        due = re.search(r"OnCalendar=(.*)", text(path))
        assert due is not None
        assert "Next elapse" in said(analyze, "calendar", due[1]).stdout


def test_compose_takes_its_file() -> None:
    plugin = shutil.which("docker")
    words = (
        [plugin, "compose"] if plugin and said(plugin, "compose", "version").returncode == 0 else []
    )
    words = words or [program("docker-compose")]
    done = said(*words, "-f", COMPOSE, "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    up = json.loads(done.stdout)["services"]["up"]
    assert Path(up["build"]["context"]) == ROOT
    assert {one["target"] for one in up["volumes"]} == {
        "/monitor",
        "/monitor/inbox",
        "/monitor/published",
    }


@pytest.mark.parametrize("way", ["service", "scheduled"])
def test_kustomize_and_the_schemas_of_kubernetes_take_the_manifests(
    way: str, tmp_path: Path
) -> None:
    done = said(program("kubectl"), "kustomize", KUBERNETES / way)
    assert done.returncode == 0, done.stderr
    asked = list(yaml.safe_load_all(done.stdout))
    kinds = [one["kind"] for one in asked]
    assert kinds.count("CronJob") == {"service": 1, "scheduled": 2}[way]
    images = {one["image"] for asks in asked for one in _containers_of(asks)}
    assert images == {"sightline:local", "nginxinc/nginx-unprivileged:stable"}
    schemas = pytest.importorskip(
        "kubernetes_validate", reason="kubernetes-validate is not installed"
    )
    for one in asked:
        schemas.validate(one, schemas.latest_version(), strict=True)


def _containers_of(asked: Any) -> Iterator[dict[str, Any]]:
    if isinstance(asked, dict):
        yield from (
            one for key in asked if key.lower().endswith("containers") for one in asked[key]
        )
        asked = list(asked.values())
    if isinstance(asked, list):
        for one in asked:
            yield from _containers_of(one)


def test_readers_get_the_pages_of_the_newest_release_and_nothing_beside_them(
    tmp_path: Path,
) -> None:
    nginx = program("nginx")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = text(NGINX).replace("listen 8080", f"listen 127.0.0.1:{port}")
    given = re.sub(rf"(?<= )({TMP}|/published)/", rf"{tmp_path}\1/", given)
    (tmp_path / TMP.lstrip("/")).mkdir()
    config = tmp_path / "nginx.conf"
    config.write_text(given, encoding="utf-8")
    published = tmp_path / "published"
    for number in (1, 2):
        pages = published / f"releases/{number}/report"
        pages.mkdir(parents=True)
        (pages / "index.html").write_text(f"release {number}", encoding="utf-8")
        (pages.parent / "sightline.duckdb").write_text("rows", encoding="utf-8")
    command = [nginx, "-c", str(config), "-g", "daemon off;"]
    if Path("/proc/self").stat().st_uid == 0:
        config.write_text(f"user root;\n{given}", encoding="utf-8")
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as served:
        try:
            assert answered(port, "/healthz") == "ok\n"
            assert answered(port, "/") == "404"
            current = published / "current"
            for number in (1, 2):
                current.unlink(missing_ok=True)
                current.symlink_to(f"releases/{number}")
                assert answered(port, "/") == f"release {number}"
            assert answered(port, "/../sightline.duckdb") == "400"
            assert answered(port, "/sightline.duckdb") == "404"
        finally:
            served.terminate()


def answered(port: int, path: str) -> str:
    """What a page says, or the number of its refusal."""
    end = time.monotonic() + 10
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as page:
                return str(page.read().decode())
        except HTTPError as fault:
            return str(fault.code)
        except URLError:
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.05)
