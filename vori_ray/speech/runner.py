"""The shell around one speech session: it does what the pure session decides.

    feed -> decoder -> journal -> Silero -> SpeechSession -> effects
      decode task    windows to the recogniser, one at a time, tried again until they are answered
      deliver task   a segment is saved, then sent (delivery.py)
      journal task   sound is made durable, then acked, then the newest checkpoint is kept

The session speaks stream time: seconds since its first sample. Every task is owned here and ends with the session;
the first failure of one is raised by the next call. What is sent and stored where is the ports' business (ports.py).
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing

import numpy as np

from vori_ray.errors import BadAudioError, BadInputError, ConflictError, ProtocolError, UnavailableError
from vori_ray.speech import metrics, signals, silero
from vori_ray.speech.audio import MAX_FRAME_BYTES, ContainerDecoder, PcmDecoder, lead_in_start
from vori_ray.speech.cadence import CadenceState, adapt
from vori_ray.speech.delivery import Delivery
from vori_ray.speech.labels import labels_of
from vori_ray.speech.ports import Clock, Journal, JournalState, SessionConfig, Sink, Transcribe
from vori_ray.speech.progress import Checkpoint
from vori_ray.speech.session import SpeechSession
from vori_ray.speech.setup import session_options
from vori_ray.speech.supervision import Supervisor, in_thread
from vori_ray.speech.vad import HOP
from vori_ray.speech.windows import SAMPLE_RATE, Samples, WindowRequest, WindowResult

logger = logging.getLogger(__name__)

FLUSH_S = 0.5
FLUSH_SAMPLES = 32 * 1024
HOUSEKEEPING_S = 1.0
MAX_BACKLOG = 20 * SAMPLE_RATE
MAX_NOT_DURABLE = 60 * SAMPLE_RATE
MAX_UNDELIVERED = 256
ATTEMPT_TIMEOUT_S = 30.0
FIRST_RETRY_S, LAST_RETRY_S = 0.1, 2.0
WARN_AFTER_ATTEMPTS = 5
LIVE_RATE = 1.3
REPLAY_SAMPLES = 5 * SAMPLE_RATE


class LiveSession:
    """One running stream of speech; see `ports.SpeechStream` for what each method promises."""

    def __init__(
        self,
        config: SessionConfig,
        *,
        transcribe: Transcribe,
        journal: Journal,
        sink: Sink,
        clock: Clock = time.monotonic,
    ) -> None:
        self._config, self._transcribe, self._journal, self._clock = config, transcribe, journal, clock
        self._options = session_options(config)
        self._container = ContainerDecoder() if config.encoding == "container" else None
        self._pcm = None if self._container else PcmDecoder.of(config)
        self._session = SpeechSession(self._options)
        self._vad = silero.initial_state()
        self._labels = labels_of(config)
        self._delivery = Delivery(sink, self._labels)
        self._rest = np.empty(0, np.int16)
        self._skip = 0
        self._heard = self._durable = self._acked = 0
        self._cadence = CadenceState()
        self._is_failing = False
        self._lag_sent_s = 0.0
        self._tasks = Supervisor()
        self._pump: asyncio.Task[None] | None = None
        self._bad_input: BadAudioError | None = None
        self._flush_wanted = asyncio.Event()
        self._kept_at = -1
        self._is_open = False

    # -- what a gateway calls ----------------------------------------------------------------------------------------

    @property
    def duration_s(self) -> float:
        """Sound taken so far, in seconds of the stream."""
        return self._heard / SAMPLE_RATE

    @property
    def lag_s(self) -> float:
        """Seconds of sound between the oldest decode that waits or runs and now."""
        return self._session.backlog / SAMPLE_RATE

    async def start(self, *, resume: bool) -> float:
        """Open the journal and begin; returns where in the stream the client goes on, in seconds."""
        state = await self._journal.open()
        if state.samples and not resume:
            raise ConflictError(f"session {self._config.session_id} has sound already; resume it")
        self._heard = self._durable = state.samples
        resume_from = self._resume_point(state.samples)
        self._skip, self._acked = state.samples - resume_from, resume_from
        self._is_open = True
        metrics.SESSIONS.inc()
        await self._restore(state)
        for work in (self._delivery.run(), self._keep_journal(), self._keep_house(), self._autosave()):
            self._tasks.start(work)
        await self._replay(state.samples)
        if self._container:
            self._pump = self._tasks.start(self._pump_container(self._container))
        return resume_from / SAMPLE_RATE

    async def feed(self, data: bytes) -> None:
        """Take one binary frame; waits while the session is too far behind."""
        self._check_open()
        if self._bad_input:
            raise self._bad_input
        if len(data) > MAX_FRAME_BYTES:
            message = f"frames of at most {MAX_FRAME_BYTES} bytes expected, came {len(data)}"
            raise ProtocolError(message, code="frame_too_big")
        await self._until_room()
        container = self._container
        if container and data:
            await self._tasks.until(lambda: container.write(data) or self._bad_input is not None)
        elif self._pcm:
            await self._hear(self._pcm.push(data))

    async def finalize(self) -> None:
        """Settle all that was said so far; returns when its finals are sent."""
        self._check_open()
        await self._drain(signals.Finalize())

    async def stop(self) -> float:
        """Decode and settle the rest, send `stopped`, close; returns the stream's duration in seconds."""
        self._check_open()
        try:
            await self._end_container()
            if self._pcm:
                await self._hear(self._pcm.finish())
            if len(self._rest):
                self._hear_hop(np.concatenate([self._rest, np.zeros(HOP - len(self._rest), np.int16)]))
            await self._drain(signals.Stop())
            if self._bad_input:
                raise self._bad_input
            message = {"type": "stopped", "duration_s": round(self.duration_s, 3), "segments": self._delivery.segments}
            await self._delivery.send(message)
        finally:
            await self._close()
        return self.duration_s

    async def disconnect(self) -> bool:
        """The connection is lost: after the grace settle the rest, unless somebody resumed the session meanwhile.

        A resampler is not emptied: its last milliseconds are heard again when the stream goes on.
        """
        if not self._is_open:
            return True
        try:
            if self._tasks.failure is None:
                await self._end_container()
                await self._flush_or_warn()
            if not await self._is_left_alone():
                return False
            if self._tasks.failure is None:
                await self._drain(signals.Stop())
            return True
        except ConflictError:
            return False
        finally:
            await self._close()

    # -- beginning and ending ----------------------------------------------------------------------------------------

    async def _restore(self, state: JournalState) -> None:
        kept = state.checkpoint
        if kept and kept["session"]["endpointer"]["clock"] <= state.samples:
            self._session = SpeechSession(self._options, Checkpoint.from_dict(kept["session"]))
            self._vad = silero.SileroState.from_text(kept["vad"])
            self._session.preload(await self._journal.read(self._session.needs_from, self._session.clock))
            if self._labels:
                start = self._labels.restore(kept.get("speakers"), needs_from=self._session.needs_from)
                self._labels.hear(await self._journal.read(start, self._session.clock))
        saved = await self._delivery.saved_from(self._session.utterance) if state.samples else ()
        self._session.receive(signals.Opened(saved))

    async def _replay(self, samples: int) -> None:
        """Hear again what was durable but not yet settled."""
        position = self._session.clock
        while position < samples:
            await self._until_room()
            end = min(position + REPLAY_SAMPLES, samples)
            await self._listen(await self._journal.read(position, end))
            position = end

    def _resume_point(self, samples: int) -> int:
        """Where a client must go on so that nothing is missing after sample `samples`: a resampler needs a lead-in."""
        if self._container or (self._pcm and not self._pcm.is_resampling):
            return samples
        return lead_in_start(samples)

    async def _end_container(self) -> None:
        if self._container and self._pump:
            self._container.close_input()
            await self._tasks.until(self._pump.done)

    async def _drain(self, event: signals.Finalize | signals.Stop) -> None:
        drained = self._delivery.next_drain()
        drained.add_done_callback(lambda _: self._tasks.changed())
        self._run(self._session.receive(event))
        await self._tasks.until(drained.done)

    async def _is_left_alone(self) -> bool:
        deadline = self._clock() + self._config.grace_s
        while True:
            try:
                if not await self._journal.is_owner():
                    return False
            except UnavailableError as exc:
                logger.warning("session %s: %s", self._config.session_id, exc)
            if self._clock() >= deadline:
                return True
            await asyncio.sleep(min(0.25, max(0.01, deadline - self._clock())))

    async def _close(self) -> None:
        self._is_open = False
        metrics.SESSIONS.dec()
        if self._container:
            self._container.abort()
        await self._tasks.cancel()
        try:
            if await self._journal.is_owner():
                await self._flush()
            await self._journal.close()
        except UnavailableError as exc:
            logger.warning("session %s: %s", self._config.session_id, exc)

    # -- sound in ----------------------------------------------------------------------------------------------------

    async def _pump_container(self, container: ContainerDecoder) -> None:
        try:
            async with aclosing(in_thread(container)) as pieces:
                async for samples in pieces:
                    await self._until_room()
                    await self._hear(samples)
        except BadAudioError as exc:
            self._bad_input = exc

    async def _hear(self, samples: Samples) -> None:
        skipped = min(self._skip, len(samples))
        self._skip -= skipped
        samples = samples[skipped:]
        if not len(samples):
            return
        await self._journal.append(samples)
        self._heard += len(samples)
        metrics.AUDIO.inc(len(samples) / SAMPLE_RATE)
        if self._heard - self._durable >= FLUSH_SAMPLES:
            self._flush_wanted.set()
        await self._listen(samples)

    async def _listen(self, samples: Samples) -> None:
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) // HOP * HOP
        self._rest = samples[whole:]
        for count, start in enumerate(range(0, whole, HOP), start=1):
            self._hear_hop(samples[start : start + HOP])
            if count % 32 == 0:
                await asyncio.sleep(0)

    def _hear_hop(self, hop: Samples) -> None:
        probability, self._vad = silero.speech_probability(hop, self._vad)
        if self._labels:
            self._labels.hear(hop)
        self._run(self._session.receive(signals.HopHeard(hop, probability, self._vad)))

    # -- effects -----------------------------------------------------------------------------------------------------

    def _run(self, effects: list[signals.Effect]) -> None:
        for effect in effects:
            match effect:
                case signals.DecodeWindow(request):
                    self._tasks.start(self._decode(request))
                case signals.GuardFired(guard):
                    metrics.GUARDS.labels(guard.value).inc()
                case signals.PointsDropped(count):
                    metrics.DROPPED.inc(count)
                case _:
                    self._delivery.put(effect)
        self._tasks.changed()

    async def _decode(self, request: WindowRequest) -> None:
        started = self._clock()
        result = await self._answer(request)
        metrics.DECODE.labels("final" if request.is_final else "partial").observe(self._clock() - started)
        self._run(self._session.receive(signals.WindowDecoded(result)))

    async def _answer(self, request: WindowRequest) -> WindowResult:
        """Ask until an answer comes: the sound is kept, so a recogniser that is away costs time and nothing else."""
        attempt, delay_s = 0, FIRST_RETRY_S
        while True:
            try:
                async with asyncio.timeout(ATTEMPT_TIMEOUT_S):
                    result = await self._transcribe(request)
                self._is_failing = False
                return result
            except BadInputError:
                raise
            except Exception as exc:
                self._is_failing = True
                attempt += 1
                metrics.RETRIES.inc()
                logger.warning("session %s: window not decoded yet: %r", self._config.session_id, exc)
            if attempt == WARN_AFTER_ATTEMPTS:
                message = "the recogniser is away; sound is kept and decoded later"
                await self._delivery.send({"type": "warning", "code": "recogniser_unavailable", "message": message})
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, LAST_RETRY_S)

    # -- tasks -------------------------------------------------------------------------------------------------------

    async def _keep_journal(self) -> None:
        while True:
            try:
                async with asyncio.timeout(FLUSH_S):
                    await self._flush_wanted.wait()
            except TimeoutError:
                pass
            self._flush_wanted.clear()
            await self._flush_or_warn()

    async def _flush_or_warn(self) -> None:
        try:
            await self._flush()
        except UnavailableError as exc:
            logger.warning("session %s: %s", self._config.session_id, exc)
            await asyncio.sleep(FLUSH_S)

    async def _flush(self) -> None:
        passed = self._delivery.passed
        self._durable = await self._journal.flush()
        acked = self._resume_point(self._durable)
        if acked > self._acked:
            self._acked = acked
            await self._delivery.send({"type": "ack", "until_s": round(acked / SAMPLE_RATE, 4)})
        if passed and self._kept_at < passed.reached.at <= self._durable:
            self._kept_at = passed.reached.at
            await self._journal.save_checkpoint(passed.as_dict())
        self._tasks.changed()

    async def _keep_house(self) -> None:
        """Once a second: publish the lag, adapt the cadence, see whether the session is still ours."""
        heard = self._heard
        since = self._clock()
        while True:
            await asyncio.sleep(HOUSEKEEPING_S)
            now, lag_s = self._clock(), self.lag_s
            metrics.LAG.observe(lag_s)
            if abs(lag_s - self._lag_sent_s) >= 0.1:
                self._lag_sent_s = lag_s
                await self._delivery.send({"type": "lag", "lag_s": round(lag_s, 2)})
            is_live = (self._heard - heard) / SAMPLE_RATE <= LIVE_RATE * (now - since)
            heard, since = self._heard, now
            self._adapt(lag_s if is_live and self._config.may_hurry else 0.0, now)
            await self._check_owner()

    async def _check_owner(self) -> None:
        try:
            is_owner = await self._journal.is_owner()
        except UnavailableError as exc:
            logger.warning("session %s: %s", self._config.session_id, exc)
            return
        if not is_owner:
            message = f"session {self._config.session_id} was resumed on another connection"
            raise ConflictError(message, code="taken_over")

    def _adapt(self, lag_s: float, now: float) -> None:
        before = self._cadence.stride
        self._cadence = adapt(self._cadence, lag_s=lag_s, is_failing=self._is_failing, now=now)
        if self._cadence.stride != before:
            self._run(self._session.receive(signals.ChangeCadence(self._cadence.stride)))

    async def _autosave(self) -> None:
        while True:
            await asyncio.sleep(self._config.autosave_s)
            await self._delivery.save_draft(self._config.session_id, self.duration_s)

    async def _until_room(self) -> None:
        await self._tasks.until(
            lambda: (
                self._session.backlog <= MAX_BACKLOG
                and len(self._delivery) <= MAX_UNDELIVERED
                and self._heard - self._durable <= MAX_NOT_DURABLE
            )
        )

    def _check_open(self) -> None:
        if self._tasks.failure is not None:
            raise self._tasks.failure
        if not self._is_open:
            raise ProtocolError(f"session {self._config.session_id} is not open", code="not_open")
