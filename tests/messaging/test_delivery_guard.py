"""Which addresses a webhook may have, and what a signature is worth. No network."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from vori_ray.errors import BadInputError
from vori_ray.messaging.delivery import checked_target, is_public, is_signed, resolve_all, sign


def resolver(*addresses: str) -> object:
    def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",  # where clouds keep their secrets
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_addresses_inside_the_house(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14"])
def test_addresses_out_in_the_world(address: str) -> None:
    assert is_public(address)


def test_the_checked_address_is_the_one_to_connect_to() -> None:
    target = checked_target("https://hooks.example/a?b=c", resolve=resolver("93.184.215.14"))
    assert (target.host, target.address, target.port, target.path) == ("hooks.example", "93.184.215.14", 443, "/a?b=c")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "ftp://hooks.example/",
        "https://",
        "https://user:secret@hooks.example/",
        "https://hooks.example:99999/",
        "https://[::1/",
        "file:///etc/passwd",
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(BadInputError):
        checked_target(url, resolve=resolver("93.184.215.14"))


def test_one_inner_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(BadInputError, match=r"10\.0\.0\.8"):
        checked_target("https://hooks.example/", resolve=resolver("93.184.215.14", "10.0.0.8"))


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "[::1]", "localhost"])
def test_spellings_of_this_machine_are_refused(host: str) -> None:
    with pytest.raises(BadInputError):
        checked_target(f"https://{host}/", resolve=resolve_all)


def test_inner_addresses_may_be_allowed() -> None:
    target = checked_target("http://hooks.internal:8080/x", allows_private=True, resolve=resolver("10.0.0.8"))
    assert (target.scheme, target.address, target.port) == ("http", "10.0.0.8", 8080)


def test_a_signature_holds_for_its_body_secret_and_time() -> None:
    body = '{"a": "한"}'.encode()
    signature = sign(body, secret="s", at=1_000)
    assert is_signed(body, signature, secret="s", now=1_100)
    assert not is_signed(body + b" ", signature, secret="s", now=1_100)
    assert not is_signed(body, signature, secret="t", now=1_100)
    assert not is_signed(body, signature, secret="s", now=2_000)
    assert not is_signed(body, signature.replace("t=1000", "t=1001"), secret="s", now=1_100)


@pytest.mark.parametrize("signature", ["", "v1=abc", "t=x,v1=abc", "t=1000", "t=1000,v1="])
def test_a_broken_signature_is_none(signature: str) -> None:
    assert not is_signed(b"{}", signature, secret="s", now=1_000)
