"""The last word before a request leaves: whoever asked for it may keep it here up to that point.

Between the decision to send and the first byte lie a turn at the rate limiter and a handshake, in
which a lease can end or a stamp run out. So the question is put again when the connection is there
and the bytes are next; and once more before the body, without which the venue does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from axisor.errors import AxisorError
from axisor.ports import Leave, free_to_leave

_asked: ContextVar[Leave] = ContextVar("leave", default=free_to_leave)


class StayedHere(Exception):
    """No byte of a request left; `error` says why."""

    def __init__(self, error: AxisorError) -> None:
        super().__init__(error.message)
        self.error = error


class BrokenOff(Exception):
    """The head of a request left and its body did not."""


@contextmanager
def on_condition(leave: Leave) -> Iterator[None]:
    """Have every change that is asked for in here put this question before it leaves."""
    token = _asked.set(leave)
    try:
        yield
    finally:
        _asked.reset(token)


class Departure:
    """Follows one change on its way out, as the HTTP client tells of it."""

    def __init__(self, in_time: Leave) -> None:
        self._questions = (_asked.get(), in_time)

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """Ask at the head and at the body. Raises StayedHere, BrokenOff."""
        if not event.endswith(("send_request_headers.started", "send_request_body.started")):
            return
        try:
            for question in self._questions:
                question()
        except AxisorError as error:
            if "send_request_headers" in event:
                raise StayedHere(error) from None
            raise BrokenOff(error.message) from None
