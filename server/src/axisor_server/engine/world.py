"""What every account's actor is given: the ports and rules that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from axisor.ports import Clock
from axisor.strategy import Strategy
from axisor_server.domain.review import Reviewer
from axisor_server.engine.answers import Publish
from axisor_server.engine.editions import ONE_EACH, Editions
from axisor_server.engine.failpoints import Failpoints
from axisor_server.engine.hosts import NOWHERE, RunHost
from axisor_server.engine.platform import Platform
from axisor_server.engine.rescues import Rescues
from axisor_server.engine.settings import EngineSettings
from axisor_server.engine.vitals import Vitals
from axisor_server.ports import EmergencyLog, Store

Hint = Callable[[str, int], None]
"""Tells other cores that something grew: a journal, an account's commands, the free accounts."""


def no_hint(stream: str, sequence: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class World:
    """The surroundings of an account."""

    store: Store
    clock: Clock
    strategies: Mapping[str, type[Strategy[Any, Any]]]
    reviewers: Sequence[Reviewer]
    publish: Publish
    settings: EngineSettings
    failpoints: Failpoints
    platform: Platform
    vitals: Vitals
    rescues: Rescues
    may_renew: Callable[[], bool]
    new_id: Callable[[], str]
    emergency: EmergencyLog | None = None
    answered: Callable[[str], None] = lambda _: None
    """Called with the request id of a command once its answer is durable."""
    hint: Hint = no_hint
    host: RunHost = NOWHERE
    editions: Editions = ONE_EACH
