"""Speaks to the control interface of a running simulator, for the commands."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec
from msgspec import Struct

from axisor.errors import FieldInvalid, SettingsInvalid, VenueUnavailable
from axisor_lnmarkets.sim.running import find
from axisor_lnmarkets.sim.wire import encode

_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)
_TIMEOUT_S = 10.0


class Remote(Struct, frozen=True):
    """A simulator to be steered."""

    url: str
    token: str

    @classmethod
    def of(cls, url: str | None, token_file: Path | None) -> Remote:
        """Return the simulator meant: by address and token file, or as noted on this machine."""
        if token_file is None:
            running = find(url)
            return cls(running.url, running.token)
        if url is None:
            raise SettingsInvalid("A token file needs an address.", fix="Pass --connect URL too.")
        try:
            return cls(url.rstrip("/"), token_file.read_text().strip())
        except OSError as error:
            raise SettingsInvalid(f"{token_file} cannot be read: {error.strerror}.") from error

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send one request to `/sim` and return its answer, decimals exact.

        Raises VenueUnavailable if the simulator cannot be reached, FieldInvalid if it refuses.
        """
        content = b"" if body is None else encode(body)
        try:
            answer = httpx.request(
                method,
                f"{self.url}/sim/{path}",
                content=content,
                headers={"authorization": f"Bearer {self.token}"},
                timeout=_TIMEOUT_S,
                trust_env=False,
            )
        except httpx.HTTPError as error:
            raise VenueUnavailable(
                f"The simulator at {self.url} does not answer: {error}."
            ) from error
        value = _DECODER.decode(answer.content)
        if answer.is_error:
            raise FieldInvalid(value["message"], fix="", code=value["code"])
        return value
