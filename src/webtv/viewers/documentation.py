"""The OpenAPI document, with our problems in place of FastAPI's, and what ``/docs`` shows of it."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from fastapi import FastAPI

from webtv.viewers.problems import MEDIA_TYPE
from webtv.viewers.schemas import ProblemOut

_PROBLEM = {
    "description": "A problem, RFC 9457.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API for people.

    Attributes:
        method: GET, POST, PUT.
        path: its address with names in braces.
        summary: what it is for.
        description: how it behaves.
        parameters: name, where it stands, type and description of each.
        answer: name of the schema of its answer, or a media type.
    """

    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[tuple[str, str, str, str], ...]
    answer: str


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an application."""
    api = app.openapi()
    schemas = api["components"]["schemas"]
    if "ProblemOut" not in schemas:
        schemas["ProblemOut"] = ProblemOut.model_json_schema()
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for methods in api["paths"].values():
            for operation in methods.values():
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = _PROBLEM
    return api


def operations(api: dict[str, Any]) -> list[tuple[str, list[Operation]]]:
    """The operations by tag, in the order in which their routes were added."""
    found = [
        (str(operation["tags"][0]), _operation(method.upper(), path, operation))
        for path, methods in api["paths"].items()
        for method, operation in methods.items()
    ]
    return [(tag, [each for _, each in group]) for tag, group in groupby(found, key=lambda pair: pair[0])]


def fields(api: dict[str, Any]) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Name, description and fields (name, type, description) of each schema."""
    return [
        (
            name,
            str(schema.get("description", "")),
            [
                (key, _type(value), str(value.get("description", "")))
                for key, value in schema["properties"].items()
            ],
        )
        for name, schema in sorted(api["components"]["schemas"].items())
        if "properties" in schema
    ]


def _operation(method: str, path: str, operation: dict[str, Any]) -> Operation:
    parameters = tuple(
        (each["name"], each["in"], _type(each["schema"]), each.get("description", ""))
        for each in operation.get("parameters", ())
    )
    if "requestBody" in operation:
        (media, body), *_ = operation["requestBody"]["content"].items()
        parameters += (("body", media, _type(body["schema"]), ""),)
    content = operation["responses"]["200"].get("content", {})
    answer = next((_type(value.get("schema", {})) or media for media, value in content.items()), "bytes")
    return Operation(method, path, operation["summary"], operation.get("description", ""), parameters, answer)


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {})) or 'values'}"
    return str(schema.get("type", ""))
