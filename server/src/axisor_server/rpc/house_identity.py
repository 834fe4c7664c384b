"""Puts together what decides who may do what: the gate, the recorder, and their servicers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from axisor.model import Mode
from axisor_server.ports import Clock, Store
from axisor_server.rpc.admitting import Gate
from axisor_server.services.principals import Authenticator, Doors
from axisor_server.services.recording import Publish, Recorder


class Identity:
    """The use cases about people and rights, each servicer by its service's full name."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        mode: Mode,
        publish: Publish,
        is_owner: Callable[[str], bool],
        others: Authenticator | None = None,
    ) -> None:
        self.recorder = Recorder(store=store, clock=clock, mode=mode, publish=publish)
        self.gate = Gate(Doors(is_owner=is_owner, others=others), clock)
        self.servicers: Mapping[str, object] = {}
