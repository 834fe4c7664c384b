"""Lets into the server over HTTP only who shows its word; it listens on loopback alone."""

from __future__ import annotations

import hmac

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from axisor.ports import Secret


class Door:
    """An application behind a bearer's word. Its repr does not show it."""

    def __init__(self, app: ASGIApp, word: Secret) -> None:
        self._app = app
        self._shown = f"Bearer {word.reveal()}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401."""
        if scope["type"] == "http" and not self._knows(scope):
            refused = JSONResponse({"error": "unauthorized"}, status_code=401)
            await refused(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _knows(self, scope: Scope) -> bool:
        given = dict(scope["headers"]).get(b"authorization", b"")
        return hmac.compare_digest(given, self._shown)
