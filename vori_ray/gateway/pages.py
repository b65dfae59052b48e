"""The page's files, the demo recordings, and Swagger UI from a wheel: nothing comes from another host."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Literal

from fastapi import APIRouter, FastAPI
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from vori_ray.gateway.dependencies import SignedIn

_DOCS = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>VORI API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
    <script src="/docs/swagger-ui-bundle.js" defer></script>
    <script src="/docs/start.js" defer></script>
  </head>
  <body><div id="swagger-ui"></div></body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, persistAuthorization: false, validatorUrl: null,
});
"""
_DOCS_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"

router = APIRouter(include_in_schema=False)


def _package(name: str) -> Path:
    return Path(str(resources.files(name)))


def install(app: FastAPI) -> None:
    """Serve the page at `/` and its files under `/static`."""
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=_package("vori_ray") / "web"), name="static")


@router.get("/")
async def page() -> Response:
    """The page."""
    return FileResponse(_package("vori_ray") / "web" / "index.html", media_type="text/html")


@router.get("/demo/meeting-{language}.flac")
def demo_recording(language: Literal["en", "ko"], _: SignedIn) -> Response:
    """A demo meeting's sound, for the page's button."""
    path = _package("vori_ray") / "data" / "meetings" / f"meeting-{language}.flac"
    return FileResponse(path, media_type="audio/flac")


@router.get("/docs")
async def docs() -> Response:
    """Swagger UI."""
    return HTMLResponse(_DOCS, headers={"Content-Security-Policy": _DOCS_POLICY})


@router.get("/docs/start.js")
async def docs_start() -> Response:
    """What starts Swagger UI: a file, since the policy allows no inline script."""
    return Response(_START, media_type="text/javascript")


@router.get("/docs/swagger-ui{suffix}")
async def docs_files(suffix: Literal[".css", "-bundle.js"]) -> Response:
    """Swagger UI's own two files."""
    return FileResponse(_package("fastapi_offline") / "static" / f"swagger-ui{suffix}")
