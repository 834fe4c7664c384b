"""Puts together what decides who may do what: the gate, the recorder, and their servicers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from axisor.model import Mode
from axisor_server.ports import Clock, Ids, Store, Vault
from axisor_server.rpc.access import AccessServicer
from axisor_server.rpc.admitting import Gate
from axisor_server.rpc.cursors import Cursors
from axisor_server.services.access import Access
from axisor_server.services.limiting import Limits
from axisor_server.services.personal import Personal
from axisor_server.services.principals import Authenticator, Doors
from axisor_server.services.recording import Publish, Recorder
from axisor_server.services.requests import Once


class Identity:
    """The use cases about people and rights, each servicer by its service's full name."""

    def __init__(  # noqa: PLR0913 - it puts that much together
        self,
        *,
        store: Store,
        vault: Vault,
        clock: Clock,
        mode: Mode,
        publish: Publish,
        ids: Ids,
        is_owner: Callable[[str], bool],
        others: Authenticator | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.recorder = Recorder(store=store, clock=clock, mode=mode, publish=publish)
        self.once = Once(store, clock, ids, self.recorder)
        access = Access(store=store, clock=clock, once=self.once)
        doors = Doors(is_owner=is_owner, others=others)
        self.personal = Personal(store=store, vault=vault, clock=clock)
        self.cursors = Cursors(self.personal.digest, clock)
        self.gate = Gate(doors, clock, holds=access.still, limits=limits)
        self.servicers: Mapping[str, object] = {
            "axisor.v1.AccessService": AccessServicer(access),
        }
