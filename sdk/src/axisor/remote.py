"""What passes between a core and a strategy that runs elsewhere: its offer, its calls, its answers.

All of it is JSON, the same that the journal holds, so that a program in any language can read and
write it. The one function that calls a strategy here is the one that calls it in the core, so that
the same class decides the same in both.
"""

from __future__ import annotations

import inspect
from typing import Any

import msgspec
from msgspec import Struct

from axisor.adopting import adopt_memory
from axisor.errors import ConfigInvalid
from axisor.events import Stimulus
from axisor.intents import Intent, Wake
from axisor.model import Permission
from axisor.strategy import (
    StepResult,
    Strategy,
    View,
    decode_config,
    take_step,
)

PROTOCOL = 1
"""The version of the conversation."""

MOST_BYTES = 65_536
"""Of the intents of one answer, and of a memory."""

MOST_INTENTS = 64
"""In one answer."""


class Offer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A strategy as a core must know it to keep its runs without having its code.

    `permissions` are names such as `TRADE`; `config` is a JSON Schema; `code` is SHA-256 of the
    plugin's sources in hex, empty where nobody can tell.
    """

    name: str
    plugin: str
    version: str = ""
    code: str = ""
    permissions: tuple[str, ...] = ()
    every_tick: bool = False
    documentation: str = ""
    config: dict[str, Any] = {}

    def rights(self) -> Permission:
        """Return the permissions as flags. Raises ConfigInvalid for one that is not known."""
        found = Permission.NONE
        for name in self.permissions:
            if name not in Permission.__members__:
                raise ConfigInvalid(
                    f"{self.name} wants the right {name[:32]!r}, which is not known.",
                    strategy=self.name,
                )
            found |= Permission[name]
        return found


class Called(Struct, frozen=True, kw_only=True):
    """One call of a strategy, each part as JSON; an empty memory is that of a first step.

    `adopt` says that another version saved the memory.
    """

    sequence: int
    config: bytes
    memory: bytes
    stimulus: bytes
    view: bytes
    adopt: bool = False


class Handled(Struct, frozen=True, kw_only=True):
    """What a strategy asked for at a call, and its memory afterwards, as JSON."""

    sequence: int
    intents: bytes
    memory: bytes
    changed: bool


_encoder = msgspec.json.Encoder(order="deterministic")
_stimulus = msgspec.json.Decoder(Stimulus)
_view = msgspec.json.Decoder(View)
_intents = msgspec.json.Decoder(tuple[Intent, ...])
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


def offer_of(
    strategy: type[Strategy[Any, Any]], *, plugin: str, version: str, code: str = ""
) -> Offer:
    """Describe a strategy to a core that does not have it."""
    return Offer(
        name=strategy.name,
        plugin=plugin,
        version=version,
        code=code,
        permissions=tuple(str(right.name) for right in strategy.permissions),
        every_tick=strategy.every_tick,
        documentation=inspect.cleandoc(strategy.__doc__ or strategy.name),
        config=msgspec.json.schema(strategy.config_type),
    )


def call_of(
    sequence: int,
    *,
    config: bytes,
    memory: bytes,
    stimulus: Stimulus,
    view: View,
    adopt: bool = False,
) -> Called:
    """Write a call down."""
    return Called(
        sequence=sequence,
        config=config or b"{}",
        memory=memory,
        stimulus=_encoder.encode(stimulus),
        view=_encoder.encode(view),
        adopt=adopt,
    )


def handle(strategy: type[Strategy[Any, Any]], call: Called) -> Handled:
    """Call a strategy and return its answer. Whatever it raises passes through."""
    memory = adopt_memory(strategy, call.memory) if call.adopt else call.memory
    result = take_step(
        strategy,
        decode_config(strategy, call.config),
        memory,
        _stimulus.decode(call.stimulus),
        _view.decode(call.view),
    )
    wake = () if result.wake is None else (result.wake,)
    return Handled(
        sequence=call.sequence,
        intents=_encoder.encode((*result.intents, *wake)),
        memory=result.memory,
        changed=result.changed or memory != call.memory,
    )


def result_of(handled: Handled) -> StepResult:
    """Return what a runner asks for, every part of its type.

    Raises ValueError for what is none: a runner's answer is not trusted.
    """
    if max(len(handled.intents), len(handled.memory)) > MOST_BYTES:
        raise ValueError("the answer is too long")
    try:
        asked = _intents.decode(handled.intents or b"[]")
        _object.decode(handled.memory)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(f"the answer cannot be read: {error}") from error
    if len(asked) > MOST_INTENTS:
        raise ValueError(f"{len(asked)} intents at once; at most {MOST_INTENTS} are taken")
    wake = next((each for each in reversed(asked) if isinstance(each, Wake)), None)
    intents = tuple(each for each in asked if not isinstance(each, Wake))
    return StepResult(intents, handled.memory, wake, changed=handled.changed)
