"""Streams over HTTP: Server-Sent Events for browsers, lines of JSON for everybody else.

An event's id is the sequence up to which its reader has everything, so a reader that comes back
with `Last-Event-ID` gets what follows it, once. Frames are taken from the core at the pace they
are written: who reads too slowly is told so by the core, and costs the bridge one frame.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from google.protobuf.message import Message

from axisor.errors import FieldInvalid
from axisor_web.answers import Refusal
from axisor_web.calls import Core, Credential
from axisor_web.contract import Method
from axisor_web.transcode import encoded, json_of

EVENTS = "text/event-stream"
LINES = "application/x-ndjson"
RETRY_MS = 2_000
CURSOR = "after_sequence"
LAST_ID = "last-event-id"


def resumed(request: Message, last_id: str) -> Message:
    """Return a request that goes on after an event's id. Raises FieldInvalid."""
    if not last_id:
        return request
    if not last_id.isascii() or not last_id.isdigit() or len(last_id) > 18:
        raise FieldInvalid("Last-Event-ID must be a sequence.", field=LAST_ID)
    if CURSOR in request.DESCRIPTOR.fields_by_name:
        setattr(request, CURSOR, int(last_id))
    return request


def cursor(frame: Message) -> int | None:
    """Return the sequence up to which a frame's reader has everything, None where it has none."""
    names = frame.DESCRIPTOR.fields_by_name
    if "events" in names and len(events := frame.events):  # type: ignore[attr-defined]
        return int(events[-1].sequence)
    if "snapshot" in names and frame.HasField("snapshot"):
        return int(frame.snapshot.sequence)  # type: ignore[attr-defined]
    return None


def kind(frame: Message) -> str:
    """Return what a frame holds, as the event's type: its one field that is set."""
    for field, _ in frame.ListFields():
        return str(field.json_name)
    return "empty"


async def as_events(
    core: Core, method: Method, request: Message, credential: Credential
) -> AsyncIterator[bytes]:
    """Give a stream as Server-Sent Events; one that fails ends with an event `refused`."""
    yield f"retry: {RETRY_MS}\n\n".encode()
    try:
        async for frame in core.frames(method, request, credential):
            yield _event(frame)
    except Refusal as refused:
        yield b"event: refused\ndata: " + encoded(refused.json()) + b"\n\n"


async def as_lines(
    core: Core, method: Method, request: Message, credential: Credential
) -> AsyncIterator[bytes]:
    """Give a stream as lines: `{"result": frame}`, and `{"error": status}` where it fails."""
    try:
        async for frame in core.frames(method, request, credential):
            yield encoded({"result": json_of(frame)}) + b"\n"
    except Refusal as refused:
        yield encoded({"error": refused.json()}) + b"\n"


def _event(frame: Message) -> bytes:
    at = cursor(frame)
    head = b"" if at is None else b"id: %d\n" % at
    return head + b"event: %s\ndata: %s\n\n" % (kind(frame).encode(), encoded(json_of(frame)))
