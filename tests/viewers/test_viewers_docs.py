from pathlib import Path

from fastapi import FastAPI

DOCS = (Path(__file__).parents[2] / "docs/api.md").read_text()
WITHIN = {"/static/{digest}/{name:path}": "/static/{digest}", "/posters/{name}": "/posters/{sha256}.jpg"}
PRIVATE = {"/accents.css"}  # part of the pages


def test_every_address_is_documented(app: FastAPI) -> None:
    for route in app.router.routes:
        path = route.path.replace("{clip_id}", "{id}")  # type: ignore[attr-defined]
        assert path in PRIVATE or WITHIN.get(path, path) in DOCS, path
