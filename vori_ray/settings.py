"""The one reader of VORI's environment variables.

Everything else gets values. Units are in the names. `vori config --markdown` prints this file as the
README's configuration table.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one VORI installation, read from `VORI_*` (a few keep their usual names)."""

    model_config = SettingsConfigDict(env_prefix="VORI_", extra="ignore", populate_by_name=True)

    home: Path = Field(Path(".vori"), description="Folder of everything that is kept: database, broker, audio, logs.")
    host: str = Field("127.0.0.1", description="Address that the ingress listens on.")
    port: int = Field(8321, ge=0, le=65535, description="Port of the ingress; 0 takes a free one.")
    database_url: str | None = Field(None, description="PostgreSQL to use; unset starts the embedded one.")
    kafka_bootstrap_servers: str | None = Field(None, description="Kafka to use; unset starts the embedded broker.")
    ray_address: str | None = Field(None, validation_alias="RAY_ADDRESS", description="Ray cluster; unset starts one.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much is logged.")

    # signing in
    oidc_issuer: str | None = Field(None, description="OpenID Connect issuer whose identity tokens are accepted.")
    oidc_audience: str | None = Field(None, description="Audience that identity tokens must name.")
    oidc_jwks_url: str | None = Field(None, description="Keys of the issuer; unset: from its discovery document.")

    # speech
    model: str = Field("demo", description="`demo`, a faster-whisper name (`small`, `large-v3-turbo`) or a directory.")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where Whisper runs.")
    device_index: int = Field(0, ge=0, description="Which GPU, when a replica sees several.")
    compute_type: str = Field("default", description="CTranslate2 compute type, e.g. `int8`, `float16`.")
    cpu_threads: int = Field(1, ge=1, description="Threads of one decode on a CPU.")
    parallel_batches: int = Field(2, ge=1, description="Batches that one Transcriber replica decodes at a time.")
    max_batch_windows: int = Field(4, ge=1, description="Windows decoded together; 4 suits a CPU, 16 a GPU.")
    batch_wait_ms: int = Field(10, ge=0, description="How long a lone window waits for company.")
    settling: Literal["agreement", "attention"] = Field(
        "agreement", description="Policy that settles words mid-speech."
    )
    decode_interval_s: float = Field(0.5, gt=0, description="New sound between two decodes of a session.")
    may_hurry: bool = Field(True, description="Let a session that has fallen behind decode more rarely.")
    end_silence_ms: int = Field(500, ge=100, description="Silence that ends an utterance.")
    partial_beam: int = Field(5, ge=1, le=10, description="Beam of decodes in mid-speech; 1 where a session is behind.")
    diarizer: str = Field(
        "acoustic",
        description="What tells a stream's speakers apart: `acoustic`, `onnx:DIRECTORY`, `module:factory`.",
    )
    max_sessions: int = Field(32, ge=1, description="Audio sessions that one Gateway replica accepts.")
    journal_url: str | None = Field(None, description="Where audio is kept (any fsspec URL); unset: HOME/audio.")
    languages: str = Field("en,ko", description="Languages that `auto` may choose from.")

    # meetings and tickets
    disconnect_end_s: float = Field(120.0, gt=0, description="A meeting whose audio has gone ends after this.")
    silence_end_s: float = Field(900.0, gt=0, description="A meeting in which nobody speaks ends after this.")
    autosave_s: float = Field(30.0, gt=0, description="How often unfinished text is saved.")
    extractor: Literal["auto", "claude", "rules"] = Field("auto", description="`auto`: Claude with a key, else rules.")
    live_extraction_sentences: int = Field(1, ge=1, description="Settled sentences between two live extractions.")
    anthropic_api_key: SecretStr | None = Field(
        None, validation_alias="ANTHROPIC_API_KEY", description="Key of the Claude API."
    )
    llm_base_url: str | None = Field(None, description="Any server that speaks the Messages API.")
    llm_model: str = Field("claude-sonnet-5-5", description="Claude model that reads the transcript.")
    llm_timeout_s: float = Field(60.0, gt=0, description="Longest wait for one reply of the model.")
    llm_budget_usd: float = Field(0.0, ge=0, description="Monthly budget a group; 0 sets no limit.")
    time_zone: str = Field("UTC", description="Time zone of a new group, for spoken dates.")

    # events and insights
    event_retention_h: int = Field(168, ge=1, description="How long Kafka and the outbox keep events.")
    topic_partitions: int = Field(4, ge=1, description="Partitions of a topic.")
    insights: bool = Field(True, description="Run the Spark analytics.")
    insights_every_min: float = Field(60.0, gt=0, description="How often trends, keywords and findings are computed.")
    spark_executors: int = Field(1, ge=1, description="RayDP executors.")
    spark_executor_cores: int = Field(2, ge=1, description="Cores of an executor.")
    spark_executor_memory: str = Field("700MB", description="Memory of an executor.")
    checkpoint_url: str | None = Field(None, description="Where Spark keeps its progress; unset: HOME/checkpoints.")

    @property
    def audio_url(self) -> str:
        """Where the audio journal lies (an fsspec URL or a path)."""
        return self.journal_url or str(self.home.absolute() / "audio")

    @property
    def allowed_languages(self) -> tuple[str, ...]:
        """Languages that recognition may choose from, as ISO 639-1 codes."""
        return tuple(part.strip() for part in self.languages.split(",") if part.strip())
