"""The composition root that Serve configs name: reads the settings, starts the actors, binds the deployments.

    import_path: vori_ray.app:build_app

Everything else gets values. Nothing happens on import.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ray.serve import Application

from vori_ray.errors import BadInputError
from vori_ray.gateway.deployment import Gateway, GatewayOptions
from vori_ray.gateway.ports import GatewayLimits
from vori_ray.meetings.keeper import start_meeting_keeper
from vori_ray.meetings.service import make_minutes
from vori_ray.messaging.bridge import start_kafka_bridge
from vori_ray.messaging.hub import start_event_hub
from vori_ray.messaging.relay import start_outbox_relay
from vori_ray.settings import Settings
from vori_ray.speech.model_card import CARD_FILE, ModelCard, read_model_card
from vori_ray.speech.ports import SessionConfig
from vori_ray.speech.transcriber import Transcriber, TranscriberOptions
from vori_ray.speech.voices import load_voices
from vori_ray.storage.store import start_meeting_store
from vori_ray.tickets.extractor import TicketExtractor

DEMO_DIRECTORY = Path(__file__).parent / "data" / "whisper-demo"


def build_app(args: dict[str, Any]) -> Application:
    """The Serve application. `args` (from the Serve config) override settings of the same names."""
    settings = Settings(**args)
    if settings.database_url is None:
        raise BadInputError("expected VORI_DATABASE_URL to be set: `vori up` sets it")
    start_actors(settings, settings.database_url)
    transcriber = _bind(Transcriber, transcriber_options(settings))
    extractor = _bind(
        TicketExtractor,
        database_url=settings.database_url,
        make_minutes=make_minutes,
        extractor=settings.extractor,
        api_key=settings.anthropic_api_key.get_secret_value() if settings.anthropic_api_key else None,
        base_url=settings.llm_base_url,
        model=settings.llm_model,
        timeout_s=settings.llm_timeout_s,
        budget_usd=settings.llm_budget_usd,
    )
    return _bind(Gateway, gateway_options(settings, settings.database_url), transcriber, extractor)


def start_actors(settings: Settings, database_url: str) -> None:
    """Make sure that the named actors exist; Ray starts them again for ever."""
    bootstrap = settings.kafka_bootstrap_servers
    start_event_hub()
    start_meeting_store(database_url)
    start_outbox_relay(
        database_url, bootstrap, partitions=settings.topic_partitions, retention_h=settings.event_retention_h
    )
    start_meeting_keeper(
        database_url,
        disconnect_end_s=settings.disconnect_end_s,
        silence_end_s=settings.silence_end_s,
        live_sentences=settings.live_extraction_sentences,
    )
    if bootstrap is None:
        return
    start_kafka_bridge(bootstrap, partitions=settings.topic_partitions, retention_h=settings.event_retention_h)
    if settings.insights:
        from vori_ray.insights.driver import plan_of, start_insights_driver

        start_insights_driver(plan_of(settings))


def transcriber_options(settings: Settings) -> TranscriberOptions:
    """What the Transcriber is told."""
    return TranscriberOptions(
        model=settings.model,
        device=settings.device,
        device_index=settings.device_index,
        compute_type=settings.compute_type,
        cpu_threads=settings.cpu_threads,
        parallel_batches=settings.parallel_batches,
        max_batch_windows=settings.max_batch_windows,
        batch_wait_ms=settings.batch_wait_ms,
    )


def gateway_options(settings: Settings, database_url: str) -> GatewayOptions:
    """What the Gateway is told. Raises BadInputError for a diarizer that cannot be loaded."""
    card = local_card(settings.model)
    load_voices(settings.diarizer)
    template = SessionConfig(
        session_id="",
        languages=settings.allowed_languages,
        card=card or ModelCard(),
        settling=settings.settling,
        decode_interval_s=settings.decode_interval_s,
        may_hurry=settings.may_hurry,
        end_silence_ms=settings.end_silence_ms,
        partial_beam=settings.partial_beam,
        autosave_s=settings.autosave_s,
        diarizer=settings.diarizer,
    )
    return GatewayOptions(
        database_url=database_url,
        journal_url=settings.audio_url,
        session_template=template,
        is_card_known=card is not None,
        limits=GatewayLimits(max_sessions=settings.max_sessions),
        oidc_issuer=settings.oidc_issuer,
        oidc_audience=settings.oidc_audience,
        oidc_jwks_url=settings.oidc_jwks_url,
    )


def local_card(model: str) -> ModelCard | None:
    """The card of a model that lies on this machine; None where only the Transcriber knows it."""
    directory = DEMO_DIRECTORY if model == "demo" else Path(model)
    return read_model_card(directory) if (directory / CARD_FILE).exists() else None


def _bind(deployment: Any, *args: Any, **kwargs: Any) -> Any:
    """What `serve.deployment` has made of a class; type checkers still see the class."""
    return deployment.bind(*args, **kwargs)
