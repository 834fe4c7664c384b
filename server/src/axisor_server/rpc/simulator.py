"""SimulatorService."""

from __future__ import annotations

from axisor.v1 import simulator_pb2 as pb
from axisor.wire.names import account_id
from axisor.wire.scalars import decimal_from_wire, decimal_to_wire
from axisor_server.rpc.calls import Call
from axisor_server.services.simulating import Simulating


class SimulatorServicer:
    """Steers simulators."""

    def __init__(self, simulating: Simulating) -> None:
        self._simulating = simulating

    async def MovePrice(self, request: pb.MovePriceRequest, call: Call) -> pb.MovePriceResponse:
        """Move the price of an account in SIM."""
        moved = await self._simulating.move_price(
            account_id(request.parent, "parent"),
            decimal_from_wire(request.move_percent, "move_percent", signed=True),
            over_s=request.over_seconds,
            request=call.request(),
        )
        return pb.MovePriceResponse(price_usd=decimal_to_wire(moved.price, "price_usd"))
