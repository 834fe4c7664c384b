"""One request to the REST interface, as it is signed and sent."""

from __future__ import annotations

from msgspec import Struct


class Request(Struct, frozen=True, kw_only=True):
    """One request as it goes on the wire; `body` and `query` are exactly what is signed."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    signed: bool = True

    @property
    def signed_data(self) -> str:
        """Return what the signature covers after the path."""
        if self.body:
            return self.body.decode()
        return f"?{self.query}" if self.query else ""
