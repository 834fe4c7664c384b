"""The description of the routes, as it was written from the contract."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from axisor_web.answers import JSON


@cache
def text() -> bytes:
    """Return the description: OpenAPI 3.1 in JSON."""
    return files("axisor_web").joinpath("openapi.json").read_bytes()


async def shown(request: Request) -> Response:
    """Answer with the description. It names no secret and asks for no token."""
    return Response(text(), 200, {"cache-control": "max-age=300"}, JSON)
