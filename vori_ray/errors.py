"""The error tree of VORI.

    VoriError
    ├── BadInputError            422  the caller sent something that cannot be used
    │   ├── BadAudioError        422  sound that cannot be decoded
    │   ├── ProtocolError        400  a message that breaks the streaming protocol
    │   └── IllegalTransitionError 409  a status change that the table does not allow
    ├── UnauthenticatedError     401  no token, or one that is not known
    ├── ForbiddenError           403  known, but not allowed to do this
    ├── NotFoundError            404  not there, or not the caller's to see
    ├── ConflictError            409  somebody else changed it first
    ├── OverloadedError          503  no capacity left for new work          retryable
    ├── UnavailableError         503  a part that we depend on is away       retryable
    └── ExtractionError          502  the extractor answered with something unusable
        └── ExtractionPendingError 503  ... and it will be tried again       retryable

Every error says its HTTP status, a stable `code`, and whether trying again may help. Messages name
what was expected and what came. This module imports nothing of the package.
"""

from __future__ import annotations

from typing import ClassVar


class VoriError(Exception):
    """Something went wrong in VORI."""

    status_code: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None, *, code: str | None = None) -> None:
        self.message = message or (self.__class__.__doc__ or self.__class__.__name__).strip()
        self.error_code = code or self.code
        super().__init__(self.message)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (self.__class__, self.message, self.error_code))


def _rebuild(cls: type[VoriError], message: str, code: str) -> VoriError:
    """Unpickle an error: the constructor's keyword argument does not survive the default way."""
    return cls(message, code=code)


class BadInputError(VoriError):
    """The input cannot be used."""

    status_code = 422
    code = "bad_input"


class BadAudioError(BadInputError):
    """The sound cannot be decoded."""

    code = "bad_audio"


class ProtocolError(BadInputError):
    """The message breaks the streaming protocol."""

    status_code = 400
    code = "protocol"


class IllegalTransitionError(BadInputError):
    """The status change is not allowed."""

    status_code = 409
    code = "illegal_transition"


class UnauthenticatedError(VoriError):
    """A valid bearer token is required."""

    status_code = 401
    code = "unauthenticated"


class ForbiddenError(VoriError):
    """Your role does not allow this."""

    status_code = 403
    code = "forbidden"


class NotFoundError(VoriError):
    """There is no such thing, or it is not yours to see."""

    status_code = 404
    code = "not_found"


class ConflictError(VoriError):
    """Somebody else changed it first."""

    status_code = 409
    code = "conflict"


class OverloadedError(VoriError):
    """There is no capacity left for new work; try again later."""

    status_code = 503
    code = "overloaded"
    retryable = True


class UnavailableError(VoriError):
    """A part that this depends on is away; try again later."""

    status_code = 503
    code = "unavailable"
    retryable = True


class ExtractionError(VoriError):
    """The extractor answered with something unusable."""

    status_code = 502
    code = "extraction"


class ExtractionPendingError(ExtractionError):
    """The extractor could not be reached; the meeting waits and is taken up again."""

    status_code = 503
    code = "extraction_pending"
    retryable = True
