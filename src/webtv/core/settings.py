"""The operator's settings: ``WEBTV_*`` environment variables or a ``.env`` file in the working folder.

URLs, keys and file paths live only here, never in a curator's YAML. Each field's description is its
documentation; a test holds ``docs/settings.md`` complete.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

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

    model_config = SettingsConfigDict(
        env_prefix="WEBTV_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True
    )

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
    writer: Literal["auto", "grammar", "openai", "local"] = Field(
        "auto",
        description="Who writes prompts: `auto` asks the LLM if a base URL is set, else the grammar; "
        "`local` is a model on this machine.",
    )
    local_writer_model: str = Field(
        "Qwen/Qwen2.5-7B-Instruct", description="Model of the `local` writer: an id on the hub, or a folder."
    )
    local_writer_timeout: float = Field(
        300.0, gt=0, description="Seconds one answer of the `local` writer may take."
    )
    allowed_names: frozenset[str] = Field(
        frozenset(),
        description="Names of people, brands or artists that the safety filter lets pass, as JSON.",
    )

    models: Path | None = Field(
        None, description="Folder of fetched models; `models` in the data folder if left out."
    )
    models_token: SecretStr | None = Field(
        None, description="Token for models that the hub gives to members."
    )
    models_unsafe: frozenset[str] = Field(
        frozenset(),
        description="Models, by id or path, whose weights may be read although their files can run code, "
        "as JSON.",
    )
    models_device: str = Field(
        "auto", description="Where models work: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`."
    )
    models_dtype: Literal["auto", "float32", "float16", "bfloat16"] = Field(
        "auto",
        validation_alias=AliasChoices("WEBTV_MODELS_DTYPE", "TORCH_DTYPE"),
        description="Precision of weights; `TORCH_DTYPE` is understood, too.",
    )
    models_variant: str | None = Field(
        None,
        validation_alias=AliasChoices("WEBTV_MODELS_VARIANT", "MODEL_VARIANT"),
        description="Which files of models that come in several, such as `fp16`; `MODEL_VARIANT` is "
        "understood, too.",
    )
    models_offload: Literal["none", "model", "group", "sequential"] = Field(
        "none",
        description="What of a model waits in the machine's memory while the device does not need it. "
        "MusicGen leaves the device as a whole between two pieces, whichever is set.",
    )
    models_attention: str | None = Field(
        None,
        description="Attention back end of diffusers, such as `native` or `flash`; its own if left out.",
    )
    models_compile: bool = Field(
        False, description="Compile denoisers at their first step: minutes once, then faster. Not MusicGen."
    )
    models_layerwise: bool = Field(
        False, description="Keep denoisers in eight bits and widen them layer by layer: half the memory."
    )
    models_tiling: bool = Field(False, description="Decode pictures in tiles: less memory, slower.")
    models_keep_both: bool = Field(
        False, description="Keep an adapter's second model (from an image, for a key image) beside the first."
    )
    models_vram_gb: float = Field(
        0.0, ge=0, description="Memory of the device that models may fill, in GB; 0 means what it has."
    )
    models_lanes: int = Field(
        4, ge=1, le=64, description="Jobs that the models' studio does at once, so that no device waits."
    )
    models_patience: float = Field(
        900.0,
        ge=30,
        description="Seconds for which a job of the models' studio may tell nothing before it is abandoned "
        "and tried again.",
    )
    studio_nice: int = Field(10, ge=0, le=19, description="How far studio processes step back for the air.")
    models_loras: dict[str, str] = Field(
        default_factory=dict,
        description="LoRAs by the name that channel files use, as JSON: an id on the hub, or a path.",
    )
    zeroscope_model: str = Field(
        "cerspense/zeroscope_v2_576w",
        description="Model of the `zeroscope` adapter: an id on the model hub, or a folder.",
    )
    zeroscope_xl_model: str = Field(
        "cerspense/zeroscope_v2_XL", description="Model of the `zeroscope-xl` upscaler, likewise."
    )
    animatediff_model: str = Field(
        "guoyww/animatediff-motion-adapter-v1-5-2", description="Motion adapter of `animatediff`, likewise."
    )
    animatediff_base_model: str = Field(
        "stable-diffusion-v1-5/stable-diffusion-v1-5",
        description="Stable Diffusion 1.5, or a model made of it, that `animatediff` moves.",
    )
    wan_model: str = Field(
        "Wan-AI/Wan2.1-T2V-1.3B-Diffusers",
        description="Model of the `wan` adapter from text, likewise.",
    )
    wan_image_model: str | None = Field(
        None,
        description="Model of the `wan` adapter from an image; without it channels cannot carry pictures on.",
    )
    ltx_model: str = Field(
        "Lightricks/LTX-Video-0.9.8-13B-distilled", description="Model of the `ltx` adapter, likewise."
    )
    svd_model: str = Field(
        "stabilityai/stable-video-diffusion-img2vid-xt", description="Model of the `svd` adapter, likewise."
    )
    svd_key_model: str | None = Field(
        None, description="Text-to-image model that makes the picture with which `svd` begins a sequence."
    )
    text_to_video_model: str | None = Field(
        None, description="Model of the `text-to-video` adapter: any text-to-video pipeline of diffusers."
    )
    film_model: str | None = Field(
        None, description="Weights of the `film` interpolator: a file or a folder."
    )
    spandrel_model: str | None = Field(
        None, description="Weights of the `spandrel` upscaler: a file of any model that spandrel knows."
    )
    clip_model: str = Field(
        "google/siglip-base-patch16-224", description="Model of the `clip` scorer, likewise."
    )
    musicgen_model: str = Field("facebook/musicgen-small", description="Model of `musicgen`, likewise.")
    endpoints: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        repr=False,  # tokens may stand in it
        description="Machines elsewhere that make takes, by the name that channel files use, as JSON; "
        "see [models](models.md).",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the environment says stands; objects in it are not merged with those in ``.env``."""

        def rest() -> dict[str, Any]:
            said = env_settings()
            return {name: value for name, value in dotenv_settings().items() if name not in said}

        return init_settings, env_settings, cast("PydanticBaseSettingsSource", rest), file_secret_settings

    @property
    def model_store(self) -> Path:
        """Folder of fetched models."""
        return self.models or self.data / "models"

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
        variable = f"WEBTV_{str(first['loc'][0]).upper().removeprefix('WEBTV_')}"
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
