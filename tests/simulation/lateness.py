"""Takes away what keeps a request of a core that was stopped from leaving after its lease."""

from __future__ import annotations

from axisor.intents import Action
from axisor.ports import Lane, Leave, SendResult
from axisor_server.engine.executor import Executor
from axisor_server.engine.settings import EngineSettings
from tests.simulation.line import SimLine
from tests.simulation.patches import Patches


def no_lease_check_before_sending(patches: Patches) -> None:
    """Send what is stamped, however long ago that was."""
    patches.put(Executor, "_may_leave", lambda self: None)


def lease_checked_early(patches: Patches) -> None:
    """Look at the lease before a request joins the queue, and not when its turn has come."""
    send = SimLine.send

    async def unasked(
        self: SimLine, action: Action, *, signed_at_ms: int, lane: Lane, leave: Leave
    ) -> SendResult:
        return await send(self, action, signed_at_ms=signed_at_ms, lane=lane)

    patches.put(SimLine, "send", unasked)


def signature_outlives_lease(patches: Patches) -> None:
    """Date every signature back by the same, however much of the lease is left."""
    patches.put(EngineSettings, "binds_signatures", lambda self, window_ms: False)
