"""Ray's handles as the gateway's ports: named actors and deployments, with their failures as errors of ours.

Knows nothing of HTTP. An actor's handle is looked up when it is first needed and again when the actor has gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import ray
from ray.exceptions import RayError, RayTaskError
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle

from vori_ray.errors import UnavailableError, VoriError
from vori_ray.gateway.ports import Event
from vori_ray.messaging.actors import NAMESPACE
from vori_ray.speech.model_card import ModelCard
from vori_ray.speech.windows import WindowRequest, WindowResult

STATUS_TIMEOUT_S = 2.0
Answer = TypeVar("Answer")


@contextmanager
def our_errors(what: str) -> Iterator[None]:
    """Turn Ray's errors into ours: what the callee raised comes through, a callee that has gone is unavailable."""
    try:
        yield
    except RayTaskError as exc:
        cause = getattr(exc, "cause", None)
        if isinstance(cause, VoriError):
            raise cause from None
        raise UnavailableError(f"{what} failed: {exc}") from exc
    except (RayError, RayServeException) as exc:
        raise UnavailableError(f"{what} is away: {exc}") from exc


class NamedActor:
    """One of VORI's named actors."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._handle: Any = None

    async def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method. Raises UnavailableError while the actor is not there, and what it raises itself."""
        try:
            handle = self._handle or await asyncio.to_thread(ray.get_actor, self._name, NAMESPACE)
        except (ValueError, RayError) as exc:
            raise UnavailableError(f"{self._name} does not run: {exc}") from exc
        self._handle = handle
        try:
            with our_errors(self._name):
                return await getattr(handle, method).remote(*args, **kwargs)
        except UnavailableError:
            self._handle = None
            raise

    async def status(self) -> Any:
        """What the actor says of itself, or what is wrong."""
        try:
            return await asyncio.wait_for(self.call("status"), STATUS_TIMEOUT_S)
        except TimeoutError:
            return {"error": f"no answer within {STATUS_TIMEOUT_S:g} s"}
        except UnavailableError as exc:
            return {"error": exc.message[:200]}


class RayStore:
    """The MeetingStore."""

    def __init__(self) -> None:
        self._actor = NamedActor("MeetingStore")

    async def open_session(self, session: dict[str, Any]) -> dict[str, Any]:
        """See `TranscriptStore`."""
        row: dict[str, Any] = await self._actor.call("open_session", session)
        return row

    async def save_segments(self, segments: Sequence[dict[str, Any]]) -> list[int]:
        """See `TranscriptStore`."""
        ids: list[int] = await self._actor.call("save_segments", list(segments))
        return ids

    async def end_utterance(self, session_id: str, utterance: int) -> None:
        """See `TranscriptStore`."""
        await self._actor.call("end_utterance", session_id, utterance)

    async def save_draft(self, session_id: str, draft: dict[str, Any]) -> None:
        """See `TranscriptStore`."""
        await self._actor.call("save_draft", session_id, draft)

    async def close_session(self, session_id: str, duration_s: float) -> None:
        """See `TranscriptStore`."""
        await self._actor.call("close_session", session_id, duration_s)

    async def touch(self, meeting_id: int, *, audio: bool, speech: bool) -> None:
        """See `TranscriptStore`."""
        await self._actor.call("touch", meeting_id, audio=audio, speech=speech)


class RayEvents:
    """The EventHub."""

    def __init__(self) -> None:
        self._actor = NamedActor("EventHub")

    async def next(self, cursor: int, timeout_s: float) -> tuple[int, list[Event]]:
        """See `EventSource`."""
        found: tuple[int, list[Event]] = await self._actor.call("next", cursor, timeout_s)
        return found


class RayKeeper:
    """The MeetingKeeper."""

    def __init__(self) -> None:
        self._actor = NamedActor("MeetingKeeper")

    async def meeting_ended(self, meeting_id: int) -> None:
        """See `Keeper`."""
        await self._actor.call("meeting_ended", meeting_id)


class RaySpeech:
    """The Transcriber."""

    def __init__(self, handle: DeploymentHandle) -> None:
        self._handle = handle

    async def transcribe(self, window: WindowRequest) -> WindowResult:
        """Decode one window. Raises UnavailableError, OverloadedError, BadInputError."""
        with our_errors("The Transcriber"):
            result: WindowResult = await self._handle.transcribe.remote(window)
        return result

    async def card(self) -> ModelCard:
        """What the model is good at. Waits until a replica has loaded it."""
        with our_errors("The Transcriber"):
            card: ModelCard = await self._handle.card.remote()
        return card

    async def check(self) -> None:
        """Raises UnavailableError when no replica answers."""
        with our_errors("The Transcriber"):
            await self._handle.status.remote()


async def describe_parts(names: Sequence[str], more: dict[str, Callable[[], Awaitable[Any]]]) -> dict[str, Any]:
    """What each named actor, and whatever else is asked, says of itself."""
    questions = {name: NamedActor(name).status() for name in names} | {name: _ask(ask) for name, ask in more.items()}
    answers = await asyncio.gather(*questions.values())
    return dict(zip(questions, answers, strict=True))


async def _ask(question: Callable[[], Awaitable[Any]]) -> Any:
    try:
        return await asyncio.wait_for(question(), STATUS_TIMEOUT_S)
    except TimeoutError:
        return {"error": f"no answer within {STATUS_TIMEOUT_S:g} s"}
    except (RayError, RayServeException, VoriError) as exc:
        return {"error": str(exc)[:200]}
