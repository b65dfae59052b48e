"""Identity tokens of an OpenID Connect provider (Firebase is one), checked with the provider's published keys.

Knows nothing of users or groups. For Firebase the issuer is `https://securetoken.google.com/PROJECT`, the audience is
PROJECT, and the keys are at `https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com`.
"""

from __future__ import annotations

import httpx
import jwt

from vori_ray.errors import UnauthenticatedError, UnavailableError
from vori_ray.gateway.auth import Identity

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
_LEEWAY_S = 30
_TIMEOUT_S = 5.0


class JwksVerifier:
    """Checks signature, issuer, audience and times of identity tokens. Keys are fetched once and kept for minutes."""

    def __init__(self, issuer: str, audience: str, *, jwks_url: str | None = None) -> None:
        """`jwks_url` unset: it is read from the issuer's discovery document at the first token."""
        self._issuer = issuer
        self._audience = audience
        self._jwks_url = jwks_url
        self._keys: jwt.PyJWKClient | None = None

    def verify(self, token: str) -> Identity | None:
        """What the token says; None for what is no signed JWT at all. Raises UnauthenticatedError, UnavailableError."""
        if token.count(".") != 2:
            return None
        try:
            key = self._key_client().get_signing_key_from_jwt(token)
            claims = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                audience=self._audience,
                issuer=self._issuer,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iat", "sub", "aud", "iss"]},
            )
        except jwt.PyJWKClientConnectionError as exc:
            raise UnavailableError(f"The keys of {self._issuer} could not be fetched.") from exc
        except jwt.PyJWTError as exc:
            raise UnauthenticatedError(f"This identity token is not valid: {exc}") from exc
        return _identity(claims)

    def _key_client(self) -> jwt.PyJWKClient:
        if self._keys is None:
            self._keys = jwt.PyJWKClient(self._jwks_url or self._discover(), timeout=_TIMEOUT_S)
        return self._keys

    def _discover(self) -> str:
        """Where the provider publishes its keys (OpenID Connect Discovery 1.0)."""
        try:
            url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
            document = httpx.get(url, timeout=_TIMEOUT_S).raise_for_status().json()
            return str(document["jwks_uri"])
        except (httpx.HTTPError, ValueError, KeyError) as exc:
            raise UnavailableError(f"The discovery document of {self._issuer} could not be read: {exc}") from exc


def _identity(claims: dict[str, object]) -> Identity:
    email = claims.get("email")
    if not isinstance(email, str) or not email:
        raise UnauthenticatedError("Expected an identity token with an e-mail address, this one has none.")
    name = claims.get("name")
    return Identity(
        subject=f"{claims['iss']}|{claims['sub']}",
        email=email,
        name=name if isinstance(name, str) else None,
        is_email_verified=claims.get("email_verified") is True,
    )
