"""Free TCP ports on loopback, kept across restarts where possible. Knows nothing of who uses them."""

from __future__ import annotations

import random
import socket
from contextlib import closing
from pathlib import Path

from vori_ray.errors import UnavailableError

# Below the range that Linux takes for outgoing connections (32768-60999), so that none of those sits on a port
# between our look and the server's bind.
_LOWEST, _HIGHEST = 20_000, 32_000
_random = random.SystemRandom()


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now; connections that are only waiting to expire do not count."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody accepts connections on the port."""
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True


def find_free_ports(count: int, *, host: str = "127.0.0.1") -> list[int]:
    """Return `count` different free ports, picked at random so that two starts at once do not meet."""
    found: list[int] = []
    for port in _random.sample(range(_LOWEST, _HIGHEST), k=2_000):
        if is_free(port, host):
            found.append(port)
        if len(found) == count:
            return found
    raise UnavailableError(f"expected {count} free ports between {_LOWEST} and {_HIGHEST}, found {len(found)}")


def find_free_block(size: int) -> int:
    """Return the first of `size` neighbouring free ports."""
    for start in _random.sample(range(_LOWEST, _HIGHEST, size), k=min(200, (_HIGHEST - _LOWEST) // size)):
        if all(is_free(port, "") for port in range(start, start + size)):
            return start
    raise UnavailableError(f"expected {size} neighbouring free ports between {_LOWEST} and {_HIGHEST}, found none")


def keep_port(path: Path, wanted: int | None = None) -> int:
    """Return `wanted`, else the port written in `path` if it is free, else a free one; and write it to `path`."""
    port = wanted or _read_port(path)
    if port is None or not is_free(port):
        if wanted:
            raise UnavailableError(f"expected port {wanted} to be free, but something listens on it")
        (port,) = find_free_ports(1)
    path.write_text(f"{port}\n")
    return port


def _read_port(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
