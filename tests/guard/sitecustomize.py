"""Lets no process of the tests reach or look up anything beyond this machine.

Python imports this by its name in every process that has the folder on its path.
"""

import ipaddress
import os
import socket
import sys
from pathlib import Path

WATCHED = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}
# The mail library asks for the machine's own name.
OWN_NAMES = {"", "localhost", socket.gethostname()}
LOG = "SIGHTLINE_TEST_NETWORK_LOG"


class OffLimits(RuntimeError):
    """Something tried to leave the machine."""


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if event not in WATCHED:
        return
    host = _host(event, arguments)
    if host is None or host in OWN_NAMES or _is_loopback(host):
        return
    if log := os.environ.get(LOG):
        with Path(log).open("a", encoding="utf-8") as file:
            file.write(f"{event} {host} in {' '.join(sys.argv[:3])}\n")
    raise OffLimits(f"{event}: {host} is beyond this machine")


def _host(event: str, arguments: tuple[object, ...]) -> str | None:
    found = arguments[1] if event in {"socket.connect", "socket.sendto"} else arguments[0]
    if isinstance(found, tuple):
        found = found[0]
        return found.decode() if isinstance(found, bytes) else str(found)
    # A path is a socket of this machine.
    is_name = event in {"socket.getaddrinfo", "socket.gethostbyname"}
    return str(found) if is_name and found is not None else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


sys.addaudithook(watch)
