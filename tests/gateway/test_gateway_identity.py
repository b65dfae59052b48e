"""Identity tokens, checked against a provider that runs here: a real key set over HTTP, real signatures."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from vori_ray.errors import UnauthenticatedError, UnavailableError
from vori_ray.gateway.auth import Authenticator, Identity, ensure_owner
from vori_ray.gateway.identity import JwksVerifier
from vori_ray.storage.database import Database

AUDIENCE = "vori-test"


class Provider:
    """An OpenID provider: its keys, its discovery document, and tokens that it signs."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.issuer = ""

    def documents(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {
            "/.well-known/openid-configuration": {"jwks_uri": f"{self.issuer}/keys"},
            "/keys": {"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]},
        }

    def token(self, *, is_forged: bool = False, **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": "subject-1",
            "iat": now,
            "exp": now + 600,
            "email": "kim@example.org",
            "email_verified": True,
            "name": "Kim",
        }
        given = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.encode(given, self.other if is_forged else self.key, algorithm="RS256", headers={"kid": "one"})


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    found = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document = found.documents().get(self.path)
            self.send_response(200 if document else 404)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *args: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    found.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def verifier(provider: Provider) -> JwksVerifier:
    return JwksVerifier(provider.issuer, AUDIENCE)


def test_a_good_token_says_who_it_is(provider: Provider, verifier: JwksVerifier) -> None:
    identity = verifier.verify(provider.token())
    assert identity == Identity(f"{provider.issuer}|subject-1", "kim@example.org", "Kim", is_email_verified=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"is_forged": True},
        {"exp": 1},
        {"aud": "somebody else"},
        {"iss": "https://evil.example"},
        {"email": None},
        {"sub": None},
        {"exp": None},
        {"nbf": int(time.time()) + 3600},
    ],
)
def test_any_flaw_is_refused(provider: Provider, verifier: JwksVerifier, changes: dict[str, Any]) -> None:
    with pytest.raises(UnauthenticatedError):
        verifier.verify(provider.token(**changes))


def test_a_token_without_a_signature_is_refused(provider: Provider, verifier: JwksVerifier) -> None:
    claims = jwt.decode(provider.token(), options={"verify_signature": False})
    with pytest.raises(UnauthenticatedError):
        verifier.verify(jwt.encode(claims, "", algorithm="none", headers={"kid": "one"}))


def test_what_is_no_jwt_is_not_its_business(verifier: JwksVerifier) -> None:
    assert verifier.verify("vori_abc") is None


def test_a_provider_that_is_away_is_unavailable() -> None:
    verifier = JwksVerifier("http://127.0.0.1:9", AUDIENCE)
    with pytest.raises(UnavailableError):
        verifier.verify("a.b.c")


@pytest.mark.integration
class TestSigningIn:
    @pytest.fixture
    def database(self, database_url: str) -> Iterator[Database]:
        database = Database(database_url)
        yield database
        database.close()

    @pytest.fixture
    def authenticator(self, database: Database, verifier: JwksVerifier) -> Authenticator:
        return Authenticator(database, verifier)

    def test_a_person_is_known_from_the_first_time_on(self, provider: Provider, authenticator: Authenticator) -> None:
        first = authenticator.authenticate(provider.token())
        assert (first.name, first.email, first.roles) == ("Kim", "kim@example.org", {})
        assert authenticator.authenticate(provider.token(name="Other")).user_id == first.user_id

    def test_an_invited_person_finds_their_group(
        self, provider: Provider, database: Database, authenticator: Authenticator
    ) -> None:
        group_id = ensure_owner(database, "token")
        with database.unit_of_work(None) as uow:
            uow.groups.add_member(group_id, uow.users.upsert("kim@example.org").id or 0)
        assert authenticator.authenticate(provider.token()).roles == {group_id: "MEMBER"}

    def test_an_address_that_is_not_verified_opens_nothing(
        self, provider: Provider, database: Database, authenticator: Authenticator
    ) -> None:
        with database.unit_of_work(None) as uow:
            uow.users.upsert("kim@example.org")
        with pytest.raises(UnauthenticatedError, match="verified"):
            authenticator.authenticate(provider.token(email_verified=False))

    def test_nobody_takes_over_the_address_of_another_identity(
        self, provider: Provider, authenticator: Authenticator
    ) -> None:
        authenticator.authenticate(provider.token())
        with pytest.raises(UnauthenticatedError, match="another identity"):
            authenticator.authenticate(provider.token(sub="subject-2"))

    @pytest.mark.parametrize("token", [None, "", "x" * 9000, "vori_unknown", "\ud800", "a.b.c"])
    def test_nonsense_is_refused(self, authenticator: Authenticator, token: str | None) -> None:
        with pytest.raises(UnauthenticatedError):
            authenticator.authenticate(token)
