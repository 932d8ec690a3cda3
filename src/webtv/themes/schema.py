"""The keys of channel files: as JSON Schema for editors, and by location for messages and documentation."""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from webtv.themes.channel import Channel

Location = tuple[str | int, ...]


def channel_schema() -> dict[str, Any]:
    """The schema of one channel file (JSON Schema 2020-12), with descriptions and examples.

    ``docs/channel.schema.json`` is this, written out; a test holds it current.
    """
    schema = Channel.model_json_schema(mode="validation")
    schema.pop("title", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "WebTV channel",
        **schema,
        "examples": [{"name": "Tideline", "theme": "The sea and its edges, from dawn to dark."}],
    }


def channel_schema_text() -> str:
    """The same as the text of ``docs/channel.schema.json``."""
    return json.dumps(channel_schema(), indent=2, ensure_ascii=False) + "\n"


def keys_at(location: Location) -> Mapping[str, FieldInfo]:
    """The keys that may stand at a location of a channel file."""
    model: type[BaseModel] = Channel
    for part in location:
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return {}
        model = annotation
    return model.model_fields


def every_key(location: Location = ()) -> Iterator[tuple[str, ...]]:
    """The locations of all keys of a channel file, outer ones first."""
    for key in keys_at(location):
        here = (*location, key)
        yield tuple(str(part) for part in here)
        yield from every_key(here)


if __name__ == "__main__":
    sys.stdout.write(channel_schema_text())
