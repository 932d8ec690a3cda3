"""An operator's endpoint: where another machine makes takes, how it is asked, and how far it is trusted.

Settings hold endpoints as JSON by name; :func:`endpoints` judges them. A curator's YAML knows the name and
the options that the operator opened, nothing else.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from webtv.core.errors import ConfigError

PLACE = "WEBTV_ENDPOINTS"
PLACEHOLDERS = ("prompt", "negative", "seed", "seconds", "fps", "frames", "width", "height", "model", "image")
PLACEHOLDER = re.compile(r"\{(\w+)\}")

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_SPACE = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")
_GRADIO_INPUTS: dict[str, JsonValue] = {
    "prompt": "{prompt}",
    "negative_prompt": "{negative}",
    "seed": "{seed}",
}


class Address(BaseModel):
    """One place where an endpoint's work is done: an address, or an object with it and these."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(description="`https://…`, or for Gradio a Space's id, `owner/name`.")
    weight: float = Field(1.0, gt=0, le=1000, description="Share of the work, relative to the others.")

    @field_validator("url")
    @classmethod
    def _is_bare(cls, url: str) -> str:
        if _SPACE.fullmatch(url):
            return url
        try:
            parts = httpx.URL(url)
        except httpx.InvalidURL:
            raise ValueError("this is no address") from None
        if parts.scheme not in ("http", "https") or not parts.host:
            raise ValueError("an address begins with https:// or http:// and a host")
        if parts.userinfo or parts.query or parts.fragment:
            raise ValueError("an address holds no password, query or fragment; a key belongs into `token`")
        return str(parts)

    @property
    def on_hub(self) -> bool:
        """Whether it is the id of a Space, of which only the hub knows the address."""
        return "://" not in self.url


class Option(BaseModel):
    """A number that curators may choose, within bounds; ``{name}`` in an input stands for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: float | int
    least: float | int
    most: float | int

    @model_validator(mode="after")
    def _in_order(self) -> "Option":
        if not self.least <= self.default <= self.most:
            raise ValueError("`default` lies outside `least` and `most`")
        return self

    @property
    def whole(self) -> bool:
        """Whether only whole numbers will do."""
        return all(isinstance(value, int) for value in (self.default, self.least, self.most))


def _listed(value: Any) -> Any:
    """One address, a list of them, or weights by address: all as a list of objects."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, Mapping) and "url" not in value:
        return [{"url": url, "weight": weight} for url, weight in value.items()]
    if isinstance(value, Mapping):
        return [value]
    if isinstance(value, list | tuple):
        return [{"url": item} if isinstance(item, str) else item for item in value]
    return value


class Endpoint(BaseModel):
    """One endpoint as the operator defined it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["gradio", "videos-api"] = Field(
        description="`gradio` for Spaces and any Gradio app, `videos-api` for OpenAI's `/v1/videos` shape."
    )
    addresses: Annotated[tuple[Address, ...], BeforeValidator(_listed)] = Field(
        min_length=1,
        max_length=32,
        description="One address, a list, or weights by address. All of them make the same takes.",
    )
    token: SecretStr | None = Field(None, description="Its key; sent to the addresses above and nobody else.")
    model: str = Field("", max_length=200, description="Model to ask for, and what provenance names.")
    call: str = Field("", max_length=100, description="Gradio: name of the endpoint, such as `/generate`.")
    inputs: dict[str, JsonValue] = Field(
        default_factory=dict,
        description="What goes into which input, by its name (Gradio: or label). `{prompt}`, `{negative}`, "
        "`{seed}`, `{seconds}`, `{fps}`, `{frames}`, `{width}`, `{height}`, `{model}`, `{image}` and the "
        "names of `options` are filled in; anything else is sent as it stands.",
    )
    options: dict[str, Option] = Field(
        default_factory=dict, description="Numbers that curators may set: `{default, least, most}` by name."
    )
    size: str = Field(
        "",
        pattern=r"^(\d{2,4}x\d{2,4})?$",
        description="Size it makes, `768x512`; else the clip's.",
    )
    fps: int = Field(0, ge=0, le=120, description="Frames per second it makes; 0 asks for the clip's.")
    frame_rule: Literal["n", "4n+1", "8n+1"] = Field("n", description="Numbers of frames that it can make.")
    lengths: tuple[float, ...] = Field(
        (),
        max_length=20,
        description="Lengths in seconds that it can make; the next longer one is taken.",
    )
    allow_private: bool = Field(
        False,
        description="The addresses above may lie in a private network. What they redirect to or answer with "
        "may not.",
    )
    ca_file: Path | None = Field(None, description="PEM file of the CAs to trust instead of the usual ones.")
    max_mb: float = Field(512.0, gt=0, le=16_384, description="Size of one video at most.")
    seconds: float = Field(900.0, gt=0, le=86_400, description="Seconds that a job may take, queue included.")
    poll: float = Field(2.0, ge=0.1, le=60, description="Seconds between two looks at a job.")
    slowest: float = Field(
        1.5, ge=1, le=4, description="How many times slower a take may play that comes back too short."
    )
    failures: int = Field(3, ge=1, le=100, description="Failures in a row after which an address rests.")
    rest: float = Field(30.0, gt=0, le=3600, description="Seconds of its first rest; later ones grow.")
    price: str = Field("", max_length=200, description="A note on what a take costs, for people.")

    @field_validator("token")
    @classmethod
    def _is_one_word(cls, token: SecretStr | None) -> SecretStr | None:
        if token and not re.fullmatch(r"[!-~]*", token.get_secret_value()):
            raise ValueError("a token is one word of plain characters")
        return token

    @field_validator("lengths")
    @classmethod
    def _are_lengths(cls, lengths: tuple[float, ...]) -> tuple[float, ...]:
        if any(not 0 < length <= 3600 for length in lengths):
            raise ValueError("a length is a number of seconds above 0")
        return tuple(sorted(lengths))

    @model_validator(mode="after")
    def _hangs_together(self) -> "Endpoint":
        clash = sorted(self.options.keys() & set(PLACEHOLDERS))
        if clash:
            raise ValueError(f"`options` cannot be called `{clash[0]}`: that is filled in already")
        known = {*PLACEHOLDERS, *self.options}
        for name, value in self.asked_inputs.items():
            for text in texts_of(value):
                if strangers := [word for word in PLACEHOLDER.findall(text) if word not in known]:
                    raise ValueError(
                        f"input `{name}` holds `{{{strangers[0]}}}`, which nothing fills in; "
                        f"there are {', '.join(sorted(known))}"
                    )
        if self.kind == "videos-api" and any(address.on_hub for address in self.addresses):
            raise ValueError("only Gradio Spaces have ids; write an address that begins with https://")
        if self.kind == "gradio" and not self.filled_by("prompt"):
            raise ValueError("no input holds `{prompt}`")
        return self

    @property
    def asked_inputs(self) -> Mapping[str, JsonValue]:
        """The inputs as written; for Gradio the usual three if none are."""
        return self.inputs or (_GRADIO_INPUTS if self.kind == "gradio" else {})

    @property
    def max_bytes(self) -> int:
        """Bytes of one video at most."""
        return int(self.max_mb * 1e6)

    @property
    def key(self) -> str:
        """The token as text; empty if there is none."""
        return self.token.get_secret_value() if self.token else ""

    def filled_by(self, placeholder: str) -> list[str]:
        """Names of the inputs into which a placeholder goes."""
        mark = f"{{{placeholder}}}"
        return [
            name for name, value in self.asked_inputs.items() if any(mark in text for text in texts_of(value))
        ]


def texts_of(value: JsonValue) -> list[str]:
    """All texts within a JSON value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in texts_of(item)]
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts_of(item)]
    return []


def endpoints(given: Mapping[str, Any]) -> dict[str, Endpoint]:
    """Judge all endpoints as settings hold them.

    Raises:
        ConfigError: a name or a field is wrong; the message never quotes a value, which may be a token.
    """
    out = {}
    for name, fields in given.items():
        if not _NAME.fullmatch(name):
            raise ConfigError(
                "this is no name for an endpoint",
                place=PLACE,
                remedy="write letters, digits, hyphens",
            )
        try:
            out[name] = Endpoint.model_validate(fields)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            at = ".".join((PLACE, name, *map(str, first["loc"])))
            told = first["msg"].removeprefix("Value error, ")
            raise ConfigError(told, place=at, remedy=f"correct {PLACE}, see docs/settings.md") from None
    return out
