"""Writes the conversation between a core and a runner to the wire, and reads it."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from axisor.remote import PROTOCOL, Called, Handled
from axisor.v1 import runners_pb2, types_pb2
from axisor.wire.scalars import span_or_none, span_to_wire


class Hello(Struct, frozen=True, kw_only=True):
    """Begins a conversation."""

    protocol: int = PROTOCOL
    agent: str = ""


class Failed(Struct, frozen=True, kw_only=True):
    """A strategy broke at a call."""

    sequence: int
    text: str


class Beat(Struct, frozen=True):
    """The runner is there."""


class Welcome(Struct, frozen=True, kw_only=True):
    """What a runner is to run, how quickly it answers, and how long it may be silent."""

    strategy: str
    deadline: timedelta
    silence: timedelta


Said = Hello | Handled | Failed | Beat
"""What a runner says."""

Told = Welcome | Called
"""What a core says."""


def said_to_wire(name: str, said: Said) -> runners_pb2.RunRequest:
    """Return what a runner says as a message."""
    message = runners_pb2.RunRequest(name=name)
    match said:
        case Hello():
            message.hello.protocol, message.hello.agent = said.protocol, said.agent
        case Handled():
            message.handled.CopyFrom(
                runners_pb2.RunnerHandled(
                    sequence=said.sequence,
                    intents=said.intents.decode(),
                    memory=said.memory.decode(),
                    changed=said.changed,
                )
            )
        case Failed():
            message.failed.sequence, message.failed.text = said.sequence, said.text[:512]
        case Beat():
            message.heartbeat.CopyFrom(types_pb2.Heartbeat())
    return message


def said_from_wire(message: runners_pb2.RunRequest) -> Said | None:
    """Return what a runner says, None where it says nothing that is known here."""
    match message.WhichOneof("said"):
        case "hello":
            return Hello(protocol=message.hello.protocol, agent=message.hello.agent)
        case "handled":
            handled = message.handled
            return Handled(
                sequence=handled.sequence,
                intents=handled.intents.encode(),
                memory=handled.memory.encode(),
                changed=handled.changed,
            )
        case "failed":
            return Failed(sequence=message.failed.sequence, text=message.failed.text)
        case "heartbeat":
            return Beat()
        case _:
            return None


def told_to_wire(name: str, told: Told) -> runners_pb2.RunResponse:
    """Return what a core says as a message."""
    message = runners_pb2.RunResponse(name=name)
    match told:
        case Welcome():
            message.welcome.CopyFrom(
                runners_pb2.RunnerWelcome(
                    strategy=told.strategy,
                    deadline=span_to_wire(told.deadline),
                    silence=span_to_wire(told.silence),
                )
            )
        case Called():
            message.call.CopyFrom(
                runners_pb2.RunnerCall(
                    sequence=told.sequence,
                    config=told.config.decode(),
                    memory=told.memory.decode(),
                    stimulus=told.stimulus.decode(),
                    view=told.view.decode(),
                    adopts_memory=told.adopt,
                )
            )
    return message


def told_from_wire(message: runners_pb2.RunResponse) -> Told | None:
    """Return what a core says, None where it says nothing that is known here."""
    match message.WhichOneof("said"):
        case "welcome":
            return Welcome(
                strategy=message.welcome.strategy,
                deadline=span_or_none(message.welcome, "deadline") or timedelta(),
                silence=span_or_none(message.welcome, "silence") or timedelta(),
            )
        case "call":
            call = message.call
            return Called(
                sequence=call.sequence,
                config=call.config.encode(),
                memory=call.memory.encode(),
                stimulus=call.stimulus.encode(),
                view=call.view.encode(),
                adopt=call.adopts_memory,
            )
        case _:
            return None
