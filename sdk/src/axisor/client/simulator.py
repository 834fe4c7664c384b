"""Calls that steer made-up markets."""

from __future__ import annotations

from decimal import Decimal

from axisor.client.calls import Caller, new_request_id
from axisor.model import Price
from axisor.v1 import simulator_pb2 as pb
from axisor.v1.simulator_pb2_grpc import SimulatorServiceStub
from axisor.wire.names import account_name
from axisor.wire.scalars import decimal_from_wire, percent_to_wire


class Simulator:
    """The methods of SimulatorService."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = SimulatorServiceStub(caller.channel)

    async def move_price(
        self, account: str, move: Decimal, *, over_s: int = 0, request_id: str | None = None
    ) -> Price:
        """Move the price of an account in SIM by a fraction, over seconds, and hold it there.

        Returns the price that the move begins at. Raises NotSupported where prices are real or the
        simulator is not on the core's machine, VenueUnavailable, FieldInvalid.
        """
        request = pb.MovePriceRequest(
            parent=account_name(account),
            request_id=request_id or new_request_id(),
            move_percent=percent_to_wire(move, "move_percent"),
            over_seconds=over_s,
        )
        answer = await self._call.unary(self._stub.MovePrice, request)
        return decimal_from_wire(answer.price_usd, "price_usd")
