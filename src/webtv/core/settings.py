"""The operator's settings: ``WEBTV_*`` environment variables or a ``.env`` file in the working folder.

URLs, keys and file paths live only here, never in a curator's YAML. Each field's description is its
documentation; a test holds ``docs/settings.md`` complete.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from webtv.core.errors import ConfigError


class OutputTarget(BaseModel):
    """One RTMP target: an address, or an object with it and these."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: SecretStr = Field(description="Address; `{channel}` in it becomes the channel's slug.")
    profile: Literal["auto", "twitch", "youtube", "plain"] = Field(
        "auto", description="Whose documented limits hold; `auto` goes by the host."
    )
    rotate_hours: float | None = Field(
        None, ge=1, le=480, description="Hours after which a session is renewed; the profile's if left out."
    )
    overlap: bool = Field(
        False, description="The server takes a second publisher of a name, beside the first or in its place."
    )
    ca_file: Path | None = Field(None, description="PEM file of the CAs to trust instead of the machine's.")

    @field_validator("url")
    @classmethod
    def _has_host(cls, url: SecretStr) -> SecretStr:
        parts = urlsplit(url.get_secret_value())
        if parts.scheme.lower() not in ("rtmp", "rtmps") or not parts.hostname:
            raise ValueError("an output's address begins with rtmp:// or rtmps:// and a host")
        return url


def _with_address(value: Any) -> Any:
    return {"url": value} if isinstance(value, str | SecretStr) else value


class Settings(BaseSettings):
    """Everything an operator can set."""

    model_config = SettingsConfigDict(env_prefix="WEBTV_", env_file=".env", extra="ignore", frozen=True)

    data: Path = Field(Path("data"), description="Folder that holds all that a running station writes.")
    channels: Path = Field(Path("channels"), description="Folder with the curators' channel files.")
    host: str = Field("127.0.0.1", description="Address the web pages listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port of the web pages; 0 takes a free one.")
    hosts: frozenset[str] = Field(
        frozenset(),
        description="Host names under which the web pages answer beside the loopback ones, as JSON; "
        "a proxy on this machine needs its public name here.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much the log tells."
    )
    probe: bool = Field(
        True, description="Whether a probe watches every channel as a viewer does, for `/metrics`."
    )
    ffmpeg: Path | None = Field(
        None, description="Another FFmpeg binary in place of the bundled one (baselines and recipes only)."
    )

    studio_workers: int = Field(
        0, ge=0, le=64, description="Studio processes at work at once; 0 means one per core, at most 4."
    )
    studio_nice: int = Field(10, ge=0, le=19, description="How far studio processes step back for the air.")
    library_gb: float = Field(
        20.0, gt=0, description="Size budget of clips and beds in GB; the oldest and least liked go first."
    )
    library_min_free_gb: float = Field(
        1.0, ge=0, description="Generation stops while the disk has less free space than this, in GB."
    )
    playlist_ahead: float = Field(
        180.0, ge=20, description="Seconds of programme, reruns included, that are always in the playlist."
    )

    outputs: dict[str, Annotated[OutputTarget, BeforeValidator(_with_address)]] = Field(
        default_factory=dict,
        description="RTMP addresses by name, as JSON; channel files refer to the names only. "
        "`{channel}` in an address becomes the channel's slug. In place of an address may stand an object; "
        "see [outputs](outputs.md).",
    )
    hls_window: float = Field(60.0, ge=12, description="Seconds of the past that viewers can seek back to.")
    record_hours: float = Field(
        0.0, ge=0, description="Hours for which recordings of all channels are kept; 0 records nothing."
    )
    record_gb: float = Field(
        0.0, ge=0, description="Size budget of all recordings in GB; the oldest go first; 0 means no limit."
    )
    record_file_minutes: float = Field(
        60.0, ge=1, le=1440, description="Minutes after which a recording goes on in a new file."
    )
    orphan_days: float = Field(
        0.0, ge=0, description="Days the head-end airs on without a control plane; 0 means without limit."
    )

    openai_base_url: str | None = Field(
        None, description="Base URL of any server with OpenAI's chat API; sets the `openai` writer up."
    )
    openai_api_key: SecretStr | None = Field(None, description="Its key, if it wants one.")
    openai_model: str = Field("gpt-5-mini", description="Model that the `openai` writer asks for.")
    openai_timeout: float = Field(60.0, gt=0, description="Seconds one answer may take.")
    openai_hourly_calls: int = Field(
        240, ge=0, description="Calls per hour at most; beyond it the grammar writes."
    )
    writer: Literal["auto", "grammar", "openai"] = Field(
        "auto", description="Who writes prompts: `auto` asks the LLM if a base URL is set, else the grammar."
    )
    zeroscope_model: str = Field(
        "cerspense/zeroscope_v2_576w",
        description="Model of the `zeroscope` adapter: an id on the model hub, or a folder.",
    )
    allowed_names: frozenset[str] = Field(
        frozenset(),
        description="Names of people, brands or artists that the safety filter lets pass, as JSON.",
    )

    @property
    def database(self) -> Path:
        """The SQLite file; only the control plane opens it."""
        return self.data / "webtv.sqlite3"

    @property
    def library(self) -> Path:
        """Folder of content-addressed clips, beds and posters."""
        return self.data / "library"

    @property
    def air_socket(self) -> Path:
        """The head-end's control socket."""
        return self.data / "air.sock"

    @property
    def air_config(self) -> Path:
        """The head-end's configuration, mode 0600."""
        return self.data / "air.json"


def load_settings(**overrides: object) -> Settings:
    """Read the settings; keyword arguments that are not None win over the environment.

    Raises:
        ConfigError: a value is wrong; the message names the variable and what it may be.
    """
    given = {key: value for key, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        variable = f"WEBTV_{first['loc'][0]}".upper()
        # The chain stops here: pydantic's own text quotes the value, which may be a key.
        raise ConfigError(
            first["msg"], place=variable, remedy=f"set {variable} to a value that docs/settings.md allows"
        ) from None
    except SettingsError as error:
        named = re.search(r'field "(\w+)"', str(error))
        variable = f"WEBTV_{named[1]}".upper() if named else "WEBTV_*"
        raise ConfigError(
            "the value is no JSON", place=variable, remedy=f"write {variable} as docs/settings.md shows"
        ) from None
