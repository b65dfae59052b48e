"""Ports: free ones, kept ones, and taken ones."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from vori_ray.errors import UnavailableError
from vori_ray.local.ports import answers, find_free_block, find_free_ports, is_free, keep_port


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_free_ports_differ_and_can_be_listened_on() -> None:
    ports = find_free_ports(8)
    assert len(set(ports)) == 8
    assert all(is_free(port) and not answers(port) for port in ports)


def test_a_port_somebody_listens_on_is_not_free(taken: int) -> None:
    assert not is_free(taken)
    assert answers(taken)


def test_a_block_is_free_throughout() -> None:
    first = find_free_block(16)
    assert all(is_free(port) for port in range(first, first + 16))


def test_a_port_is_kept_over_restarts(tmp_path: Path) -> None:
    first = keep_port(tmp_path / "port")
    assert keep_port(tmp_path / "port") == first


def test_a_kept_port_that_is_taken_is_changed(tmp_path: Path, taken: int) -> None:
    (tmp_path / "port").write_text(str(taken))
    other = keep_port(tmp_path / "port")
    assert other != taken
    assert int((tmp_path / "port").read_text()) == other


def test_a_wanted_port_that_is_taken_is_an_error(tmp_path: Path, taken: int) -> None:
    with pytest.raises(UnavailableError, match=f"expected port {taken} to be free"):
        keep_port(tmp_path / "port", taken)
